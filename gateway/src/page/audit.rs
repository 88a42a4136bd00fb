//! The audit: calls and administrative acts.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use askama::Template;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::State;
use axum::http::Uri;
use axum::http::header::{self, HeaderValue};
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use tokio::sync::mpsc;

use super::PageState;
use super::fields::Fields;
use super::problem::Problem;
use super::session::{self, Signed};
use super::view::{self, At, Badge, Choice, Frame, Style, Tone};
use crate::store::{AuditFilter, AuditRow, CallResult, Kind};

/// Rows of a page.
const ROWS: usize = 100;

/// Bytes of a download that are sent at once.
const CHUNK: usize = 64 << 10;

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    frame: Frame,
    filter: Filter,
    rows: Vec<Row>,
    /// The address of those before.
    older: Option<String>,
}

struct Filter {
    choices: [Choice; 3],
    user: String,
    tool: String,
    since: String,
    until: String,
    any: bool,
    query: String,
}

struct Row {
    time: String,
    tenant: String,
    who: String,
    client: String,
    what: String,
    result: Badge,
    detail: String,
    request: String,
    latency: String,
    requests: String,
    bytes: String,
}

/// What is asked for, within what the administrator may see.
fn wanted(signed: &Signed, asked: &Fields) -> Result<AuditFilter, Problem> {
    let text = |name: &str| asked.get(name).map(str::to_owned);
    let tenant = text("tenant");
    if let Some(tenant) = &tenant {
        signed.tenant(tenant)?;
    }
    // Acts that concern all name every tenant: only who manages all sees them.
    let only =
        (!signed.manages_all()).then(|| signed.tenants().map(|(name, _)| name.clone()).collect());
    let result = asked
        .get("result")
        .map(str::parse::<CallResult>)
        .transpose();
    let kind = match asked.get("kind") {
        None => None,
        Some("call") => Some(Kind::Call),
        Some("act") => Some(Kind::Act),
        Some(other) => {
            return Err(Problem::missing(format!(
                "There is no kind {other:?} of rows: there are call and act."
            )));
        }
    };
    let before = asked.get("before").map(str::parse).transpose();
    Ok(AuditFilter {
        since: moment(asked, "since")?,
        until: moment(asked, "until")?,
        tenant,
        only,
        user: text("user"),
        tool: text("tool"),
        result: result.map_err(|error| Problem::missing(super::problem::sentence(&error)))?,
        kind,
        before: before.map_err(|_| Problem::missing("before= takes the id of a row."))?,
        limit: None,
    })
}

/// As `datetime-local` sends it, in UTC; a date alone is its start.
fn moment(asked: &Fields, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = asked.get(name) else {
        return Ok(None);
    };
    let moment = text.parse::<DateTime>().ok();
    let moment = moment.and_then(|moment| Offset::UTC.to_timestamp(moment).ok());
    match moment {
        Some(moment) => Ok(Some(moment)),
        None => Err(Problem::missing(format!(
            "{name}={text} is no time in UTC, such as 2026-11-24T18:20."
        ))),
    }
}

fn filter(signed: &Signed, asked: &Fields) -> Filter {
    let chosen = |name| asked.get(name).unwrap_or_default().to_owned();
    let choice = |name, label, values| Choice {
        name,
        label,
        values,
        chosen: chosen(name),
    };
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let tenants = signed.tenants().map(|(name, _)| name.clone()).collect();
    let names = [
        "tenant", "kind", "result", "user", "tool", "since", "until", "before",
    ];
    Filter {
        choices: [
            choice("tenant", "Tenant", tenants),
            choice(
                "kind",
                "Calls or acts",
                texts(&[Kind::Call, Kind::Act].map(Kind::as_str)),
            ),
            choice(
                "result",
                "Result",
                texts(&CallResult::ALL.map(CallResult::as_str)),
            ),
        ],
        user: chosen("user"),
        tool: chosen("tool"),
        since: chosen("since"),
        until: chosen("until"),
        any: names.iter().any(|name| asked.get(name).is_some()),
        query: asked.with("before", None),
    }
}

