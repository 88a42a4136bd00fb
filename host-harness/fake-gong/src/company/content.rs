//! What Gong's analysis says about a call: brief, outline, trackers and the like.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::calls::{Call, Identity};
use super::outcomes::OUTCOMES;
use super::phrases::Theme;
use super::random::{self, Random};
use super::templates::{self, AccountTopics, Speakers};
use super::trackers::TRACKERS;
use super::{Company, call_kinds::Kind};
use crate::instants;

/// The themes of a call, from the opening to the next steps.
pub(crate) fn themes(call: &Call) -> Vec<Theme> {
    let mut themes = vec![Theme::Opening];
    themes.extend(call.kind.themes());
    if call.kind == Kind::Internal {
        themes = vec![Theme::Pipeline; 3];
    }
    themes.push(Theme::Next);
    themes
}

/// Whom the talk names.
pub(crate) fn cast(company: &Company, call: &Call) -> Speakers {
    let account = call.account_of(company);
    let buyers = call
        .parties
        .iter()
        .filter_map(|party| match party.identity {
            Identity::Contact(index) => {
                account.map(|account| account.people[index].first_name.to_owned())
            }
            _ => None,
        });
    Speakers {
        account: account
            .map_or("the team", |account| account.name)
            .to_owned(),
        industry: account
            .map_or("software", |account| account.industry)
            .to_owned(),
        seller: company.users[call.host].first_name.to_owned(),
        buyers: buyers.collect(),
        things: AccountTopics::draw(&mut Random::new(
            company.seed,
            &format!("things {:?}", call.account_index),
        )),
    }
}

fn random(call: &Call, of: &str) -> Random {
    Random::new(call.seed, of)
}

/// One paragraph of 100 to 170 characters.
pub(crate) fn brief(company: &Company, call: &Call) -> String {
    let (cast, mut random) = (cast(company, call), random(call, "brief"));
    let middle = call.kind.themes();
    let mut brief = String::new();
    for _ in 0..80 {
        let about = templates::say(call.kind.about(), &cast, &mut random);
        let first = match cast.buyers.first() {
            Some(buyer) => format!(
                "{} and {buyer} of {} went through {about}.",
                cast.seller, cast.account
            ),
            None => format!("{} and the team went through {about}.", cast.seller),
        };
        let point = templates::say(
            random.pick(dice_theme(middle, call).bank().points),
            &cast,
            &mut random,
        );
        let last = templates::say(random.pick(Theme::Next.bank().points), &cast, &mut random);
        // Two sentences where three are too long.
        for text in [
            format!("{first} {point}. {last}."),
            format!("{first} {last}."),
        ] {
            brief = text;
            if (100..=170).contains(&brief.chars().count()) {
                return brief;
            }
        }
    }
    brief
}

/// The theme that a brief speaks of.
fn dice_theme(themes: &[Theme], call: &Call) -> Theme {
    random(call, "main theme").pick(themes)
}

/// Three points of 35 to 64 characters.
pub(crate) fn key_points(company: &Company, call: &Call) -> Value {
    let (cast, mut random) = (cast(company, call), random(call, "key points"));
    let themes = themes(call);
    let (mut points, mut used): (Vec<String>, _) = (Vec::new(), Vec::new());
    for place in 0..3 {
        let theme = themes[(place + 1) % themes.len()];
        let point = templates::fit(theme.bank().points, (35, 64), &mut used, &cast, &mut random);
        points.push(point);
    }
    points.iter().map(|text| json!({ "text": text })).collect()
}

/// Four to six sections with what was said in them.
pub(crate) fn outline(company: &Company, call: &Call) -> Value {
    let (cast, mut random) = (cast(company, call), random(call, "outline"));
    let themes = sections(call);
    let length = call.seconds as f64 / themes.len() as f64;
    let (mut said, mut titles) = (Vec::new(), Vec::new());
    let mut start = 0.0;
    let sections = themes.iter().map(|theme| {
        let bank = theme.bank();
        let title = templates::fit(bank.sections, (1, 200), &mut titles, &cast, &mut random);
        let duration = (length * random.decimal(0.75, 1.0) * 10.0).round() / 10.0;
        let count = random.between(2, 3);
        let items: Vec<Value> = (0..count)
            .map(|item| {
                let text = templates::fit(bank.points, (1, 200), &mut said, &cast, &mut random);
                let at = start + duration * item as f64 / count as f64;
                json!({ "text": text, "startTime": (at * 10.0).round() / 10.0 })
            })
            .collect();
        let section = json!({
            "section": title,
            "startTime": (start * 10.0_f64).round() / 10.0,
            "duration": duration,
            "items": items,
        });
        start += length;
        section
    });
    sections.collect()
}

