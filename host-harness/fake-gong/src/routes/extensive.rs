//! `POST /v2/calls/extensive`: of each call exactly what the content selector selects.

use serde_json::{Map, Value, json};

use crate::auth;
use crate::company::context::{self, Crm, Depth, Timing};
use crate::company::{Call, Company, content};
use crate::gong::Gong;
use crate::operation::Operation;
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult};
use crate::state::call_index::{Found, Selection};
use crate::state::calls::AnyCall;

pub(super) const OPERATIONS: &[Operation] = &[Operation::post(
    "/v2/calls/extensive",
    "api:calls:read:extensive",
    list,
)];

/// The second scope, which only media needs.
const MEDIA_SCOPE: &str = "api:calls:read:media-url";

fn list(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let selector = Selector(&request.body["contentSelector"]);
    let depth = selector.depth()?;
    if selector.exposes("/media") {
        auth::grant(MEDIA_SCOPE, &gong.options)?;
    }
    let (page, records) = page(gong, request, true)?;
    let moves = gong.state.moves.lock().clone();
    let crm = Crm {
        now: gong.now(),
        moves: &moves,
    };
    let calls: Value = page
        .into_iter()
        .map(|call| match call.make(&gong.company) {
            AnyCall::Held(call) => selector.select(&gong.company, crm, &call, depth.as_ref()),
            AnyCall::Added(call) => call.select(&gong.company, selector.0),
        })
        .collect();
    Ok(json!({ "records": records, "calls": calls }).into())
}

/// The page of calls that a request selects, oldest first, with its `records`; no call is 404.
/// Calls that were added through the API can be left out.
pub(super) fn page(
    gong: &Gong,
    request: &ApiRequest,
    with_added: bool,
) -> Result<(Vec<Found>, Value), ApiError> {
    let filter = request.filter()?;
    let selection = Selection {
        window: filter.window("fromDateTime", "toDateTime")?,
        ids: filter.ids("callIds")?,
        hosts: filter.ids("primaryUserIds")?,
        workspace: filter.text("workspaceId")?,
    };
    if selection.ids.is_some() && selection.workspace.is_some() {
        return Err(ApiError::bad_request(
            "filter.workspaceId: must not provide both callIds and workspaceId",
        ));
    }
    let index = gong.state.calls.lock();
    let mut places = index.started(&gong.company, &selection);
    if !with_added && index.added().len() > 0 {
        places.to_mut().retain(|place| !index.is_added(*place));
    }
    if places.is_empty() {
        return Err(ApiError::no_calls());
    }
    let (page, records) = gong.cursors.page(request, &places)?;
    let page = page.iter().map(|place| index.find(*place)).collect();
    Ok((page, records))
}

/// The body's `contentSelector`; null where there is none.
struct Selector<'a>(&'a Value);

impl Selector<'_> {
    /// Whether `exposedFields` has this flag set.
    fn exposes(&self, pointer: &str) -> bool {
        self.0["exposedFields"].pointer(pointer) == Some(&Value::Bool(true))
    }

    /// How much of the CRM is selected.
    fn depth(&self) -> Result<Option<Depth>, ApiError> {
        let context = self.0["context"].as_str().unwrap_or("None");
        let timing = &self.0["contextTiming"];
        if !timing.is_null() && context != "Extended" {
            return Err(ApiError::bad_request(
                "contentSelector.contextTiming: can be provided only with context Extended",
            ));
        }
        match context {
            "None" => Ok(None),
            "Basic" => Ok(Some(Depth::Basic)),
            "Extended" => Ok(Some(Depth::Extended(timings(timing)?))),
            other => Err(ApiError::bad_request(format!(
                "contentSelector.context: \"{other}\" is not one of None, Basic, Extended"
            ))),
        }
    }

    fn select(&self, company: &Company, crm: Crm<'_>, call: &Call, depth: Option<&Depth>) -> Value {
        let mut data = json!({ "metaData": call.meta(company) });
        if let Some(depth) = depth {
            data["context"] = context::of_call(company, crm, call, depth);
        }
        // An imported call can come without its parties.
        if self.exposes("/parties") && !call.is_imported {
            data["parties"] = call.parties(company, &|party| match depth {
                Some(depth) => context::of_party(company, call, party, depth),
                None => Value::Null,
            });
        }
        let content = self.group("/content", |flag| {
            Some(match flag {
                "brief" => content::brief(company, call).into(),
                "keyPoints" => content::key_points(company, call),
                "outline" => content::outline(company, call),
                "highlights" => content::highlights(company, call),
                "topics" => content::topics(call),
                "trackers" => {
                    let occurrences = self.exposes("/content/trackerOccurrences");
                    content::trackers(company, call, occurrences)
                }
                "callOutcome" => content::outcome(call),
                "structure" => content::structure(call),
                // `pointsOfInterest` is dead, and `trackerOccurrences` is part of the trackers.
                _ => return None,
            })
        });
        let interaction = self.group("/interaction", |flag| {
            Some(match flag {
                "speakers" => content::speakers(company, call),
                "personInteractionStats" => content::interaction_stats(call),
                "video" => content::video(call),
                "questions" => content::questions(call),
                _ => return None,
            })
        });
        let collaboration = self.group("/collaboration", |flag| {
            (flag == "publicComments").then(|| content::comments(company, call))
        });
        for (name, group) in [
            ("content", content),
            ("interaction", interaction),
            ("collaboration", collaboration),
        ] {
            if let Some(group) = group {
                data[name] = group;
            }
        }
        if self.exposes("/media") {
            data["media"] = content::media(call);
        }
        data
    }

    /// The fields of one group whose flags are set; `None` where none is.
    fn group(&self, pointer: &str, field: impl Fn(&str) -> Option<Value>) -> Option<Value> {
        let flags = self.0["exposedFields"].pointer(pointer)?.as_object()?;
        let mut group = Map::new();
        for flag in flags.keys().filter(|flag| flags[*flag] == true) {
            if let Some(value) = field(flag) {
                // Asked for under one name, answered under another.
                let name = match flag.as_str() {
                    "personInteractionStats" => "interactionStats",
                    name => name,
                };
                group.insert(name.to_owned(), value);
            }
        }
        (!group.is_empty()).then_some(group.into())
    }
}

/// The selected timings; Gong takes Now where there are none.
fn timings(timing: &Value) -> Result<Vec<Timing>, ApiError> {
    let mut timings = Vec::new();
    for name in timing.as_array().into_iter().flatten() {
        let timing = match name.as_str() {
            Some("Now") => Timing::Now,
            Some("TimeOfCall") => Timing::TimeOfCall,
            _ => {
                return Err(ApiError::bad_request(format!(
                    "contentSelector.contextTiming: {name} is not one of Now, TimeOfCall"
                )));
            }
        };
        if !timings.contains(&timing) {
            timings.push(timing);
        }
    }
    if timings.is_empty() {
        timings.push(Timing::Now);
    }
    Ok(timings)
}
