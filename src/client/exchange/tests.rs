use core::cell::Cell;

use serde_json::{Value, json};

use super::{REFERENCES, reference, seconds_in};
use crate::{
    client::{
        Gong,
        pages::JsonPage,
        request::{Host, Method, Request, Response},
    },
    error::{Case, Error},
    prelude::*,
};

/// 2026-03-16T12:00:00Z
const NOW: i64 = 1_773_662_400;

/// Answers request after request; its clock moves by what an answer takes and while the client waits.
struct ScriptedHost<A> {
    pace: Option<&'static str>,
    takes_ms: u64,
    clock: Cell<u64>,
    sent: Cell<u32>,
    answer: A,
}

impl<A: Fn(u32) -> Result<Response, Error>> Host for ScriptedHost<A> {
    fn send(&self, request: &Request<'_>) -> Result<Response, Error> {
        self.sent.set(self.sent.get() + 1);
        let most = request.most_ms.unwrap_or(u64::MAX);
        self.pause(self.takes_ms.min(most));
        if self.takes_ms > most {
            return Err(Error::timed_out("Too slow.".into()).after_sending());
        }
        (self.answer)(self.sent.get())
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
            "GONG_AUTH" => Some("host".to_owned()),
            "GONG_PACE" => self.pace.map(str::to_owned),
            _ => None,
        }
    }
}

fn host<A: Fn(u32) -> Result<Response, Error>>(answer: A) -> ScriptedHost<A> {
    ScriptedHost {
        pace: Some("host"),
        takes_ms: 0,
        clock: Cell::new(0),
        sent: Cell::new(0),
        answer,
    }
}

fn page(number: u32) -> Response {
    Response {
        status: 200,
        body: json!({
            "requestId": format!("r-{number}"),
            "records": { "cursor": number.to_string() },
            "items": [number],
        })
        .to_string()
        .into(),
        ..Response::default()
    }
}

fn refused(status: u16, retry_after: Option<&str>) -> Response {
    Response {
        status,
        retry_after: retry_after.map(str::to_owned),
        ..Response::default()
    }
}

fn cut() -> Error {
    Error::unreachable("The connection was cut.".into()).after_sending()
}

/// How many pages were read, and why no more.
fn read_pages(gong: &Gong<'_>, most: u32) -> (usize, Option<String>) {
    let read = gong.pages(most, |cursor| {
        JsonPage::of(&gong.get("/v2/items", &[("cursor", cursor)])?, "items", "")
    });
    match read {
        Ok(pages) => (pages.items.len(), pages.stopped),
        Err(error) => (0, Some(error.into_text())),
    }
}

#[test]
fn a_read_is_sent_once_more_after_a_fault_on_the_way() {
    type Fault = fn() -> Result<Response, Error>;
    let passing: [Fault; 5] = [
        || Err(cut()),
        || Ok(refused(500, None)),
        || Ok(refused(502, None)),
        || Ok(refused(503, Some("2"))),
        || {
            Ok(Response {
                status: 200,
                encoding: Some("gzip".to_owned()),
                body: Vec::from(*b"\x1f\x8b"),
                ..Response::default()
            })
        },
    ];
    for fault in passing {
        let once = host(|number| {
            if number == 3 {
                fault()
            } else {
                Ok(page(number))
            }
        });
        let gong = Gong::open(&once).expect("settings");
        let (read, stopped) = read_pages(&gong, 5);
        assert_eq!((read, gong.requests()), (5, 6), "{stopped:?}");
        let lasting = host(|number| {
            if number >= 3 {
                fault()
            } else {
                Ok(page(number))
            }
        });
        let gong = Gong::open(&lasting).expect("settings");
        let (read, stopped) = read_pages(&gong, 5);
        assert_eq!((read, gong.requests()), (2, 4));
        assert!(stopped.is_some());
        let change = host(|_| fault());
        let gong = Gong::open(&change).expect("settings");
        let sent = gong.send_once(Method::Put, "/v2/items", None).err();
        let error = sent.expect("a fault").into_error("PUT /v2/items");
        assert!(error.was_sent() && error.is_passing(), "{}", error.text());
        assert_eq!(gong.requests(), 1);
    }
}

