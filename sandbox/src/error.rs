//! Why a call was stopped.

use std::fmt;
use std::time::Duration;

use crate::limits::Usage;

/// Why a call has no answer. The text is written for a model to read, and holds no arguments
/// or settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SandboxError {
    /// The component failed after it was refused more than [`Limits::memory`](crate::Limits::memory).
    Memory(usize),
    /// The component ran for longer than [`Limits::cpu`](crate::Limits::cpu).
    Cpu(Duration),
    /// The call took longer than [`Limits::wall_time`](crate::Limits::wall_time).
    WallTime(Duration),
    /// The component failed after a response over [`Limits::response_bytes`](crate::Limits::response_bytes).
    ResponseBytes(u64),
    /// The component failed after it had used up [`Limits::requests`](crate::Limits::requests).
    Requests(u32),
    /// The tool tried to send this request, which is none of the operations that it states. It was
    /// not sent, and it is named without what could be an argument.
    UndeclaredOperation(String),
    /// The component failed by itself: a bug in it.
    Trap(String),
    /// The component's answer is not what the interface promises: a bug in it.
    Answer(String),
}

impl fmt::Display for SandboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory(limit) => write!(
                f,
                "The call was stopped: it needed more than {} of memory. Ask for less at once.",
                bytes(*limit as u64)
            ),
            Self::Cpu(limit) => write!(
                f,
                "The call was stopped: it computed for more than {limit:?}. Ask for less at once."
            ),
            Self::WallTime(limit) => write!(
                f,
                "The call was stopped: it took longer than {limit:?}. Ask for less at once, or try again later."
            ),
            Self::ResponseBytes(limit) => write!(
                f,
                "The call was stopped: a response was larger than {}. Ask for less at once.",
                bytes(*limit)
            ),
            Self::Requests(limit) => write!(
                f,
                "The call was stopped: it needed more than {limit} requests. Ask for less at once."
            ),
            Self::UndeclaredOperation(request) => write!(
                f,
                "The call was stopped: the tool tried to send {request}, which is none of the operations \
                 that it states. That request was not sent. Trying again does not help; who runs \
                 this server must learn of it."
            ),
            Self::Trap(reason) => {
                write!(f, "The tool crashed, which is a bug in it: {reason}.")
            }
            Self::Answer(reason) => {
                write!(
                    f,
                    "The tool gave a broken answer, which is a bug in it: {reason}."
                )
            }
        }
    }
}

impl std::error::Error for SandboxError {}

/// A call that was stopped, and what it had used by then. Displays as its error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Why it was stopped.
    pub error: SandboxError,
    /// What it had used.
    pub usage: Usage,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Stopped {}

impl From<Stopped> for SandboxError {
    fn from(stopped: Stopped) -> Self {
        stopped.error
    }
}

fn bytes(count: u64) -> String {
    match count {
        n if n >= 1 << 20 && n % (1 << 20) == 0 => format!("{} MiB", n >> 20),
        n if n >= 1 << 10 && n % (1 << 10) == 0 => format!("{} KiB", n >> 10),
        n => format!("{n} bytes"),
    }
}
