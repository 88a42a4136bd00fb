//! `gong_get_flow_steps`. POST /v2/flows/steps; api:flows:read. Gong accepts at most 20 flows and
//! answers 404 if one of them is unknown.

use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{Gong, json::required},
    domain::list_part::ListPart,
    error::{Error, bad_argument},
    gong::id::{Id, is_id},
    prelude::*,
    text::{one_line, shortened},
    wit::flows::{Flow, FlowStep, FlowSteps, GetFlowSteps},
};

mod text;

/// Characters of an e-mail body that are shown by default.
const BODY_CHARS: usize = 200;
/// Most characters of a whole body: longer ones are no e-mails that people read.
const WHOLE_BODY_CHARS: usize = 10_000;

#[derive(Default, Deserialize)]
struct Response {
    #[serde(deserialize_with = "required")]
    flows: Option<Vec<ApiFlow>>,
}

/// OpenAPI `PublicApiFlowWithSteps`.
#[derive(Default, Deserialize)]
struct ApiFlow {
    id: Option<Id>,
    name: Option<String>,
    visibility: Option<String>,
    exclusive: Option<bool>,
    description: Option<String>,
    steps: Option<Vec<ApiStep>>,
}

/// OpenAPI `PublicApiFlowStep`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiStep {
    step_order: Option<u32>,
    action: Option<String>,
    subject: Option<String>,
    body: Option<String>,
    is_reply: Option<bool>,
}

/// Checks the ids first, as Gong's errors would not say which is wrong, then one request.
pub(crate) fn run(gong: &Gong<'_>, args: GetFlowSteps) -> Result<FlowSteps, Error> {
    let problem = match args.flows.len() {
        0 => Some("it is empty.".to_owned()),
        1..=20 => args.flows.iter().find(|id| !is_id(id)).map(|id| {
            format!(
                "“{}” is not a flow id (1 to 20 digits). gong_list_flows lists them.",
                shortened(id)
            )
        }),
        count => Some(format!("{count} ids, and Gong takes at most 20.")),
    };
    if let Some(problem) = problem {
        return Err(bad_argument(
            "flows",
            &problem,
            "[\"7782342274025937895\"].",
        ));
    }
    let body = json!({ "flowIds": args.flows });
    let response: Response = gong.post("/v2/flows/steps", &body)?;
    let body_chars = match args.bodies {
        Some(true) => WHOLE_BODY_CHARS,
        _ => BODY_CHARS,
    };
    let flows = response.flows.into_iter().flatten();
    let steps: Vec<Flow> = flows
        .flat_map(|api| by_step(flow(api, body_chars)))
        .collect();
    let part = ListPart::of(gong, steps, args.resume.as_deref())?;
    Ok(FlowSteps {
        flows: joined(part.items),
        matched: part.matched,
        resume: part.resume,
        requests: gong.requests(),
    })
}

/// A flow for each step, so that a long one can go on within it; the flow itself without steps.
fn by_step(flow: Flow) -> Vec<Flow> {
    if flow.steps.len() < 2 {
        return [flow].into();
    }
    let of_step = |step| Flow {
        steps: [step].into(),
        ..flow.clone()
    };
    flow.steps.iter().cloned().map(of_step).collect()
}

/// Flows with all their steps that are in a row.
fn joined(by_step: Vec<Flow>) -> Vec<Flow> {
    let mut flows: Vec<Flow> = Vec::new();
    for flow in by_step {
        match flows.last_mut().filter(|last| last.id == flow.id) {
            Some(last) => last.steps.extend(flow.steps),
            None => flows.push(flow),
        }
    }
    flows
}

fn flow(flow: ApiFlow, body_chars: usize) -> Flow {
    let id = flow.id.map_or_else(String::new, |id| id.0);
    let mut steps: Vec<FlowStep> = flow
        .steps
        .into_iter()
        .flatten()
        .map(|api| step(api, body_chars))
        .collect();
    steps.sort_unstable_by_key(|step| step.number);
    Flow {
        name: flow.name.as_deref().map_or_else(|| id.clone(), one_line),
        id,
        description: flow
            .description
            .as_deref()
            .map(one_line)
            .filter(|text| !text.is_empty()),
        visibility: flow.visibility,
        exclusive: flow.exclusive.filter(|exclusive| *exclusive),
        steps,
    }
}

fn step(step: ApiStep, body_chars: usize) -> FlowStep {
    let body = step
        .body
        .as_deref()
        .map(without_tags)
        .filter(|body| !body.is_empty());
    FlowStep {
        number: step.step_order.unwrap_or(0),
        action: step.action.unwrap_or_default(),
        subject: step
            .subject
            .as_deref()
            .map(one_line)
            .filter(|subject| !subject.is_empty()),
        body: body.map(|body| match body.char_indices().nth(body_chars) {
            Some((end, _)) => format!(
                "{}… ({} characters in all)",
                &body[..end],
                body.chars().count()
            ),
            None => body,
        }),
        reply: step.is_reply.filter(|reply| *reply),
    }
}

/// The text of an e-mail's HTML on one line.
fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        // A `<` that does not begin a tag is text.
        match after.split_once('>').filter(|(tag, _)| {
            tag.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'))
        }) {
            Some((_, after)) => {
                text.push(' ');
                rest = after;
            }
            None => {
                text.push('<');
                rest = after;
            }
        }
    }
    text.push_str(rest);
    let text = text
        .replace("&nbsp;", " ")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"");
    one_line(&text.replace("&#39;", "'").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::without_tags;

    #[test]
    fn html_becomes_text() {
        assert_eq!(
            without_tags("<p>Hi&nbsp;{{name}},</p><p>is 3 < 4 &amp; ok?<br/>Bye</p>"),
            "Hi {{name}}, is 3 < 4 & ok? Bye"
        );
        assert_eq!(without_tags("a <unclosed"), "a <unclosed");
    }
}
