//! The vendor's own people.

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::random::Random;
use super::shares::Shares;
use super::{AMERICAS, ASIA, SALES, SUCCESS};
use crate::instants;

/// The vendor's domain.
pub(crate) const DOMAIN: &str = "northwindrelay.com";

/// What a person does at the vendor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Leads the company or a part of it.
    Lead,
    /// Manages sellers.
    SalesManager,
    /// Closes deals.
    Seller,
    /// Opens conversations.
    Opener,
    /// Manages those who look after customers.
    SuccessManager,
    /// Looks after customers.
    Success,
    /// Explains the product.
    Engineer,
}

/// One of the vendor's people.
#[derive(Clone, Debug)]
pub struct User {
    /// Gong's id.
    pub id: String,
    /// The first name; two people share one.
    pub first_name: &'static str,
    /// The last name.
    pub last_name: &'static str,
    /// The job title.
    pub title: &'static str,
    /// The email address.
    pub email: String,
    /// Whether the person still works there.
    pub active: bool,
    /// Whether it is one of Gong's own people, listed only on demand.
    pub avatar: bool,
    /// The manager's id.
    pub manager_id: Option<String>,
    pub(crate) role: Role,
    pub(crate) created: Timestamp,
    pub(crate) crm_id: String,
    /// The workspace of the calls that the user hosts, by index.
    pub(crate) workspace: usize,
    /// By how many minutes the user's clocks are ahead of UTC.
    pub(crate) offset: i64,
    phone: Option<String>,
}

/// First name, last name, title, role, and the manager's place in this list.
type Entry = (
    &'static str,
    &'static str,
    &'static str,
    Role,
    Option<usize>,
);

const STAFF: [Entry; 24] = [
    (
        "Ingrid",
        "Solheim",
        "Chief Executive Officer",
        Role::Lead,
        None,
    ),
    ("Marcus", "Bell", "VP Sales", Role::Lead, Some(0)),
    ("Priya", "Raman", "VP Customer Success", Role::Lead, Some(0)),
    (
        "Tomas",
        "Lindqvist",
        "VP Solutions Engineering",
        Role::Lead,
        Some(0),
    ),
    (
        "Maria",
        "Keller",
        "Sales Manager, Enterprise",
        Role::SalesManager,
        Some(1),
    ),
    (
        "Daniel",
        "Okafor",
        "Sales Manager, Mid-Market",
        Role::SalesManager,
        Some(1),
    ),
    (
        "Claire",
        "Dubois",
        "Sales Development Manager",
        Role::SalesManager,
        Some(1),
    ),
    (
        "Henrik",
        "Vos",
        "Customer Success Manager, Team Lead",
        Role::SuccessManager,
        Some(2),
    ),
    (
        "Jonas",
        "Weber",
        "Enterprise Account Executive",
        Role::Seller,
        Some(4),
    ),
    (
        "Sofia",
        "Marchetti",
        "Enterprise Account Executive",
        Role::Seller,
        Some(4),
    ),
    (
        "Liam",
        "Gallagher",
        "Senior Account Executive",
        Role::Seller,
        Some(4),
    ),
    ("Amara", "Nwosu", "Account Executive", Role::Seller, Some(5)),
    (
        "Maria",
        "Fernandez",
        "Account Executive",
        Role::Seller,
        Some(5),
    ),
    ("Ben", "Hartley", "Account Executive", Role::Seller, Some(5)),
    (
        "Noah",
        "Fischer",
        "Sales Development Representative",
        Role::Opener,
        Some(6),
    ),
    (
        "Zoe",
        "Lambert",
        "Sales Development Representative",
        Role::Opener,
        Some(6),
    ),
    (
        "Ravi",
        "Patel",
        "Senior Sales Development Representative",
        Role::Opener,
        Some(6),
    ),
    (
        "Hannah",
        "Brandt",
        "Customer Success Manager",
        Role::Success,
        Some(7),
    ),
    (
        "Oliver",
        "Stone",
        "Customer Success Manager",
        Role::Success,
        Some(7),
    ),
    (
        "Lucia",
        "Romero",
        "Senior Customer Success Manager",
        Role::Success,
        Some(7),
    ),
    (
        "Mateusz",
        "Kowalski",
        "Solutions Engineer",
        Role::Engineer,
        Some(3),
    ),
    (
        "Grace",
        "Chen",
        "Senior Solutions Engineer",
        Role::Engineer,
        Some(3),
    ),
    ("Victor", "Sand", "Account Executive", Role::Seller, Some(5)),
    (
        "Nina",
        "Berg",
        "Sales Development Representative",
        Role::Opener,
        Some(6),
    ),
];

