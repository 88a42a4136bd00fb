//! Splits the input into lines and queues them.

use alloc::{borrow::Cow, collections::VecDeque, string::String, vec::Vec};

use crate::jsonrpc::{self, Id, Incoming, Message};

/// Most bytes in one line, and in all queued lines together before reading pauses.
pub const MAX_BYTES: usize = 16 << 20;

/// Where bytes come from.
pub trait Input {
    /// Waits for the next bytes, one at least; none at the end of the input.
    fn read(&mut self) -> Option<Vec<u8>>;
    /// The bytes that can be read without waiting, perhaps no bytes; none at the end.
    fn read_available(&mut self) -> Option<Vec<u8>>;
}

/// A line that is not empty.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Its text, in the form that MCP has.
    Text(Vec<u8>),
    /// `notifications/cancelled`. Its request's id is in [`Lines::cancelled`].
    Cancellation,
    /// Longer than [`MAX_BYTES`]; the text was dropped.
    TooLong,
}

/// The lines of an input.
pub(super) struct Lines<I> {
    input: I,
    /// The beginning of a line whose end has not come yet.
    part: Vec<u8>,
    /// That line is too long, so its bytes are dropped.
    dropping: bool,
    queue: VecDeque<Line>,
    /// The ids in the queued cancellations, as they were written.
    cancelled: VecDeque<String>,
    /// How many bytes are queued.
    queued_bytes: usize,
    ended: bool,
}

impl<I: Input> Lines<I> {
    pub(super) fn new(input: I) -> Self {
        Self {
            input,
            part: Vec::new(),
            dropping: false,
            queue: VecDeque::new(),
            cancelled: VecDeque::new(),
            queued_bytes: 0,
            ended: false,
        }
    }

    /// The next line; none at the end. The last line needs no line break.
    pub(super) fn next(&mut self) -> Option<Line> {
        loop {
            match self.queue.pop_front() {
                Some(Line::Text(bytes)) => {
                    self.queued_bytes -= bytes.len();
                    return Some(Line::Text(bytes));
                }
                // Its request was answered already, or never came. A later one may have that id.
                Some(Line::Cancellation) => drop(self.cancelled.pop_front()),
                Some(Line::TooLong) => return Some(Line::TooLong),
                None if self.ended => return None,
                None => {
                    let bytes = self.input.read();
                    self.push(bytes);
                }
            }
        }
    }

    /// Queues what can be read without waiting.
    pub(super) fn read_available(&mut self) {
        while !self.ended && self.queued_bytes < MAX_BYTES {
            match self.input.read_available() {
                Some(bytes) if bytes.is_empty() => break,
                bytes => self.push(bytes),
            }
        }
    }

    fn push(&mut self, bytes: Option<Vec<u8>>) {
        let Some(bytes) = bytes else {
            self.ended = true;
            self.end_line();
            return;
        };
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece {
                [text @ .., b'\n'] => (text, true),
                text => (text, false),
            };
            if self.part.len() + text.len() > MAX_BYTES {
                self.dropping = true;
            }
            if self.dropping {
                self.part.clear();
            } else {
                self.part.extend_from_slice(text);
            }
            if ends {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let part = core::mem::take(&mut self.part);
        if core::mem::take(&mut self.dropping) {
            self.queue.push_back(Line::TooLong);
        } else if !part.trim_ascii().is_empty() {
            let part = match lenient_messages::mend(&part) {
                Cow::Owned(mended) => mended,
                Cow::Borrowed(_) => part,
            };
            if let Some(id) = cancelled_id(&part) {
                self.cancelled.push_back(id);
                self.queue.push_back(Line::Cancellation);
            } else {
                self.queued_bytes += part.len();
                self.queue.push_back(Line::Text(part));
            }
        }
    }

    /// Whether a queued line cancels this request.
    pub(super) fn is_cancelled(&self, id: Id<'_>) -> bool {
        self.cancelled.iter().any(|written| id.is(written))
    }
}

/// The id of the request that this line cancels, if it is a cancellation.
fn cancelled_id(line: &[u8]) -> Option<String> {
    const METHOD: &[u8] = b"notifications/cancelled";
    // So that not every line is parsed twice.
    if !line.windows(METHOD.len()).any(|part| part == METHOD) {
        return None;
    }
    let Incoming::Single(Ok(Message::Notification(notification))) = jsonrpc::parse(line) else {
        return None;
    };
    let id = notification.params.get("requestId")?;
    (notification.method.as_bytes() == METHOD).then(|| id.get().into())
}
