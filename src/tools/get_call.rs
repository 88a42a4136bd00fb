//! `gong_get_call`. POST /v2/calls/extensive with one call id;
//! api:calls:read:extensive, and api:calls:read:media-url for the media part.
//! Brief, key points and highlights cost no credits.

use alloc::{
    collections::BTreeSet,
    format,
    string::{String, ToString},
    vec::Vec,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Answer;
use crate::{
    error::Error,
    gong::{
        Gong,
        calls::{self, Call, ContentSelector, CrmObject, Party, one_line},
        id::{Id, call_id},
        instant, people,
    },
    render,
    wit::calls::{self as wit, CallDigest, CallPart, Comment, GetCall, Moment, Person, Section, Side},
};

/// OpenAPI `CallData`, with the content that only this tool reads.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detailed {
    meta_data: calls::Meta,
    parties: Option<Vec<Party>>,
    context: Option<Vec<calls::Context>>,
    content: Option<Content>,
    interaction: Option<Interaction>,
    collaboration: Option<Collaboration>,
    media: Option<Media>,
}

/// OpenAPI `ContentDto`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    trackers: Option<Vec<Tracker>>,
    topics: Option<Vec<Topic>>,
    brief: Option<String>,
    outline: Option<Vec<OutlineSection>>,
    highlights: Option<Vec<Highlights>>,
    call_outcome: Option<Outcome>,
    key_points: Option<Vec<Text>>,
}

#[derive(Default, Deserialize)]
struct Text {
    text: Option<String>,
}

#[derive(Default, Deserialize)]
struct Topic {
    name: Option<String>,
    duration: Option<f64>,
}

#[derive(Default, Deserialize)]
struct Tracker {
    name: Option<String>,
    count: Option<u32>,
    occurrences: Option<Vec<Occurrence>>,
    phrases: Option<Vec<Phrase>>,
}

