//! The calls of a grown company: unevenly many an account and a seller, in the business hours
//! of several regions. A call's head is drawn at the start, all else when the call is looked at.

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Span, Timestamp};

use super::super::Company;
use super::super::heads::{Head, Scheme, small};
use super::super::people::Role;
use super::super::random::{self, Random};
use super::super::shares::Shares;
use super::{Call, Identity, Kind, Party, deal_at, host_of_account, kind, meeting_system};

/// How many days back calls go.
const DAYS: i32 = 178;

const DAY: i64 = 24 * 60 * 60;

/// Who hosts and attends calls, and how calls are spread over accounts.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    openers: Vec<usize>,
    managers: Vec<usize>,
    colleagues: Vec<usize>,
    accounts: Option<Shares>,
}

impl Roster {
    /// Of a company whose people and accounts are there.
    pub(crate) fn of(company: &Company) -> Self {
        let roles = [
            Role::SalesManager,
            Role::Seller,
            Role::SuccessManager,
            Role::Success,
            Role::Engineer,
        ];
        Self {
            openers: company.with_role(&[Role::Opener]),
            managers: company.with_role(&[Role::SalesManager, Role::SuccessManager]),
            colleagues: company.with_role(&roles),
            accounts: Some(Shares::new(company.accounts.len())),
        }
    }
}

/// A call that is still to come, and when Gong will have processed it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coming {
    pub(crate) appears: Timestamp,
    pub(crate) head: Head,
}

/// The calls up to `now`, oldest first.
pub(crate) fn hold(company: &Company, count: usize) -> Vec<Head> {
    let days = business_days(company, -DAYS, 0);
    let now = company.now.as_second();
    let mut heads: Vec<Head> = (0..count)
        .map(|number| {
            let mut random = dice(company, number);
            draw(company, number, &mut random, |random, offset| {
                let day = random.below(days.len());
                let minutes = quarter(random);
                // What would not be over today was held on an earlier day.
                let begins = days[..=day].iter().rev();
                let mut begins = begins.map(|day| day * DAY + (minutes - offset) * 60);
                begins
                    .find(|begin| begin + 90 * 60 <= now)
                    .unwrap_or(days[0] * DAY - DAY)
            })
        })
        .collect();
    heads.sort_by_key(|head| (head.started, head.id));
    heads
}

/// The calls of the days after `now`, at the same rate as before, in the order in which they
/// appear: most within the hour, one in 25 up to a day late.
pub(crate) fn plan(company: &Company, count: usize, days_ahead: u32) -> Vec<Coming> {
    let before = business_days(company, -DAYS, 0).len();
    let days = business_days(company, 0, i32::try_from(days_ahead).unwrap_or(i32::MAX));
    let now = company.now.as_second();
    let coming = count * days.len() / before.max(1);
    let mut coming: Vec<Coming> = (count..count + coming)
        .filter_map(|number| {
            let mut random = dice(company, number);
            let head = draw(company, number, &mut random, |random, offset| {
                random.pick(&days) * DAY + (quarter(random) - offset) * 60
            });
            let minutes = match random.chance(4) {
                true => random.between(3 * 60, 22 * 60),
                false => random.between(80, 130),
            };
            let appears = head.started + SignedDuration::from_mins(minutes);
            (head.started.as_second() > now).then_some(Coming { appears, head })
        })
        .collect();
    coming.sort_by_key(|coming| (coming.appears, coming.head.id));
    coming
}

/// What a call that comes late is to be like; the rest is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Late {
    pub(crate) started: Timestamp,
    pub(crate) account: Option<usize>,
    pub(crate) host: Option<usize>,
    pub(crate) is_private: bool,
}

/// A call that nobody planned, in a company of either kind.
pub(crate) fn late(company: &Company, number: usize, late: &Late) -> Head {
    let mut random = Random::new(company.seed, &format!("late call {number}"));
    let mut head = draw(company, number, &mut random, |_, _| {
        late.started.as_second()
    });
    head.started = late.started;
    head.listed_at = late.started;
    head.is_private = late.is_private;
    let mut host = late.host;
    if let Some(account) = late.account {
        head.account = Some(small(account));
        host = host.or(Some(host_of_account(&company.accounts[account])));
    }
    if let Some(host) = host {
        head.host = small(host);
        head.workspace = u8::try_from(company.users[host].workspace).unwrap_or_default();
    }
    head
}

fn dice(company: &Company, number: usize) -> Random {
    Random::new(company.seed, &format!("grown call {number}"))
}

/// The working days from so many days before today to so many after it, as days since 1970.
fn business_days(company: &Company, from: i32, to: i32) -> Vec<i64> {
    let today = company.day(company.now);
    let days = (from..=to).filter_map(|days| {
        let day: Date = today.checked_add(Span::new().days(days)).ok()?;
        let is_free = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let since = day.duration_since(Date::constant(1970, 1, 1));
        (!is_free).then(|| since.as_secs() / DAY)
    });
    let mut days: Vec<i64> = days.collect();
    if days.is_empty() {
        // A weekend alone has none; its calls are held on the Monday after it.
        days.push(company.now.as_second() / DAY + 2);
    }
    days
}

/// Minutes from midnight to a quarter of an hour in business hours.
fn quarter(random: &mut Random) -> i64 {
    random.between(4 * 8, 4 * 17) * 15
}