/// Those who have left, by their place in [`STAFF`].
const LEFT: [usize; 2] = [22, 23];

/// The vendor's people, oldest account first, and Gong's avatar last.
pub(crate) fn hire(seed: u64, now: Timestamp) -> Vec<User> {
    let mut users: Vec<User> = Vec::with_capacity(STAFF.len() + 1);
    for (index, (first_name, last_name, title, role, manager)) in STAFF.into_iter().enumerate() {
        let mut random = Random::new(seed, &format!("user {index}"));
        let age = 24 * (1150 - 40 * i64::try_from(index).unwrap_or_default());
        let created = now
            - SignedDuration::from_hours(age)
            - SignedDuration::from_secs(random.between(0, 36_000));
        users.push(User {
            id: random.signed_id().to_string(),
            first_name,
            last_name,
            title,
            email: format!("{first_name}.{last_name}@{DOMAIN}").to_lowercase(),
            active: !LEFT.contains(&index),
            avatar: false,
            manager_id: manager.map(|index| users[index].id.clone()),
            role,
            created,
            crm_id: random.crm_id("005"),
            workspace: match role {
                Role::Success | Role::SuccessManager => SUCCESS,
                _ => SALES,
            },
            offset: REGIONS[0].1,
            phone: phone(&mut random),
        });
    }
    let mut random = Random::new(seed, "avatar");
    users.push(User {
        id: random.signed_id().to_string(),
        first_name: "Gong",
        last_name: "Support",
        title: "Gong CSM",
        email: "support+northwindrelay@gong.io".to_owned(),
        active: true,
        avatar: true,
        manager_id: None,
        role: Role::Lead,
        created: now - SignedDuration::from_hours(24 * 170),
        crm_id: random.crm_id("005"),
        workspace: SALES,
        offset: REGIONS[0].1,
        phone: None,
    });
    users
}

fn phone(random: &mut Random) -> Option<String> {
    random
        .chance(60)
        .then(|| format!("+49 30 5550 {:04}", random.between(0, 9999)))
}

/// The workspace of a region's sellers, and by how many minutes its clocks are ahead of UTC:
/// Berlin, New York, London, San Francisco, Singapore and Mumbai.
const REGIONS: [(usize, i64); 6] = [
    (SALES, 60),
    (AMERICAS, -300),
    (SALES, 0),
    (AMERICAS, -480),
    (ASIA, 480),
    (ASIA, 330),
];

/// Names for those who came later; none is on the first staff.
const LATER_FIRST_NAMES: [&str; 40] = [
    "Adam", "Aisha", "Anton", "Bella", "Bruno", "Camille", "Cyrus", "Dalia", "Dora", "Emil",
    "Esther", "Farid", "Flora", "Greta", "Hamza", "Holly", "Ivan", "Jana", "Joel", "Kim", "Klara",
    "Lars", "Leila", "Malik", "Mira", "Niko", "Nora", "Omar", "Pia", "Rafael", "Rosa", "Sami",
    "Selma", "Tariq", "Thea", "Uma", "Viktor", "Wanda", "Yara", "Zane",
];

const LATER_LAST_NAMES: [&str; 40] = [
    "Adler", "Andrade", "Baker", "Bauer", "Castro", "Clarke", "Costa", "Dahl", "Engel", "Evans",
    "Falk", "Ferrari", "Garcia", "Gupta", "Hansen", "Hughes", "Ito", "Iyer", "Jensen", "Khan",
    "Klein", "Lang", "Lopes", "Mason", "Moreau", "Murphy", "Nair", "Novak", "Olsen", "Owens",
    "Palmer", "Pereira", "Rao", "Richter", "Santos", "Schmidt", "Tanaka", "Turner", "Vogel",
    "Walsh",
];