#[derive(Default, Deserialize)]
struct Phrase {
    phrase: Option<String>,
    occurrences: Option<Vec<Occurrence>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Occurrence {
    start_time: Option<f64>,
    speaker_id: Option<Id>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutlineSection {
    section: Option<String>,
    start_time: Option<f64>,
    items: Option<Vec<OutlineItem>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutlineItem {
    text: Option<String>,
    start_time: Option<f64>,
}

#[derive(Default, Deserialize)]
struct Highlights {
    title: Option<String>,
    items: Option<Vec<Highlight>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Highlight {
    text: Option<String>,
    start_times: Option<Vec<f64>>,
}

#[derive(Default, Deserialize)]
struct Outcome {
    category: Option<String>,
    name: Option<String>,
}

/// OpenAPI `InteractionMeasuresDto`. Asked as `personInteractionStats`, answered as `interactionStats`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Interaction {
    speakers: Option<Vec<Talk>>,
    interaction_stats: Option<Vec<Stat>>,
    questions: Option<Questions>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Talk {
    id: Option<Id>,
    user_id: Option<Id>,
    talk_time: Option<f64>,
}

#[derive(Default, Deserialize)]
struct Stat {
    name: Option<String>,
    value: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Questions {
    company_count: Option<u32>,
    non_company_count: Option<u32>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Collaboration {
    public_comments: Option<Vec<PublicComment>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PublicComment {
    audio_start_time: Option<f64>,
    commenter_user_id: Option<Id>,
    comment: Option<String>,
    posted: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Media {
    audio_url: Option<String>,
    video_url: Option<String>,
}

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
    let selector = ContentSelector { context: Some("Extended"), context_timing: &[], exposed_fields: Some(fields) };
    let detailed: Detailed = calls::one(gong, &id, &selector)?;
    calls::admit(gong, &detailed.meta_data)?;
    let commenters: BTreeSet<String> = match with(CallPart::Comments) {
        true => detailed
            .collaboration
            .iter()
            .flat_map(|collaboration| collaboration.public_comments.iter().flatten())
            .filter_map(|comment| Some(comment.commenter_user_id.as_ref()?.0.clone()))
            .collect(),
        false => BTreeSet::new(),
    };
    let names = people::names(gong, &commenters);
    Ok(digest(detailed, &args.include, |id| names.get(id).cloned(), gong.requests()))
}

/// What the caller gets of the call.
fn digest(detailed: Detailed, include: &[CallPart], user_name: impl Fn(&str) -> Option<String>, requests: u32) -> CallDigest {
    let with = |part| include.contains(&part);
    let content = detailed.content.unwrap_or_default();
    let interaction = detailed.interaction.unwrap_or_default();
    let comments = detailed.collaboration.and_then(|collaboration| collaboration.public_comments).unwrap_or_default();
    let call = Call { meta_data: detailed.meta_data, parties: detailed.parties, context: detailed.context };
    let outline = content.outline.unwrap_or_default();
    let highlights = content.highlights.unwrap_or_default();
    let trackers = content.trackers.unwrap_or_default();
    let mut more = Vec::new();
    let mut offer = |part: CallPart, name: &str, count: usize| {
        if count > 0 && !with(part) {
            more.push(format!("{name} {count}"));
        }
    };
    offer(CallPart::Outline, "outline", outline.iter().map(|section| section.items.iter().flatten().count()).sum());
    offer(CallPart::Highlights, "highlights", highlights.iter().map(|section| section.items.iter().flatten().count()).sum());
    offer(CallPart::Comments, "comments", comments.len());
    let speaker = |id: &Id| call.parties().find(|party| party.speaker_id.as_ref() == Some(id))?.name();
    let meta = &call.meta_data;
    CallDigest {
        id: meta.id().to_string(),
        title: meta.title(),
        url: meta.url.clone(),
        started: meta.started_shown(),
        minutes: meta.minutes(),
        host: call.host(),
        scope: meta.scope.as_deref().map(str::to_lowercase),
        direction: meta.direction.as_deref().map(str::to_lowercase),
        language: meta.language.clone(),
        system: meta.system.as_deref().map(one_line),
        private: meta.is_private().then_some(true),
        people: call.parties().filter_map(|party| person(party, &interaction, with(CallPart::People))).collect(),
        accounts: objects(&call, "Account", with(CallPart::Crm)),
        deals: objects(&call, "Opportunity", with(CallPart::Crm)),
        brief: content.brief.as_deref().map(one_line).filter(|brief| !brief.is_empty()),
        key_points: content.key_points.into_iter().flatten().filter_map(|point| point.text).map(|text| one_line(&text)).collect(),
        outcome: content.call_outcome.and_then(outcome),
        topics: content.topics.into_iter().flatten().filter_map(topic).collect(),
        trackers: trackers
            .iter()
            .filter(|tracker| tracker.count != Some(0))
            .filter_map(|tracker| Some(format!("{} ×{}", one_line(tracker.name.as_deref()?), tracker.count.unwrap_or(1))))
            .collect(),
        outline: outline.into_iter().filter_map(|section| outline_section(section, with(CallPart::Outline))).collect(),
        highlights: if with(CallPart::Highlights) { highlights.into_iter().map(highlight_section).collect() } else { Vec::new() },
        comments: if with(CallPart::Comments) {
            comments.into_iter().map(|one| comment(one, &user_name)).collect()
        } else {
            Vec::new()
        },
        tracker_moments: if with(CallPart::Trackers) {
            trackers.into_iter().filter_map(|tracker| tracker_section(tracker, &speaker)).collect()
        } else {
            Vec::new()
        },
        stats: stats(&interaction),
        media: detailed.media.into_iter().flat_map(|media| [media.audio_url, media.video_url]).flatten().collect(),
        more,
        requests,
    }
}

fn person(party: &Party, interaction: &Interaction, whole: bool) -> Option<Person> {
    let crm_id = party
        .context
        .iter()
        .flatten()
        .flat_map(|context| context.objects.iter().flatten())
        .find(|object| matches!(object.object_type.as_deref(), Some("Contact" | "Lead")))
        .map(|object| object.id().to_string());
    let spoken = interaction.speakers.iter().flatten().find(|talk| {
        (talk.id.is_some() && talk.id == party.speaker_id) || (talk.user_id.is_some() && talk.user_id == party.user_id)
    });
    Some(Person {
        name: party.name()?,
        side: party.side(),
        title: party.title.as_deref().map(one_line).filter(|title| !title.is_empty()),
        email: party.email_address.clone().filter(|_| whole),
        user_id: party.user_id.as_ref().map(|id| id.0.clone()).filter(|_| whole),
        phone: party.phone_number.clone().filter(|_| whole),
        crm_id: crm_id.filter(|_| whole),
        talk_seconds: spoken.and_then(|talk| talk.talk_time).map(|seconds| seconds as u32),
    })
}

fn objects(call: &Call, object_type: &str, whole: bool) -> Vec<wit::CrmObject> {
    call.objects(object_type).filter(|object| !object.is_of_call_time()).map(|object| crm_object(object, object_type, whole)).collect()
}

fn crm_object(object: &CrmObject, object_type: &str, whole: bool) -> wit::CrmObject {
    let deal = object_type == "Opportunity";
    let fields = object.fields.iter().flatten().filter_map(|field| Some(format!("{}: {}", field.name.as_deref()?, field.text()?)));
    wit::CrmObject {
        id: object.id().to_string(),
        name: object.name(),
        stage: object.stage().filter(|_| deal),
        amount: object.amount().filter(|_| deal),
        close_date: object.close_date().filter(|_| deal),
        probability: object.probability().filter(|_| deal),
        fields: if whole { fields.collect() } else { Vec::new() },
    }
}

fn outcome(outcome: Outcome) -> Option<String> {
    match (outcome.name, outcome.category) {
        (Some(name), Some(category)) if name != category => Some(format!("{} ({})", one_line(&name), one_line(&category))),
        (Some(name), _) => Some(one_line(&name)),
        (None, category) => category.as_deref().map(one_line),
    }
}

fn topic(topic: Topic) -> Option<String> {
    let seconds = topic.duration.unwrap_or(0.0) as u64;
    (seconds > 0).then(|| Some(format!("{} {} min", one_line(topic.name.as_deref()?), seconds.div_ceil(60))))?
}

fn outline_section(section: OutlineSection, whole: bool) -> Option<Section> {
    let items = section.items.into_iter().flatten().filter_map(|item| {
        Some(Moment { at: item.start_time.map(instant::into_call_seconds), text: one_line(&item.text?) })
    });
    Some(Section {
        at: section.start_time.map(instant::into_call_seconds),
        title: one_line(&section.section?),
        items: if whole { items.collect() } else { Vec::new() },
    })
}

fn highlight_section(section: Highlights) -> Section {
    let items = section.items.into_iter().flatten().filter_map(|item| {
        let at = item.start_times.iter().flatten().next().map(|seconds| instant::into_call_seconds(*seconds));
        Some(Moment { at, text: one_line(&item.text?) })
    });
    Section { at: None, title: one_line(section.title.as_deref().unwrap_or("Highlights")), items: items.collect() }
}

fn tracker_section(tracker: Tracker, speaker: &impl Fn(&Id) -> Option<String>) -> Option<Section> {
    let of = |occurrences: Option<Vec<Occurrence>>, said: &str| {
        let moments = occurrences.into_iter().flatten().map(|occurrence| {
            let who = occurrence.speaker_id.as_ref().and_then(speaker).unwrap_or_else(|| "unknown speaker".into());
            let text = if said.is_empty() { who } else { format!("{who}: “{said}”") };
            (occurrence.start_time.unwrap_or(0.0), text)
        });
        moments.collect::<Vec<_>>()
    };
    let mut moments: Vec<(f64, String)> = tracker
        .phrases
        .into_iter()
        .flatten()
        .flat_map(|phrase| of(phrase.occurrences, &one_line(phrase.phrase.as_deref().unwrap_or_default())))
        .collect();
    if moments.is_empty() {
        moments = of(tracker.occurrences, "");
    }
    moments.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let items: Vec<Moment> =
        moments.into_iter().map(|(at, text)| Moment { at: Some(instant::into_call_seconds(at)), text }).collect();
    (!items.is_empty()).then(|| Some(Section { at: None, title: one_line(tracker.name.as_deref()?), items }))?
}

/// Mentions are written `@[name](user id)`: the id says nothing to a reader.
fn comment(comment: PublicComment, user_name: &impl Fn(&str) -> Option<String>) -> Comment {
    let text = one_line(comment.comment.as_deref().unwrap_or_default());
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, mention)) = rest.split_once("@[") {
        plain.push_str(before);
        match mention.split_once("](").and_then(|(name, after)| Some((name, after.split_once(')')?.1))) {
            Some((name, after)) => {
                plain.push('@');
                plain.push_str(name);
                rest = after;
            }
            None => {
                plain.push_str("@[");
                rest = mention;
            }
        }
    }
    plain.push_str(rest);
    Comment {
        by: comment.commenter_user_id.as_ref().map(|id| user_name(&id.0).unwrap_or_else(|| format!("user {}", id.0))),
        posted: comment.posted.as_deref().map(instant::shown_from),
        at: comment.audio_start_time.map(instant::into_call_seconds),
        text: plain,
    }
}

fn stats(interaction: &Interaction) -> Vec<String> {
    let mut stats: Vec<String> = interaction
        .interaction_stats
        .iter()
        .flatten()
        .filter_map(|stat| Some(format!("{} {}", stat.name.as_deref()?, stat.value.as_ref().filter(|value| !value.is_null())?)))
        .collect();
    if let Some(questions) = &interaction.questions {
        stats.push(format!(
            "Questions asked by company {}, by others {}",
            questions.company_count.unwrap_or(0),
            questions.non_company_count.unwrap_or(0)
        ));
    }
    stats
}

fn moment_line(text: &mut String, moment: &Moment) {
    text.push_str("- ");
    if let Some(at) = &moment.at {
        text.push_str(at);
        text.push(' ');
    }
    text.push_str(&moment.text);
    text.push('\n');
}

fn sections(text: &mut String, heading: &str, sections: &[Section]) {
    if sections.iter().all(|section| section.items.is_empty()) {
        let headings = sections.iter().map(|section| match &section.at {
            Some(at) => format!("{at} {}", section.title),
            None => section.title.clone(),
        });
        render::list(text, heading, &headings.collect::<Vec<_>>(), "; ");
        return;
    }
    text.push_str(heading);
    text.push_str(":\n");
    for section in sections {
        let at = section.at.as_ref().map_or_else(String::new, |at| format!("{at} "));
        text.push_str(&format!("{at}{}\n", section.title));
        section.items.iter().for_each(|moment| moment_line(text, moment));
    }
}

fn side_people(text: &mut String, label: &str, people: &[Person], side: Side) {
    let names: Vec<String> = people
        .iter()
        .filter(|person| person.side == side)
        .map(|person| {
            let talked = person.talk_seconds.map(|seconds| format!("spoke {}", instant::into_call(u64::from(seconds) * 1000)));
            let details = [&person.title, &person.email, &person.phone, &talked].into_iter().flatten().cloned();
            let ids = [("user", &person.user_id), ("crm", &person.crm_id)];
            let ids = ids.iter().filter_map(|(what, id)| Some(format!("{what} {}", id.as_ref()?)));
            let details: Vec<String> = details.chain(ids).collect();
            match details.is_empty() {
                true => person.name.clone(),
                false => format!("{} ({})", person.name, details.join(", ")),
            }
        })
        .collect();
    render::list(text, label, &names, "; ");
}

fn crm_lines(text: &mut String, label: &str, objects: &[wit::CrmObject]) {
    for object in objects {
        let name = object.name.as_deref().unwrap_or("unnamed");
        let close = object.close_date.as_ref().map(|date| format!("closes {date}"));
        let probability = object.probability.as_ref().map(|percent| format!("{percent} %"));
        let details = [&object.stage, &object.amount, &close, &probability];
        let mut line = format!("{} ({})", one_line(name), object.id);
        for detail in details.into_iter().flatten().chain(&object.fields) {
            line.push_str(", ");
            line.push_str(detail);
        }
        render::line(text, label, Some(&line));
    }
}

impl Answer for CallDigest {
    fn text(&self) -> String {
        let mut text = format!("{}\n{} UTC, {} min", self.title.as_deref().unwrap_or("Untitled call"), instant::in_table(&self.started), self.minutes);
        for part in [&self.scope, &self.direction, &self.system, &self.language].into_iter().flatten() {
            text.push_str(", ");
            text.push_str(part);
        }
        if self.private == Some(true) {
            text.push_str(", private");
        }
        text.push('\n');
        render::line(&mut text, "Link", self.url.as_deref());
        render::line(&mut text, "Host", self.host.as_deref());
        side_people(&mut text, "Customer", &self.people, Side::Customer);
        side_people(&mut text, "Company", &self.people, Side::Company);
        side_people(&mut text, "Unknown side", &self.people, Side::Unknown);
        crm_lines(&mut text, "Account", &self.accounts);
        crm_lines(&mut text, "Deal", &self.deals);
        render::line(&mut text, "Brief", self.brief.as_deref());
        if !self.key_points.is_empty() {
            text.push_str("Key points:\n");
            self.key_points.iter().for_each(|point| text.push_str(&format!("- {point}\n")));
        }
        render::line(&mut text, "Outcome", self.outcome.as_deref());
        render::list(&mut text, "Topics", &self.topics, ", ");
        render::list(&mut text, "Trackers", &self.trackers, ", ");
        sections(&mut text, "Outline", &self.outline);
        if !self.highlights.is_empty() {
            sections(&mut text, "Highlights", &self.highlights);
        }
        if !self.tracker_moments.is_empty() {
            sections(&mut text, "Tracker moments", &self.tracker_moments);
        }
        if !self.comments.is_empty() {
            text.push_str("Comments:\n");
        }
        for comment in &self.comments {
            let parts = [&comment.by, &comment.posted, &comment.at].into_iter().flatten().map(String::as_str);
            text.push_str(&format!("- {}: {}\n", parts.collect::<Vec<_>>().join(", "), comment.text));
        }
        render::list(&mut text, "Stats", &self.stats, "; ");
        render::list(&mut text, "Media, for 8 hours", &self.media, " ");
        render::list(&mut text, "include adds", &self.more, ", ");
        render::requests(&mut text, self.requests);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{PublicComment, comment};

    #[test]
    fn mentions_become_names() {
        let text = |written: &str| comment(PublicComment { comment: Some(written.into()), ..PublicComment::default() }, &|_| None).text;
        assert_eq!(text("@[Ann Li](123) and @[Bo](4): look"), "@Ann Li and @Bo: look");
        assert_eq!(text("mail me @[ or not"), "mail me @[ or not");
    }
}
