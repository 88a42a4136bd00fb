//! A call of a tool of each kind, on the stand-in for Gong.

use std::borrow::Cow;
use std::collections::BTreeMap;

use host_harness::out;
use sandbox::{Run, Sandbox};
use serde_json::{Value, json};

/// Lines of an answer that are shown.
const LINES: usize = 16;

/// Characters of a line that are shown.
const COLUMNS: usize = 160;

/// The calls, in order. A string such as `=gong_search_calls/calls/0/id` is replaced by what the
/// structured answer of that tool has at that JSON pointer.
fn steps() -> Vec<(&'static str, Value)> {
    vec![
        ("gong_list_workspaces", json!({})),
        ("gong_list_users", json!({"limit": 5})),
        (
            "gong_get_user",
            json!({"user": "=gong_list_users/users/0/id"}),
        ),
        ("gong_search_calls", json!({"limit": 5})),
        (
            "gong_get_call",
            json!({"call": "=gong_search_calls/calls/0/id"}),
        ),
        (
            "gong_get_transcript",
            json!({"call": "=gong_search_calls/calls/0/id", "bytes": 2000}),
        ),
        (
            "gong_search_transcripts",
            json!({"query": "pricing OR discount", "speakers": "external", "limit": 3}),
        ),
        ("gong_count_calls", json!({"by": ["host"], "limit": 5})),
        (
            "gong_summarize_calls",
            json!({"calls": ["=gong_search_calls/calls/1/id", "=gong_search_calls/calls/2/id"]}),
        ),
        ("gong_list_deals", json!({"limit": 5})),
        (
            "gong_get_deal",
            json!({"deal": "=gong_list_deals/deals/0/id", "limit": 3}),
        ),
        (
            "gong_get_account",
            json!({"account": "Acme Corp", "limit": 3}),
        ),
        (
            "gong_get_activity_stats",
            json!({"from": "last week", "limit": 5}),
        ),
        ("gong_list_scorecards", json!({})),
        ("gong_list_answered_scorecards", json!({"limit": 3})),
        (
            "gong_list_flows",
            json!({"owner": "=gong_list_users/users/0/email"}),
        ),
        (
            "gong_get_flow_steps",
            json!({"flows": ["=gong_list_flows/flows/0/id"]}),
        ),
        (
            "gong_assign_flow",
            json!({
                "flow": "=gong_list_flows/flows/0/id", "owner": "=gong_list_users/users/0/email",
                "prospects": ["0035e00000AbCdEAAV"], "dry_run": true,
            }),
        ),
        ("gong_list_permission_profiles", json!({})),
        (
            "gong_get_permission_profile",
            json!({"profile": "=gong_list_permission_profiles/profiles/0/id"}),
        ),
        (
            "gong_update_permission_profile",
            json!({
                "profile": "=gong_list_permission_profiles/profiles/0/id",
                "deny": ["downloadCallMedia"], "dry_run": true,
            }),
        ),
        (
            "gong_ask_account",
            json!({
                "crm_account": "=gong_get_account/id", "question": "What could delay them?",
                "workspace": "Sales",
            }),
        ),
        (
            "gong_erase_personal_data",
            json!({"email": "nobody@acme.example", "dry_run": true}),
        ),
    ]
}

/// Lists the tools, makes the calls and prints the answers.
///
/// # Errors
///
/// The sandbox stopped a call, or a tool answered with an error.
pub(crate) async fn show(sandbox: &Sandbox, run: &Run) -> anyhow::Result<()> {
    let tools = sandbox.list_tools().await?;
    out::line(out::bold(format_args!("{} tools", tools.len())));
    for tool in &tools {
        let summary = tool.description.split_once(". ");
        let summary = summary.map_or(&*tool.description, |(first, _)| first);
        let summary = out::dim(summary.trim_end_matches('.'));
        out::indented(format_args!("{}  {summary}", tool.name));
    }

    let mut answers = BTreeMap::new();
    let mut failures = 0;
    for (name, arguments) in steps() {
        let title = tools.iter().find(|tool| tool.name == name);
        out::line("");
        out::line(format_args!(
            "{}  {name}",
            out::bold(title.map_or(name, |tool| &tool.title)),
        ));
        let Some(arguments) = filled(arguments, &answers) else {
            out::indented("An earlier answer left nothing to ask for.");
            failures += 1;
            continue;
        };
        let arguments = arguments.to_string();
        out::indented(out::dim(&arguments));
        let result = sandbox.call_tool(run, name, &arguments).await?;
        let mut lines = result.text.lines();
        for one in lines.by_ref().take(LINES) {
            out::indented(shortened(one));
        }
        let hidden = lines.count();
        if hidden > 0 {
            out::indented(out::dim(format_args!("… {hidden} more lines")));
        }
        if result.is_error {
            out::indented(out::failure("This call failed."));
            failures += 1;
        }
        out::indented(out::dim(format_args!(
            "{:.1?}, of it {:.1?} in the sandbox; {}",
            result.usage.wall_time,
            result.usage.cpu,
            requests(result.usage.requests),
        )));
        if let Some(structured) = result.structured {
            answers.insert(name, serde_json::from_str(structured.get())?);
        }
    }
    anyhow::ensure!(failures == 0, "{failures} of the demo's calls failed");
    Ok(())
}

fn shortened(line: &str) -> Cow<'_, str> {
    match line.char_indices().nth(COLUMNS) {
        None => line.into(),
        Some((end, _)) => format!("{}{}", &line[..end], out::dim("…")).into(),
    }
}

fn requests(count: u32) -> String {
    match count {
        1 => "1 request".to_owned(),
        n => format!("{n} requests"),
    }
}

/// The arguments, filled in from earlier answers; none when an answer lacks a value.
fn filled(value: Value, answers: &BTreeMap<&str, Value>) -> Option<Value> {
    match value {
        Value::String(text) => match text.strip_prefix('=') {
            None => Some(Value::String(text)),
            Some(reference) => {
                let (tool, _) = reference.split_once('/')?;
                let pointer = &reference[tool.len()..];
                answers.get(tool)?.pointer(pointer).cloned()
            }
        },
        Value::Array(items) => items.into_iter().map(|one| filled(one, answers)).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, one)| Some((name, filled(one, answers)?)))
            .collect::<Option<serde_json::Map<_, _>>>()
            .map(Value::Object),
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_filled_from_earlier_answers() {
        let answers = BTreeMap::from([("a", json!({"rows": [{"id": "7"}]}))]);
        let fill = |value| filled(value, &answers);
        assert_eq!(
            fill(json!({"x": ["=a/rows/0/id"], "y": 1})),
            Some(json!({"x": ["7"], "y": 1}))
        );
        assert_eq!(fill(json!({"x": "=a/rows/1/id"})), None);
        assert_eq!(fill(json!({"x": "=b/rows/0/id"})), None);
    }

    #[test]
    fn references_point_backwards() {
        let steps = steps();
        for (index, (name, arguments)) in steps.iter().enumerate() {
            let text = arguments.to_string();
            for reference in text.split("\"=").skip(1) {
                let tool = reference.split('/').next().unwrap_or_default();
                let earlier = steps[..index].iter().any(|(other, _)| *other == tool);
                assert!(earlier, "{name} refers to {tool}");
            }
        }
    }
}
