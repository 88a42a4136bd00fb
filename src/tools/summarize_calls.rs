//! `gong_summarize_calls`. One POST /v2/calls/extensive with all ids
//! (api:calls:read:extensive). Costs no credits.

use alloc::collections::BTreeMap;
use serde_json::json;

use crate::{
    client::Gong,
    domain::call_content::{QUOTED, fired, objects, outcome_name, topics},
    error::{Error, bad_argument},
    gong::{
        calls::{
            Call, CallsBody, ContentSelector, EXTENSIVE, ExtensivePage, Filter, Party, link_pattern,
        },
        id::call_id_in,
    },
    prelude::*,
    text::one_line,
    wit::calls::{Affiliation, CallSummaries, CallSummary, SummarizeCalls},
};

mod text;

/// How many calls this tool accepts: fewer than Gong's page, so that one request is enough.
const MAX_CALLS: usize = 20;
/// The most key points of a call.
const MAX_KEY_POINTS: usize = 5;
/// The most topics of a call, and the most trackers.
const MAX_TOPICS: usize = 3;

/// Reads all calls in one request; private and unknown ones are listed by id only.
pub(crate) fn run(gong: &Gong<'_>, args: SummarizeCalls) -> Result<CallSummaries, Error> {
    let mut ids: Vec<String> = Vec::new();
    for call in &args.calls {
        let id = call_id_in("calls", call)?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    if ids.is_empty() || ids.len() > MAX_CALLS {
        return Err(bad_argument(
            "calls",
            &format!("{} calls are not 1 to {MAX_CALLS}.", ids.len()),
            "[\"7782342274025937895\", \"7782342274025937896\"].",
        ));
    }
    let selector = ContentSelector {
        context: Some("Extended"),
        context_timing: &[],
        exposed_fields: Some(json!({
            "parties": true,
            "content": {
                "brief": true, "keyPoints": true, "topics": true, "trackers": true, "callOutcome": true,
            },
        })),
    };
    let call_ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let body = CallsBody {
        cursor: None,
        filter: Filter {
            call_ids: &call_ids,
            ..Filter::default()
        },
        content_selector: Some(&selector),
    };
    let page: ExtensivePage = gong.post_list(EXTENSIVE, &body)?;
    let mut known: BTreeMap<String, Call> = page
        .calls
        .into_iter()
        .flatten()
        .map(|call| (call.meta_data.id().to_owned(), call))
        .collect();
    let (mut calls, mut left_out_private, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for id in ids {
        match known.remove(&id) {
            None => unknown.push(id),
            Some(call) if call.meta_data.is_private() && !gong.settings.private_calls => {
                left_out_private.push(id);
            }
            Some(call) => calls.push(summary(call)),
        }
    }
    let call_url = link_pattern(
        calls
            .iter()
            .map(|call| (call.id.as_str(), call.url.as_deref())),
    );
    if call_url.is_some() {
        calls.iter_mut().for_each(|call| call.url = None);
    }
    Ok(CallSummaries {
        notice: QUOTED.into(),
        calls,
        call_url,
        left_out_private,
        unknown,
        requests: gong.requests(),
    })
}

fn summary(mut call: Call) -> CallSummary {
    let content = call.content.take().unwrap_or_default();
    let mut key_points: Vec<String> = content
        .key_points
        .into_iter()
        .flatten()
        .filter_map(|point| point.text)
        .map(|text| one_line(&text))
        .filter(|text| !text.is_empty())
        .collect();
    let more = key_points.len().saturating_sub(MAX_KEY_POINTS) as u32;
    key_points.truncate(MAX_KEY_POINTS);
    let mut topics = topics(content.topics.unwrap_or_default());
    topics.truncate(MAX_TOPICS);
    let mut trackers = fired(&content.trackers.unwrap_or_default());
    trackers.truncate(MAX_TOPICS);
    let meta = &call.meta_data;
    CallSummary {
        id: meta.id().to_owned(),
        title: meta.title(),
        url: meta.url.clone(),
        started: meta.started_display(),
        minutes: meta.minutes(),
        host: call.host(),
        private: meta.is_private().then_some(true),
        external: call
            .parties()
            .filter(|party| party.affiliation() == Affiliation::External)
            .filter_map(name_and_title)
            .collect(),
        accounts: objects(&call, "Account", false),
        deals: objects(&call, "Opportunity", false),
        brief: content
            .brief
            .as_deref()
            .map(one_line)
            .filter(|brief| !brief.is_empty()),
        key_points,
        more_key_points: (more > 0).then_some(more),
        outcome: content.call_outcome.as_ref().and_then(outcome_name),
        topics,
        trackers,
    }
}

/// `Jo Ray (CFO)`.
fn name_and_title(party: &Party) -> Option<String> {
    let name = party.name()?;
    let title = party.title.as_deref().map(one_line);
    Some(match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("{name} ({title})"),
        None => name,
    })
}
