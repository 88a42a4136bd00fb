//! The details of several calls: what Gong's analysis tells (key points, outcome, next
//! steps, trackers), and deals as they were at the time. POST /v2/calls/extensive by
//! ids; api:calls:read:extensive. Free of credits.

use alloc::collections::BTreeMap;
use serde_json::json;

use crate::{
    client::Gong,
    domain::call_content::outcome_name,
    error::{Case, Error},
    gong::{
        call_content::{Content, Highlights, OutlineSection},
        calls::{Call, CallsBody, ContentSelector, EXTENSIVE, ExtensivePage, Filter},
    },
    prelude::*,
    text::{fold_case, one_line},
    time,
};

/// Ids that one request is asked for: Gong's page.
const A_REQUEST: usize = 100;
/// Calls whose details are read: three requests.
const MOST: usize = 3 * A_REQUEST;

/// Of one call.
#[derive(Debug, Default)]
pub(crate) struct CallDetails {
    pub(crate) key_points: Vec<String>,
    pub(crate) outcome: Option<String>,
    /// When in the call, and what is to be done.
    pub(crate) next_steps: Vec<(Option<String>, String)>,
    /// Trackers that fired, and how often.
    pub(crate) trackers: Vec<(String, u32)>,
}

/// What one more request tells of calls that a scan found.
#[derive(Default)]
pub(crate) struct Details {
    /// By call id.
    pub(crate) by_call: BTreeMap<String, CallDetails>,
    /// What is missing, and why.
    pub(crate) not_read: Option<String>,
}

/// Reads the newest [`MOST`] of the calls again, 100 a request: what was said, and their
/// CRM objects both now and at the time of the call, which replace those of the scan.
///
/// The scan asks for neither. It reads every call of the range, and a page of 100 with
/// people and the CRM's present (0.6 MB) weighs less than half of one with all of this,
/// in time too; a range of 2,500 calls takes 30 requests or so either way, and one more.
/// Where the details can not be had (a rate limit) the rest is told without them.
pub(crate) fn add(gong: &Gong<'_>, calls: &mut [Call], stopped: bool) -> Details {
    let older = calls.len().saturating_sub(MOST);
    let mut details = Details {
        by_call: BTreeMap::new(),
        not_read: (older > 0).then(|| {
            format!("next steps, trackers and changes of deals of the oldest {older} calls")
        }),
    };
    let read = calls.len() - older;
    for calls in calls[..read].chunks_mut(A_REQUEST) {
        match of(gong, calls) {
            Ok(told) => details.by_call.extend(told),
            Err(failure) => {
                let all = if details.by_call.is_empty() {
                    ""
                } else {
                    " of the older calls"
                };
                details.not_read = Some(format!(
                    "changes of deals, key points, outcomes, next steps, trackers{all}: {}",
                    match failure.case() {
                        // The scan tells it already, with the time when it ends.
                        Case::RateLimited if stopped => "the limit that stopped the scan.",
                        _ => failure.text(),
                    }
                ));
                break;
            }
        }
    }
    details
}

fn of(gong: &Gong<'_>, calls: &mut [Call]) -> Result<BTreeMap<String, CallDetails>, Error> {
    let ids: Vec<&str> = calls
        .iter()
        .map(|call| call.meta_data.id())
        .filter(|id| !id.is_empty())
        .collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let selector = ContentSelector {
        context: Some("Extended"),
        context_timing: &["Now", "TimeOfCall"],
        exposed_fields: Some(json!({
            "content": {
                "keyPoints": true, "callOutcome": true, "highlights": true, "outline": true, "trackers": true,
            },
        })),
    };
    let body = CallsBody {
        cursor: None,
        filter: Filter {
            call_ids: &ids,
            ..Filter::default()
        },
        content_selector: Some(&selector),
    };
    let answer: ExtensivePage = gong.post_list(EXTENSIVE, &body)?;
    let mut by_id = BTreeMap::new();
    for mut detailed in answer.calls.into_iter().flatten() {
        detailed.slim();
        let id = detailed.meta_data.id().to_owned();
        by_id.insert(id.clone(), told(detailed.content.unwrap_or_default()));
        let known = calls.iter_mut().find(|call| call.meta_data.id() == id);
        if let (Some(call), Some(context)) = (known, detailed.context) {
            call.context = Some(context);
        }
    }
    Ok(by_id)
}