#[test]
fn what_another_try_does_not_change_is_sent_once() {
    type Fault = fn() -> Result<Response, Error>;
    let lasting: [Fault; 4] = [
        || Ok(refused(401, None)),
        || Ok(refused(404, None)),
        || Err(Error::network_denied("Not that host.".into())),
        || Err(Error::timed_out("Too slow.".into()).after_sending()),
    ];
    for fault in lasting {
        let host = host(|_| fault());
        let gong = Gong::open(&host).expect("settings");
        assert_eq!(read_pages(&gong, 5).0, 0);
        assert_eq!(gong.requests(), 1);
    }
    let refused = host(|_| Ok(refused(409, None)));
    let gong = Gong::open(&refused).expect("settings");
    let sent = gong.send_once(Method::Put, "/v2/items", None).err();
    assert!(
        !sent
            .expect("refused")
            .into_error("PUT /v2/items")
            .was_sent()
    );
}

#[test]
fn a_cursor_that_repeats_or_is_empty_ends_the_list() {
    // Cursors page by page, items read, and whether the list is whole.
    for (cursors, read, whole) in [
        (["1", "1", ""], 1, false),
        (["1", "2", "1"], 3, false),
        (["1", "2", ""], 3, true),
    ] {
        let host = host(|number| {
            let cursor = cursors[number as usize - 1];
            let body = json!({ "records": { "cursor": cursor }, "items": [null, number, null] });
            Ok(Response {
                body: body.to_string().into(),
                ..page(number)
            })
        });
        let gong = Gong::open(&host).expect("settings");
        let (items, stopped) = read_pages(&gong, 5);
        assert_eq!((items, stopped.is_none()), (read, whole), "{cursors:?}");
    }
}

#[test]
fn nothing_found_is_an_empty_list_on_the_first_page_only() {
    let body =
        r#"{"requestId":"r1","errors":["No calls found corresponding to the provided filters"]}"#;
    let host = host(|_| {
        Ok(Response {
            body: body.into(),
            ..refused(404, None)
        })
    });
    let gong = Gong::open(&host).expect("settings");
    let is_empty = |cursor: Option<&str>| {
        let got = gong.get_list::<Value>("/v2/calls", &[("cursor", cursor)]);
        let posted = gong.post_list::<Value>("/v2/calls/extensive", &json!({ "cursor": cursor }));
        assert_eq!(got.is_ok(), posted.is_ok());
        got.map_err(Error::into_text)
    };
    assert_eq!(is_empty(None), Ok(Value::Null));
    let error = is_empty(Some("a")).expect_err("a fault");
    assert!(
        error.contains("broke off") && error.contains("r1"),
        "{error}"
    );
    let filter = json!({ "cursor": null, "filter": { "titles": ["\"cursor\":\"a\""] } });
    assert!(
        gong.post_list::<Value>("/v2/calls/extensive", &filter)
            .is_ok()
    );
}