/// The themes of the outline: never fewer than four sections.
fn sections(call: &Call) -> Vec<Theme> {
    let mut themes = themes(call);
    if themes.len() < 4 {
        themes.insert(1, Theme::Process);
    }
    themes
}

/// Highlights, as Gong groups them.
pub(crate) fn highlights(company: &Company, call: &Call) -> Value {
    let (cast, mut random) = (cast(company, call), random(call, "highlights"));
    let main = dice_theme(call.kind.themes(), call);
    let mut said = Vec::new();
    let mut section = |title: &str, theme: Theme, count: i64, random: &mut Random| {
        let items: Vec<Value> = (0..count)
            .map(|_| {
                let text = templates::fit(theme.bank().points, (1, 200), &mut said, &cast, random);
                let at = random.decimal(20.0, call.seconds as f64 - 20.0);
                json!({ "text": text, "startTimes": [at] })
            })
            .collect();
        json!({ "title": title, "items": items })
    };
    json!([
        section("Key moments", main, 2, &mut random),
        section("Next steps", Theme::Next, 2, &mut random),
    ])
}

/// How long each topic was talked about.
pub(crate) fn topics(call: &Call) -> Value {
    let mut random = random(call, "topics");
    let mut topics: Vec<(&str, i64)> = Vec::new();
    for theme in themes(call) {
        let name = theme.bank().topic;
        let duration = call.seconds * random.between(6, 18) / 100;
        match topics.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum += duration,
            None => topics.push((name, duration)),
        }
    }
    topics
        .into_iter()
        .map(|(name, duration)| json!({ "name": name, "duration": duration }))
        .collect()
}

/// Every tracker, also those that did not come up; where and by whom only if requested.
pub(crate) fn trackers(company: &Company, call: &Call, occurrences: bool) -> Value {
    let mut random = random(call, "trackers");
    let themes = themes(call);
    let speakers: Vec<&String> = call
        .parties
        .iter()
        .filter_map(|party| party.speaker_id.as_ref())
        .collect();
    let trackers = TRACKERS.iter().map(|tracker| {
        let phrases = tracker.phrases;
        let likely = if themes.contains(&tracker.theme) {
            70
        } else {
            12
        };
        let count = if random.chance(likely) {
            random.between(1, 6)
        } else {
            0
        };
        let mut happened: Vec<(String, Value)> = Vec::new();
        for _ in 0..count {
            let phrase = match phrases.is_empty() {
                true => String::new(),
                false => (random.pick(phrases)).to_owned(),
            };
            let at = random.decimal(30.0, call.seconds as f64 - 15.0);
            let speaker = random.pick(&speakers);
            happened.push((phrase, json!({ "startTime": at, "speakerId": speaker })));
        }
        let of = |phrase: Option<&str>| -> Vec<Value> {
            let mut times: Vec<Value> = happened
                .iter()
                .filter(|(said, _)| phrase.is_none_or(|phrase| said == phrase))
                .map(|(_, at)| at.clone())
                .collect();
            times.sort_by(|a, b| {
                let at = |value: &Value| value["startTime"].as_f64().unwrap_or_default();
                at(a).total_cmp(&at(b))
            });
            times
        };
        let phrases: Vec<Value> = phrases
            .iter()
            .filter(|phrase| !of(Some(phrase)).is_empty())
            .map(|phrase| {
                let times = of(Some(phrase));
                json!({
                    "phrase": phrase,
                    "count": times.len(),
                    "occurrences": if occurrences { times } else { Vec::new() },
                })
            })
            .collect();
        json!({
            "id": tracker.id(company),
            "name": tracker.name,
            "count": count,
            "type": tracker.sort,
            "occurrences": if occurrences { of(None) } else { Vec::new() },
            "phrases": phrases,
        })
    });
    trackers.collect()
}

/// The outcome; internal and imported calls have none.
pub(crate) fn outcome(call: &Call) -> Value {
    if call.account_index.is_none() || call.is_imported {
        return Value::Null;
    }
    let mut random = random(call, "outcome");
    let likely = if call.direction == "Conference" {
        2
    } else {
        OUTCOMES.len()
    };
    OUTCOMES[random.below(likely)].of_call()
}