fn told(content: Content) -> CallDetails {
    let text = |text: Option<String>| {
        let text = one_line(&text?);
        (!text.is_empty()).then_some(text)
    };
    let trackers = content.trackers.into_iter().flatten();
    CallDetails {
        next_steps: next_steps(content.highlights, content.outline, text),
        key_points: content
            .key_points
            .into_iter()
            .flatten()
            .filter_map(|point| text(point.text))
            .collect(),
        outcome: content.call_outcome.as_ref().and_then(outcome_name),
        trackers: trackers
            .filter_map(|tracker| Some((text(tracker.name)?, tracker.count?)))
            .filter(|(_, count)| *count > 0)
            .collect(),
    }
}

/// Gong has no member for next steps: they are a section of the highlights, and on
/// some calls only one of the outline.
fn next_steps(
    highlights: Option<Vec<Highlights>>,
    outline: Option<Vec<OutlineSection>>,
    text: impl Fn(Option<String>) -> Option<String>,
) -> Vec<(Option<String>, String)> {
    let step = |at: Option<f64>, said: Option<String>| {
        Some((at.map(time::into_call_seconds), text(said)?))
    };
    let of_highlights: Vec<_> = highlights
        .into_iter()
        .flatten()
        .filter(|section| is_next_steps(section.title.as_deref()))
        .flat_map(|section| section.items.into_iter().flatten())
        .filter_map(|item| step(item.start_times.iter().flatten().next().copied(), item.text))
        .collect();
    if !of_highlights.is_empty() {
        return of_highlights;
    }
    outline
        .into_iter()
        .flatten()
        .filter(|section| is_next_steps(section.section.as_deref()))
        .flat_map(|section| section.items.into_iter().flatten())
        .filter_map(|item| step(item.start_time, item.text))
        .collect()
}

fn is_next_steps(title: Option<&str>) -> bool {
    let title = fold_case(title.unwrap_or_default()).replace('-', " ");
    ["next step", "action item", "follow up"]
        .iter()
        .any(|name| title.contains(name))
}

/// The text, cut at a word where it is longer than `most` characters.
pub(crate) fn cut(text: &str, most: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(most) else {
        return text.to_owned();
    };
    let short = &text[..end];
    let end = short.rfind(' ').unwrap_or(end);
    let mut cut = short[..end].trim_end_matches([',', ';', ' ']).to_owned();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::{CallDetails, cut};
    use serde_json::{Value, json};

    fn told(content: &Value) -> CallDetails {
        super::told(serde_json::from_str(&content.to_string()).expect("content"))
    }

    #[test]
    fn next_steps_are_highlights_else_outline() {
        let outline = json!([
            {"section": "Price", "items": [{"text": "no", "startTime": 1}]},
            {"section": "Next Steps and owners", "items": [{"text": " Send\nthe contract ", "startTime": 61.5}, {"text": null}]},
        ]);
        let only = told(&json!({"highlights": null, "outline": outline}));
        assert_eq!(
            only.next_steps,
            [(Some("1:01".into()), "Send the contract".into())]
        );
        let both = told(&json!({
            "highlights": [
                {"title": "Key moments", "items": [{"text": "no"}]},
                {"title": "Next steps", "items": [{"text": "Book legal", "startTimes": [3.0, 9.0]}, {"text": "Mail it"}]},
                {"title": null, "items": null},
            ],
            "outline": outline,
        }));
        assert_eq!(
            both.next_steps,
            [
                (Some("0:03".into()), "Book legal".into()),
                (None, "Mail it".into())
            ]
        );
    }

    #[test]
    fn nulls_tell_nothing() {
        let sparse = told(
            &json!({"keyPoints": null, "callOutcome": null, "trackers": [
            {"name": "Legal", "count": 0}, {"name": "Price", "count": 3}, {"name": null, "count": 1}]}),
        );
        assert!(sparse.key_points.is_empty() && sparse.next_steps.is_empty());
        assert_eq!(
            (sparse.outcome, sparse.trackers),
            (None, vec![("Price".into(), 3)])
        );
        assert!(told(&json!({})).trackers.is_empty());
    }

    #[test]
    fn texts_are_cut_at_words() {
        assert_eq!(cut("ab cd", 5), "ab cd");
        assert_eq!(cut("ab, cdé", 6), "ab…");
        assert_eq!(cut("abcdefg", 3), "abc…");
    }
}
