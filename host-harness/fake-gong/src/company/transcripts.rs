//! Transcripts. They are generated for each request from the call's own seed.
//!
//! The weight is Gong's: some 1.5 kB of JSON a minute, so that an hour of 140 monologues is
//! about 94 kB.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::Company;
use super::calls::{Call, Identity};
use super::content;
use super::phrases::{self, Theme};
use super::random::Random;
use super::templates::{self, Speakers};

/// Bytes of JSON for a minute of talk.
const BYTES_A_MINUTE: f64 = 94_000.0 / 60.0;

/// Monologues in a minute.
const MONOLOGUES_A_MINUTE: f64 = 140.0 / 60.0;

/// What a monologue weighs without its sentences, and a sentence without its text.
const MONOLOGUE_FRAME: usize = 74;
const SENTENCE_FRAME: usize = 40;

/// One who speaks.
struct Speaker<'a> {
    id: &'a str,
    is_vendor: bool,
}

/// One stretch of speech before it has times.
struct Monologue<'a> {
    speaker: Option<&'a str>,
    topic: Option<&'static str>,
    sentences: Vec<String>,
}

/// `transcript` of the call.
pub(crate) fn transcript(company: &Company, call: &Call) -> Value {
    let mut random = Random::new(call.seed, "transcript");
    let speakers: Vec<Speaker<'_>> = call
        .parties
        .iter()
        .filter_map(|party| {
            let id = party.speaker_id.as_deref()?;
            let is_vendor = matches!(party.identity, Identity::User(_));
            Some(Speaker { id, is_vendor })
        })
        .collect();
    let minutes = call.seconds as f64 / 60.0;
    let count = ((minutes * MONOLOGUES_A_MINUTE).round() as usize).max(4);
    let bytes = (minutes * BYTES_A_MINUTE) as usize;
    let weights: Vec<usize> = (0..count)
        .map(|_| {
            if random.chance(30) {
                1 + random.below(2)
            } else {
                2 + random.below(9)
            }
        })
        .collect();
    let all: usize = weights.iter().sum();
    let spare = bytes.saturating_sub(count * MONOLOGUE_FRAME);

    let themes = content::themes(call);
    let mut talker = Talker::new(content::cast(company, call), call.language);
    let (mut monologues, mut used, mut due, mut last) = (Vec::new(), 0, 0, 0);
    for (place, weight) in weights.into_iter().enumerate() {
        let theme = theme_at(&themes, place, count);
        // Now and then Gong splits what one person says into two monologues.
        if place > 0 && !random.chance(12) {
            last = next_speaker(&speakers, last, &mut random);
        }
        let speaker = &speakers[last];
        due += spare * weight / all;
        let mut sentences = Vec::new();
        while sentences.is_empty() || used + SENTENCE_FRAME + 30 < due {
            let sentence = talker.sentence(theme, speaker.is_vendor, &mut random);
            used += sentence.len() + SENTENCE_FRAME;
            sentences.push(sentence);
        }
        let is_unknown = random.chance(2) || (call.is_imported && random.chance(30));
        monologues.push(Monologue {
            speaker: (!is_unknown).then_some(speaker.id),
            topic: (!random.chance(25)).then_some(theme.bank().topic),
            sentences,
        });
    }
    timed(&monologues, call.seconds * 1000)
}

/// The opening takes the first twentieth of a call, the next steps the last, the rest is even.
fn theme_at(themes: &[Theme], place: usize, count: usize) -> Theme {
    let ends = (count / 20).max(1);
    let inner = themes.len() - 2;
    if place < ends {
        themes[0]
    } else if place >= count - ends || inner == 0 {
        themes[themes.len() - 1]
    } else {
        themes[1 + ((place - ends) * inner / (count - 2 * ends)).min(inner - 1)]
    }
}

