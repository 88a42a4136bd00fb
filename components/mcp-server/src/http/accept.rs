//! The header `Accept`, and the two formats that MCP has for a response.

use alloc::{borrow::ToOwned, format};

use super::{headers::Headers, types::HttpResponse};

/// The format of a response with a JSON-RPC message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseFormat {
    Json,
    /// One event. For clients that accept nothing else.
    Events,
}

impl ResponseFormat {
    /// Events for clients that accept them and no JSON, else JSON: a client that accepts neither is
    /// better off with an answer than without.
    pub(super) fn negotiate(headers: &Headers) -> Self {
        let accepted = headers
            .all("accept")
            .flat_map(|value| value.split(','))
            .filter(|range| !is_excluded(range))
            .map(|range| range.split(';').next().unwrap_or_default().trim());
        let mut events = false;
        for range in accepted {
            match &*range.to_ascii_lowercase() {
                "application/json" | "application/*" | "*/*" => return Self::Json,
                "text/event-stream" | "text/*" => events = true,
                _ => {}
            }
        }
        match events {
            true => Self::Events,
            false => Self::Json,
        }
    }

    /// Turns a JSON response into this format.
    pub(super) fn apply(self, mut response: HttpResponse) -> HttpResponse {
        let json = ("content-type", "application/json".to_owned());
        if self == Self::Events && response.status == 200 && response.headers.contains(&json) {
            response.headers.retain(|header| *header != json);
            let events = format!("event: message\ndata: {}\n\n", response.body);
            response = response.with_body("text/event-stream", events);
            response = response.with_header("cache-control", "no-cache");
        }
        response
    }
}

/// Whether a media range has the weight 0.
fn is_excluded(range: &str) -> bool {
    range.split(';').skip(1).any(|parameter| {
        let parameter = parameter.trim();
        let weight = parameter
            .strip_prefix("q=")
            .or(parameter.strip_prefix("Q="));
        weight.is_some_and(|weight| {
            weight.starts_with('0') && weight.bytes().all(|byte| matches!(byte, b'0' | b'.'))
        })
    })
}
