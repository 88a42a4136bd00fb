//! The details of several calls: Gong's analysis (key points, outcome, next steps, trackers), and
//! deals as they were at the time of the call. POST /v2/calls/extensive by ids;
//! api:calls:read:extensive. Costs no credits.

use alloc::collections::BTreeMap;
use serde_json::json;

use crate::{
    client::Gong,
    domain::{call_content::outcome_name, scan::Report},
    error::{Case, Error},
    gong::{
        call_content::{Content, Highlights, OutlineSection},
        calls::{self, Call, CallsBody, ContentSelector, EXTENSIVE, ExtensivePage, Filter},
    },
    prelude::*,
    text::{fold_case, one_line},
    time,
};

/// Ids in one request: as many as Gong's page has calls.
const IDS_A_REQUEST: usize = 100;
/// Calls whose details are read: two requests.
const MOST: usize = 2 * IDS_A_REQUEST;

/// Gong's analysis of one call.
#[derive(Debug, Default)]
pub(crate) struct CallDetails {
    /// Gong AI's summary.
    pub(crate) brief: Option<String>,
    pub(crate) key_points: Vec<String>,
    pub(crate) outcome: Option<String>,
    /// The time into the call, and the step.
    pub(crate) next_steps: Vec<(Option<String>, String)>,
    /// Trackers that fired, and how often.
    pub(crate) trackers: Vec<(String, u32)>,
}

/// The details of calls that a scan found.
#[derive(Default)]
pub(crate) struct DetailsByCall {
    /// By call id.
    pub(crate) by_call: BTreeMap<String, CallDetails>,
    /// Which details were not read, and why.
    pub(crate) not_read: Option<String>,
}

/// Reads the details of the newest [`MOST`] calls, 100 in one request, and replaces the calls' CRM
/// objects, which are as they are now, by the objects both now and at the time of the call.
///
/// The scan does not request the details, because it reads every call of the range: a page of 100
/// calls with people and present CRM objects (0.6 MB) is less than half as large as one with the
/// details, and takes less than half the time. A range of 2,500 calls takes about 30 requests either
/// way. Where a request for details fails (a rate limit), the answer goes without them.
///
/// Calls from the index are read wholly, and those that Gong does not show any more are left out.
///
/// # Errors
/// Whatever a request fails with, for calls from the index: these are not shown unread.
pub(crate) fn read(
    gong: &Gong<'_>,
    calls: &mut Vec<Call>,
    report: &mut Report,
) -> Result<DetailsByCall, Error> {
    let indexed = report.index.is_some();
    let stopped = report.stopped.is_some();
    let older = calls.len().saturating_sub(MOST);
    let mut details = DetailsByCall {
        by_call: BTreeMap::new(),
        not_read: (older > 0).then(|| {
            format!("next steps, trackers and changes of deals of the oldest {older} calls")
        }),
    };
    let newest = calls.len() - older;
    for some in calls[..newest].chunks_mut(IDS_A_REQUEST) {
        match read_some(gong, some, indexed) {
            Ok(read) => details.by_call.extend(read),
            Err(failure) if indexed => return Err(failure),
            Err(failure) => {
                let all = if details.by_call.is_empty() {
                    ""
                } else {
                    " of the older calls"
                };
                details.not_read = Some(format!(
                    "changes of deals, key points, outcomes, next steps, trackers{all}: {}",
                    match failure.case() {
                        // The scan's summary has the text of the limit already.
                        Case::RateLimited if stopped => "the limit that stopped the scan.",
                        _ => failure.text(),
                    }
                ));
                break;
            }
        }
    }
    if indexed {
        let mut place = 0;
        calls.retain(|call| {
            place += 1;
            let is_read = details.by_call.contains_key(call.meta_data.id());
            place > newest || is_read && calls::is_shown(gong, &call.meta_data)
        });
        report.details_are_live();
    }
    Ok(details)
}

