//! The customers: companies, their people, and what is to be sold to them.

use jiff::{SignedDuration, Timestamp};

use super::account_names::{self, Entry};
use super::deals::{self, Deal};
use super::people::User;
use super::random::Random;
use super::shares::Shares;

/// A company that the vendor sells to.
#[derive(Clone, Debug)]
pub struct Account {
    /// The company's name.
    pub name: &'static str,
    /// The domain of its website and its people's addresses.
    pub domain: &'static str,
    /// The people who come to calls.
    pub people: Vec<Contact>,
    /// What is or was to be sold.
    pub deals: Vec<Deal>,
    /// The CRM's id, of 18 characters.
    pub crm_id: String,
    pub(crate) industry: &'static str,
    pub(crate) language: &'static str,
    pub(crate) is_customer: bool,
    pub(crate) owner: usize,
    pub(crate) success: usize,
    pub(crate) employees: i64,
}

/// A person at a customer.
#[derive(Clone, Debug)]
pub struct Contact {
    /// First and last name.
    pub name: String,
    /// The job title.
    pub title: &'static str,
    /// The email address.
    pub email: String,
    /// The CRM's id of the contact or lead, of 18 characters.
    pub crm_id: String,
    /// The telephone number, e.g. `+44 20 7946 0123`.
    pub phone: String,
    /// Whether the CRM has a lead and not a contact.
    pub is_lead: bool,
    pub(crate) first_name: &'static str,
}

/// The first one is the account of one call in five.
const COMPANIES: [Entry; 20] = [
    (
        "Acme Corp",
        "acme.com",
        "Industrial Manufacturing",
        "eng",
        false,
    ),
    (
        "Halden Foods",
        "haldenfoods.com",
        "Food and Beverage",
        "eng",
        false,
    ),
    (
        "Brightwater Logistics",
        "brightwaterlogistics.com",
        "Logistics",
        "eng",
        true,
    ),
    (
        "Castell Pharma",
        "castellpharma.com",
        "Pharmaceuticals",
        "eng",
        false,
    ),
    (
        "Nordfjord Energi",
        "nordfjordenergi.no",
        "Energy",
        "eng",
        true,
    ),
    (
        "Keppler Maschinenbau",
        "keppler-maschinen.de",
        "Machinery",
        "ger",
        false,
    ),
    (
        "Vantage Retail Group",
        "vantageretail.co.uk",
        "Retail",
        "eng",
        true,
    ),
    (
        "Lumière Cosmetics",
        "lumiere-cosmetics.fr",
        "Consumer Goods",
        "fre",
        false,
    ),
    (
        "Terranova Seguros",
        "terranovaseguros.es",
        "Insurance",
        "spa",
        true,
    ),
    (
        "Oakline Furniture",
        "oaklinefurniture.com",
        "Furniture",
        "eng",
        false,
    ),
    (
        "Pinecrest Health",
        "pinecresthealth.org",
        "Healthcare",
        "eng",
        true,
    ),
    ("Quillon Software", "quillon.io", "Software", "eng", false),
    (
        "Redstone Mining",
        "redstonemining.com.au",
        "Mining",
        "eng",
        false,
    ),
    (
        "Saffron Airlines",
        "saffronair.com",
        "Aviation",
        "eng",
        true,
    ),
    ("Tidewell Bank", "tidewellbank.com", "Banking", "eng", false),
    (
        "Umbra Optics",
        "umbraoptics.com",
        "Medical Devices",
        "eng",
        true,
    ),
    (
        "Westerby Auto Parts",
        "westerbyauto.com",
        "Automotive",
        "eng",
        false,
    ),
    ("Ysolde Fashion", "ysolde.com", "Apparel", "eng", true),
    (
        "Zephyr Telecom",
        "zephyrtelecom.eu",
        "Telecommunications",
        "eng",
        false,
    ),
    (
        "Marlow & Finch",
        "marlowfinch.com",
        "Professional Services",
        "eng",
        true,
    ),
];

const FIRST_NAMES: [&str; 40] = [
    "Alice", "Andrew", "Beatrice", "Carlos", "Chloe", "David", "Diana", "Edward", "Elena", "Felix",
    "Fiona", "Gareth", "Helen", "Hugo", "Irene", "James", "Julia", "Karim", "Laura", "Leon",
    "Martin", "Megan", "Nadia", "Nathan", "Olga", "Patrick", "Paula", "Quentin", "Rachel",
    "Robert", "Samir", "Sandra", "Stefan", "Tara", "Thomas", "Ursula", "Vera", "William", "Yusuf",
    "Yvonne",
];

const LAST_NAMES: [&str; 40] = [
    "Abbott", "Almeida", "Barlow", "Becker", "Bianchi", "Carver", "Cohen", "Dawson", "Eriksen",
    "Farrell", "Fontaine", "Graham", "Haddad", "Hoffmann", "Ibsen", "Jansen", "Kaur", "Kerr",
    "Larsson", "Lopez", "Mackay", "Meyer", "Mistry", "Nolan", "Oduya", "Osborne", "Park", "Petrov",
    "Quigley", "Reyes", "Ricci", "Sato", "Schubert", "Silva", "Thorne", "Torres", "Ulrich",
    "Valdez", "Wexler", "Young",
];

