//! The overview of all tenants.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;

use super::kill_switches::{self, SwitchedOff};
use super::problem::Problem;
use super::quota::{self, QuotaMeter};
use super::session::SignedIn;
use super::state::PageState;
use super::view::{self, Frame, NavItem, OffNotice, Style, SwitchPanel};
use crate::store::ReviewState;

#[derive(Template)]
#[template(path = "tenants.html")]
struct Page {
    frame: Frame,
    everything: SwitchPanel,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    gong: String,
    off: Option<OffNotice>,
    pending: u64,
    approved: u64,
    disabled: u64,
    users: usize,
    calls: u64,
    failed: String,
    quota: QuotaMeter,
}

pub(super) async fn show(
    State(state): State<PageState>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    let midnight = quota::start(Timestamp::now(), quota::DAY);
    let (summaries, off) = state
        .store(move |store| Ok((store.summaries(midnight)?, store.switches()?)))
        .await?;
    let off = SwitchedOff::from(off);
    let mut rows = Vec::new();
    for (name, tenant) in signed_in.tenants() {
        let Some(summary) = summaries.get(name) else {
            continue;
        };
        let tools = |state| summary.tools.get(&state).copied().unwrap_or(0);
        rows.push(Row {
            name: name.clone(),
            gong: tenant.gong.clone(),
            off: off.tenant(name),
            pending: tools(ReviewState::Pending),
            approved: tools(ReviewState::Approved),
            disabled: tools(ReviewState::Disabled),
            users: tenant.users.len(),
            calls: summary.calls,
            failed: match (summary.denied, summary.errors) {
                (0, 0) => "–".to_owned(),
                (denied, errors) => format!("{denied}, {errors}"),
            },
            quota: QuotaMeter::from(state.quota(name).await?),
        });
    }
    Ok(signed_in.show(&Page {
        frame: signed_in.frame(NavItem::Tenants, "Tenants", None),
        everything: kill_switches::panel_of_everything(&off, signed_in.manages_all()),
        rows,
    }))
}
