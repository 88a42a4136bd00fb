//! What the company, its people and its calls are called.

use crate::{prelude::*, testing::company::Company};

const FIRST_ID: u64 = 7_000_000_000_000_000_000;

const FIRST: [&str; 16] = [
    "Maria", "Jo", "Ann", "Cleo", "Sven", "Priya", "Omar", "Lena", "Hugo", "Ines", "Karl", "Mina",
    "Noor", "Olga", "Paul", "Rosa",
];

pub(super) const LAST: [&str; 16] = [
    "Lopez", "Ray", "Li", "Vance", "Berg", "Nair", "Haddad", "Kranz", "Moreau", "Silva", "Weber",
    "Sato", "Khan", "Petrova", "Stone", "Rossi",
];

pub(super) const BRANCH: [&str; 8] = [
    "Labs", "Corp", "Foods", "Energy", "Media", "Steel", "Health", "Bank",
];

pub(super) const SUBJECT: [&str; 6] = [
    "discovery",
    "demo",
    "pricing",
    "security review",
    "renewal",
    "kick-off",
];

pub(super) const STAGE: [&str; 5] = [
    "Discovery",
    "Proposal",
    "Negotiation",
    "Closed Won",
    "Closed Lost",
];

pub(super) const TRACKER: [&str; 4] = ["Price", "Competitors", "Legal", "Timing"];

impl Company {
    pub(crate) fn id(call: usize) -> String {
        (FIRST_ID + call as u64 * 977).to_string()
    }

    /// The call with this id.
    pub(crate) fn index_of(id: &str) -> Option<usize> {
        let number: u64 = id.parse().ok()?;
        usize::try_from(number.checked_sub(FIRST_ID)? / 977).ok()
    }

    pub(crate) fn account_id(account: usize) -> String {
        format!("0013601230A{account:04}AAC")
    }

    pub(crate) fn deal_id(deal: usize) -> String {
        format!("0063601230D{deal:04}AAC")
    }

    pub(crate) fn user_id(user: usize) -> String {
        (600_000 + user).to_string()
    }

    /// An e-mail domain; every third account has none of its own.
    pub(crate) fn domain(account: usize) -> String {
        format!("{}{account}.example", LAST[account % 16].to_lowercase())
    }

    pub(crate) fn outsider(outsider: usize) -> String {
        format!(
            "{} {}{outsider}",
            FIRST[outsider % 16],
            LAST[outsider / 16 % 16]
        )
    }

    pub(crate) fn email(&self, outsider: usize) -> String {
        let name = Self::outsider(outsider).to_lowercase().replace(' ', ".");
        format!("{name}@{}", Self::domain(outsider % self.size.accounts))
    }

    pub(crate) fn user(user: usize) -> String {
        format!("{} {}son{user}", FIRST[user % 16], LAST[user % 16])
    }
}
