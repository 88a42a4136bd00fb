//! The calls: who spoke with whom, when, and how it was recorded.

use jiff::civil::Weekday;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::accounts::{Account, Contact};
use super::call_kinds::Kind;
use super::deals;
use super::heads::Head;
use super::people::{Role, User};
use super::random::{self, Random};
use super::{Company, SALES, SUCCESS};
use crate::instants;

pub(crate) mod grown;

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
    pub(crate) identity: Identity,
    pub(crate) methods: &'static [&'static str],
}

/// Who somebody on a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// One of the vendor's people, by index.
    User(usize),
    /// A person at the call's account, by index.
    Contact(usize),
    /// A telephone number that Gong knows nothing about.
    Number,
}

/// The calls of the small company up to `now`, oldest first.
pub(crate) fn hold(company: &Company, count: usize) -> Vec<Head> {
    let numbers = 0..count;
    let mut calls: Vec<(String, Head)> = numbers
        .map(|number| {
            let call = call(company, number, count);
            let head = Head::of(&call, number);
            (call.id, head)
        })
        .collect();
    calls.sort_by(|(a, one), (b, other)| (one.started, a).cmp(&(other.started, b)));
    calls.into_iter().map(|(_, head)| head).collect()
}

/// The place, in the order of invention, of the call that is an hour long for certain.
fn long_index(count: usize) -> usize {
    1.min(count.saturating_sub(1))
}

/// The id of the call that is an hour long for certain.
pub(crate) fn long_id(seed: u64, count: usize) -> String {
    id(&mut dice_of(seed, long_index(count)))
}

fn dice_of(seed: u64, index: usize) -> Random {
    Random::new(seed, &format!("call {index}"))
}

fn id(random: &mut Random) -> String {
    random.id().to_string()
}

/// The call of the small company with this number, of so many.
pub(crate) fn call(company: &Company, index: usize, count: usize) -> Call {
    let mut random = dice_of(company.seed, index);
    let id = id(&mut random);
    // The first account has one call in five, and these are the plain ones, so that a search
    // for it finds a number known beforehand.
    let is_first = index.is_multiple_of(5);
    let is_long = index == long_index(count);
    let is_plain = is_first || is_long;
    let is_internal = !is_plain && random.chance(10);
    let is_imported = index == 7;
    let is_private = !is_plain && index % 27 == 16;

    let begin = slot(company, &mut random);
    let account_index = (!is_internal).then(|| match is_first {
        true => 0,
        false => 1 + random.below(company.accounts.len() - 1),
    });
    let account = account_index.map(|index| &company.accounts[index]);
    let deal = account.map(|account| deal_at(account, begin));
    let kind = match (account, deal) {
        _ if is_long => Kind::DeepDive,
        (Some(account), Some(deal)) => kind(account, deal, begin, is_plain, &mut random),
        _ => Kind::Internal,
    };
    let is_phone = kind == Kind::Cold || (!is_plain && !is_internal && random.chance(8));
    let language = match account {
        Some(account) if account.language != "eng" && !is_long && random.chance(75) => {
            account.language
        }
        _ => "eng",
    };
    let minutes = match (is_long, is_phone, language) {
        (true, ..) => 60,
        (_, true, _) => random.between(5, 18),
        (_, _, "eng") => random.pick(&[25, 27, 28, 30, 31, 40, 44, 45, 47, 52, 58, 60, 75]),
        _ => random.between(9, 16),
    };
    let seconds = if is_long {
        3600
    } else {
        minutes * 60 - random.between(0, 59)
    };
    let late = if is_phone {
        0
    } else {
        random.between(-90, 300)
    };
    let host = host(company, account, kind, &mut random);
    let parties = parties(company, account, host, is_phone, is_long, &mut random);
    let title = random.pick(kind.titles());
    let title = match account {
        Some(account) => format!("{} – {title}", account.name),
        None => title.to_owned(),
    };
    Call {
        title: (is_plain || !is_phone || random.chance(50)).then_some(title),
        started: begin + SignedDuration::from_secs(late),
        scheduled: (!is_phone && !is_imported).then_some(begin),
        seconds,
        is_private,
        account: account.map(|account| account.name),
        account_index,
        deal,
        has_context: account.is_some() && (is_first || !random.chance(7)),
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
            _ if random.chance(70) => "Outbound",
            _ => "Inbound",
        },
        system: match (is_imported, is_phone) {
            (true, _) => "Public API",
            (_, is_phone) => meeting_system(is_phone, &mut random),
        },
        is_imported,
        seed: random::hash(&format!("{} talk {id}", company.seed)),
        disposition: is_phone
            .then(|| random.pick(&["Connected", "Connected - meeting set", "Call back later"])),
        purpose: random.chance(15).then_some("Sales"),
        is_precise: random.chance(6),
        tail: random.signed_id(),
        id,
    }
}

