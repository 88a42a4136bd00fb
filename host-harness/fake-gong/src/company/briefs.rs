//! AI briefs: the templates by which Gong writes about an account or a deal.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::people::Role;
use super::random::Random;
use super::{Company, SALES, SUCCESS};
use crate::instants;

/// A brief, set up in Gong's Agent Studio.
#[derive(Clone, Debug)]
pub struct Brief {
    /// Gong's id.
    pub id: String,
    /// The name by which it is generated.
    pub name: &'static str,
    /// Whether it is published; only then it can be generated.
    pub is_published: bool,
    /// The id of the workspace it is in.
    pub workspace_id: String,
    pub(crate) workspace: usize,
    pub(crate) sections: &'static [Section],
    description: &'static str,
    creator: usize,
    created: Timestamp,
    updated: Timestamp,
}

/// A section: its title, if it has one, and where it gets its content from.
pub(crate) type Section = (Option<&'static str>, Source);

/// Where a section gets its content from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Calls and emails.
    Conversations,
    /// A search of the web.
    Web,
    /// The fields of the CRM.
    Crm,
    /// Another system, which nobody has connected.
    Mcp,
}

/// Name, description, workspace, whether it is published, and the sections.
type Entry = (&'static str, &'static str, usize, bool, &'static [Section]);

const BRIEFS: [Entry; 4] = [
    (
        "Account handover",
        "What a colleague must know who takes the account over",
        SALES,
        true,
        &[
            (Some("Where things stand"), Source::Conversations),
            (Some("In the CRM"), Source::Crm),
            (Some("In the news"), Source::Web),
            (Some("Open tickets"), Source::Mcp),
        ],
    ),
    (
        "Deal review",
        "Risks and next steps of a deal",
        SALES,
        true,
        &[
            (Some("Risks"), Source::Conversations),
            (None, Source::Conversations),
        ],
    ),
    (
        "Renewal preparation",
        "What to bring to the renewal",
        SUCCESS,
        true,
        &[
            (Some("Results and complaints"), Source::Conversations),
            (Some("Contract"), Source::Crm),
        ],
    ),
    (
        "Security summary",
        "Open questions of the customer's security people",
        SALES,
        false,
        &[(Some("Open questions"), Source::Conversations)],
    ),
];

/// The briefs of both workspaces.
pub(crate) fn write(company: &Company) -> Vec<Brief> {
    let managers = company.with_role(&[Role::SalesManager, Role::SuccessManager]);
    BRIEFS
        .into_iter()
        .map(|(name, description, workspace, is_published, sections)| {
            let mut random = Random::new(company.seed, &format!("brief {name}"));
            let age = random.between(40, 120);
            let created = company.now - SignedDuration::from_hours(24 * age);
            Brief {
                id: random.signed_id().to_string(),
                name,
                is_published,
                workspace_id: company.workspaces[workspace].id.clone(),
                workspace,
                sections,
                description,
                creator: random.pick(&managers),
                created,
                updated: created + SignedDuration::from_hours(24 * random.between(0, age)),
            }
        })
        .collect()
}

impl Brief {
    /// As GET /v2/settings/briefs answers it.
    pub(crate) fn json(&self, company: &Company) -> Value {
        let creator = &company.users[self.creator];
        json!({
            "briefId": self.id,
            "briefName": self.name,
            "workspaceId": self.workspace_id,
            "description": self.description,
            "status": if self.is_published { "Published" } else { "Not published" },
            "creator": creator.name(),
            "creatorUserId": creator.id,
            "created": instants::to_rfc3339(self.created, &company.zone),
            "updated": instants::to_rfc3339(self.updated, &company.zone),
        })
    }
}