/// `whole` also replaces metadata and people.
fn read_some(
    gong: &Gong<'_>,
    calls: &mut [Call],
    whole: bool,
) -> Result<BTreeMap<String, CallDetails>, Error> {
    let ids: Vec<&str> = calls
        .iter()
        .map(|call| call.meta_data.id())
        .filter(|id| !id.is_empty())
        .collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut fields = json!({
        "content": {
            "brief": true, "keyPoints": true, "callOutcome": true, "highlights": true, "outline": true, "trackers": true,
        },
    });
    if whole {
        fields["parties"] = true.into();
    }
    let selector = ContentSelector {
        context: Some("Extended"),
        context_timing: &["Now", "TimeOfCall"],
        exposed_fields: Some(fields),
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
        by_id.insert(
            id.clone(),
            call_details(detailed.content.take().unwrap_or_default()),
        );
        let known = calls.iter_mut().find(|call| call.meta_data.id() == id);
        match (known, detailed.context.is_some()) {
            (Some(call), _) if whole => *call = detailed,
            (Some(call), true) => call.context = detailed.context,
            _ => {}
        }
    }
    Ok(by_id)
}

fn call_details(content: Content) -> CallDetails {
    let text = |text: Option<String>| {
        let text = one_line(&text?);
        (!text.is_empty()).then_some(text)
    };
    let trackers = content.trackers.into_iter().flatten();
    CallDetails {
        brief: text(content.brief),
        next_steps: next_steps(
            content.highlights.as_deref().unwrap_or_default(),
            content.outline.as_deref().unwrap_or_default(),
        ),
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

/// Gong has no member for next steps: they are a section of the highlights or, on some calls, of the
/// outline only. When each was said, and what.
pub(crate) fn next_steps(
    highlights: &[Highlights],
    outline: &[OutlineSection],
) -> Vec<(Option<String>, String)> {
    let step = |at: Option<f64>, said: Option<&str>| {
        let said = one_line(said?);
        (!said.is_empty()).then(|| (at.map(time::into_call_seconds), said))
    };
    let of_highlights: Vec<_> = highlights
        .iter()
        .filter(|section| is_next_steps(section.title.as_deref()))
        .flat_map(|section| section.items.iter().flatten())
        .filter_map(|item| {
            let at = item.start_times.iter().flatten().next();
            step(at.copied(), item.text.as_deref())
        })
        .collect();
    if !of_highlights.is_empty() {
        return of_highlights;
    }
    outline
        .iter()
        .filter(|section| is_next_steps(section.section.as_deref()))
        .flat_map(|section| section.items.iter().flatten())
        .filter_map(|item| step(item.start_time, item.text.as_deref()))
        .collect()
}

/// Whether this title is that of next steps.
pub(crate) fn is_next_steps(title: Option<&str>) -> bool {
    let title = fold_case(title.unwrap_or_default()).replace('-', " ");
    ["next step", "action item", "follow up"]
        .iter()
        .any(|name| title.contains(name))
}

#[cfg(test)]
mod tests {
    use super::CallDetails;
    use serde_json::{Value, json};

    fn call_details(content: &Value) -> CallDetails {
        super::call_details(serde_json::from_str(&content.to_string()).expect("content"))
    }

    #[test]
    fn next_steps_are_highlights_else_outline() {
        let outline = json!([
            {"section": "Price", "items": [{"text": "no", "startTime": 1}]},
            {"section": "Next Steps and owners", "items": [{"text": " Send\nthe contract ", "startTime": 61.5}, {"text": null}]},
        ]);
        let only = call_details(&json!({"highlights": null, "outline": outline}));
        assert_eq!(
            only.next_steps,
            [(Some("1:01".into()), "Send the contract".into())]
        );
        let both = call_details(&json!({
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
    fn nulls_are_left_out() {
        let sparse = call_details(
            &json!({"keyPoints": null, "callOutcome": null, "trackers": [
            {"name": "Legal", "count": 0}, {"name": "Price", "count": 3}, {"name": null, "count": 1}]}),
        );
        assert!(sparse.key_points.is_empty() && sparse.next_steps.is_empty());
        assert_eq!(
            (sparse.outcome, sparse.trackers),
            (None, vec![("Price".into(), 3)])
        );
        assert!(call_details(&json!({})).trackers.is_empty());
    }
}