/// Mostly somebody of the other side.
fn next_speaker(speakers: &[Speaker<'_>], last: usize, random: &mut Random) -> usize {
    let others: Vec<usize> = (0..speakers.len()).filter(|&other| other != last).collect();
    let across: Vec<usize> = others
        .iter()
        .copied()
        .filter(|&other| speakers[other].is_vendor != speakers[last].is_vendor)
        .collect();
    if others.is_empty() {
        last
    } else if across.is_empty() || random.chance(15) {
        random.pick(&others)
    } else {
        random.pick(&across)
    }
}

/// Spreads the sentences over the call: long ones take longer, and between monologues
/// there is a pause.
fn timed(monologues: &[Monologue<'_>], milliseconds: i64) -> Value {
    const PAUSE: usize = 9;
    let length: usize = monologues
        .iter()
        .map(|monologue| {
            let said: usize = monologue
                .sentences
                .iter()
                .map(|said| said.chars().count() + 3)
                .sum();
            said + PAUSE
        })
        .sum();
    let at = |place: usize| (place as i64 * milliseconds / length.max(1) as i64) / 10 * 10;
    let mut place = PAUSE / 2;
    monologues
        .iter()
        .map(|monologue| {
            let sentences: Vec<Value> = monologue
                .sentences
                .iter()
                .map(|text| {
                    let start = at(place);
                    place += text.chars().count();
                    let end = at(place);
                    place += 3;
                    json!({ "start": start, "end": end, "text": text })
                })
                .collect();
            place += PAUSE;
            json!({
                "speakerId": monologue.speaker,
                "topic": monologue.topic,
                "sentences": sentences,
            })
        })
        .collect()
}

/// Says something new each time, as long as there is something new to say.
struct Talker {
    cast: Speakers,
    foreign: Option<&'static [&'static str]>,
    bags: Vec<(&'static [&'static str], Vec<&'static str>)>,
    said: HashSet<String>,
}

impl Talker {
    fn new(cast: Speakers, language: &str) -> Self {
        Self {
            cast,
            foreign: match language {
                "ger" => Some(phrases::GERMAN),
                "fre" => Some(phrases::FRENCH),
                "spa" => Some(phrases::SPANISH),
                _ => None,
            },
            bags: Vec::new(),
            said: HashSet::new(),
        }
    }

    fn sentence(&mut self, theme: Theme, is_vendor: bool, random: &mut Random) -> String {
        let bank = theme.bank();
        let mut sentence = String::new();
        for _ in 0..10 {
            let own = match is_vendor || bank.buyer.is_empty() {
                true => bank.vendor,
                false => bank.buyer,
            };
            sentence = match (self.foreign, random.below(100)) {
                (Some(foreign), _) => self.say(foreign, random),
                (None, 0..27) => self.say(phrases::BETWEEN, random),
                // Two halves make more sentences than there are templates.
                (None, 27..57) => {
                    let head = self.say(phrases::HEADS, random);
                    format!("{head}{}", self.say(phrases::TAILS, random))
                }
                (None, _) => {
                    let said = self.say(own, random);
                    let opener = random.pick(phrases::OPENERS);
                    match !said.ends_with('?') && said.len() < 100 && random.chance(22) {
                        true => format!("{opener}{}", templates::small(&said)),
                        false => said,
                    }
                }
            };
            sentence = templates::capital(&sentence);
            if self.said.insert(sentence.clone()) {
                break;
            }
        }
        sentence
    }

    /// Something from the list, filled in.
    fn say(&mut self, list: &'static [&'static str], random: &mut Random) -> String {
        let template = self.draw(list, random);
        templates::say(template, &self.cast, random)
    }

    /// Every template once before any comes again.
    fn draw(&mut self, list: &'static [&'static str], random: &mut Random) -> &'static str {
        let at = self.bags.iter().position(|(of, _)| std::ptr::eq(*of, list));
        let at = at.unwrap_or_else(|| {
            self.bags.push((list, Vec::new()));
            self.bags.len() - 1
        });
        let bag = &mut self.bags[at].1;
        if bag.is_empty() {
            *bag = random.some(list, list.len());
        }
        bag.pop().unwrap_or_default()
    }
}
