//! Which call is due when. It reads no clock: callers pass the time.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::config::ScheduledTool;

/// How soon after the start a tool is called that is due: not while everything else begins too.
const SOON: Duration = Duration::from_secs(2);

/// When each tool is called next.
#[derive(Debug, Default)]
pub(super) struct Plan(HashMap<Arc<str>, Vec<(ScheduledTool, Instant)>>);

/// How long to wait for the first call since the gateway began, where the last one was at `last`.
pub(super) fn first_delay(last: Option<Timestamp>, now: Timestamp, every: Duration) -> Duration {
    let soon = SOON.min(every);
    let Some(last) = last else {
        return soon;
    };
    // A time in the future is of a clock that was ahead.
    let passed = Duration::try_from(now.duration_since(last)).unwrap_or_default();
    every.saturating_sub(passed).max(soon)
}

impl Plan {
    /// Forgets the tenants for which this does not hold.
    pub(super) fn keep(&mut self, mut is_there: impl FnMut(&str) -> bool) {
        self.0.retain(|tenant, _| is_there(tenant));
    }

    /// The tools that the plan does not have yet. Tools that a tenant has no more are forgotten.
    pub(super) fn unknown<'t>(
        &mut self,
        tenant: &Arc<str>,
        tools: &'t [ScheduledTool],
    ) -> Vec<&'t ScheduledTool> {
        let planned = self.0.entry(Arc::clone(tenant)).or_default();
        planned.retain(|(tool, _)| tools.contains(tool));
        let is_planned = |tool: &ScheduledTool| planned.iter().any(|(one, _)| one == tool);
        let mut unknown: Vec<&ScheduledTool> = Vec::new();
        for tool in tools {
            if !is_planned(tool) && !unknown.contains(&tool) {
                unknown.push(tool);
            }
        }
        unknown
    }

    pub(super) fn add(&mut self, tenant: &Arc<str>, tool: &ScheduledTool, at: Instant) {
        let planned = self.0.entry(Arc::clone(tenant)).or_default();
        planned.push((tool.clone(), at));
    }

    /// The tools that are due, in the order of the file. Each is due again after its time from now;
    /// what was missed is not made up for.
    pub(super) fn due(
        &mut self,
        tenant: &str,
        tools: &[ScheduledTool],
        now: Instant,
    ) -> Vec<ScheduledTool> {
        self.take(tenant, tools, now, |at| at <= now)
    }

    /// All tools, as if they were due.
    pub(super) fn all(
        &mut self,
        tenant: &str,
        tools: &[ScheduledTool],
        now: Instant,
    ) -> Vec<ScheduledTool> {
        self.take(tenant, tools, now, |_| true)
    }

    fn take(
        &mut self,
        tenant: &str,
        tools: &[ScheduledTool],
        now: Instant,
        is_due: impl Fn(Instant) -> bool,
    ) -> Vec<ScheduledTool> {
        let mut due = Vec::new();
        for (tool, at) in self.0.get_mut(tenant).into_iter().flatten() {
            if is_due(*at) {
                *at = now + tool.every;
                due.push(tool.clone());
            }
        }
        due.sort_by_key(|tool| tools.iter().position(|one| one == tool));
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn tool(name: &str, minutes: u32) -> ScheduledTool {
        ScheduledTool {
            tool: name.to_owned(),
            arguments: serde_json::Map::new(),
            every: MINUTE * minutes,
        }
    }

    #[test]
    fn tools_are_due_at_their_times_and_what_was_missed_is_not_made_up_for() {
        let (acme, start) = (Arc::<str>::from("acme"), Instant::now());
        let mut tools = vec![tool("sync", 15), tool("list", 10)];
        let mut plan = Plan::default();
        assert_eq!(plan.unknown(&acme, &tools), [&tools[0], &tools[1]]);
        for tool in &tools {
            plan.add(&acme, tool, start);
        }
        assert!(plan.unknown(&acme, &tools).is_empty());
        let mut due = |minutes: u32| {
            let due = plan.due("acme", &tools, start + MINUTE * minutes);
            due.into_iter().map(|tool| tool.tool).collect::<Vec<_>>()
        };
        assert_eq!(due(0), ["sync", "list"]);
        assert!(due(9).is_empty());
        assert_eq!(due(10), ["list"]);
        assert_eq!(due(15), ["sync"]);
        assert_eq!(due(200), ["sync", "list"]);
        assert!(due(201).is_empty());
        let now = start + MINUTE * 202;
        assert_eq!(plan.all("acme", &tools, now).len(), 2);
        assert!(plan.due("acme", &tools, now + MINUTE * 9).is_empty());

        // Another interval is another entry; the one before is gone.
        tools[0].every = MINUTE;
        assert_eq!(plan.unknown(&acme, &tools), [&tools[0]]);
        assert_eq!(plan.due("acme", &tools, now + MINUTE * 60).len(), 1);
        plan.keep(|tenant| tenant != "acme");
        assert_eq!(plan.unknown(&acme, &tools).len(), 2);
    }

    #[test]
    fn a_restart_goes_on_with_the_schedule() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let delay = |ago: Option<i64>, every| {
            let last = ago.map(|minutes| now - jiff::SignedDuration::from_mins(minutes));
            first_delay(last, now, every).as_secs()
        };
        assert_eq!(delay(None, 15 * MINUTE), 2);
        assert_eq!(delay(Some(5), 15 * MINUTE), 600);
        assert_eq!(delay(Some(60), 15 * MINUTE), 2);
        assert_eq!(delay(Some(-600), 15 * MINUTE), 900, "the clock was ahead");
        assert_eq!(delay(Some(0), Duration::from_secs(1)), 1);
    }
}