/// Draws a call that begins when `begin` says for clocks that are so many minutes ahead.
fn draw(
    company: &Company,
    number: usize,
    random: &mut Random,
    begin: impl FnOnce(&mut Random, i64) -> i64,
) -> Head {
    let roster = &company.roster;
    let id = random.id();
    let is_internal = random.chance(8);
    let is_phone = !is_internal && random.chance(15);
    let account = (!is_internal).then(|| match &roster.accounts {
        Some(shares) => shares.pick(random),
        None => 0,
    });
    let host = match account {
        None => random.pick(&roster.managers),
        Some(_) if is_phone => random.pick(&roster.openers),
        Some(_) if random.chance(8) => random.pick(&roster.colleagues),
        Some(account) => host_of_account(&company.accounts[account]),
    };
    let host_user = &company.users[host];
    let begin = begin(random, host_user.offset);
    let late = if is_phone {
        0
    } else {
        random.between(-90, 300)
    };
    let at = |second: i64| Timestamp::from_second(second).unwrap_or(company.now);
    let started = at(begin + late);
    Head {
        id,
        number: small(number),
        scheme: Scheme::Grown,
        started,
        listed_at: if is_phone { started } else { at(begin) },
        host: small(host),
        account: account.map(small),
        workspace: u8::try_from(host_user.workspace).unwrap_or_default(),
        is_private: random.chance(1),
        is_imported: false,
        is_phone,
    }
}

/// The call with this head.
pub(crate) fn call(company: &Company, head: &Head) -> Call {
    let mut random = Random::new(
        company.seed,
        &format!("grown talk {} {}", head.number, head.id),
    );
    let host = head.host as usize;
    let account_index = head.account.map(|account| account as usize);
    let account = account_index.map(|index| &company.accounts[index]);
    let deal = account.map(|account| deal_at(account, head.started));
    let kind = match (account, deal) {
        (Some(_), _) if head.is_phone => Kind::Cold,
        // Every kind but that of the telephone.
        (Some(account), Some(deal)) => kind(account, deal, head.started, true, &mut random),
        _ => Kind::Internal,
    };
    let language = match account {
        Some(account) if account.language != "eng" && random.chance(75) => account.language,
        _ => "eng",
    };
    let minutes = match head.is_phone {
        true => random.between(3, 18),
        false => random.pick(&[14, 25, 27, 28, 30, 31, 40, 44, 45, 47, 52, 58, 60, 75]),
    };
    let seconds = minutes * 60 - random.between(0, 59);
    let parties = parties(
        company,
        head,
        account.map(|account| account.people.len()),
        &mut random,
    );
    let title = random.pick(kind.titles());
    let title = match account {
        Some(account) => format!("{} – {title}", account.name),
        None => title.to_owned(),
    };
    Call {
        id: head.id.to_string(),
        title: (!head.is_phone || random.chance(50)).then_some(title),
        started: head.started,
        scheduled: (!head.is_phone).then_some(head.listed_at),
        seconds,
        is_private: head.is_private,
        account: account.map(|account| account.name),
        account_index,
        deal,
        has_context: account.is_some() && !random.chance(7),
        kind,
        host,
        parties,
        workspace: usize::from(head.workspace),
        language,
        direction: match head.is_phone {
            false => "Conference",
            true if random.chance(70) => "Outbound",
            true => "Inbound",
        },
        system: meeting_system(head.is_phone, &mut random),
        is_imported: false,
        seed: random::hash(&format!("{} talk {}", company.seed, head.id)),
        disposition: head
            .is_phone
            .then(|| random.pick(&["Connected", "Connected - meeting set", "Call back later"])),
        purpose: random.chance(15).then_some("Sales"),
        is_precise: random.chance(6),
        tail: random.signed_id(),
    }
}

/// The host, up to three colleagues, and of the customer's people those who come most often
/// more likely than the others.
fn parties(
    company: &Company,
    head: &Head,
    people: Option<usize>,
    random: &mut Random,
) -> Vec<Party> {
    let host = head.host as usize;
    let (internal, external) = match (people, head.is_phone, random.below(10)) {
        (None, ..) => (4, 0),
        (_, true, _) => (1, 1),
        (_, _, 0..4) => (2, 2),
        (_, _, 4 | 5) => (1, 2),
        (_, _, 6) => (1, 1),
        (_, _, 7) => (2, 1),
        (_, _, 8) => (2, 4),
        _ => (3, 3),
    };
    let mut identities = vec![Identity::User(host)];
    for _ in 1..internal {
        let colleague = Identity::User(random.pick(&company.roster.colleagues));
        if !identities.contains(&colleague) {
            identities.push(colleague);
        }
    }
    match people {
        Some(_) if head.is_phone && random.chance(12) => identities.push(Identity::Number),
        Some(people) => {
            for _ in 0..external {
                let place = (random.fraction().powi(2) * people as f64) as usize;
                let person = Identity::Contact(place.min(people.saturating_sub(1)));
                if !identities.contains(&person) {
                    identities.push(person);
                }
            }
        }
        None => {}
    }
    let first_contact = identities
        .iter()
        .position(|identity| matches!(identity, Identity::Contact(_)));
    let parties = identities.into_iter().enumerate();
    parties
        .map(|(place, identity)| {
            // The first of each side speaks; of the others one in ten was only invited.
            let speaks = place == 0 || first_contact == Some(place) || !random.chance(10);
            Party {
                id: random.signed_id().to_string(),
                speaker_id: speaks.then(|| random.signed_id().to_string()),
                identity,
                methods: match (speaks, head.is_phone) {
                    (false, _) => &["Invitee"],
                    (_, true) => &["Attendee"],
                    _ if random.chance(85) => &["Invitee", "Attendee"],
                    _ => &["Attendee"],
                },
            }
        })
        .collect()
}