#[test]
fn an_answer_of_another_shape_names_the_member_that_is_missing() {
    #[derive(Debug, serde::Deserialize)]
    struct Needs {
        #[expect(dead_code, reason = "only read")]
        calls: Vec<u32>,
    }
    let error = |body: &str| {
        let error = crate::client::parse::<Needs>(body.as_bytes(), "GET /v2/calls");
        error.expect_err("another shape").into_text()
    };
    assert!(error("{}").contains("says (no calls in it, line 1, column 2)"));
    let other = error(r#"{"calls": ["Secret title"]}"#);
    assert!(other.contains("says (line 1") && !other.contains("Secret"));
}

#[test]
fn slow_pages_end_in_what_was_read() {
    for takes_ms in [2_000, 9_000, 14_000, 29_000] {
        let slow = ScriptedHost {
            takes_ms,
            ..host(|number| Ok(page(number)))
        };
        let gong = Gong::open(&slow).expect("settings");
        let (read, stopped) = read_pages(&gong, 100);
        assert_eq!(read as u64, 48_000 / takes_ms, "{takes_ms}");
        assert!(stopped.is_some() && slow.clock.get() < 50_000, "{takes_ms}");
    }
}

#[test]
fn waits_for_a_rate_limit_grow_and_end() {
    // `Retry-After`, requests, seconds that the client waited.
    for (retry_after, requests, seconds) in [
        (None, 5, 15),
        (Some("0"), 5, 15),
        (Some("1"), 5, 15),
        (Some("5"), 4, 15),
        (Some("7"), 3, 14),
        (Some("Mon, 16 Mar 2026 12:00:08 GMT"), 3, 16),
        (Some("Mon, 16 Mar 2026 11:00:00 GMT"), 5, 15),
        (Some("soon"), 5, 15),
        (Some("-7"), 5, 15),
        (Some("NaN"), 5, 15),
        (Some("30"), 1, 0),
        (Some("Mon, 16 Mar 2026 13:00:00 GMT"), 1, 0),
        (Some("99999999999999999999999"), 1, 0),
    ] {
        let host = host(|_| Ok(refused(429, retry_after)));
        let gong = Gong::open(&host).expect("settings");
        let error = gong.get::<Value>("/v2/items", &[]).expect_err("a limit");
        assert_eq!(error.case(), Case::RateLimited);
        assert!(!error.was_sent());
        let waited = host.clock.get() / 1000;
        assert_eq!(
            (gong.requests(), waited),
            (requests, seconds),
            "{retry_after:?}"
        );
        // Whoever asks again within the call is refused without a request.
        assert!(gong.get::<Value>("/v2/items", &[]).is_err());
        assert_eq!(gong.requests(), requests);
    }
}

#[test]
fn a_rate_limit_that_passes_is_waited_for() {
    let host = host(|number| {
        Ok(if number == 2 {
            refused(429, Some("3"))
        } else {
            page(number)
        })
    });
    let gong = Gong::open(&host).expect("settings");
    assert_eq!(read_pages(&gong, 4).0, 4);
    assert_eq!((gong.requests(), host.clock.get()), (5, 3_000));
    let limited = |text| {
        let refused = move |_| Ok(refused(429, Some(text)));
        let host = ScriptedHost {
            pace: Some("host"),
            ..self::host(refused)
        };
        let gong = Gong::open(&host).expect("settings");
        gong.get::<Value>("/v2/items", &[])
            .expect_err("a limit")
            .into_text()
    };
    assert!(limited("Mon, 16 Mar 2026 13:20:00 GMT").contains("about 1 h 20 min"));
    assert!(limited("1e30").contains("about 24 h"));
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    for (text, seconds) in [
        ("4808", Some(4808)),
        (" 1 ", Some(1)),
        ("1.5", Some(2)),
        ("Mon, 16 Mar 2026 12:01:30 GMT", Some(90)),
        ("Mon, 16 Mar 2026 11:00:00 GMT", Some(0)),
        ("18446744073709551616", Some(86_400)),
        ("-1", None),
        ("inf", Some(86_400)),
        ("NaN", None),
        ("", None),
        ("tomorrow", None),
    ] {
        assert_eq!(seconds_in(text, NOW), seconds, "{text}");
    }
}

fn clock_and_references_after(pace: Option<&'static str>, requests: u32) -> (u64, Vec<String>) {
    let host = ScriptedHost {
        pace,
        ..host(|number| Ok(page(number)))
    };
    let gong = Gong::open(&host).expect("valid settings");
    for _ in 0..requests {
        assert!(gong.get::<Value>("/v2/users", &[]).is_ok());
    }
    (host.clock.get(), gong.references())
}

#[test]
fn a_call_keeps_the_pace_unless_the_host_does() {
    assert_eq!(clock_and_references_after(None, 3).0, 0);
    assert_eq!(clock_and_references_after(None, 7).0, 2_200);
    assert_eq!(clock_and_references_after(Some("call"), 4).0, 1_100);
    assert_eq!(clock_and_references_after(Some("host"), 100).0, 0);
}

#[test]
fn the_last_references_are_kept() {
    let (_, references) = clock_and_references_after(Some("host"), 30);
    assert_eq!(references.len(), REFERENCES);
    assert_eq!(references.first().map(String::as_str), Some("r-11"));
    assert_eq!(references.last().map(String::as_str), Some("r-30"));
}

#[test]
fn only_what_looks_like_an_id_is_a_reference() {
    let of = |body: &str| reference(body.as_bytes()).map(str::to_owned);
    assert_eq!(
        of(r#"{"requestId":"4al018gzaztcr8nbukw"}"#).as_deref(),
        Some("4al018gzaztcr8nbukw")
    );
    for other in [
        "",
        "{}",
        r#"{"requestId":null}"#,
        r#"{"requestId":""}"#,
        r#"{"requestId":"a b"}"#,
        r#"{"requestId":"cut"#,
    ] {
        assert_eq!(of(other), None, "{other}");
    }
}
