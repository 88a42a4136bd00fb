//! `gong_get_call`. POST /v2/calls/extensive with one call id (api:calls:read:extensive, and
//! api:calls:read:media-url for media); GET /v2/calls/{id} (api:calls:read:basic) for a call that
//! is not there yet. Brief, key points and highlights cost no credits.

use alloc::collections::BTreeSet;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    client::Gong,
    domain::{
        call_content::{QUOTED, fired, objects, outcome_name, topics},
        call_details::{is_next_steps, next_steps},
    },
    error::{Case, Error},
    gong::{
        calls::{self, Call, ContentSelector},
        id::{Id, call_id},
        users,
    },
    prelude::*,
    text::{fold_case, one_line},
    wit::calls::{CallDigest, CallPart, GetCall, Moment, Person},
};

mod api;
mod comment;
mod parts;
mod text;

use api::DetailedCall;
use comment::comment;
use parts::{
    highlight_section, leave_out_silent, other_talk_seconds, outline_section, person, stats,
    tracker_section,
};

/// Reads the call with all parts that are always in the answer, and those in `include`.
pub(crate) fn run(gong: &Gong<'_>, args: GetCall) -> Result<CallDigest, Error> {
    let id = call_id(&args.call)?;
    let includes = |part| args.include.contains(&part);
    let stats = includes(CallPart::Stats);
    let mut fields = json!({
        "parties": true,
        "content": {
            "brief": true, "keyPoints": true, "outline": true, "topics": true, "trackers": true,
            "trackerOccurrences": includes(CallPart::Trackers), "callOutcome": true, "highlights": true,
        },
        "interaction": { "speakers": stats, "personInteractionStats": stats, "questions": stats },
        "collaboration": { "publicComments": true },
    });
    if includes(CallPart::Media) {
        // Only then, as it needs a scope of its own.
        fields["media"] = Value::Bool(true);
    }
    let selector = ContentSelector {
        context: Some("Extended"),
        context_timing: &[],
        exposed_fields: Some(fields),
    };
    let result = match calls::one(gong, &id, &selector) {
        Err(error) if error.case() == Case::NotFound => match basic(gong, &id) {
            Some(call) => Ok((call, true)),
            None => Err(error),
        },
        result => result.map(|call| (call, false)),
    };
    let (call, is_basic): (DetailedCall, bool) = result.map_err(|error| {
        let is_about_media = error.case() == Case::MissingScope
            && includes(CallPart::Media)
            && error.text().contains("media");
        match is_about_media {
            true => error.adding("Without `media` in include it is not needed."),
            false => error,
        }
    })?;
    calls::check_private(gong, &call.meta_data)?;
    let commenters: BTreeSet<String> = match includes(CallPart::Comments) {
        true => call
            .collaboration
            .iter()
            .flat_map(|collaboration| collaboration.public_comments.iter().flatten())
            .filter_map(|comment| Some(comment.commenter_user_id.as_ref()?.0.clone()))
            .collect(),
        false => BTreeSet::new(),
    };
    let names = users::names(gong, &commenters);
    let digest = digest(
        call,
        &args.include,
        |id| names.get(id).cloned(),
        gong.requests(),
    );
    Ok(CallDigest {
        basic: is_basic.then_some(true),
        ..digest
    })
}

/// The metadata of GET /v2/calls/{id}, which also has calls that Gong is still processing. None if
/// the request fails.
fn basic(gong: &Gong<'_>, id: &str) -> Option<DetailedCall> {
    #[derive(Default, Deserialize)]
    struct Response {
        call: calls::Meta,
    }
    let Response { call } = gong.get(&format!("/v2/calls/{id}"), &[]).ok()?;
    Some(DetailedCall {
        meta_data: call,
        ..DetailedCall::default()
    })
}

