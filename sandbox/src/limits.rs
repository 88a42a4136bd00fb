//! What a call may use, and what it used.

use std::time::Duration;

/// What one call may use. A call that goes over it ends with a [`SandboxError`](crate::SandboxError).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory. 64 MiB.
    pub memory: usize,
    /// Time that the component itself runs, without the time that it waits for the network. 5 s.
    pub cpu: Duration,
    /// Time from the first instruction to the answer, waiting included. 60 s.
    ///
    /// HTTP exchanges fail a twentieth earlier, so that the component can still say why.
    pub wall_time: Duration,
    /// Bytes of one HTTP response's body. 16 MiB.
    ///
    /// Beyond it the component gets the error `HTTP-response-body-size` and may go on.
    pub response_bytes: u64,
    /// HTTP requests. 200.
    ///
    /// For each one beyond it the component gets the error `connection-limit-reached` and may go on.
    pub requests: u32,
    /// Instances at a time, of all calls together. More wait until one ends. 256.
    ///
    /// Each takes address space, and [`memory`](Self::memory) at most.
    pub instances: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            cpu: Duration::from_secs(5),
            wall_time: Duration::from_secs(60),
            response_bytes: 16 << 20,
            requests: 200,
            instances: 256,
        }
    }
}

/// What a call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// From start to answer.
    pub wall_time: Duration,
    /// The part of it in which the component itself ran.
    pub cpu: Duration,
    /// HTTP requests that it sent or tried to send, including those that its gate refused.
    pub requests: u32,
    /// Bytes of response bodies that it read.
    pub response_bytes: u64,
}
