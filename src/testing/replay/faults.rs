//! The fixtures again, with faults on the way.

use serde_json::Value;
use std::cell::{Cell, RefCell};

use crate::{
    client::request::{Host, Request, Response},
    error::Error,
    mcp::call_tool,
    testing::{
        replay::{Fixture, FixtureHost, cases, is_table, read},
        tool_definitions::definition,
    },
};

type Answer = Result<Response, Error>;

/// A fixture's host whose answers something changes on the way, by their number.
struct FaultyHost<'f, F> {
    inner: FixtureHost<'f>,
    fault: F,
}

impl<'f, F> FaultyHost<'f, F> {
    fn new(fixture: &'f Fixture, fault: F) -> Self {
        let inner = FixtureHost {
            fixture,
            requests: RefCell::default(),
            elapsed: Cell::new(0),
        };
        Self { inner, fault }
    }
}

impl<F: Fn(usize, Answer) -> Answer> Host for FaultyHost<'_, F> {
    fn send(&self, request: &Request<'_>) -> Result<Response, Error> {
        let number = self.inner.requests.borrow().len();
        (self.fault)(number, self.inner.send(request))
    }

    fn now(&self) -> i64 {
        self.inner.now()
    }

    fn elapsed_ms(&self) -> u64 {
        self.inner.elapsed_ms()
    }

    fn pause(&self, milliseconds: u64) {
        self.inner.pause(milliseconds);
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.inner.variable(name)
    }
}

/// The fixtures that have an answer: name, tool and fixture.
fn answered() -> Vec<(String, String, Fixture)> {
    let mut found = Vec::new();
    for (tool, path) in cases().into_iter().filter(|(_, path)| !is_table(path)) {
        let json = std::fs::read_to_string(&path).expect("fixture");
        let case = path.file_stem().expect("name").to_string_lossy();
        for fixture in read(&path, &json) {
            if fixture.error.is_none() {
                found.push((format!("{tool}/{case}"), tool.clone(), fixture));
            }
        }
    }
    found
}

/// Adds an invisible letter after each space within a text.
fn with_hidden_letters(json: &[u8]) -> Vec<u8> {
    let mut hidden = Vec::new();
    let (mut in_text, mut escaped) = (false, false);
    for &byte in json {
        hidden.push(byte);
        match byte {
            b' ' if in_text && !escaped => hidden.extend("\u{202e}\u{e0041}".bytes()),
            b'"' if !escaped => in_text = !in_text,
            _ => {}
        }
        escaped = byte == b'\\' && !escaped;
    }
    hidden
}

#[test]
fn letters_that_nobody_sees_change_no_answer() {
    for (name, tool, fixture) in answered() {
        let host = FaultyHost::new(&fixture, |_, answer: Answer| {
            let response = answer?;
            Ok(Response {
                body: with_hidden_letters(&response.body),
                ..response
            })
        });
        let result = call_tool(&host, &tool, &fixture.arguments.to_string());
        assert_eq!(result.text, fixture.text.join("\n"), "{name}");
        let structured: Option<Value> = result
            .structured
            .map(|json| serde_json::from_str(&json).expect("JSON"));
        assert_eq!(structured, fixture.structured, "{name}");
    }
}

/// What is lost where one of several requests for the same thing fails, and all after it: scorecards,
/// as it can not be checked any more which of their calls are private; and a window with too many
/// calls, of which nothing is kept anyway.
const LOST: [&str; 2] = [
    "gong_list_answered_scorecards/joined-with-names 2",
    "gong_search_calls/windows-back 1",
];

#[test]
fn a_fault_midway_costs_nothing_that_was_read() {
    let mut lost = Vec::new();
    let mut kept = 0;
    for (name, tool, fixture) in answered() {
        if definition(&tool)["effect"] != "read" {
            continue;
        }
        let path = |number: usize| fixture.exchanges[number].request.path.split('?').next();
        for first in 1..fixture.exchanges.len() {
            let is_more = (0..first).any(|before| {
                path(before) == path(first) && fixture.exchanges[before].response.status == 200
            });
            if !is_more {
                continue;
            }
            let host = FaultyHost::new(&fixture, |number, answer: Answer| match number < first {
                true => answer,
                false => Err(Error::unreachable("The connection was cut.".into())),
            });
            let result = call_tool(&host, &tool, &fixture.arguments.to_string());
            match result.is_error {
                true => lost.push(format!("{name} {first}")),
                false if result.text.contains("The connection was cut") => kept += 1,
                false => panic!(
                    "{name} {first} does not say what is missing: {}",
                    result.text
                ),
            }
        }
    }
    assert_eq!(lost, LOST);
    assert!(kept >= 10, "only {kept} answers");
}
