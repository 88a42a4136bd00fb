//! `gong_list_audit_logs`. GET /v2/logs; api:logs:read. Gong has no filter by user.

use serde_json::Value;

use crate::{
    client::{
        Gong,
        json::ApiResponse,
        pages::{JsonPage, Paged},
    },
    error::{Case, Error},
    gong::users::People,
    json_ext::JsonExt,
    prelude::*,
    time::{self, DAY},
    tools::limit,
    wit::audit::{AuditLog, AuditLogPage, AuditRow, ListAuditLogs},
};

mod detail;
mod place;
mod text;

use place::Place;

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 1;
/// Pages that one tool call reads at most; a page was not seen to be of another size than 100.
const MOST_PAGES: u32 = 40;
/// For how long Gong keeps sign-ins.
const ACCESS_LOG_DAYS: i64 = 14;
/// 2021-03-01: since then Gong keeps what users do.
const ACTIVITY_LOG_SINCE: i64 = 1_614_556_800;

/// Reads entries in Gong's order until enough are kept.
pub(crate) fn run(gong: &Gong<'_>, args: ListAuditLogs) -> Result<AuditLogPage, Error> {
    let limit = limit(args.limit, 100, 500)?;
    let start = Place::from_arguments(
        args.from.as_deref(),
        args.to.as_deref(),
        args.resume.as_deref(),
        DEFAULT_DAYS,
        gong.now,
    )?;
    let user = args
        .user
        .as_deref()
        .map(|user| Wanted::find(gong, user))
        .transpose()?;
    let (mut rows, mut entries, mut total) = (Vec::new(), Vec::new(), None);
    let (mut cursor, mut stopped): (Option<String>, Option<String>) = (None, None);
    let mut taken = 0;
    let mut more = false;
    'pages: for page in 1.. {
        let (records, items) = match ask(gong, &args.log, &start, cursor.as_deref()) {
            Err(error) if page > 1 && error.case() == Case::RateLimited => {
                (stopped, more) = (Some(error.into_text()), true);
                break;
            }
            asked => asked?.into_page(),
        };
        let records = records.unwrap_or_default();
        total = total.or(records.total_records);
        let first = entries.len();
        entries.extend(items);
        for (index, entry) in entries.iter().enumerate().skip(first) {
            if index >= start.skip {
                if rows.len() == limit {
                    more = true;
                    break 'pages;
                }
                if user.as_ref().is_none_or(|user| user.is(entry)) {
                    rows.push(row(entry));
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
        if page == MOST_PAGES {
            stopped = Some(format!("read {MOST_PAGES} pages, the most for one call"));
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
        resume: more.then(|| start.after(&entries, taken).token()),
        stopped,
        requests: gong.requests(),
    })
}

fn ask(
    gong: &Gong<'_>,
    log: &AuditLog,
    place: &Place,
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
        time::to_rfc3339(place.range.from),
        time::to_rfc3339(place.range.to),
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

fn notes(log: &AuditLog, place: &Place, now: i64) -> Vec<String> {
    let kept = now - ACCESS_LOG_DAYS * DAY;
    let note = match log {
        AuditLog::AccessLog if place.range.from < kept => Some(format!(
            "Gong keeps this log for {ACCESS_LOG_DAYS} days: there is nothing before {}.",
            time::to_display(kept)
        )),
        AuditLog::UserActivityLog if place.range.from < ACTIVITY_LOG_SINCE => {
            Some("Gong keeps this log since March 2021.".into())
        }
        _ => None,
    };
    note.into_iter().collect()
}

/// The user whose entries are asked for; of an entry's id and e-mail one may be missing.
struct Wanted {
    id: String,
    email: Option<String>,
}

impl Wanted {
    fn find(gong: &Gong<'_>, text: &str) -> Result<Self, Error> {
        // Outsiders who open shared calls are in no directory: their e-mail is enough.
        if text.contains('@') {
            return Ok(Self {
                id: String::new(),
                email: Some(text.trim().into()),
            });
        }
        let mut people = People::default();
        let id = people.id(gong, "user", text)?;
        let email = people.into_directory().and_then(|pages| {
            let mut users = pages.items.into_iter();
            users.find(|user| user.id() == id)?.email_address
        });
        Ok(Self { id, email })
    }

    fn is(&self, entry: &Value) -> bool {
        let by_id = entry.id("userId").is_some_and(|id| id == self.id);
        let email = entry.text("userEmailAddress");
        by_id
            || match (&self.email, email) {
                (Some(wanted), Some(email)) => wanted.eq_ignore_ascii_case(&email),
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
        at: time::parse_instant(at).map_or_else(|| at.into(), time::to_rfc3339),
        who: name.or_else(|| email.clone()).or_else(|| id.clone()),
        email,
        user_id: id,
        impersonator,
        detail: Some(detail::of(entry.get("logRecord"))).filter(|detail| !detail.is_empty()),
    }
}
