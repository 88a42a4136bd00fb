//! The calls: who spoke with whom, when, and how it was recorded.

use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::accounts::{Account, Contact};
use super::deals;
use super::dice::{self, Dice};
use super::kinds::Kind;
use super::people::{Role, User};
use super::{Company, SALES, SUCCESS};
use crate::instants;

/// How many days back calls go.
const DAYS: f64 = 178.0;

/// A recorded call.
#[derive(Clone, Debug)]
pub struct Call {
    /// Gong's id, of 18 to 20 digits.
    pub id: String,
    /// The title; some telephone calls have none.
    pub title: Option<String>,
    /// When it began.
    pub started: Timestamp,
    /// When it was to begin; telephone calls are not scheduled.
    pub scheduled: Option<Timestamp>,
    /// How long it took, in seconds.
    pub seconds: i64,
    /// Whether somebody made it private. It is returned all the same.
    pub is_private: bool,
    /// The customer's name; internal calls have none.
    pub account: Option<&'static str>,
    pub(crate) account_index: Option<usize>,
    pub(crate) deal: Option<usize>,
    pub(crate) has_context: bool,
    pub(crate) kind: Kind,
    pub(crate) host: usize,
    pub(crate) parties: Vec<Party>,
    pub(crate) workspace: usize,
    pub(crate) language: &'static str,
    pub(crate) direction: &'static str,
    pub(crate) system: &'static str,
    pub(crate) is_imported: bool,
    pub(crate) seed: u64,
    disposition: Option<&'static str>,
    purpose: Option<&'static str>,
    is_precise: bool,
    tail: u64,
}

/// Somebody who was invited or spoke.
#[derive(Clone, Debug)]
pub(crate) struct Party {
    pub(crate) id: String,
    pub(crate) speaker_id: Option<String>,
    pub(crate) who: Who,
    pub(crate) methods: &'static [&'static str],
}

/// Who somebody on a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// One of the vendor's people, by place.
    User(usize),
    /// A person at the call's account, by place.
    Contact(usize),
    /// A telephone number that Gong knows nothing about.
    Number,
}

/// The calls up to `now`, oldest first.
pub(crate) fn hold(company: &Company, count: usize) -> Vec<Call> {
    let mut calls: Vec<Call> = (0..count)
        .map(|index| call(company, index, count))
        .collect();
    calls.sort_by(|a, b| (a.started, &a.id).cmp(&(b.started, &b.id)));
    calls
}

/// The place, in the order of invention, of the call that is an hour long for certain.
fn long_index(count: usize) -> usize {
    1.min(count.saturating_sub(1))
}

/// The id of the call that is an hour long for certain.
pub(crate) fn long_id(seed: u64, count: usize) -> String {
    id(&mut dice_of(seed, long_index(count)))
}

fn dice_of(seed: u64, index: usize) -> Dice {
    Dice::new(seed, &format!("call {index}"))
}

fn id(dice: &mut Dice) -> String {
    dice.id().to_string()
}