/// The agenda, where Gong found one.
pub(crate) fn structure(call: &Call) -> Value {
    if call.direction != "Conference" {
        return json!([]);
    }
    let mut random = random(call, "structure");
    ["Meeting Setup", "Main Part", "Wrap-up"]
        .into_iter()
        .zip([(2, 6), (60, 80), (4, 9)])
        .map(|(name, (low, high))| {
            json!({ "name": name, "duration": call.seconds * random.between(low, high) / 100 })
        })
        .collect()
}

/// How long each of the vendor's people spoke. Gong leaves the others out.
pub(crate) fn speakers(company: &Company, call: &Call) -> Value {
    let mut random = random(call, "speakers");
    let spoke = call
        .parties
        .iter()
        .filter(|party| party.speaker_id.is_some());
    spoke
        .filter_map(|party| match party.identity {
            Identity::User(index) => Some(json!({
                "id": party.id,
                "userId": company.users[index].id,
                "talkTime": call.seconds * random.between(15, 32) / 100,
            })),
            _ => None,
        })
        .collect()
}

/// Statistics of the host. Requests name them `personInteractionStats`.
pub(crate) fn interaction_stats(call: &Call) -> Value {
    let mut random = random(call, "stats");
    json!([
        { "name": "Talk Ratio", "value": random.decimal(0.31, 0.68) },
        { "name": "Longest Monologue", "value": random.between(40, 190) },
        { "name": "Longest Customer Story", "value": random.between(20, 140) },
        { "name": "Interactivity", "value": random.decimal(1.5, 8.5) },
        { "name": "Patience", "value": random.decimal(0.3, 1.4) },
    ])
}

/// What was shown and for how long.
pub(crate) fn video(call: &Call) -> Value {
    if call.direction != "Conference" {
        return json!([]);
    }
    let mut random = random(call, "video");
    json!([
        { "name": "Presentation", "duration": call.seconds * random.between(5, 40) / 100 },
        { "name": "WebcamPrimaryUser", "duration": call.seconds * random.between(40, 90) / 100 },
        { "name": "WebcamNonCompany", "duration": call.seconds * random.between(20, 80) / 100 },
    ])
}

/// How many questions each side asked.
pub(crate) fn questions(call: &Call) -> Value {
    let mut random = random(call, "questions");
    json!({
        "companyCount": random.between(3, 22),
        "nonCompanyCount": if call.account_index.is_some() { random.between(1, 19) } else { 0 },
    })
}

/// What colleagues wrote beside the recording; most calls have none.
pub(crate) fn comments(company: &Company, call: &Call) -> Value {
    const TEXTS: [&str; 6] = [
        "great way to handle the question on price here",
        "can you follow up on this one with solutions?",
        "this is worth sharing in the team meeting",
        "I would have asked who else is involved at this point",
        "that is the third time this month that somebody asks for this",
        "please add this to the deal notes",
    ];
    let mut random = random(call, "comments");
    if !random.chance(22) {
        return json!([]);
    }
    let managers = company.with_role(&[super::people::Role::SalesManager]);
    let host = &company.users[call.host];
    let count = random.between(1, 2);
    let mut first: Option<String> = None;
    (0..count)
        .map(|_| {
            let writer = &company.users[random.pick(&managers)];
            let at = random.between(30, call.seconds - 20);
            let posted = call.started
                + SignedDuration::from_secs(call.seconds + random.between(600, 90_000));
            let id = random.signed_id().to_string();
            let reply = first.replace(id.clone());
            json!({
                "id": id,
                "audioStartTime": at,
                "audioEndTime": at + 12,
                "commenterUserId": writer.id,
                "comment": format!("@[{}]({}) {}", host.name(), host.id, random.pick(&TEXTS)),
                "posted": instants::to_rfc3339(posted.min(company.now), &company.zone),
                "inReplyTo": reply,
                "duringCall": false,
            })
        })
        .collect()
}

/// Where the recording is for the next eight hours.
pub(crate) fn media(call: &Call) -> Value {
    let sign = random::hash(&format!("{} media", call.id));
    let url = |ending: &str| {
        format!(
            "https://media.app.gong.io/{}/{sign:016x}.{ending}?expires=28800",
            call.id
        )
    };
    json!({
        "audioUrl": url("mp3"),
        "videoUrl": (call.direction == "Conference").then(|| url("mp4")),
    })
}
