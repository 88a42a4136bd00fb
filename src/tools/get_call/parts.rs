//! Converts the parts of a call from Gong's answer to the tool's.

use core::cmp::Reverse;

use crate::{
    gong::{
        call_content::{Highlights, Occurrence, OutlineSection, Tracker},
        calls::{Call, NAMELESS, Party},
        id::Id,
    },
    prelude::*,
    text::one_line,
    time,
    tools::get_call::api::{Interaction, Talk},
    wit::calls::{Moment, Person, Section},
};

/// Most people of a call that are shown: a webinar has more.
const MOST_PEOPLE: usize = 200;
/// Most moments of a tracker that are shown: one of a common word fires hundreds of times.
const MOST_MOMENTS: usize = 50;

/// Keeps the host and those who said most, if a call has too many people, and says how many it leaves
/// out.
pub(super) fn leave_out_silent(people: &mut Vec<Person>) -> Option<u32> {
    let left_out = people
        .len()
        .checked_sub(MOST_PEOPLE)
        .filter(|left_out| *left_out > 0)?;
    people.sort_by_key(|person| Reverse((person.host, person.talk_seconds)));
    people.truncate(MOST_PEOPLE);
    Some(left_out as u32)
}

/// A person on the call, with addresses and ids if `with_contact`.
pub(super) fn person(
    party: &Party,
    call: &Call,
    interaction: &Interaction,
    with_contact: bool,
) -> Person {
    let crm_id = party
        .context
        .iter()
        .flatten()
        .flat_map(|context| context.objects.iter().flatten())
        .find(|object| matches!(object.object_type.as_deref(), Some("Contact" | "Lead")))
        .map(|object| object.id().to_owned());
    let mut speakers = interaction.speakers.iter().flatten();
    let spoken = speakers.find(|talk| is_of(talk, party));
    Person {
        name: party.name().unwrap_or_else(|| NAMELESS.to_owned()),
        affiliation: party.affiliation(),
        title: party
            .title
            .as_deref()
            .map(one_line)
            .filter(|title| !title.is_empty()),
        host: (party.user_id.is_some() && party.user_id == call.meta_data.primary_user_id)
            .then_some(true),
        email: party
            .email_address
            .clone()
            .filter(|email| with_contact && party.name().as_ref() != Some(email)),
        user_id: party
            .user_id
            .as_ref()
            .map(|id| id.0.clone())
            .filter(|_| with_contact),
        phone: party
            .phone_number
            .clone()
            .filter(|phone| with_contact && party.name().as_ref() != Some(phone)),
        crm_id: crm_id.filter(|_| with_contact),
        talk_seconds: spoken
            .and_then(|talk| talk.talk_time)
            .map(|seconds| seconds as u32),
    }
}

fn is_of(talk: &Talk, party: &Party) -> bool {
    let ids = [&talk.id, &talk.user_id];
    ids.into_iter().flatten().any(|id| party.is(id))
}

/// How long speakers talked who are none of the call's people.
pub(super) fn other_talk_seconds(call: &Call, interaction: &Interaction) -> Option<u32> {
    let speakers = interaction.speakers.iter().flatten();
    let others = speakers.filter(|talk| !call.parties().any(|party| is_of(talk, party)));
    let seconds: f64 = others.filter_map(|talk| talk.talk_time).sum();
    Some(seconds as u32).filter(|seconds| *seconds > 0)
}

pub(super) fn outline_section(section: OutlineSection) -> Option<Section> {
    let items = section.items.into_iter().flatten().filter_map(|item| {
        Some(Moment {
            at: item.start_time.map(time::into_call_seconds),
            text: one_line(&item.text?),
        })
    });
    Some(Section {
        at: section.start_time.map(time::into_call_seconds),
        title: one_line(&section.section?),
        items: items.collect(),
    })
}

pub(super) fn highlight_section(section: Highlights) -> Section {
    let items = section.items.into_iter().flatten().filter_map(|item| {
        let at = item
            .start_times
            .iter()
            .flatten()
            .next()
            .map(|seconds| time::into_call_seconds(*seconds));
        Some(Moment {
            at,
            text: one_line(&item.text?),
        })
    });
    Section {
        at: None,
        title: one_line(section.title.as_deref().unwrap_or("Highlights")),
        items: items.collect(),
    }
}

pub(super) fn tracker_section(
    tracker: Tracker,
    speaker: &impl Fn(&Id) -> Option<String>,
) -> Option<Section> {
    let moments_of = |occurrences: Option<Vec<Occurrence>>, phrase: &str| {
        let moments = occurrences.into_iter().flatten().map(|occurrence| {
            let who = occurrence
                .speaker_id
                .as_ref()
                .and_then(speaker)
                .unwrap_or_else(|| "unknown speaker".into());
            let text = if phrase.is_empty() {
                who
            } else {
                format!("{who}: “{phrase}”")
            };
            (occurrence.start_time.unwrap_or(0.0), text)
        });
        moments.collect()
    };
    let mut moments: Vec<(f64, String)> = tracker
        .phrases
        .into_iter()
        .flatten()
        .flat_map(|phrase| {
            moments_of(
                phrase.occurrences,
                &one_line(phrase.phrase.as_deref().unwrap_or_default()),
            )
        })
        .collect();
    if moments.is_empty() {
        moments = moments_of(tracker.occurrences, "");
    }
    moments.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let count = moments.len();
    let items: Vec<Moment> = moments
        .into_iter()
        .take(MOST_MOMENTS)
        .map(|(at, text)| Moment {
            at: Some(time::into_call_seconds(at)),
            text,
        })
        .collect();
    let mut title = one_line(tracker.name.as_deref()?);
    if count > items.len() {
        title.push_str(&format!(" ({} of {count})", items.len()));
    }
    (!items.is_empty()).then_some(Section {
        at: None,
        title,
        items,
    })
}

pub(super) fn stats(interaction: &Interaction) -> Vec<String> {
    let mut stats: Vec<String> = interaction
        .interaction_stats
        .iter()
        .flatten()
        .filter_map(|stat| {
            let value = stat.value.as_ref().filter(|value| !value.is_null())?;
            Some(format!("{} {}", stat.name.as_deref()?, value))
        })
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