const TITLES: [&str; 12] = [
    "Head of Operations",
    "Director of IT",
    "Integration Architect",
    "Chief Information Security Officer",
    "Procurement Manager",
    "VP Supply Chain",
    "Finance Director",
    "Enterprise Architect",
    "Data Platform Lead",
    "Logistics Manager",
    "Head of Customer Operations",
    "General Counsel",
];

/// The customers of the small company as they stand at `now`. Sellers and success managers are
/// indices of users.
pub(crate) fn win(
    seed: u64,
    now: Timestamp,
    users: &[User],
    sellers: &[usize],
    success: &[usize],
) -> Vec<Account> {
    let companies = COMPANIES.into_iter().enumerate();
    companies
        .map(|(index, entry)| {
            let mut random = Random::new(seed, &format!("account {index}"));
            let count = usize::try_from(random.between(3, 6)).unwrap_or(3);
            let titles = random.some(&TITLES, count);
            let first_names = random.some(&FIRST_NAMES, count);
            let last_names = random.some(&LAST_NAMES, count);
            let people = first_names.into_iter().zip(last_names).zip(titles);
            let people = people.map(|((first_name, last_name), title)| {
                let name = (first_name, last_name);
                contact(&mut random, name, title, format_args!("@{}", entry.1))
            });
            let people: Vec<Contact> = people.collect();
            let owner = sellers[index % sellers.len()];
            let success = success[index % success.len()];
            account(random, entry, people, owner, success, users, now)
        })
        .collect()
}

/// The customers of a grown company, largest first: so many with so many people together, of
/// which the large ones have more. The first 20 are those of the small company.
pub(crate) fn win_many(
    seed: u64,
    now: Timestamp,
    users: &[User],
    (sellers, success): (&[usize], &[usize]),
    shares: &Shares,
    people: usize,
) -> Vec<Account> {
    let (to_sellers, to_success) = (Shares::new(sellers.len()), Shares::new(success.len()));
    let counts = shares.split(people, LEAST_PEOPLE).into_iter().enumerate();
    counts
        .map(|(index, count)| {
            let entry = match COMPANIES.get(index) {
                Some(entry) => *entry,
                None => account_names::entry(seed, index),
            };
            let mut random = Random::new(seed, &format!("grown account {index}"));
            let start = random.below(NAMES);
            let people = (0..count).map(|number| {
                // 7 has no factor in common with 1,600, so each name comes once.
                let at = (start + 7 * number) % NAMES;
                let (first, last) = (at % FIRST_NAMES.len(), at / FIRST_NAMES.len());
                let name = (
                    FIRST_NAMES[first],
                    LAST_NAMES[(first + last) % LAST_NAMES.len()],
                );
                let title = random.pick(&TITLES);
                match number / NAMES {
                    0 => contact(&mut random, name, title, format_args!("@{}", entry.1)),
                    again => {
                        let ending = format_args!("{again}@{}", entry.1);
                        contact(&mut random, name, title, ending)
                    }
                }
            });
            let people: Vec<Contact> = people.collect();
            let owner = sellers[to_sellers.pick(&mut random)];
            let success = success[to_success.pick(&mut random)];
            account(random, entry, people, owner, success, users, now)
        })
        .collect()
}

/// How many people an account has at least: two are in flows, and one is not.
pub(crate) const LEAST_PEOPLE: usize = 3;

/// How many accounts there are at least.
pub(crate) const LEAST_ACCOUNTS: usize = COMPANIES.len();

/// How many names there are.
const NAMES: usize = FIRST_NAMES.len() * LAST_NAMES.len();

/// A person whose address ends like this; the CRM's id comes later.
fn contact(
    random: &mut Random,
    (first_name, last_name): (&'static str, &'static str),
    title: &'static str,
    ending: std::fmt::Arguments<'_>,
) -> Contact {
    Contact {
        name: format!("{first_name} {last_name}"),
        title,
        email: format!("{first_name}.{last_name}{ending}").to_lowercase(),
        first_name,
        phone: format!("+44 20 7946 {:04}", random.between(0, 9999)),
        is_lead: random.chance(12),
        crm_id: String::new(),
    }
}

fn account(
    mut random: Random,
    (name, domain, industry, language, is_customer): Entry,
    mut people: Vec<Contact>,
    owner: usize,
    success: usize,
    users: &[User],
    now: Timestamp,
) -> Account {
    for contact in &mut people {
        contact.crm_id = random.crm_id(if contact.is_lead { "00Q" } else { "003" });
    }
    let founded = now - SignedDuration::from_hours(24 * random.between(190, 260));
    Account {
        name,
        domain,
        industry,
        language,
        is_customer,
        people,
        deals: deals::open(&mut random, name, is_customer, founded, now, owner, users),
        crm_id: random.crm_id("001"),
        owner,
        success,
        employees: random.between(3, 240) * 50,
    }
}
