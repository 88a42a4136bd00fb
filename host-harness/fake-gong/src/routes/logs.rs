//! `GET /v2/logs`.

use serde_json::{Value, json};

use super::Operation;
use crate::answer::{Outcome, Refusal};
use crate::asked::{Asked, Window};
use crate::company::logs::{Entry, Log};
use crate::gong::Gong;

pub(super) const OPERATIONS: &[Operation] = &[Operation::get("/v2/logs", "api:logs:read", list)];

/// One sort of log, oldest entry first.
fn list(gong: &Gong, asked: &Asked) -> Outcome {
    let name = asked.required_query("logType")?;
    let log = Log::named(name).ok_or_else(|| {
        Refusal::malformed(format!(
            "logType: \"{name}\" is not one of AccessLog, UserActivityLog, UserCallPlay, \
             ExternallySharedCallAccess, ExternallySharedCallPlay"
        ))
    })?;
    let window = Window::parse(
        ("fromDateTime", Some(asked.required_query("fromDateTime")?)),
        ("toDateTime", asked.query("toDateTime")),
    )?;
    let mut entries: Vec<Entry> = log.entries(&gong.company, &gong.events());
    entries.retain(|(at, _)| window.holds(*at));
    if entries.is_empty() {
        return Err(Refusal::not_found("No logs found for the specified period"));
    }
    let (page, records) = gong.cursors.page(asked, &entries)?;
    let entries: Value = page.iter().map(|(_, entry)| entry.clone()).collect();
    Ok(json!({ "records": records, "logEntries": entries }).into())
}
