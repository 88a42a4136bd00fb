//! The customers: companies, their people, and what is to be sold to them.

use jiff::{SignedDuration, Timestamp};

use super::deals::{self, Deal};
use super::people::User;
use super::random::Random;

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

/// Name, domain, industry, language, and whether it is a customer already.
type Entry = (&'static str, &'static str, &'static str, &'static str, bool);

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

/// The customers as they stand at `now`. Sellers and success managers are indices of users.
pub(crate) fn win(
    seed: u64,
    now: Timestamp,
    users: &[User],
    sellers: &[usize],
    success: &[usize],
) -> Vec<Account> {
    let companies = COMPANIES.into_iter().enumerate();
    companies
        .map(|(index, (name, domain, industry, language, is_customer))| {
            let mut random = Random::new(seed, &format!("account {index}"));
            let count = usize::try_from(random.between(3, 6)).unwrap_or(3);
            let owner = sellers[index % sellers.len()];
            let titles = random.some(&TITLES, count);
            let first_names = random.some(&FIRST_NAMES, count);
            let last_names = random.some(&LAST_NAMES, count);
            let people = first_names.into_iter().zip(last_names).zip(titles);
            let people = people.map(|((first_name, last_name), title)| {
                let email = format!("{first_name}.{last_name}@{domain}");
                Contact {
                    name: format!("{first_name} {last_name}"),
                    title,
                    email: email.to_lowercase(),
                    first_name,
                    phone: format!("+44 20 7946 {:04}", random.between(0, 9999)),
                    is_lead: random.chance(12),
                    crm_id: String::new(),
                }
            });
            let mut people: Vec<Contact> = people.collect();
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
                success: success[index % success.len()],
                employees: random.between(3, 240) * 50,
            }
        })
        .collect()
}
