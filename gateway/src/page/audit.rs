//! The audit: calls and administrative acts.

use std::io;

use askama::Template;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::Uri;
use axum::http::header::{self, HeaderValue};
use axum::response::Response;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::fields::Fields;
use super::problem::Problem;
use super::session::{self, SignedIn};
use super::state::PageState;
use super::view::{self, Badge, Choice, Frame, NavItem, Style, Tone};
use crate::store::{AuditFilter, AuditRow, CallResult, Export, RowKind};

/// Rows of a page.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "audit.html")]
struct Page {
    frame: Frame,
    filter: FilterForm,
    rows: Vec<Row>,
    /// The address of the next page, which has older rows.
    older: Option<String>,
}

struct FilterForm {
    choices: [Choice; 3],
    user: String,
    client: String,
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
    ids: Vec<String>,
    what: String,
    result: Badge,
    detail: String,
    request: String,
    latency: String,
    requests: String,
    bytes: String,
}

/// The filter of the query, within what the administrator may see.
fn audit_filter(signed_in: &SignedIn, query: &Fields) -> Result<AuditFilter, Problem> {
    let text = |name: &str| query.get(name).map(str::to_owned);
    let tenant = text("tenant");
    if let Some(tenant) = &tenant {
        signed_in.tenant(tenant)?;
    }
    // Acts that concern all tenants are shown only to administrators of all tenants.
    let only = (!signed_in.manages_all())
        .then(|| signed_in.tenants().map(|(name, _)| name.clone()).collect());
    let result = query
        .get("result")
        .map(str::parse::<CallResult>)
        .transpose();
    let kind = match query.get("kind") {
        None => None,
        Some("call") => Some(RowKind::Call),
        Some("act") => Some(RowKind::Act),
        Some(other) => {
            return Err(Problem::missing(format!(
                "There is no kind {other:?} of rows: there are call and act."
            )));
        }
    };
    let before = query.get("before").map(str::parse).transpose();
    Ok(AuditFilter {
        since: moment(query, "since")?,
        until: moment(query, "until")?,
        tenant,
        only,
        user: text("user"),
        client: text("client"),
        tool: text("tool"),
        result: result.map_err(|error| Problem::missing(super::problem::sentence(&error)))?,
        kind,
        before: before.map_err(|_| Problem::missing("before= takes the id of a row."))?,
        limit: None,
    })
}

/// A time in UTC as `datetime-local` sends it, or a date, which means its beginning.
fn moment(query: &Fields, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = query.get(name) else {
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

fn filter_form(signed_in: &SignedIn, query: &Fields) -> FilterForm {
    let chosen = |name| query.get(name).unwrap_or_default().to_owned();
    let choice = |name, label, values| Choice {
        name,
        label,
        values,
        chosen: chosen(name),
    };
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let tenants = signed_in.tenants().map(|(name, _)| name.clone()).collect();
    let names = [
        "tenant", "kind", "result", "user", "client", "tool", "since", "until", "before",
    ];
    FilterForm {
        choices: [
            choice("tenant", "Tenant", tenants),
            choice(
                "kind",
                "Calls or acts",
                texts(&[RowKind::Call, RowKind::Act].map(RowKind::as_str)),
            ),
            choice(
                "result",
                "Result",
                texts(&CallResult::ALL.map(CallResult::as_str)),
            ),
        ],
        user: chosen("user"),
        client: chosen("client"),
        tool: chosen("tool"),
        since: chosen("since"),
        until: chosen("until"),
        any: names.iter().any(|name| query.get(name).is_some()),
        query: query.query_with("before", None),
    }
}

/// `GET /audit`
pub(super) async fn show(
    State(state): State<PageState>,
    uri: Uri,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    let query = session::query(&uri);
    let filter = AuditFilter {
        limit: Some(ROWS + 1),
        ..audit_filter(&signed_in, &query)?
    };
    let mut rows = state.store(move |store| store.query_audit(&filter)).await?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let last = rows.last().filter(|_| more).map(AuditRow::id);
    Ok(signed_in.show(&Page {
        frame: signed_in.frame(NavItem::Audit, "Audit", None),
        filter: filter_form(&signed_in, &query),
        older: last.map(|id| query.query_with("before", Some(&id.to_string()))),
        rows: rows.into_iter().map(row).collect(),
    }))
}

fn row(row: AuditRow) -> Row {
    match row {
        AuditRow::Call(call) => Row {
            time: view::second(call.time),
            tenant: call.tenant,
            who: match call.owner {
                Some(owner) => format!("{} of {owner}", call.user),
                None => call.user,
            },
            client: [call.client, call.client_version]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" "),
            ids: [("client", call.client_id), ("sign-in", call.sign_in)]
                .into_iter()
                .filter_map(|(what, id)| Some(format!("{what} {}", id?)))
                .collect(),
            what: call.tool,
            result: Badge::new(
                match call.result {
                    CallResult::Success => Tone::Good,
                    CallResult::Started => Tone::Note,
                    CallResult::Denied => Tone::Wait,
                    CallResult::Error | CallResult::Interrupted | CallResult::Unknown => Tone::Bad,
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
            who: match act.os_user {
                Some(user) => format!("{} ({user})", act.actor),
                None => act.actor,
            },
            client: act.via,
            ids: Vec::new(),
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

/// `GET /audit.jsonl`: streams all selected rows, oldest first.
pub(super) async fn download(
    State(state): State<PageState>,
    uri: Uri,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    let filter = AuditFilter {
        before: None,
        ..audit_filter(&signed_in, &session::query(&uri))?
    };
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(1);
    tokio::spawn(async move {
        let mut export = Export::new(filter);
        // A slice is read only when the browser has taken the one before: a slow one holds up
        // neither a thread nor a transaction.
        while let Ok(place) = sender.reserve().await {
            let read = state.store(move |store| {
                let lines = export.next_lines(store)?;
                Ok((export, lines))
            });
            match read.await {
                Ok((rest, Some(lines))) => {
                    export = rest;
                    place.send(Ok(lines.into()));
                }
                Ok((_, None)) => break,
                Err(_) => {
                    tracing::warn!("the download of the audit broke off");
                    // The browser then reports a failed download, instead of keeping a short file.
                    place.send(Err(io::Error::other("the audit could not be read")));
                    break;
                }
            }
        }
    });
    let mut response = Response::new(Body::from_stream(ReceiverStream::new(receiver)));
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/jsonl; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    let name = HeaderValue::from_static("attachment; filename=\"audit.jsonl\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}
