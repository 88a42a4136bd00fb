//! `GET /v2/logs`.

use serde_json::{Value, json};

use crate::company::logs::{Entry, Log};
use crate::gong::Gong;
use crate::operation::Operation;
use crate::request::{ApiRequest, Window};
use crate::response::{ApiError, ApiResult};

pub(super) const OPERATIONS: &[Operation] = &[Operation::get("/v2/logs", "api:logs:read", list)];

/// One log, oldest entry first.
fn list(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let name = request.required_query("logType")?;
    let log = Log::named(name).ok_or_else(|| {
        ApiError::bad_request(format!(
            "logType: \"{name}\" is not one of AccessLog, UserActivityLog, UserCallPlay, \
             ExternallySharedCallAccess, ExternallySharedCallPlay"
        ))
    })?;
    let window = Window::parse(
        (
            "fromDateTime",
            Some(request.required_query("fromDateTime")?),
        ),
        ("toDateTime", request.query("toDateTime")),
    )?;
    let mut entries: Vec<Entry> = log.entries(&gong.company, &gong.events());
    entries.retain(|(at, _)| window.holds(*at));
    if entries.is_empty() {
        return Err(ApiError::not_found(
            "No logs found for the specified period",
        ));
    }
    let (page, records) = gong.cursors.page(request, &entries)?;
    let entries: Value = page.iter().map(|(_, entry)| entry.clone()).collect();
    Ok(json!({ "records": records, "logEntries": entries }).into())
}
