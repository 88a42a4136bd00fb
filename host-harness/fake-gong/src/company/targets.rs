//! Sales targets that team members and teams are measured by.
//!
//! Gong added their two operations in July 2026. Which words it uses for type, unit and
//! hierarchy was not seen; those here are the stand-in's.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::random::Random;
use super::{Company, SALES, SUCCESS};
use crate::instants;

/// A target. Its assignments say who must reach it.
#[derive(Clone, Debug)]
pub struct Target {
    /// Gong's id.
    pub id: String,
    /// The name.
    pub name: &'static str,
    /// Whether it is an amount of money; else it is a number of things.
    pub is_currency: bool,
    pub(crate) workspace: usize,
    description: Option<&'static str>,
    created: Timestamp,
}

/// Name, description, whether it is money, and the workspace.
const TARGETS: [(&str, Option<&str>, bool, usize); 4] = [
    ("Bookings", Some("New business, closed won"), true, SALES),
    ("Meetings held", None, false, SALES),
    (
        "Pipeline created",
        Some("Amount of deals opened"),
        true,
        SALES,
    ),
    ("Renewals", Some("Renewed contract value"), true, SUCCESS),
];

/// The targets of the company.
pub(crate) fn set(company: &Company) -> Vec<Target> {
    TARGETS
        .into_iter()
        .map(|(name, description, is_currency, workspace)| {
            let mut random = Random::new(company.seed, &format!("target {name}"));
            Target {
                id: random.signed_id().to_string(),
                name,
                is_currency,
                workspace,
                description,
                created: company.now - SignedDuration::from_hours(24 * random.between(100, 300)),
            }
        })
        .collect()
}

impl Target {
    /// As GET /v2/targets lists it.
    pub(crate) fn json(&self, company: &Company) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "type": "BOTTOM_UP",
            "unit": if self.is_currency { "CURRENCY" } else { "UNIT" },
            "hierarchyType": "GONG",
            "createdDateTime": instants::to_rfc3339(self.created, &company.zone),
        })
    }
}
