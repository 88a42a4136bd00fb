//! Names for thousands of customers.

use std::collections::BTreeSet;
use std::sync::Mutex;

use super::random::Random;

/// Name, domain, industry, language, and whether it is a customer already.
pub(crate) type Entry = (&'static str, &'static str, &'static str, &'static str, bool);

const FIRST: [&str; 40] = [
    "Alder", "Amber", "Ashford", "Aspen", "Beacon", "Birch", "Blue", "Bramble", "Cedar", "Clear",
    "Copper", "Crescent", "Dover", "Eagle", "Elm", "Fair", "Falcon", "Granite", "Green", "Harbor",
    "Hazel", "Iron", "Juniper", "Kings", "Lake", "Linden", "Maple", "Marble", "North", "Oak",
    "Pearl", "Quartz", "River", "Rowan", "Silver", "Stone", "Summit", "Thorn", "Violet", "Willow",
];
const SECOND: [&str; 40] = [
    "bank", "borough", "bridge", "brook", "burg", "cliff", "coast", "crest", "croft", "dale",
    "field", "ford", "gate", "glen", "grove", "haven", "hill", "holm", "hurst", "land", "lea",
    "march", "mead", "mill", "moor", "mount", "pass", "peak", "point", "port", "ridge", "shore",
    "side", "stead", "ton", "vale", "view", "water", "wick", "wood",
];
const INDUSTRIES: [(&str, &str); 12] = [
    ("Logistics", "Logistics"),
    ("Foods", "Food and Beverage"),
    ("Pharma", "Pharmaceuticals"),
    ("Energy", "Energy"),
    ("Machines", "Machinery"),
    ("Retail", "Retail"),
    ("Insurance", "Insurance"),
    ("Health", "Healthcare"),
    ("Software", "Software"),
    ("Airways", "Aviation"),
    ("Bank", "Banking"),
    ("Telecom", "Telecommunications"),
];

/// The customer at this place; no two have the same name or domain.
pub(crate) fn entry(seed: u64, place: usize) -> Entry {
    const COMBINATIONS: usize = FIRST.len() * SECOND.len() * INDUSTRIES.len();
    // A step without a factor in common with 19,200 visits every combination once.
    let at = (place * 7_919) % COMBINATIONS;
    let again = place / COMBINATIONS;
    let (word, industry) = INDUSTRIES[at % INDUSTRIES.len()];
    let at = at / INDUSTRIES.len();
    let town = format!("{}{}", FIRST[at % FIRST.len()], SECOND[at / FIRST.len()]);
    let number = match again {
        0 => String::new(),
        again => format!(" {}", again + 1),
    };
    let name = format!("{town} {word}{number}");
    let domain = format!("{}.com", name.to_lowercase().replace(' ', ""));
    let mut random = Random::new(seed, &format!("kind of account {place}"));
    let language = match random.below(20) {
        0 | 1 => "ger",
        2 => "fre",
        3 => "spa",
        _ => "eng",
    };
    let is_customer = random.chance(45);
    (kept(name), kept(domain), industry, language, is_customer)
}

/// The text for as long as the process lives, kept once however many companies have it.
fn kept(text: String) -> &'static str {
    static KEPT: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut kept = KEPT.lock().unwrap_or_else(|error| error.into_inner());
    if let Some(known) = kept.get(text.as_str()) {
        return known;
    }
    let text: &'static str = text.leak();
    kept.insert(text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_customer_has_a_name_and_a_domain_of_its_own() {
        let entries: Vec<Entry> = (0..20_000).map(|place| entry(1, place)).collect();
        let names: BTreeSet<&str> = entries.iter().map(|entry| entry.0).collect();
        let domains: BTreeSet<&str> = entries.iter().map(|entry| entry.1).collect();
        assert_eq!((names.len(), domains.len()), (20_000, 20_000));
    }
}
