//! Fills in templates: picks one of `[a|b]`, and puts names and topics in for `{account}` and others.

use super::random::Random;

/// The names and topics of a call.
#[derive(Clone, Debug)]
pub(crate) struct Speakers {
    pub(crate) account: String,
    pub(crate) industry: String,
    pub(crate) seller: String,
    pub(crate) buyers: Vec<String>,
    pub(crate) things: AccountTopics,
}

/// The systems, teams and more that all calls of an account speak of.
#[derive(Clone, Debug)]
pub(crate) struct AccountTopics {
    teams: Vec<&'static str>,
    systems: Vec<&'static str>,
    records: Vec<&'static str>,
    modules: Vec<&'static str>,
    competitors: Vec<&'static str>,
}

impl AccountTopics {
    /// Draws the topics of an account.
    pub(crate) fn draw(random: &mut Random) -> Self {
        Self {
            teams: random.some(&TEAMS, 4),
            systems: random.some(&SYSTEMS, 2),
            records: random.some(&RECORDS, 4),
            modules: random.some(&MODULES, 3),
            competitors: random.some(&COMPETITORS, 2),
        }
    }
}

const TEAMS: [&str; 7] = [
    "operations",
    "finance",
    "logistics",
    "IT",
    "customer service",
    "procurement",
    "supply chain",
];
const SYSTEMS: [&str; 7] = [
    "SAP",
    "NetSuite",
    "Oracle",
    "Dynamics 365",
    "Shopify",
    "Manhattan WMS",
    "the old warehouse system",
];
const RECORDS: [&str; 8] = [
    "orders",
    "shipment notices",
    "invoices",
    "stock updates",
    "price lists",
    "returns",
    "delivery slots",
    "supplier confirmations",
];
const MODULES: [&str; 4] = [
    "Relay Core",
    "Relay Connect",
    "Relay Insights",
    "Relay Vault",
];
pub(crate) const COMPETITORS: [&str; 3] = ["Bridgeline", "DataFerry", "Conduit One"];
const TOPICS: [&str; 8] = [
    "the security review",
    "the rollout plan",
    "pricing",
    "the connector to the ERP",
    "the pilot",
    "reporting",
    "single sign-on",
    "partner onboarding",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 5] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"];

/// Fills in a template.
pub(crate) fn say(template: &str, cast: &Speakers, random: &mut Random) -> String {
    let mut said = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some(at) = rest.find(['[', '{']) {
        said.push_str(&rest[..at]);
        let close = if rest[at..].starts_with('[') {
            ']'
        } else {
            '}'
        };
        let Some(length) = rest[at..].find(close) else {
            break;
        };
        let inside = &rest[at + 1..at + length];
        if close == ']' {
            let choices: Vec<&str> = inside.split('|').collect();
            said.push_str(&say(random.pick(&choices), cast, random));
        } else {
            said.push_str(&thing(inside, cast, random));
        }
        rest = &rest[at + length + 1..];
    }
    said.push_str(rest);
    said
}

fn thing(name: &str, cast: &Speakers, random: &mut Random) -> String {
    match name {
        "account" => cast.account.clone(),
        "industry" => cast.industry.to_lowercase(),
        "seller" => cast.seller.clone(),
        "buyer" if cast.buyers.is_empty() => cast.seller.clone(),
        "buyer" => random.pick(&cast.buyers),
        "team" => random.pick(&cast.things.teams).to_owned(),
        "team_cap" => capital(random.pick(&cast.things.teams)),
        "system" => random.pick(&cast.things.systems).to_owned(),
        "records" => random.pick(&cast.things.records).to_owned(),
        "records_cap" => capital(random.pick(&cast.things.records)),
        "module" => random.pick(&cast.things.modules).to_owned(),
        "competitor" => random.pick(&cast.things.competitors).to_owned(),
        "topic" => random.pick(&TOPICS).to_owned(),
        "topic_cap" => capital(random.pick(&TOPICS)),
        "month" => random.pick(&MONTHS).to_owned(),
        "weekday" => random.pick(&WEEKDAYS).to_owned(),
        "number" => random.between(3, 48).to_string(),
        "percent" => random.between(6, 45).to_string(),
        "years" => random.between(2, 3).to_string(),
        "days" => (random.between(2, 6) * 15).to_string(),
        "amount" => format!("{},000", random.between(24, 280)),
        unknown => unreachable!("no template has {{{unknown}}}: a test fills every one in"),
    }
}

/// With a capital first letter.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// With a small first letter, unless it is a name, an abbreviation or the word I.
pub(crate) fn small(text: &str) -> String {
    const KEEP: [&str; 14] = [
        "SAP",
        "IT ",
        "SOC",
        "Relay",
        "Bridgeline",
        "DataFerry",
        "Conduit",
        "NetSuite",
        "Oracle",
        "Dynamics",
        "Shopify",
        "Manhattan",
        "I ",
        "I'",
    ];
    let keeps = KEEP.iter().chain(&MONTHS).chain(&WEEKDAYS);
    if keeps.into_iter().any(|word| text.starts_with(word)) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// One of the templates, filled in, of a length within these bounds where that can be had.
/// A template that was used before comes again only when no other fits.
pub(crate) fn fit(
    templates: &[&'static str],
    (low, high): (usize, usize),
    used: &mut Vec<&'static str>,
    cast: &Speakers,
    random: &mut Random,
) -> String {
    let mut spare = String::new();
    for _ in 0..80 {
        let template = random.pick(templates);
        let said = say(template, cast, random);
        if (low..=high).contains(&said.chars().count()) {
            if !used.contains(&template) {
                used.push(template);
                return said;
            }
            spare = said;
        }
    }
    spare
}

#[cfg(test)]
mod tests {
    use super::super::phrases::{self, Theme};
    use super::*;

    #[test]
    fn every_template_can_be_filled_in() {
        let cast = Speakers {
            account: "Acme Corp".to_owned(),
            industry: "Retail".to_owned(),
            seller: "Jonas Weber".to_owned(),
            buyers: vec!["Alice Kerr".to_owned()],
            things: AccountTopics::draw(&mut Random::new(1, "things")),
        };
        let mut random = Random::new(1, "templates");
        let mut templates: Vec<&str> = Vec::new();
        for theme in [
            Theme::Opening,
            Theme::Process,
            Theme::Product,
            Theme::Integration,
            Theme::Security,
            Theme::Pricing,
            Theme::Legal,
            Theme::Rollout,
            Theme::Adoption,
            Theme::Support,
            Theme::Pipeline,
            Theme::Next,
        ] {
            let bank = theme.bank();
            for list in [bank.sections, bank.points, bank.vendor, bank.buyer] {
                templates.extend(list);
            }
        }
        for list in [
            phrases::BETWEEN,
            phrases::HEADS,
            phrases::TAILS,
            phrases::GERMAN,
            phrases::FRENCH,
            phrases::SPANISH,
        ] {
            templates.extend(list);
        }
        for template in templates {
            for _ in 0..5 {
                let said = say(template, &cast, &mut random);
                assert!(!said.contains(['[', ']', '{', '}', '|']), "{said}");
            }
        }
    }
}
