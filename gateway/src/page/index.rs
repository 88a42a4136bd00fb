//! The index of a tenant: how much it keeps, and what is called on the schedule.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::Offset;

use super::paths;
use super::problem::Problem;
use super::session::{SignedIn, SubmittedForm};
use super::state::PageState;
use super::view::{self, Badge, Frame, NavItem, Style, Tone};
use crate::config::{IndexPlace, SCHEDULE, ScheduledTool};
use crate::store::{AuditFilter, AuditRow, AuditedCall, CallResult, IndexStatus, RowKind};

/// Calls on the schedule that are shown.
const CALLS: usize = 20;

/// Size of the picture, in units of its view box.
const BAR: u32 = 16;
const HEIGHT: u32 = 60;

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    frame: Frame,
    tenant: &'a str,
    about: &'static str,
    kept: Option<Kept>,
    sent: u64,
    may_send: u64,
    filling: u64,
    coverage: Vec<Bar>,
    tools: Vec<Tool>,
    calls: Vec<Call>,
}

/// What the index keeps, as it is shown.
struct Kept {
    bytes: String,
    limit: String,
    percent: u64,
    objects: u64,
    days: u64,
    oldest: String,
    youngest: String,
}

struct Bar {
    x: u32,
    y: u32,
    height: u32,
    label: String,
    percent: u32,
}

struct Tool {
    name: String,
    arguments: String,
    every: String,
}

struct Call {
    at: String,
    tool: String,
    result: Badge,
    why: String,
    requests: u64,
}

impl Kept {
    fn of(status: &IndexStatus) -> Self {
        let time = |at: Option<Timestamp>| at.map_or_else(|| "–".to_owned(), view::minute);
        Self {
            bytes: mebibytes(status.bytes),
            limit: mebibytes(status.max_bytes),
            percent: (status.bytes * 100 / status.max_bytes.max(1)).min(100),
            objects: status.objects,
            days: status.max_age / (24 * 60 * 60),
            oldest: time(status.oldest),
            youngest: time(status.youngest),
        }
    }
}

impl Tool {
    fn of(tool: &ScheduledTool) -> Self {
        Self {
            name: tool.tool.clone(),
            arguments: serde_json::Value::Object(tool.arguments.clone()).to_string(),
            every: format!("{:?}", tool.every),
        }
    }
}

impl Call {
    fn of(call: AuditedCall) -> Self {
        let tone = match call.result {
            CallResult::Success => Tone::Good,
            CallResult::Denied | CallResult::Error => Tone::Bad,
            _ => Tone::Wait,
        };
        Self {
            at: view::second(call.time),
            tool: call.tool,
            result: Badge::new(tone, call.result.as_str()),
            why: call.reason.unwrap_or_default(),
            requests: call.gong_requests.unwrap_or(0).into(),
        }
    }
}

/// `1.5 MiB`.
fn mebibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    format!("{}.{} MiB", view::number(tenths / 10), tenths % 10)
}

fn bars(coverage: Vec<(String, u32)>) -> Vec<Bar> {
    let bars = (0..).zip(coverage).map(|(place, (label, percent))| {
        // Even a little is visible.
        let least = u32::from(percent > 0);
        let height = (percent.min(100) * HEIGHT / 100).max(least);
        Bar {
            x: place * BAR + 1,
            y: HEIGHT - height,
            height,
            label,
            percent,
        }
    });
    bars.collect()
}

/// `GET /t/{tenant}/index`
pub(super) async fn show(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    let settings = signed_in.tenant(&tenant)?.clone();
    let today = Offset::UTC.to_datetime(Timestamp::now()).date();
    let name = tenant.clone();
    let (status, users, rows) = state
        .store(move |store| {
            let filter = AuditFilter {
                tenant: Some(name.clone()),
                user: Some(SCHEDULE.to_owned()),
                kind: Some(RowKind::Call),
                limit: Some(CALLS),
                ..AuditFilter::default()
            };
            Ok((
                store.index_status(&name)?,
                store.user_requests(&name, today)?,
                store.query_audit(&filter)?,
            ))
        })
        .await?;
    let sent = users.iter().find(|one| one.user == SCHEDULE);
    let calls = rows.into_iter().filter_map(|row| match row {
        AuditRow::Call(call) => Some(Call::of(call)),
        AuditRow::Act(_) => None,
    });
    Ok(signed_in.show(&Page {
        frame: signed_in.frame(NavItem::Index, "Index", Some(&tenant)),
        tenant: &tenant,
        about: match settings.index.keep {
            IndexPlace::Off => {
                "This tenant has no index: every question is answered by reading from Gong."
            }
            IndexPlace::Memory => {
                "What the component keeps of this tenant, in memory until the gateway ends."
            }
            IndexPlace::Disk { .. } => {
                "What the component keeps of this tenant, encrypted on disk."
            }
        },
        sent: sent.map_or(0, |one| one.used.into()),
        may_send: settings.schedule_requests_per_day.into(),
        filling: status
            .as_ref()
            .filter(|status| status.day == today)
            .map_or(0, |status| status.filling.into()),
        kept: status.as_ref().map(Kept::of),
        coverage: bars(status.map(|status| status.coverage).unwrap_or_default()),
        tools: settings.schedule.iter().map(Tool::of).collect(),
        calls: calls.collect(),
    }))
}

/// `POST /t/{tenant}/index/clear`
pub(super) async fn clear(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let (actor, name) = (form.by.actor(), tenant.clone());
    state
        .store(move |store| store.clear_index(&actor, &name))
        .await?;
    let text =
        "The index is emptied within seconds. Answers read from Gong until it is filled again.";
    let back = format!("{}/index", paths::tenant(&tenant));
    Ok(form.by.redirect_with_message(&back, Tone::Good, text))
}

/// `POST /t/{tenant}/index/refill`
pub(super) async fn refill(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    if form.by.tenant(&tenant)?.schedule.is_empty() {
        return Err(Problem::refused(
            "This tenant has no tool on its schedule. gateway.toml says which are called, such as \
             [[tenants.acme.schedule]] with tool = \"gong_sync_calls\" and every = \"15m\".",
        ));
    }
    let (actor, name) = (form.by.actor(), tenant.clone());
    state
        .store(move |store| store.refill_index(&actor, &name))
        .await?;
    let text = "The tools on the schedule are called now, behind the calls of users.";
    let back = format!("{}/index", paths::tenant(&tenant));
    Ok(form.by.redirect_with_message(&back, Tone::Good, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_on_the_ground_and_a_little_is_visible() {
        let all = [0, 1, 50, 100, 900].map(|percent| ("2026-11".to_owned(), percent));
        let bars = bars(all.to_vec());
        let heights: Vec<u32> = bars.iter().map(|bar| bar.height).collect();
        assert_eq!(heights, [0, 1, 30, 60, 60]);
        assert!(bars.iter().all(|bar| bar.y + bar.height == HEIGHT));
        assert_eq!(bars[2].x, 33);
        assert_eq!(mebibytes(1_600_000), "1.5 MiB");
    }
}
