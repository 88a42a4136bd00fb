//! The tenants at a glance.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;

use super::PageState;
use super::problem::Problem;
use super::quota::{self, Used};
use super::session::Signed;
use super::switches::{self, Switches};
use super::view::{self, At, Frame, Off, Style, Switch};
use crate::store::State as ToolState;

#[derive(Template)]
#[template(path = "tenants.html")]
struct Page {
    frame: Frame,
    everything: Switch,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    gong: String,
    off: Option<Off>,
    pending: u64,
    approved: u64,
    disabled: u64,
    users: usize,
    calls: u64,
    failed: String,
    quota: Used,
}

pub(super) async fn show(
    State(state): State<PageState>,
    signed: Signed,
) -> Result<Response, Problem> {
    let midnight = quota::start(Timestamp::now(), quota::DAY);
    let (summaries, off) = state
        .store(move |store| Ok((store.summaries(midnight)?, store.switches()?)))
        .await?;
    let off = Switches::from(off);
    let mut rows = Vec::new();
    for (name, tenant) in signed.tenants() {
        let Some(summary) = summaries.get(name) else {
            continue;
        };
        let tools = |state| summary.tools.get(&state).copied().unwrap_or(0);
        rows.push(Row {
            name: name.clone(),
            gong: tenant.gong.clone(),
            off: off.tenant(name),
            pending: tools(ToolState::Pending),
            approved: tools(ToolState::Approved),
            disabled: tools(ToolState::Disabled),
            users: tenant.users.len(),
            calls: summary.calls,
            failed: match (summary.denied, summary.errors) {
                (0, 0) => "–".to_owned(),
                (denied, errors) => format!("{denied}, {errors}"),
            },
            quota: Used::from(state.quota(name).await?),
        });
    }
    Ok(signed.show(&Page {
        frame: signed.frame(At::Tenants, "Tenants", None),
        everything: switches::of_everything(&off, signed.manages_all()),
        rows,
    }))
}
