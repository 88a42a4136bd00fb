//! Trackers: what Gong listens for in calls.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::people::Role;
use super::phrases::Theme;
use super::random::Random;
use super::{Company, SALES, SUCCESS, templates};
use crate::instants;

/// A tracker.
#[derive(Debug)]
pub(crate) struct Tracker {
    pub(crate) name: &'static str,
    /// `KEYWORD` or `SMART`.
    pub(crate) sort: &'static str,
    /// The phrases of a keyword tracker.
    pub(crate) phrases: &'static [&'static str],
    /// Where it is likely to come up.
    pub(crate) theme: Theme,
    workspace: usize,
    is_built_in: bool,
}

/// The trackers; those of one sort together.
pub(crate) const TRACKERS: [Tracker; 6] = [
    keyword(
        "Competitors",
        &templates::COMPETITORS,
        Theme::Pricing,
        SALES,
        false,
    ),
    keyword(
        "Price and discount",
        &["discount", "budget", "price"],
        Theme::Pricing,
        SALES,
        false,
    ),
    keyword(
        "Security",
        &["SOC 2", "penetration test", "GDPR"],
        Theme::Security,
        SUCCESS,
        true,
    ),
    smart("Next steps agreed", Theme::Next),
    smart("Objection: timing", Theme::Rollout),
    smart("Product feedback", Theme::Product),
];

const fn keyword(
    name: &'static str,
    phrases: &'static [&'static str],
    theme: Theme,
    workspace: usize,
    is_built_in: bool,
) -> Tracker {
    Tracker {
        name,
        sort: "KEYWORD",
        phrases,
        theme,
        workspace,
        is_built_in,
    }
}

const fn smart(name: &'static str, theme: Theme) -> Tracker {
    Tracker {
        name,
        sort: "SMART",
        phrases: &[],
        theme,
        workspace: SALES,
        is_built_in: false,
    }
}

/// The keyword trackers, of one workspace or of all. Gong lists no smart ones.
pub(crate) fn listed(company: &Company, workspace: Option<usize>) -> Value {
    let trackers = TRACKERS.iter();
    trackers
        .filter(|tracker| tracker.sort == "KEYWORD")
        .filter(|tracker| workspace.is_none_or(|place| tracker.workspace == place))
        .map(|tracker| tracker.json(company))
        .collect()
}

impl Tracker {
    /// Gong's id.
    pub(crate) fn id(&self, company: &Company) -> String {
        Random::new(company.seed, &format!("tracker {}", self.name))
            .signed_id()
            .to_string()
    }

    fn json(&self, company: &Company) -> Value {
        let mut random = Random::new(company.seed, &format!("settings of {}", self.name));
        let created = company.now - SignedDuration::from_hours(24 * random.between(200, 800));
        let updated = created + SignedDuration::from_hours(24 * random.between(0, 150));
        let managers = company.with_role(&[Role::SalesManager]);
        // Nobody made a built-in one.
        let writer = random.pick(&managers);
        let writer = (!self.is_built_in).then(|| &company.users[writer].id);
        json!({
            "trackerId": self.id(company),
            "trackerName": self.name,
            "workspaceId": company.workspaces[self.workspace].id,
            "languageKeywords": [{
                "language": "eng",
                "keywords": self.phrases,
                "includeRelatedForms": !self.is_built_in,
            }],
            "affiliation": if self.is_built_in { "NonCompany" } else { "Anyone" },
            "partOfQuestion": false,
            "saidAt": "Anytime",
            "saidAtInterval": null,
            "saidAtUnit": null,
            "saidInTopics": [],
            "filterQuery": r#"{"type":"And","filters":[]}"#,
            "created": instants::to_rfc3339(created, &company.zone),
            "creatorUserId": writer,
            "updated": instants::to_rfc3339(updated, &company.zone),
            "updaterUserId": writer,
        })
    }
}