/// The tool's answer for a call.
fn digest(
    detailed: DetailedCall,
    include: &[CallPart],
    user_name: impl Fn(&str) -> Option<String>,
    requests: u32,
) -> CallDigest {
    let includes = |part| include.contains(&part);
    let content = detailed.content.unwrap_or_default();
    let interaction = detailed.interaction.unwrap_or_default();
    let comments = detailed
        .collaboration
        .and_then(|collaboration| collaboration.public_comments)
        .unwrap_or_default();
    let call = Call {
        meta_data: detailed.meta_data,
        parties: detailed.parties,
        context: detailed.context,
        content: None,
    };
    let outline = content.outline.unwrap_or_default();
    let mut highlights = content.highlights.unwrap_or_default();
    let next_steps = next_steps(&highlights, &outline);
    highlights.retain(|section| !is_next_steps(section.title.as_deref()));
    let trackers = content.trackers.unwrap_or_default();
    let mut more = Vec::new();
    let mut offer = |part: CallPart, name: &str, count: usize| {
        if count > 0 && !includes(part) {
            more.push(format!("{name} {count}"));
        }
    };
    offer(
        CallPart::Outline,
        "outline",
        outline
            .iter()
            .map(|section| section.items.iter().flatten().count())
            .sum(),
    );
    offer(
        CallPart::Highlights,
        "highlights",
        highlights
            .iter()
            .map(|section| section.items.iter().flatten().count())
            .sum(),
    );
    offer(CallPart::Comments, "comments", comments.len());
    let speaker = |id: &Id| call.parties().find(|party| party.is(id))?.name();
    let meta = &call.meta_data;
    let mut people: Vec<Person> = call
        .parties()
        .map(|party| person(party, &call, &interaction, includes(CallPart::People)))
        .collect();
    CallDigest {
        left_out_people: leave_out_silent(&mut people),
        other_talk_seconds: other_talk_seconds(&call, &interaction),
        people,
        notice: QUOTED.into(),
        id: meta.id().to_owned(),
        title: meta.title(),
        url: meta.url.clone(),
        started: meta.started_display(),
        minutes: meta.minutes(),
        host_id: meta
            .primary_user_id
            .as_ref()
            .filter(|host| {
                !call
                    .parties()
                    .any(|party| party.user_id.as_ref() == Some(*host))
            })
            .map(|host| host.0.clone()),
        scope: meta.scope.as_deref().map(fold_case),
        direction: meta.direction.as_deref().map(fold_case),
        language: meta.language.clone(),
        system: meta.system.as_deref().map(one_line),
        private: meta.is_private().then_some(true),
        basic: None,
        accounts: objects(&call, "Account", includes(CallPart::Crm)),
        deals: objects(&call, "Opportunity", includes(CallPart::Crm)),
        brief: content
            .brief
            .as_deref()
            .map(one_line)
            .filter(|brief| !brief.is_empty()),
        key_points: content
            .key_points
            .into_iter()
            .flatten()
            .filter_map(|point| point.text)
            .map(|text| one_line(&text))
            .collect(),
        next_steps: next_steps
            .into_iter()
            .map(|(at, text)| Moment { at, text })
            .collect(),
        outcome: content.call_outcome.as_ref().and_then(outcome_name),
        topics: topics(content.topics.unwrap_or_default()),
        trackers: fired(&trackers),
        outline: if includes(CallPart::Outline) {
            outline.into_iter().filter_map(outline_section).collect()
        } else {
            Vec::new()
        },
        highlights: if includes(CallPart::Highlights) {
            highlights.into_iter().map(highlight_section).collect()
        } else {
            Vec::new()
        },
        comments: if includes(CallPart::Comments) {
            comments
                .into_iter()
                .map(|one| comment(one, &user_name))
                .collect()
        } else {
            Vec::new()
        },
        tracker_moments: if includes(CallPart::Trackers) {
            trackers
                .into_iter()
                .filter_map(|tracker| tracker_section(tracker, &speaker))
                .collect()
        } else {
            Vec::new()
        },
        stats: stats(&interaction),
        media: detailed
            .media
            .into_iter()
            .flat_map(|media| [media.audio_url, media.video_url])
            .flatten()
            .collect(),
        more,
        requests,
    }
}
