//! `gong_get_call`. POST /v2/calls/extensive with one call id, and where that does not
//! know the call yet GET /v2/calls/{id} (api:calls:read:basic); api:calls:read:extensive, and api:calls:read:media-url for the media part.
//! Brief, key points and highlights cost no credits.

use alloc::collections::BTreeSet;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    client::Gong,
    domain::call_content::{fired, objects, outcome_name, topics},
    error::{Case, Error},
    gong::{
        calls::{self, Call, ContentSelector},
        id::{Id, call_id},
        users,
    },
    prelude::*,
    text::{fold_case, one_line},
    wit::calls::{CallDigest, CallPart, GetCall},
};

mod comment;
mod parts;
mod text;
mod wire;

use comment::comment;
use parts::{highlight_section, outline_section, person, stats, tracker_section};
use wire::Detailed;

/// Reads the call with all that is free, and only what was included of the rest.
pub(crate) fn run(gong: &Gong<'_>, args: GetCall) -> Result<CallDigest, Error> {
    let id = call_id(&args.call)?;
    let with = |part| args.include.contains(&part);
    let stats = with(CallPart::Stats);
    let mut fields = json!({
        "parties": true,
        "content": {
            "brief": true, "keyPoints": true, "outline": true, "topics": true, "trackers": true,
            "trackerOccurrences": with(CallPart::Trackers), "callOutcome": true, "highlights": true,
        },
        "interaction": { "speakers": stats, "personInteractionStats": stats, "questions": stats },
        "collaboration": { "publicComments": true },
    });
    if with(CallPart::Media) {
        // Asked only then: it needs a scope of its own.
        fields["media"] = Value::Bool(true);
    }
    let selector = ContentSelector {
        context: Some("Extended"),
        context_timing: &[],
        exposed_fields: Some(fields),
    };
    let told = match calls::one(gong, &id, &selector) {
        Err(error) if error.case() == Case::NotFound => basic(gong, &id).ok_or(error),
        told => told.map(|detailed| (detailed, false)),
    };
    let (detailed, basic): (Detailed, bool) = told.map_err(|error| {
        let for_media = error.case() == Case::MissingScope
            && with(CallPart::Media)
            && error.text().contains("media");
        if !for_media {
            return error;
        }
        error.adding("Without `media` in include it is not needed.")
    })?;
    calls::check_private(gong, &detailed.meta_data)?;
    let commenters: BTreeSet<String> = match with(CallPart::Comments) {
        true => detailed
            .collaboration
            .iter()
            .flat_map(|collaboration| collaboration.public_comments.iter().flatten())
            .filter_map(|comment| Some(comment.commenter_user_id.as_ref()?.0.clone()))
            .collect(),
        false => BTreeSet::new(),
    };
    let names = users::names(gong, &commenters);
    let digest = digest(
        detailed,
        &args.include,
        |id| names.get(id).cloned(),
        gong.requests(),
    );
    Ok(CallDigest {
        basic: basic.then_some(true),
        ..digest
    })
}

/// What GET /v2/calls/{id} tells: it knows a call before the details do, as long as Gong
/// works on it. None where it does not know the call either, or is not to be had.
fn basic(gong: &Gong<'_>, id: &str) -> Option<(Detailed, bool)> {
    #[derive(Default, Deserialize)]
    struct One {
        call: calls::Meta,
    }
    let One { call } = gong.get(&format!("/v2/calls/{id}"), &[]).ok()?;
    let detailed = Detailed {
        meta_data: call,
        ..Detailed::default()
    };
    Some((detailed, true))
}

/// What the caller gets of the call.
fn digest(
    detailed: Detailed,
    include: &[CallPart],
    user_name: impl Fn(&str) -> Option<String>,
    requests: u32,
) -> CallDigest {
    let with = |part| include.contains(&part);
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
    let highlights = content.highlights.unwrap_or_default();
    let trackers = content.trackers.unwrap_or_default();
    let mut more = Vec::new();
    let mut offer = |part: CallPart, name: &str, count: usize| {
        if count > 0 && !with(part) {
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
    let speaker = |id: &Id| {
        call.parties()
            .find(|party| party.speaker_id.as_ref() == Some(id))?
            .name()
    };
    let meta = &call.meta_data;
    CallDigest {
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
        people: call
            .parties()
            .filter_map(|party| person(party, &call, &interaction, with(CallPart::People)))
            .collect(),
        accounts: objects(&call, "Account", with(CallPart::Crm)),
        deals: objects(&call, "Opportunity", with(CallPart::Crm)),
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
        outcome: content.call_outcome.as_ref().and_then(outcome_name),
        topics: topics(content.topics.unwrap_or_default()),
        trackers: fired(&trackers),
        outline: if with(CallPart::Outline) {
            outline.into_iter().filter_map(outline_section).collect()
        } else {
            Vec::new()
        },
        highlights: if with(CallPart::Highlights) {
            highlights.into_iter().map(highlight_section).collect()
        } else {
            Vec::new()
        },
        comments: if with(CallPart::Comments) {
            comments
                .into_iter()
                .map(|one| comment(one, &user_name))
                .collect()
        } else {
            Vec::new()
        },
        tracker_moments: if with(CallPart::Trackers) {
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