fn call(company: &Company, index: usize, count: usize) -> Call {
    let mut dice = dice_of(company.seed, index);
    let id = id(&mut dice);
    // The first account has one call in five, and these are the plain ones, so that a search
    // for it finds a number known beforehand.
    let is_first = index.is_multiple_of(5);
    let is_long = index == long_index(count);
    let is_plain = is_first || is_long;
    let is_internal = !is_plain && dice.chance(10);
    let is_imported = index == 7;
    let is_private = !is_plain && index % 27 == 16;

    let begin = slot(company, &mut dice);
    let account_index = (!is_internal).then(|| match is_first {
        true => 0,
        false => 1 + dice.below(company.accounts.len() - 1),
    });
    let account = account_index.map(|index| &company.accounts[index]);
    let deal = account.map(|account| deal_at(account, begin));
    let kind = match (account, deal) {
        _ if is_long => Kind::DeepDive,
        (Some(account), Some(deal)) => kind(account, deal, begin, is_plain, &mut dice),
        _ => Kind::Internal,
    };
    let is_phone = kind == Kind::Cold || (!is_plain && !is_internal && dice.chance(8));
    let language = match account {
        Some(account) if account.language != "eng" && !is_long && dice.chance(75) => {
            account.language
        }
        _ => "eng",
    };
    let minutes = match (is_long, is_phone, language) {
        (true, ..) => 60,
        (_, true, _) => dice.between(5, 18),
        (_, _, "eng") => dice.pick(&[25, 27, 28, 30, 31, 40, 44, 45, 47, 52, 58, 60, 75]),
        _ => dice.between(9, 16),
    };
    let seconds = if is_long {
        3600
    } else {
        minutes * 60 - dice.between(0, 59)
    };
    let late = if is_phone { 0 } else { dice.between(-90, 300) };
    let host = host(company, account, kind, &mut dice);
    let parties = parties(company, account, host, is_phone, is_long, &mut dice);
    let title = dice.pick(kind.titles());
    let title = match account {
        Some(account) => format!("{} – {title}", account.name),
        None => title.to_owned(),
    };
    Call {
        title: (is_plain || !is_phone || dice.chance(50)).then_some(title),
        started: begin + SignedDuration::from_secs(late),
        scheduled: (!is_phone && !is_imported).then_some(begin),
        seconds,
        is_private,
        account: account.map(|account| account.name),
        account_index,
        deal,
        has_context: account.is_some() && (is_first || !dice.chance(7)),
        kind,
        host,
        parties,
        workspace: match company.users[host].role {
            Role::Success | Role::SuccessManager => SUCCESS,
            _ => SALES,
        },
        language,
        direction: match (is_imported, is_phone) {
            (true, _) => "Unknown",
            (_, false) => "Conference",
            _ if dice.chance(70) => "Outbound",
            _ => "Inbound",
        },
        system: match (is_imported, is_phone) {
            (true, _) => "Public API",
            (_, true) => dice.pick(&["Aircall", "Outreach"]),
            _ => dice.pick(&["Zoom", "Zoom", "Microsoft Teams", "Google Meet"]),
        },
        is_imported,
        seed: dice::hash(&format!("{} talk {id}", company.seed)),
        disposition: is_phone
            .then(|| dice.pick(&["Connected", "Connected - meeting set", "Call back later"])),
        purpose: dice.chance(15).then_some("Sales"),
        is_precise: dice.chance(6),
        tail: dice.signed_id(),
        id,
    }
}

/// A beginning on a quarter of an hour in business hours, more often lately than long ago,
/// and long enough ago for any call to be over.
fn slot(company: &Company, dice: &mut Dice) -> Timestamp {
    let back = (dice.fraction().powf(1.6) * DAYS) as i64;
    let local = company.now.to_zoned_datetime(company.zone.clone());
    let minutes = dice.between(4 * 8, 4 * 17) * 15;
    let mut day = local.date().saturating_sub(jiff::Span::new().days(back));
    loop {
        let weekday = day.weekday();
        let at = day.at(0, 0, 0, 0).to_zoned_datetime(company.zone.clone());
        let at = at.map_or(company.now, |midnight| midnight.timestamp())
            + SignedDuration::from_mins(minutes);
        let is_over = at + SignedDuration::from_mins(90) <= company.now;
        if is_over && !matches!(weekday, Weekday::Saturday | Weekday::Sunday) {
            return at;
        }
        day = day.saturating_sub(jiff::Span::new().days(1));
    }
}

/// The deal that a call at this time is about: the newest one that was open, else the first.
fn deal_at(account: &Account, at: Timestamp) -> usize {
    let deals = account.deals.iter().enumerate().rev();
    let open = deals.into_iter().find(|(_, deal)| deal.is_open(at));
    open.map_or(0, |(index, _)| index)
}

