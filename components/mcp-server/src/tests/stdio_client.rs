//! A client over standard input and output.

use std::collections::VecDeque;

use serde_json::Value;

use super::fake_provider::FakeProvider;
use crate::{
    server::Server,
    settings::Settings,
    stdio::{self, Input, Output},
};

/// The pieces in which bytes arrive. What follows a `None` arrives only when somebody waits for it.
pub(super) struct Pieces(pub(super) VecDeque<Option<Vec<u8>>>);

impl Input for Pieces {
    fn read(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.0.pop_front() {
                None => return None,
                Some(None) => {}
                Some(Some(bytes)) => return Some(bytes),
            }
        }
    }

    fn read_available(&mut self) -> Option<Vec<u8>> {
        match self.0.front() {
            None => None,
            Some(None) => Some(Vec::new()),
            Some(Some(_)) => self.0.pop_front().flatten(),
        }
    }
}

/// The lines of the output.
#[derive(Default)]
pub(super) struct WrittenLines(pub(super) Vec<String>);

impl Output for WrittenLines {
    fn write_line(&mut self, line: &str) -> bool {
        assert!(!line.contains('\n'), "{line}");
        self.0.push(line.to_owned());
        true
    }
}

/// The responses to this input.
pub(super) fn responses_to_pieces(
    provider: &FakeProvider,
    settings: &Settings,
    input: Pieces,
) -> Vec<Value> {
    let server = Server::new(provider, settings).unwrap();
    let mut output = WrittenLines::default();
    stdio::serve(&server, input, &mut output);
    let parsed = output
        .0
        .iter()
        .map(|line| serde_json::from_str(line).unwrap());
    parsed.collect()
}

/// The responses to lines, each of which arrives when the one before is handled.
pub(super) fn responses(settings: &Settings, lines: &[Value]) -> Vec<Value> {
    let pieces = lines
        .iter()
        .flat_map(|line| [None, Some(format!("{line}\n").into_bytes())]);
    responses_to_pieces(&FakeProvider::default(), settings, Pieces(pieces.collect()))
}
