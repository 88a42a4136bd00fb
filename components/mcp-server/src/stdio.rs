//! MCP over standard input and output: one message per line.

use alloc::{string::String, vec::Vec};

use crate::{
    jsonrpc::{self, Error, Incoming, ParsedMessage, Request},
    provider::Provider,
    server::{Server, Session},
};

mod lines;

pub use lines::{Input, MAX_BYTES};
use lines::{Line, Lines};

/// Where lines go.
pub trait Output {
    /// Writes a line and a line break; false when nobody reads the output any more.
    fn write_line(&mut self, line: &str) -> bool;
}

/// Serves until the input ends, or nobody reads the output.
///
/// One request is handled at a time: a component can not handle two. A request that is cancelled
/// before its turn is skipped, and one that is cancelled while it runs is not answered.
pub fn serve<P: Provider>(server: &Server<P>, input: impl Input, output: &mut impl Output) {
    let mut lines = Lines::new(input);
    let mut session = Session::None;
    while let Some(line) = lines.next() {
        let Line::Text(bytes) = line else {
            let error = Error::invalid_request("The line is too long: 16 MiB is the most.");
            if !output.write_line(&jsonrpc::response(None, &Err(error))) {
                return;
            }
            continue;
        };
        let response = match jsonrpc::parse(&bytes) {
            Incoming::Single(parsed) => match jsonrpc::request(parsed) {
                Ok(request) => respond(server, &request, &mut session, &mut lines),
                Err(response) => response,
            },
            Incoming::Batch(parts) => respond_to_batch(server, parts, &mut session, &mut lines),
        };
        if response.is_some_and(|response| !output.write_line(&response)) {
            return;
        }
    }
}

fn respond<P: Provider, I: Input>(
    server: &Server<P>,
    request: &Request<'_>,
    session: &mut Session,
    lines: &mut Lines<I>,
) -> Option<String> {
    // The specification forbids to cancel `initialize`.
    let can_be_cancelled = request.method != "initialize";
    let mut is_cancelled = || {
        lines.read_available();
        can_be_cancelled && lines.is_cancelled(request.id)
    };
    if is_cancelled() {
        return None;
    }
    let result = server.handle(request, session);
    (!is_cancelled()).then(|| jsonrpc::response(Some(request.id), &result))
}

fn respond_to_batch<P: Provider, I: Input>(
    server: &Server<P>,
    parts: Vec<ParsedMessage<'_>>,
    session: &mut Session,
    lines: &mut Lines<I>,
) -> Option<String> {
    let has_batches = matches!(session, Session::Initialized(revision) if revision.has_batches());
    if !has_batches {
        return Some(jsonrpc::response(None, &Err(jsonrpc::no_batches())));
    }
    jsonrpc::batch_response(parts, |request| respond(server, &request, session, lines))
}