fn kind(account: &Account, deal: usize, at: Timestamp, is_plain: bool, dice: &mut Dice) -> Kind {
    if account.is_customer {
        return dice.pick(&[
            Kind::Review,
            Kind::Review,
            Kind::Renewal,
            Kind::Rollout,
            Kind::Incident,
        ]);
    }
    let stage = account.deals[deal].stage(at).min(deals::STAGES.len() - 1);
    match dice.pick(Kind::of_stage(stage)) {
        // A telephone call with one person is not a plain one.
        Kind::Cold if is_plain => Kind::Discovery,
        kind => kind,
    }
}

fn host(company: &Company, account: Option<&Account>, kind: Kind, dice: &mut Dice) -> usize {
    match (account, kind) {
        (None, _) => dice.pick(&company.with_role(&[
            Role::SalesManager,
            Role::SalesManager,
            Role::SuccessManager,
        ])),
        (Some(_), Kind::Cold) => dice.pick(&company.with_role(&[Role::Opener])),
        (Some(_), Kind::DeepDive | Kind::Security) if dice.chance(20) => {
            dice.pick(&company.with_role(&[Role::Engineer]))
        }
        (Some(account), _) if account.is_customer => account.success,
        (Some(account), _) => account.owner,
    }
}

/// Two of each side in most calls; on the telephone one, in internal calls four or so of one.
fn parties(
    company: &Company,
    account: Option<&Account>,
    host: usize,
    is_phone: bool,
    is_long: bool,
    dice: &mut Dice,
) -> Vec<Party> {
    let (internal, external) = match (is_phone, is_long, dice.below(10)) {
        (_, true, _) => (2, 2),
        (true, ..) => (1, 1),
        (_, _, 0..6) => (2, 2),
        (_, _, 6) => (1, 2),
        (_, _, 7) => (2, 1),
        (_, _, 8) => (2, 3),
        _ => (3, 3),
    };
    let is_internal = account.is_none();
    let colleagues: Vec<usize> = (0..company.users.len())
        .filter(|&user| user != host && company.users[user].active && !company.users[user].avatar)
        .filter(|&user| is_internal || company.users[user].role != Role::Lead || user % 3 == 1)
        .collect();
    let count = if is_internal { 3 } else { internal - 1 };
    let mut who = vec![Who::User(host)];
    who.extend(dice.some(&colleagues, count).into_iter().map(Who::User));
    if let Some(account) = account {
        let people: Vec<usize> = (0..account.people.len()).collect();
        match is_phone && dice.chance(12) {
            true => who.push(Who::Number),
            false => who.extend(dice.some(&people, external).into_iter().map(Who::Contact)),
        }
    }
    let sides = if is_internal { 1 } else { 2 };
    let mut spoke = Vec::new();
    who.into_iter()
        .map(|who| {
            // The first of each side speaks; of the others one in ten was only invited.
            let side = matches!(who, Who::User(_));
            let is_first = !spoke.contains(&side) && spoke.len() < sides;
            spoke.push(side);
            let speaks = is_first || is_internal || is_long || !dice.chance(10);
            Party {
                id: dice.signed_id().to_string(),
                speaker_id: speaks.then(|| dice.signed_id().to_string()),
                who,
                methods: match (speaks, is_phone) {
                    (false, _) => &["Invitee"],
                    (_, true) => &["Attendee"],
                    _ if dice.chance(85) => &["Invitee", "Attendee"],
                    _ => &["Attendee"],
                },
            }
        })
        .collect()
}

impl Call {
    /// The instant by which GET /v2/calls sorts and filters: the scheduled one of a web
    /// conference, the start of any other call.
    pub(crate) fn listed_at(&self) -> Timestamp {
        match self.direction {
            "Conference" => self.scheduled.unwrap_or(self.started),
            _ => self.started,
        }
    }

    /// The id that the previous recorder gave an imported call.
    pub(crate) fn client_unique_id(&self) -> Option<String> {
        let meeting = self.tail % 100_000_000_000;
        self.is_imported.then(|| format!("legacy-{meeting}"))
    }

    /// Where the call is in the application.
    pub(crate) fn url(&self) -> String {
        format!("https://us-14321.app.gong.io/call?id={}", self.id)
    }

