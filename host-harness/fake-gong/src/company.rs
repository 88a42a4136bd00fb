//! An invented company: Northwind Relay sells software that moves records between the
//! systems of its customers, and records its calls with Gong.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{Timestamp, civil::Date, tz::TimeZone};

pub(crate) mod account_names;
pub(crate) mod accounts;
pub(crate) mod actions;
pub(crate) mod briefs;
pub(crate) mod calendars;
pub(crate) mod call_kinds;
pub(crate) mod calls;
pub(crate) mod content;
pub(crate) mod context;
pub(crate) mod deals;
pub(crate) mod entities;
pub(crate) mod flows;
pub(crate) mod heads;
pub(crate) mod library;
pub(crate) mod logs;
pub(crate) mod outcomes;
pub(crate) mod people;
pub(crate) mod phrases;
pub(crate) mod profiles;
pub(crate) mod random;
pub(crate) mod references;
pub(crate) mod scorecards;
pub(crate) mod settings;
pub(crate) mod shares;
pub(crate) mod targets;
pub(crate) mod tasks;
pub(crate) mod templates;
pub(crate) mod trackers;
pub(crate) mod transcripts;

pub use accounts::{Account, Contact};
pub use briefs::Brief;
pub use calls::Call;
pub use deals::Deal;
pub use flows::{Flow, Instance};
pub use library::LibraryFolder;
pub use people::User;
pub use profiles::Profile;
pub use targets::Target;
pub use tasks::Task;

use actions::Event;
use calls::grown::{self, Coming, Roster};
use heads::{Head, Scheme};
use people::Role;
use random::Random;
use shares::Shares;

use crate::instants;
use crate::options::Grown;

/// The index of the sellers' workspace.
pub(crate) const SALES: usize = 0;
/// The index of the workspace of customer success.
pub(crate) const SUCCESS: usize = 1;
/// The indices of the workspaces that only a grown company has.
pub(crate) const AMERICAS: usize = 2;
pub(crate) const ASIA: usize = 3;

/// Everything that the API has data about. Of calls it holds only what they are found by; a
/// call is made when it is looked at, and the same each time.
#[derive(Debug)]
pub struct Company {
    pub(crate) seed: u64,
    pub(crate) now: Timestamp,
    pub(crate) zone: TimeZone,
    pub(crate) workspaces: Vec<Workspace>,
    pub(crate) users: Vec<User>,
    pub(crate) accounts: Vec<Account>,
    /// The calls up to now, oldest first. A call's place in here is what everything knows it by.
    pub(crate) heads: Vec<Head>,
    /// The calls after now, in the order in which they appear.
    pub(crate) coming: Vec<Coming>,
    pub(crate) roster: Roster,
    pub(crate) scorecards: Vec<scorecards::Scorecard>,
    pub(crate) answered: Vec<scorecards::AnsweredScorecard>,
    pub(crate) folders: Vec<flows::Folder>,
    pub(crate) flows: Vec<flows::Flow>,
    pub(crate) instances: Vec<flows::Instance>,
    pub(crate) profiles: Vec<Profile>,
    pub(crate) targets: Vec<Target>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) briefs: Vec<Brief>,
    pub(crate) library: Vec<LibraryFolder>,
    events: OnceLock<Vec<Event>>,
    calls: OnceLock<Vec<Call>>,
    made: AtomicU64,
}

/// A part of the company with its own calls, flows and profiles.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Gong's id.
    pub id: String,
    /// The name.
    pub name: &'static str,
    pub(crate) description: Option<&'static str>,
}

impl Company {
    /// The company drawn from this seed as it stands at `now`, with so many calls.
    #[must_use]
    pub fn new(seed: u64, now: Timestamp, calls: usize) -> Self {
        Self::founded(seed, now, calls, None)
    }