/// A beginning on a quarter of an hour in business hours, more often lately than long ago,
/// and long enough ago for any call to be over.
fn slot(company: &Company, random: &mut Random) -> Timestamp {
    let back = (random.fraction().powf(1.6) * DAYS) as i64;
    let local = company.now.to_zoned_datetime(company.zone.clone());
    let minutes = random.between(4 * 8, 4 * 17) * 15;
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

fn kind(
    account: &Account,
    deal: usize,
    at: Timestamp,
    is_plain: bool,
    random: &mut Random,
) -> Kind {
    if account.is_customer {
        return random.pick(&[
            Kind::Review,
            Kind::Review,
            Kind::Renewal,
            Kind::Rollout,
            Kind::Incident,
        ]);
    }
    let stage = account.deals[deal].stage(at).min(deals::STAGES.len() - 1);
    match random.pick(Kind::of_stage(stage)) {
        // A telephone call with one person is not a plain one.
        Kind::Cold if is_plain => Kind::Discovery,
        kind => kind,
    }
}

fn host(company: &Company, account: Option<&Account>, kind: Kind, random: &mut Random) -> usize {
    match (account, kind) {
        (None, _) => random.pick(&company.with_role(&[
            Role::SalesManager,
            Role::SalesManager,
            Role::SuccessManager,
        ])),
        (Some(_), Kind::Cold) => random.pick(&company.with_role(&[Role::Opener])),
        (Some(_), Kind::DeepDive | Kind::Security) if random.chance(20) => {
            random.pick(&company.with_role(&[Role::Engineer]))
        }
        (Some(account), _) => host_of_account(account),
    }
}

/// Who hosts most calls of an account.
fn host_of_account(account: &Account) -> usize {
    match account.is_customer {
        true => account.success,
        false => account.owner,
    }
}

/// Where a call is held.
fn meeting_system(is_phone: bool, random: &mut Random) -> &'static str {
    match is_phone {
        true => random.pick(&["Aircall", "Outreach"]),
        false => random.pick(&["Zoom", "Zoom", "Microsoft Teams", "Google Meet"]),
    }
}

/// Two of each side in most calls; on the telephone one, in internal calls four or so of one.
fn parties(
    company: &Company,
    account: Option<&Account>,
    host: usize,
    is_phone: bool,
    is_long: bool,
    random: &mut Random,
) -> Vec<Party> {
    let (internal, external) = match (is_phone, is_long, random.below(10)) {
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
    let mut identity = vec![Identity::User(host)];
    identity.extend(
        random
            .some(&colleagues, count)
            .into_iter()
            .map(Identity::User),
    );
    if let Some(account) = account {
        let people: Vec<usize> = (0..account.people.len()).collect();
        match is_phone && random.chance(12) {
            true => identity.push(Identity::Number),
            false => identity.extend(
                random
                    .some(&people, external)
                    .into_iter()
                    .map(Identity::Contact),
            ),
        }
    }
    let sides = if is_internal { 1 } else { 2 };
    let mut spoke = Vec::new();
    identity
        .into_iter()
        .map(|identity| {
            // The first of each side speaks; of the others one in ten was only invited.
            let side = matches!(identity, Identity::User(_));
            let is_first = !spoke.contains(&side) && spoke.len() < sides;
            spoke.push(side);
            let speaks = is_first || is_internal || is_long || !random.chance(10);
            Party {
                id: random.signed_id().to_string(),
                speaker_id: speaks.then(|| random.signed_id().to_string()),
                identity,
                methods: match (speaks, is_phone) {
                    (false, _) => &["Invitee"],
                    (_, true) => &["Attendee"],
                    _ if random.chance(85) => &["Invitee", "Attendee"],
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

    /// Makes somebody else the host, who takes the place of the one before among the parties.
    pub(crate) fn set_host(&mut self, host: usize) {
        let before = std::mem::replace(&mut self.host, host);
        for party in &mut self.parties {
            party.identity = match party.identity {
                Identity::User(user) if user == before => Identity::User(host),
                Identity::User(user) if user == host => Identity::User(before),
                other => other,
            };
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

    /// The customer's people on the call, by their places at the account.
    pub(crate) fn contacts(&self) -> impl Iterator<Item = usize> {
        self.parties
            .iter()
            .filter_map(|party| match party.identity {
                Identity::Contact(place) => Some(place),
                Identity::User(_) | Identity::Number => None,
            })
    }

    /// The first person of the customer's on the call.
    pub(crate) fn first_contact<'a>(&self, company: &'a Company) -> Option<&'a Contact> {
        let account = self.account_of(company)?;
        self.parties.iter().find_map(|party| match party.identity {
            Identity::Contact(index) => Some(&account.people[index]),
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
            instants::to_rfc3339_micros(self.started + SignedDuration::from_micros(micros), zone)
        } else {
            instants::to_rfc3339(self.started, zone)
        };
        let meeting = self.tail % 100_000_000_000;
        json!({
            "id": self.id,
            "url": self.url(),
            "title": self.title,
            "scheduled": self.scheduled.map(|at| instants::to_rfc3339(at, zone)),
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

    /// `parties` of the extensive answer, with links to the CRM if they are requested.
    pub(crate) fn parties(&self, company: &Company, context: &dyn Fn(&Party) -> Value) -> Value {
        let party = |party: &Party| {
            let none = (None, None, None, None, "Unknown", None);
            let (email, name, title, user, affiliation, phone) = match party.identity {
                Identity::User(index) => {
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
                Identity::Contact(index) => match self.account_of(company) {
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
                Identity::Number => {
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