    /// The first person of the customer's on the call.
    pub(crate) fn first_contact<'a>(&self, company: &'a Company) -> Option<&'a Contact> {
        let account = self.account_of(company)?;
        self.parties.iter().find_map(|party| match party.who {
            Who::Contact(index) => Some(&account.people[index]),
            _ => None,
        })
    }

    /// The people at the call's account, and the account.
    pub(crate) fn account_of<'a>(&self, company: &'a Company) -> Option<&'a Account> {
        self.account_index.map(|index| &company.accounts[index])
    }

    /// `metaData` of the extensive answer, and a call as GET /v2/calls lists it.
    pub(crate) fn meta(&self, company: &Company) -> Value {
        let zone = &company.zone;
        let is_conference = self.direction == "Conference";
        let started = if self.is_precise {
            let micros = i64::try_from(self.tail % 1_000_000).unwrap_or_default();
            instants::written_precisely(self.started + SignedDuration::from_micros(micros), zone)
        } else {
            instants::written(self.started, zone)
        };
        let meeting = self.tail % 100_000_000_000;
        json!({
            "id": self.id,
            "url": self.url(),
            "title": self.title,
            "scheduled": self.scheduled.map(|at| instants::written(at, zone)),
            "started": started,
            "duration": self.seconds,
            "primaryUserId": company.users[self.host].id,
            "direction": self.direction,
            "system": self.system,
            "scope": match (self.is_imported, self.account_index) {
                (true, _) => "Unknown",
                (_, Some(_)) => "External",
                (_, None) => "Internal",
            },
            "media": if is_conference { "Video" } else { "Audio" },
            "language": self.language,
            "workspaceId": company.workspaces[self.workspace].id,
            "sdrDisposition": self.disposition,
            "clientUniqueId": self.client_unique_id(),
            "customData": self.is_imported.then_some("Imported from the previous recorder"),
            "purpose": self.purpose,
            "meetingUrl": is_conference.then(|| match self.system {
                "Zoom" => format!("https://northwindrelay.zoom.us/j/{meeting}"),
                "Google Meet" => "https://meet.google.com/nwr-relay-call".to_owned(),
                _ => format!("https://teams.microsoft.com/l/meetup-join/19%3ameeting_{meeting}"),
            }),
            "isPrivate": self.is_private,
            "calendarEventId": is_conference.then(|| format!("{:x}@google.com", self.tail)),
        })
    }

    /// `parties` of the extensive answer, with links to the CRM as far as they are asked for.
    pub(crate) fn parties(&self, company: &Company, context: &dyn Fn(&Party) -> Value) -> Value {
        let party = |party: &Party| {
            let none = (None, None, None, None, "Unknown", None);
            let (email, name, title, user, affiliation, phone) = match party.who {
                Who::User(index) => {
                    let User {
                        email, title, id, ..
                    } = &company.users[index];
                    let name = company.users[index].name();
                    (
                        Some(email),
                        Some(name),
                        Some(*title),
                        Some(id),
                        "Internal",
                        None,
                    )
                }
                Who::Contact(index) => match self.account_of(company) {
                    Some(account) => {
                        let Contact {
                            email,
                            name,
                            title,
                            phone,
                            ..
                        } = &account.people[index];
                        let phone = (self.direction != "Conference").then(|| phone.clone());
                        (
                            Some(email),
                            Some(name.clone()),
                            Some(*title),
                            None,
                            "External",
                            phone,
                        )
                    }
                    None => none,
                },
                Who::Number => {
                    let phone = format!("+44 20 7946 {:04}", self.tail % 10_000);
                    (None, None, None, None, "Unknown", Some(phone))
                }
            };
            let mut json = json!({
                "id": party.id,
                "emailAddress": email,
                "name": name,
                "title": title,
                "userId": user,
                "speakerId": party.speaker_id,
                "affiliation": affiliation,
                "phoneNumber": phone,
                "methods": party.methods,
            });
            let context = context(party);
            if !context.is_null() {
                json["context"] = context;
            }
            json
        };
        self.parties.iter().map(party).collect()
    }
}