    /// The small company, or one that has grown to this size.
    #[must_use]
    pub fn founded(seed: u64, now: Timestamp, calls: usize, grown: Option<&Grown>) -> Self {
        let mut users = people::hire(seed, now);
        if let Some(grown) = grown {
            people::hire_more(seed, now, &mut users, grown.sellers);
        }
        let mut company = Self {
            seed,
            now,
            zone: instants::company_zone(),
            workspaces: workspaces(seed, grown.is_some()),
            accounts: Vec::new(),
            heads: Vec::new(),
            coming: Vec::new(),
            roster: Roster::default(),
            scorecards: Vec::new(),
            answered: Vec::new(),
            folders: Vec::new(),
            flows: Vec::new(),
            instances: Vec::new(),
            profiles: Vec::new(),
            targets: Vec::new(),
            tasks: Vec::new(),
            briefs: Vec::new(),
            library: Vec::new(),
            events: OnceLock::new(),
            calls: OnceLock::new(),
            made: AtomicU64::new(0),
            users,
        };
        let sellers = company.with_role(&[Role::Seller]);
        let success = company.with_role(&[Role::Success]);
        company.accounts = match grown {
            None => accounts::win(seed, now, &company.users, &sellers, &success),
            Some(grown) => accounts::win_many(
                seed,
                now,
                &company.users,
                (&sellers, &success),
                &Shares::new(grown.accounts.max(accounts::LEAST_ACCOUNTS)),
                grown.people,
            ),
        };
        company.roster = Roster::of(&company);
        match grown {
            None => company.heads = calls::hold(&company, calls),
            Some(grown) => {
                company.heads = grown::hold(&company, calls);
                company.coming = grown::plan(&company, calls, grown.days_ahead);
            }
        }
        company.scorecards = scorecards::write(&company);
        company.answered = scorecards::answer(&company);
        company.folders = flows::folders(&company);
        company.flows = flows::write(&company);
        company.instances = flows::run(&company);
        company.profiles = profiles::write(&company);
        company.targets = targets::set(&company);
        company.tasks = tasks::plan(&company);
        company.briefs = briefs::write(&company);
        company.library = library::fill(&company);
        company
    }

    /// The moment at which the company stands.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The workspaces: "Sales" and "Customer Success", and of a grown company also "Sales
    /// Americas" and "Sales Asia".
    #[must_use]
    pub fn workspaces(&self) -> &[Workspace] {
        &self.workspaces
    }

    /// The vendor's people, those who left and Gong's avatar included.
    #[must_use]
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The customers. The first is Acme Corp: in the small company it has one call in five, and
    /// none of them is private; in a grown company it is the largest.
    #[must_use]
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// The calls, oldest first, private ones included. The first use makes and keeps them all,
    /// some 2 kB each; of a grown company rather make single ones with [`Company::call`].
    #[must_use]
    pub fn calls(&self) -> &[Call] {
        let places = 0..self.heads.len();
        self.calls
            .get_or_init(|| places.map(|place| self.call(place)).collect())
    }

    /// How many calls there are, those to come left out.
    #[must_use]
    pub fn call_count(&self) -> usize {
        self.heads.len()
    }

    /// Makes the call at this place, below [`Company::call_count`]; the oldest is at 0.
    ///
    /// # Panics
    ///
    /// There is no such call.
    #[must_use]
    pub fn call(&self, place: usize) -> Call {
        self.make(&self.heads[place])
    }

    /// Makes the call with this head.
    pub(crate) fn make(&self, head: &Head) -> Call {
        self.made.fetch_add(1, Ordering::Relaxed);
        match head.scheme {
            Scheme::Small => calls::call(self, head.number as usize, self.heads.len()),
            Scheme::Grown | Scheme::Added => grown::call(self, head),
        }
    }

    /// How many calls were made so far: what looking at calls has cost.
    #[must_use]
    pub fn calls_made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// All that was done with calls up to now, oldest first. The first use makes every call.
    pub(crate) fn events(&self) -> &[Event] {
        self.events.get_or_init(|| actions::happen(self))
    }

    /// The user who hosted a call.
    #[must_use]
    pub fn primary_user(&self, call: &Call) -> &User {
        &self.users[call.host]
    }

    /// The people from outside on a call, whom the CRM knows.
    pub fn outsiders(&self, call: &Call) -> impl Iterator<Item = &Contact> {
        let account = call.account_of(self);
        let parties: Vec<usize> = call.contacts().collect();
        let people = account.map(|account| parties.into_iter().map(|place| &account.people[place]));
        people.into_iter().flatten()
    }

    /// The workspace that a call is in.
    #[must_use]
    pub fn workspace_of(&self, call: &Call) -> &Workspace {
        &self.workspaces[call.workspace]
    }

    /// The deal that a call is about; calls without a link to the CRM have none.
    #[must_use]
    pub fn deal_of(&self, call: &Call) -> Option<&Deal> {
        let account = call.account_of(self).filter(|_| call.has_context)?;
        call.deal.map(|index| &account.deals[index])
    }

