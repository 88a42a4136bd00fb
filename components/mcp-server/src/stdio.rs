//! MCP over standard input and output: a message a line.

use alloc::{collections::VecDeque, string::String, vec::Vec};

use crate::{
    plug::Plug,
    rpc::{self, Error, Id, Incoming, Message, Read, Request},
    server::{Server, Session},
};

/// Most bytes that a line may have, and that lines may have which wait.
pub const MOST_BYTES: usize = 16 << 20;

/// Where bytes come from.
pub trait Input {
    /// The next bytes, some at least; none at the end.
    fn wait(&mut self) -> Option<Vec<u8>>;
    /// The bytes that are there now, perhaps no bytes; none at the end.
    fn there(&mut self) -> Option<Vec<u8>>;
}

/// Where lines go.
pub trait Output {
    /// Writes a line, whose end is not in `line`; false when nobody reads any more.
    fn write(&mut self, line: &str) -> bool;
}

/// A line, or what is left of it.
#[derive(Debug, PartialEq, Eq)]
enum Line {
    Whole(Vec<u8>),
    /// It takes a request back, and nothing else; its id waits in [`Lines::taken_back`].
    TakesBack,
    TooLong,
}

/// Cuts what comes into lines, and keeps those that wait.
struct Lines<I> {
    input: I,
    /// Of a line whose end has not come yet.
    part: Vec<u8>,
    /// That line is too long, and was dropped.
    dropping: bool,
    waiting: VecDeque<Line>,
    /// The ids of the requests that lines which wait take back, as they were written.
    taken_back: VecDeque<String>,
    /// How many bytes wait.
    kept: usize,
    ended: bool,
}

impl<I: Input> Lines<I> {
    fn new(input: I) -> Self {
        Self {
            input,
            part: Vec::new(),
            dropping: false,
            waiting: VecDeque::new(),
            taken_back: VecDeque::new(),
            kept: 0,
            ended: false,
        }
    }

    /// The next line; none at the end. A last line needs no end.
    fn next(&mut self) -> Option<Line> {
        loop {
            match self.waiting.pop_front() {
                Some(Line::Whole(bytes)) => {
                    self.kept -= bytes.len();
                    return Some(Line::Whole(bytes));
                }
                // From here on it takes nothing back: what it meant is done or was never asked.
                Some(Line::TakesBack) => drop(self.taken_back.pop_front()),
                Some(Line::TooLong) => return Some(Line::TooLong),
                None if self.ended => return None,
                None => {
                    let bytes = self.input.wait();
                    self.take(bytes);
                }
            }
        }
    }

    /// Takes in what is there already, without waiting.
    fn look(&mut self) {
        while !self.ended && self.kept < MOST_BYTES {
            match self.input.there() {
                Some(bytes) if bytes.is_empty() => break,
                bytes => self.take(bytes),
            }
        }
    }

    fn take(&mut self, bytes: Option<Vec<u8>>) {
        let Some(bytes) = bytes else {
            self.ended = true;
            self.end_of_line();
            return;
        };
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = match piece {
                [text @ .., b'\n'] => (text, true),
                text => (text, false),
            };
            if self.part.len() + text.len() > MOST_BYTES {
                self.dropping = true;
            }
            if self.dropping {
                self.part.clear();
            } else {
                self.part.extend_from_slice(text);
            }
            if ends {
                self.end_of_line();
            }
        }
    }

    fn end_of_line(&mut self) {
        let part = core::mem::take(&mut self.part);
        if core::mem::take(&mut self.dropping) {
            self.waiting.push_back(Line::TooLong);
        } else if let Some(id) = taken_back(&part) {
            self.taken_back.push_back(id);
            self.waiting.push_back(Line::TakesBack);
        } else if !part.trim_ascii().is_empty() {
            self.kept += part.len();
            self.waiting.push_back(Line::Whole(part));
        }
    }

    /// Whether a line that waits takes this request back.
    fn takes_back(&self, id: Id<'_>) -> bool {
        self.taken_back.iter().any(|taken| id.is(taken))
    }
}

/// The id of the request that this line takes back, if it does that.
fn taken_back(line: &[u8]) -> Option<String> {
    const METHOD: &[u8] = b"notifications/cancelled";
    // Few lines do, and all would be read twice.
    if !line.windows(METHOD.len()).any(|part| part == METHOD) {
        return None;
    }
    let Incoming::One(Ok(Message::Notification(told))) = rpc::read(line) else {
        return None;
    };
    let id = told.params.get("requestId")?;
    (told.method.as_bytes() == METHOD).then(|| id.get().into())
}

/// Serves until the input ends, or nobody reads the answers.
///
/// One request is done at a time: a component can not do two. What was taken back is not begun,
/// and what was taken back meanwhile is not answered.
pub fn serve<P: Plug>(server: &Server<P>, input: impl Input, output: &mut impl Output) {
    let mut lines = Lines::new(input);
    let mut session = Session::None;
    while let Some(line) = lines.next() {
        let Line::Whole(bytes) = line else {
            let error = Error::request("The line is too long: 16 MiB is the most.");
            if !output.write(&rpc::answer(None, &Err(error))) {
                return;
            }
            continue;
        };
        let answer = match rpc::read(&bytes) {
            Incoming::One(read) => match rpc::request(read) {
                Ok(request) => asked(server, &request, &mut session, &mut lines),
                Err(answer) => answer,
            },
            Incoming::Batch(parts) => batch(server, parts, &mut session, &mut lines),
        };
        if answer.is_some_and(|answer| !output.write(&answer)) {
            return;
        }
    }
}

fn asked<P: Plug, I: Input>(
    server: &Server<P>,
    request: &Request<'_>,
    session: &mut Session,
    lines: &mut Lines<I>,
) -> Option<String> {
    // The specification lets nobody take this one back.
    let begins = request.method == "initialize";
    let mut taken_back = || {
        lines.look();
        !begins && lines.takes_back(request.id)
    };
    if taken_back() {
        return None;
    }
    let outcome = server.answer(request, session);
    (!taken_back()).then(|| rpc::answer(Some(request.id), &outcome))
}

fn batch<P: Plug, I: Input>(
    server: &Server<P>,
    parts: Vec<Read<'_>>,
    session: &mut Session,
    lines: &mut Lines<I>,
) -> Option<String> {
    let batches = matches!(session, Session::Initialized(revision) if revision.has_batches());
    if !batches {
        return Some(rpc::answer(None, &Err(rpc::no_batches())));
    }
    rpc::answers(parts, |request| asked(server, &request, session, lines))
}