/// `GET /audit`
pub(super) async fn show(
    State(state): State<PageState>,
    uri: Uri,
    signed: Signed,
) -> Result<Response, Problem> {
    let asked = session::asked(&uri);
    let wanted = AuditFilter {
        limit: Some(ROWS + 1),
        ..wanted(&signed, &asked)?
    };
    let mut rows = state.store(move |store| store.query_audit(&wanted)).await?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let last = rows.last().filter(|_| more).map(AuditRow::id);
    Ok(signed.show(&Page {
        frame: signed.frame(At::Audit, "Audit", None),
        filter: filter(&signed, &asked),
        older: last.map(|id| asked.with("before", Some(&id.to_string()))),
        rows: rows.into_iter().map(row).collect(),
    }))
}

fn row(row: AuditRow) -> Row {
    match row {
        AuditRow::Call(call) => Row {
            time: view::second(call.time),
            tenant: call.tenant,
            who: call.user,
            client: [call.client, call.client_version]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" "),
            what: call.tool,
            result: Badge::new(
                match call.result {
                    CallResult::Success => Tone::Good,
                    CallResult::Started => Tone::Note,
                    CallResult::Denied => Tone::Wait,
                    CallResult::Error | CallResult::Interrupted => Tone::Bad,
                },
                call.result.as_str(),
            ),
            detail: match (call.code, call.reason) {
                (Some(code), Some(reason)) => format!("{code}: {reason}"),
                (code, reason) => code.or(reason).unwrap_or_default(),
            },
            request: call.request_id.unwrap_or_default(),
            latency: call
                .latency_ms
                .map_or_else(String::new, |ms| format!("{} ms", view::number(ms))),
            requests: shown(call.gong_requests),
            bytes: shown(call.bytes),
        },
        AuditRow::Act(act) => Row {
            time: view::second(act.time),
            tenant: act.tenant.unwrap_or_default(),
            who: act.actor,
            client: act.via,
            what: match &act.subject {
                Some(subject) => format!("{} {subject}", act.act),
                None => act.act,
            },
            result: Badge::new(Tone::Plain, "act"),
            detail: act.detail.unwrap_or_default(),
            request: String::new(),
            latency: String::new(),
            requests: String::new(),
            bytes: String::new(),
        },
    }
}

fn shown(number: Option<impl Into<u64>>) -> String {
    number.map_or_else(String::new, |number| view::number(number.into()))
}

/// `GET /audit.jsonl`: all rows that fit, oldest first, as they are read.
pub(super) async fn download(
    State(state): State<PageState>,
    uri: Uri,
    signed: Signed,
) -> Result<Response, Problem> {
    let wanted = AuditFilter {
        before: None,
        ..wanted(&signed, &session::asked(&uri))?
    };
    // The reader waits for the writer: nothing piles up for a slow browser.
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(4);
    tokio::task::spawn_blocking(move || {
        let mut out = io::BufWriter::with_capacity(CHUNK, Sent(sender.clone()));
        let done = state.0.store.export_audit(&wanted, &mut out);
        let done = done
            .map_err(|error| error.to_string())
            .and_then(|_| out.flush().map_err(|error| error.to_string()));
        if let Err(error) = done {
            tracing::warn!("the download of the audit broke off: {error}");
            // Whoever downloads sees a broken transfer, not a short file.
            let _ = sender.blocking_send(Err(io::Error::other("the audit could not be read")));
        }
    });
    let mut response = Response::new(Body::new(Received(receiver)));
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/jsonl; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    let name = HeaderValue::from_static("attachment; filename=\"audit.jsonl\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

/// The answer's body, as it comes.
struct Received(mpsc::Receiver<io::Result<Bytes>>);

impl HttpBody for Received {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<http_body::Frame<Bytes>>>> {
        let received = self.0.poll_recv(context);
        received.map(|received| received.map(|chunk| chunk.map(http_body::Frame::data)))
    }
}

/// Writes into the answer's body.
struct Sent(mpsc::Sender<io::Result<Bytes>>);

impl Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        let chunk = Bytes::copy_from_slice(bytes);
        self.0.blocking_send(Ok(chunk)).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