/// Hires so many more who sell, open conversations or look after customers, in several regions.
/// Gong's avatar stays last.
pub(crate) fn hire_more(seed: u64, now: Timestamp, users: &mut Vec<User>, count: usize) {
    const ROLES: [(Role, &str, usize); 10] = [
        (Role::Seller, "Account Executive", 4),
        (Role::Seller, "Senior Account Executive", 5),
        (Role::Success, "Customer Success Manager", 7),
        (Role::Seller, "Account Executive", 5),
        (Role::Opener, "Sales Development Representative", 6),
        (Role::Seller, "Enterprise Account Executive", 4),
        (Role::Seller, "Account Executive", 4),
        (Role::Success, "Senior Customer Success Manager", 7),
        (Role::Seller, "Account Executive", 5),
        (Role::Opener, "Sales Development Representative", 6),
    ];
    let names = LATER_FIRST_NAMES.len() * LATER_LAST_NAMES.len();
    let regions = Shares::new(REGIONS.len());
    let avatar = users.pop();
    for index in 0..count {
        let mut random = Random::new(seed, &format!("later user {index}"));
        let (role, title, manager) = ROLES[index % ROLES.len()];
        // 11 has no factor in common with 1,600, so each name comes once.
        let at = (11 * index) % names;
        let (first, last) = (at % 40, at / 40);
        let first_name = LATER_FIRST_NAMES[first];
        let last_name = LATER_LAST_NAMES[(first + last) % LATER_LAST_NAMES.len()];
        let again = match index / names {
            0 => String::new(),
            again => again.to_string(),
        };
        let (workspace, offset) = REGIONS[regions.pick(&mut random)];
        users.push(User {
            id: random.signed_id().to_string(),
            first_name,
            last_name,
            title,
            email: format!("{first_name}.{last_name}{again}@{DOMAIN}").to_lowercase(),
            active: true,
            avatar: false,
            manager_id: Some(users[manager].id.clone()),
            role,
            created: now - SignedDuration::from_mins(random.between(24 * 60, 180 * 24 * 60)),
            crm_id: random.crm_id("005"),
            workspace: if role == Role::Success {
                SUCCESS
            } else {
                workspace
            },
            offset,
            phone: phone(&mut random),
        });
    }
    users.extend(avatar);
}

impl User {
    /// First and last name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
    }

    /// The clocks by which the user works; without summer time.
    #[must_use]
    pub fn time_zone(&self) -> TimeZone {
        let offset = Offset::from_seconds(i32::try_from(self.offset * 60).unwrap_or_default());
        TimeZone::fixed(offset.unwrap_or(Offset::UTC))
    }

    /// Whether the user's calls are recorded.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.active && self.role != Role::Lead
    }

    /// As the users endpoints answer it.
    pub(crate) fn json(&self, zone: &TimeZone) -> Value {
        let records = self.is_recorded();
        json!({
            "id": self.id,
            "emailAddress": self.email,
            "created": instants::to_rfc3339(self.created, zone),
            "active": self.active,
            "emailAliases": [],
            "trustedEmailAddress": null,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "title": self.title,
            "phoneNumber": self.phone,
            "extension": null,
            "personalMeetingUrls": if records {
                json!([format!("https://northwindrelay.zoom.us/my/{}", self.last_name.to_lowercase())])
            } else {
                json!([])
            },
            "settings": {
                "webConferencesRecorded": records,
                "preventWebConferenceRecording": false,
                "telephonyCallsImported": self.role == Role::Opener,
                "emailsImported": self.active,
                "preventEmailImport": false,
                "nonRecordedMeetingsImported": false,
                "gongConnectEnabled": self.role == Role::Opener,
            },
            "managerId": self.manager_id,
            "meetingConsentPageUrl": null,
            "conferencingProviders": if records {
                json!([{ "provider": "zoom", "isDefault": true }])
            } else {
                json!([])
            },
            "spokenLanguages": [{ "language": "en-US", "primary": true }],
        })
    }
}
