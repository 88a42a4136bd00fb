//! `gong_list_audit_logs`. GET /v2/logs; api:logs:read. Gong can not filter by user.

use serde_json::Value;

use crate::{
    client::{
        Gong,
        json::ApiResponse,
        pages::{JsonPage, Paged},
    },
    error::Error,
    gong::{id::is_id, users::People},
    json_ext::JsonExt,
    names::handle,
    prelude::*,
    time::{self, DAY},
    tools::limit,
    wit::audit::{AuditLog, AuditLogPage, AuditRow, ListAuditLogs},
};

mod detail;
mod position;
mod text;

use position::Position;

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 1;
/// The most pages that one tool call reads; all pages seen so far had 100 entries.
const MAX_PAGES: u32 = 40;
/// Of details in an answer: with more of them clients would cut it.
const MOST_BYTES: usize = 25_000;
/// For how long Gong keeps sign-ins.
const ACCESS_LOG_DAYS: i64 = 14;
/// 2021-03-01: Gong keeps the log of users' actions since then.
const ACTIVITY_LOG_SINCE: i64 = 1_614_556_800;

/// Reads entries in Gong's order until `limit` of them match.
pub(crate) fn run(gong: &Gong<'_>, args: ListAuditLogs) -> Result<AuditLogPage, Error> {
    let limit = limit(args.limit, 100, 500)?;
    let start = Position::from_arguments(
        args.from.as_deref(),
        args.to.as_deref(),
        args.resume.as_deref(),
        DEFAULT_DAYS,
        gong.now,
    )?;
    let user = args
        .user
        .as_deref()
        .map(|user| UserFilter::new(gong, user))
        .transpose()?;
    let (mut rows, mut entries, mut total) = (Vec::new(), Vec::new(), None);
    let (mut cursor, mut stopped): (Option<String>, Option<String>) = (None, None);
    let (mut taken, mut bytes) = (0, 0);
    let mut more = false;
    'pages: for page in 1.. {
        let (records, items) = match read_page(gong, &args.log, &start, cursor.as_deref()) {
            Err(error) if page > 1 => {
                (stopped, more) = (Some(error.into_text()), true);
                break;
            }
            page => page?.into_page(),
        };
        let records = records.unwrap_or_default();
        total = total.or(records.total_records);
        let first = entries.len();
        entries.extend(items);
        for (index, entry) in entries.iter().enumerate().skip(first) {
            if index >= start.skip {
                if rows.len() == limit || bytes > MOST_BYTES {
                    more = true;
                    break 'pages;
                }
                if user.as_ref().is_none_or(|user| user.matches(entry)) {
                    let row = row(entry);
                    bytes += row.detail.as_ref().map_or(0, String::len);
                    rows.push(row);
                }
            }
            taken = index + 1;
        }
        match records.cursor {
            None => break,
            next if next == cursor => {
                stopped = Some("Gong repeats the same page cursor".into());
                break;
            }
            next => cursor = next,
        }
        if page == MAX_PAGES {
            stopped = Some(format!("read {MAX_PAGES} pages, the most for one call"));
            more = true;
            break;
        }
    }
    let read = taken.saturating_sub(start.skip) as u32;
    let left_out = read - rows.len() as u32;
    let skipped = start.skip.min(u32::MAX as usize) as u32;
    Ok(AuditLogPage {
        rows,
        read,
        left_out: (left_out > 0).then_some(left_out),
        total: total.map(|total| total.saturating_sub(skipped)),
        from: time::to_display(start.range.from),
        to: time::to_display(start.range.to),
        notes: notes(&args.log, &start, gong.now),
        resume: more.then(|| gong.token(&start.after(&entries, taken).token())),
        stopped,
        requests: gong.requests(),
    })
}

fn read_page(
    gong: &Gong<'_>,
    log: &AuditLog,
    position: &Position,
    cursor: Option<&str>,
) -> Result<JsonPage, Error> {
    let log = match log {
        AuditLog::AccessLog => "AccessLog",
        AuditLog::UserActivityLog => "UserActivityLog",
        AuditLog::UserCallPlay => "UserCallPlay",
        AuditLog::ExternallySharedCallAccess => "ExternallySharedCallAccess",
        AuditLog::ExternallySharedCallPlay => "ExternallySharedCallPlay",
    };
    let (from, to) = (
        time::to_rfc3339(position.range.from),
        time::to_rfc3339(position.range.to),
    );
    let query = [
        ("logType", Some(log)),
        ("fromDateTime", Some(from.as_str())),
        ("toDateTime", Some(to.as_str())),
        ("cursor", cursor),
    ];
    let answer: ApiResponse = gong.get_list("/v2/logs", &query)?;
    JsonPage::of(&answer, "logEntries", "GET /v2/logs")
}

fn notes(log: &AuditLog, position: &Position, now: i64) -> Vec<String> {
    let kept = now - ACCESS_LOG_DAYS * DAY;
    let note = match log {
        AuditLog::AccessLog if position.range.from < kept => Some(format!(
            "Gong keeps this log for {ACCESS_LOG_DAYS} days: there is nothing before {}.",
            time::to_display(kept)
        )),
        AuditLog::UserActivityLog if position.range.from < ACTIVITY_LOG_SINCE => {
            Some("Gong keeps this log since March 2021.".into())
        }
        _ => None,
    };
    note.into_iter().collect()
}

/// Matches the entries of one user, by id or e-mail, as an entry may lack either.
struct UserFilter {
    /// Empty for somebody who is not a user.
    id: String,
    email: Option<String>,
}

impl UserFilter {
    fn new(gong: &Gong<'_>, text: &str) -> Result<Self, Error> {
        let handle = handle(text);
        match People::default().find(gong, "user", text) {
            Ok(user) => Ok(Self {
                id: user.id().to_owned(),
                email: user.email_address.clone(),
            }),
            // Outsiders who open shared calls are not among Gong's users, and users may be deleted.
            Err(_) if handle.contains('@') => Ok(Self {
                id: String::new(),
                email: Some(handle.to_owned()),
            }),
            Err(_) if is_id(handle) => Ok(Self {
                id: handle.to_owned(),
                email: None,
            }),
            Err(error) => Err(error),
        }
    }

    fn matches(&self, entry: &Value) -> bool {
        let by_id = entry.id("userId").is_some_and(|id| id == self.id);
        let email = entry.text("userEmailAddress");
        by_id
            || match (&self.email, email) {
                (Some(own), Some(email)) => own.eq_ignore_ascii_case(&email),
                _ => false,
            }
    }
}

fn row(entry: &Value) -> AuditRow {
    let at = entry.raw("eventTime").unwrap_or_default();
    let name = entry.text("userFullName");
    let email = entry.text("userEmailAddress");
    let id = entry.id("userId");
    let impersonator = entry
        .text("impersonatorFullName")
        .or_else(|| entry.text("impersonatorEmailAddress"))
        .or_else(|| entry.id("impersonatorUserId"));
    AuditRow {
        at: time::parse_instant(at).map_or_else(|| at.into(), time::to_display_with_seconds),
        who: name.or_else(|| email.clone()).or_else(|| id.clone()),
        email,
        user_id: id,
        impersonator,
        detail: Some(detail::detail(entry.get("logRecord"))).filter(|detail| !detail.is_empty()),
    }
}
