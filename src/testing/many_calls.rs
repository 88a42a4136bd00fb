//! A stand-in for Gong that has many calls, for tests of the tools that read many. Like Gong it
//! answers with pages of 100, oldest first.

use serde_json::{Value, json};
use std::cell::{Cell, RefCell};

use crate::{
    client::request::{Host, Request, Response},
    error::Error,
    time,
};

/// 2026-11-23T12:00:00Z
pub(crate) const NOW: i64 = 1_795_435_200;
const PAGE: usize = 100;
const FIRST_ID: i64 = 7_000_000_000_000_000_000;

/// The stand-in. Every seventh call is private, every fifth has no transcript, and in every third that
/// has one somebody says "price" once.
pub(crate) struct ManyCalls {
    /// When each call started.
    starts: Vec<i64>,
    /// The number of the first request that is refused because the day's quota is used up.
    pub(crate) refuses_from: Cell<u32>,
    /// Requests so far, over all tool calls.
    pub(crate) requests: Cell<u32>,
    /// Ids of the calls whose transcripts were requested.
    pub(crate) transcripts_read: RefCell<Vec<String>>,
    /// What titles begin with, before the number of the call.
    pub(crate) title: Cell<&'static str>,
    /// How long it takes for an answer.
    pub(crate) takes_ms: Cell<u64>,
    pub(crate) clock: Cell<u64>,
}

impl ManyCalls {
    /// This many calls within 30 days, three at a time that start in the same second.
    pub(crate) fn of(calls: i64) -> Self {
        let starts = (0..calls)
            .map(|call| NOW - 30 * time::DAY + (call / 3 * 3) * 30 * time::DAY / calls)
            .collect();
        Self {
            starts,
            refuses_from: Cell::new(u32::MAX),
            requests: Cell::new(0),
            transcripts_read: RefCell::default(),
            title: Cell::new("Call"),
            takes_ms: Cell::new(0),
            clock: Cell::new(0),
        }
    }

    pub(crate) fn id(call: usize) -> String {
        (FIRST_ID + call as i64).to_string()
    }

    pub(crate) fn is_private(call: usize) -> bool {
        call.is_multiple_of(7)
    }

    pub(crate) fn says_price(call: usize) -> bool {
        call.is_multiple_of(3) && !call.is_multiple_of(5)
    }

    fn meta(&self, call: usize) -> Value {
        json!({
            "id": Self::id(call), "url": format!("https://us-48.app.gong.io/call?id={}", Self::id(call)),
            "title": format!("{} {call}", self.title.get()), "started": time::to_rfc3339(self.starts[call]), "duration": 1800,
            "primaryUserId": format!("{}", 600_000 + call % 4), "direction": "Conference", "scope": "External",
            "isPrivate": Self::is_private(call),
        })
    }

    fn answer(&self, request: &Request<'_>) -> Value {
        let body: Value = request
            .body
            .map(|(_, body)| serde_json::from_slice(body).expect("JSON"))
            .unwrap_or_default();
        let query = |name: &str| {
            let (_, query) = request.path.split_once('?')?;
            let value = query
                .split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
            Some(value.replace("%3A", ":"))
        };
        let text = |name: &str| body["filter"][name].as_str().map(str::to_owned);
        let within = |from: Option<String>, to: Option<String>| -> Vec<usize> {
            let at = |text: Option<String>| text.as_deref().and_then(time::parse_instant);
            let (from, to) = (at(from).expect("from"), at(to).expect("to"));
            (0..self.starts.len())
                .filter(|call| (from..to).contains(&self.starts[*call]))
                .collect()
        };
        let (all, cursor) = match request.path.split('?').next() {
            Some("/v2/calls") => (
                within(query("fromDateTime"), query("toDateTime")),
                query("cursor"),
            ),
            Some("/v2/calls/extensive") => (
                within(text("fromDateTime"), text("toDateTime")),
                body["cursor"].as_str().map(str::to_owned),
            ),
            Some("/v2/calls/transcript") => return self.transcripts(&body),
            Some("/v2/users/extensive") => return json!({ "users": [] }),
            other => panic!("{other:?}"),
        };
        let page: usize = cursor.map_or(0, |cursor| cursor.parse().expect("a cursor"));
        let shown = all.iter().skip(page * PAGE).take(PAGE);
        let calls: Vec<Value> = shown
            .map(|call| match request.path {
                "/v2/calls/extensive" => json!({ "metaData": self.meta(*call), "parties": null }),
                _ => self.meta(*call),
            })
            .collect();
        let mut records = json!({ "totalRecords": all.len() });
        if (page + 1) * PAGE < all.len() {
            records["cursor"] = (page + 1).to_string().into();
        }
        json!({ "records": records, "calls": calls })
    }

    fn transcripts(&self, body: &Value) -> Value {
        let ids = body["filter"]["callIds"].as_array().expect("ids");
        let transcripts: Vec<Value> = ids
            .iter()
            .map(|id| id.as_str().expect("a text"))
            .filter_map(|id| {
                self.transcripts_read.borrow_mut().push(id.to_owned());
                let call = (id.parse::<i64>().expect("an id") - FIRST_ID) as usize;
                let said = if Self::says_price(call) {
                    "The price."
                } else {
                    "Hm."
                };
                let words =
                    json!([{ "speakerId": null, "sentences": [{ "start": 1000, "text": said }] }]);
                (!call.is_multiple_of(5)).then(|| json!({ "callId": id, "transcript": words }))
            })
            .collect();
        json!({ "records": {}, "callTranscripts": transcripts })
    }
}

impl Host for ManyCalls {
    fn send(&self, request: &Request<'_>) -> Result<Response, Error> {
        self.requests.set(self.requests.get() + 1);
        let most = request.most_ms.unwrap_or(u64::MAX);
        self.pause(self.takes_ms.get().min(most));
        if self.takes_ms.get() > most {
            return Err(Error::timed_out("Gong did not answer in time.".into()).after_sending());
        }
        let answer = if self.requests.get() >= self.refuses_from.get() {
            (429, Some("4808".to_owned()), Value::Null)
        } else {
            (200, None, self.answer(request))
        };
        Ok(Response {
            status: answer.0,
            retry_after: answer.1,
            body: answer.2.to_string().into_bytes(),
            ..Response::default()
        })
    }

    fn now(&self) -> i64 {
        NOW
    }

    fn elapsed_ms(&self) -> u64 {
        self.clock.get()
    }

    fn pause(&self, milliseconds: u64) {
        self.clock.set(self.clock.get() + milliseconds);
    }

    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "GONG_BASE_URL" => Some("https://acme.api.gong.io".into()),
            "GONG_ACCESS_KEY" | "GONG_ACCESS_KEY_SECRET" => Some("key".into()),
            _ => None,
        }
    }
}
