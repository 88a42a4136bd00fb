//! `gong_get_coaching`. GET /v2/coaching, whose query parameters have hyphens in their names and
//! instants as dates; api:coaching:read. Each metric is a list of calls.

use alloc::collections::BTreeSet;
use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse},
    error::Error,
    gong::{
        users::{self, People},
        workspaces,
    },
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer, Table, cell},
    text::fold_case,
    time::{self, Range},
    wit::stats::{Coaching, CoachingMetric, CoachingRow, GetCoaching},
};

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 30;
/// Metrics seen in Gong's answers, and their columns; Gong documents none.
const METRICS: [(&str, &str); 5] = [
    ("callsListenedTo", "heard"),
    ("callsManagerAttended", "attended"),
    ("callsManagerCommentedOn", "commented on"),
    ("callsWithFeedback", "feedback"),
    ("callsWithScorecardFilled", "scored"),
];

/// Looks up manager and workspace, then one request.
pub(crate) fn run(gong: &Gong<'_>, args: GetCoaching) -> Result<Coaching, Error> {
    let range = Range::from_arguments(
        args.from.as_deref(),
        args.to.as_deref(),
        DEFAULT_DAYS,
        gong.now,
    )?;
    let manager = People::default().id(gong, "manager", &args.manager)?;
    let workspace = workspaces::needed(gong, args.workspace.as_deref())?;
    let query = [
        ("workspace-id", Some(workspace.as_str())),
        ("manager-id", Some(manager.as_str())),
        ("from", Some(&*time::to_rfc3339(range.from))),
        ("to", Some(&*time::to_rfc3339(range.to))),
    ];
    let answer: ApiResponse = gong.get_list("/v2/coaching", &query)?;
    let data = answer.listed("coachingData", "GET /v2/coaching")?;
    let mut reports: Vec<CoachingRow> = data
        .iter()
        .flat_map(|one| one.items("directReportsMetrics"))
        .map(row)
        .collect();
    reports.sort_by_cached_key(|row| (fold_case(&row.user), row.user_id.clone()));
    let name = data
        .iter()
        .find_map(|one| one.get("manager").and_then(name))
        .or_else(|| users::names(gong, &BTreeSet::from([manager.clone()])).remove(&manager));
    let mut notes = Vec::new();
    if reports.is_empty() {
        notes.push(
            "Gong tells no coaching: it answers so for a manager without any in this range and workspace, and for \
             somebody who manages nobody."
                .into(),
        );
    }
    Ok(Coaching {
        manager: name.unwrap_or(manager),
        reports,
        from: time::to_display(range.from),
        to: time::to_display(range.to),
        notes,
        requests: gong.requests(),
    })
}

fn name(user: &Value) -> Option<String> {
    let names = [user.text("firstName"), user.text("lastName")];
    let names: Vec<String> = names.into_iter().flatten().collect();
    match names.is_empty() {
        false => Some(names.join(" ")),
        true => user.text("emailAddress").or_else(|| user.id("id")),
    }
}

fn row(data: &Value) -> CoachingRow {
    let report = &data["report"];
    let mut metrics: Vec<CoachingMetric> = data["metrics"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, calls)| {
            Some(CoachingMetric {
                name: name.clone(),
                calls: calls.as_array()?.len() as u32,
            })
        })
        .collect();
    metrics.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    CoachingRow {
        user_id: report.id("id"),
        user: name(report).unwrap_or_default(),
        title: report.text("title"),
        metrics,
    }
}

impl Answer for Coaching {
    fn text(&self) -> String {
        let mut text = format!(
            "Calls that {} coached, {} to {}: {}.\n",
            self.manager,
            self.from,
            self.to,
            render::count(self.reports.len() as u32, "direct report")
        );
        let heading = ["report", "id", "title"].into_iter();
        let heading = heading.chain(METRICS.map(|(_, column)| column));
        let mut table = Table::new(heading.chain(["other"]));
        for row in &self.reports {
            let find = |name: &str| row.metrics.iter().find(|metric| metric.name == name);
            let counts = METRICS.map(|(name, _)| {
                find(name).map_or_else(String::new, |metric| metric.calls.to_string())
            });
            let other: Vec<String> = row
                .metrics
                .iter()
                .filter(|metric| METRICS.iter().all(|(name, _)| *name != metric.name))
                .map(|metric| format!("{} {}", metric.name, metric.calls))
                .collect();
            let user = [row.user.clone(), cell(&row.user_id), cell(&row.title)].into_iter();
            table.row(user.chain(counts).chain([other.join("; ")]));
        }
        table.write(&mut text);
        for note in &self.notes {
            text.push_str(note);
            text.push('\n');
        }
        render::requests(&mut text, self.requests);
        text
    }
}