    /// The AI briefs, published or not: "Account handover", "Deal review", "Renewal
    /// preparation" and, not published, "Security summary".
    #[must_use]
    pub fn briefs(&self) -> &[Brief] {
        &self.briefs
    }

    /// The public folders of the library, parents before their children.
    #[must_use]
    pub fn library_folders(&self) -> &[LibraryFolder] {
        &self.library
    }

    /// The flows, oldest first, personal ones included.
    #[must_use]
    pub fn flows(&self) -> &[Flow] {
        &self.flows
    }

    /// The prospects in flows, in every status.
    #[must_use]
    pub fn flow_instances(&self) -> &[Instance] {
        &self.instances
    }

    /// The CRM id of a prospect who is in no flow and never was.
    #[must_use]
    pub fn prospect_in_no_flow(&self) -> &str {
        // Of each account only the first two are in flows, and each has three people at least.
        &self.accounts[0].people[2].crm_id
    }

    /// The CRM id of a prospect who answered lately and is to be left alone for a while.
    #[must_use]
    pub fn prospect_in_cool_off(&self) -> &str {
        let mut instances = self.instances.iter();
        let cooling = instances.find(|instance| instance.is_cooling_off());
        cooling.map_or("", |instance| &instance.prospect)
    }

    /// The CRM id of a prospect who is in a flow beside which there can be no other.
    #[must_use]
    pub fn prospect_in_exclusive_flow(&self) -> &str {
        &self.instances[flows::IN_EXCLUSIVE].prospect
    }

    /// The permission profiles: four of the first workspace, then four of the next, and so on.
    #[must_use]
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The sales targets, of both workspaces.
    #[must_use]
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The Engage tasks, of all users and in every status.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The user who owns a task.
    #[must_use]
    pub fn owner_of(&self, task: &Task) -> &User {
        &self.users[task.user]
    }

    /// A user whose calendar Gong has lost, so that meetings are refused with 409.
    #[must_use]
    pub fn user_without_calendar(&self) -> Option<&User> {
        let mut users = self.users.iter();
        users.find(|user| user.active && user.calendar_problem().is_some())
    }

    /// The id of a call of an hour, with 140 monologues, whose transcript answers with 94 kB.
    /// A company without calls has no such call, and a grown one need not have one: this id is
    /// unknown there.
    #[must_use]
    pub fn long_call_id(&self) -> String {
        calls::long_id(self.seed, self.heads.len())
    }

    /// The indices of the active users with one of these roles.
    pub(crate) fn with_role(&self, roles: &[Role]) -> Vec<usize> {
        let users = self.users.iter().enumerate();
        users
            .filter(|(_, user)| user.active && !user.avatar && roles.contains(&user.role))
            .map(|(index, _)| index)
            .collect()
    }

    /// The day on which an instant falls in the company's time zone.
    pub(crate) fn day(&self, instant: Timestamp) -> Date {
        instant.to_zoned_datetime(self.zone.clone()).date()
    }

    /// The first instant of a day in the company's time zone.
    pub(crate) fn midnight(&self, day: Date) -> Timestamp {
        let midnight = day.at(0, 0, 0, 0).to_zoned_datetime(self.zone.clone());
        midnight.map_or(self.now, |midnight| midnight.timestamp())
    }

    /// The index of the workspace with this id.
    pub(crate) fn workspace(&self, id: &str) -> Option<usize> {
        let mut workspaces = self.workspaces.iter();
        workspaces.position(|workspace| workspace.id == id)
    }

    /// The user with this address, however it is spelt.
    pub(crate) fn user_by_email(&self, email: &str) -> Option<&User> {
        let mut users = self.users.iter();
        users.find(|user| user.email.eq_ignore_ascii_case(email))
    }
}

/// The workspaces, more in a grown company.
fn workspaces(seed: u64, is_grown: bool) -> Vec<Workspace> {
    const WORKSPACES: [(&str, Option<&str>); 4] = [
        ("Sales", Some("New business and expansion")),
        ("Customer Success", None),
        ("Sales Americas", Some("New business in the Americas")),
        ("Sales Asia", None),
    ];
    let count = if is_grown { WORKSPACES.len() } else { AMERICAS };
    let workspaces = WORKSPACES.into_iter().take(count);
    workspaces
        .map(|(name, description)| Workspace {
            id: Random::new(seed, name).signed_id().to_string(),
            name,
            description,
        })
        .collect()
}
