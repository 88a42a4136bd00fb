//! Permission profiles: what a user may see and do in one workspace.
//!
//! The API itself does not enforce them: an access key sees everything.

use serde_json::{Map, Value, json};

use super::Company;
use super::people::Role;
use super::random::Random;

/// A profile of one workspace.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Gong's id.
    pub id: String,
    pub(crate) workspace: usize,
    pub(crate) users: Vec<usize>,
    /// All 55 fields but the id. What is empty is null.
    pub(crate) fields: Map<String, Value>,
}

/// The six areas with a level of access.
pub(crate) const AREAS: [&str; 6] = [
    "callsAccess",
    "dealsAccess",
    "coachingAccess",
    "insightsAccess",
    "usageAccess",
    "emailsAccess",
];

/// The 44 permissions that one has or has not.
pub(crate) const PERMISSIONS: [&str; 44] = [
    "scoreCalls",
    "overrideScore",
    "downloadCallMedia",
    "shareCallsWithCustomers",
    "manuallyScheduleAndUploadCalls",
    "privateCalls",
    "deleteCalls",
    "trimCalls",
    "listenInCalls",
    "deleteEmails",
    "callsAndSearch",
    "library",
    "deals",
    "createEditAndDeleteDealsBoards",
    "dealsInlineEditing",
    "account",
    "coaching",
    "usage",
    "teamStats",
    "initiatives",
    "market",
    "activity",
    "forecast",
    "forecastManage",
    "engageManageCompanyTemplates",
    "engageManageCompanySequences",
    "engageCreateAndManageRulesets",
    "engageSnoozeFlowToDosForOthers",
    "engageAllowCrmFieldsViewChange",
    "viewEngageAnalyticsActivity",
    "viewEngageAnalyticsPerformance",
    "viewEngageAnalyticsFlows",
    "manageGeneralBusinessSettings",
    "manageScorecards",
    "exportCallsAndCoachingDataToCSV",
    "crmDataInlineEditing",
    "crmDataImport",
    "viewRevenueAnalytics",
    "manageRevenueAnalytics",
    "engageReassignFlowToDosToOthers",
    "engageAssignFlowToDosToOthers",
    "dealsDataExport",
    "aiBuilder",
    "orchestrateCreateAndManagePlays",
];

/// Name, description, level, who has it, and what it grants. In alphabetical order, as Gong
/// lists them.
type Entry = (
    &'static str,
    Option<&'static str>,
    &'static str,
    &'static [Role],
    fn(&str) -> bool,
);

const PROFILES: [Entry; 4] = [
    ("Admin", Some("Everything"), "all", &[Role::Lead], |_| true),
    (
        "Individual contributor",
        None,
        "own",
        &[Role::Seller, Role::Opener, Role::Success],
        |permission| {
            [
                "callsAndSearch",
                "library",
                "deals",
                "account",
                "activity",
                "privateCalls",
                "scoreCalls",
            ]
            .contains(&permission)
        },
    ),
    (
        "Listener",
        Some("Calls and library only"),
        "managers-team",
        &[Role::Engineer],
        |permission| ["callsAndSearch", "library"].contains(&permission),
    ),
    (
        "Manager",
        None,
        "report-to-them",
        &[Role::SalesManager, Role::SuccessManager],
        |permission| {
            !permission.starts_with("delete")
                && !permission.starts_with("manage")
                && permission != "aiBuilder"
        },
    ),
];

/// The same four profiles for each workspace, with ids of their own.
pub(crate) fn write(company: &Company) -> Vec<Profile> {
    let lead = company.with_role(&[Role::SalesManager])[0];
    let workspaces = 0..company.workspaces.len();
    workspaces
        .flat_map(|workspace| {
            PROFILES
                .into_iter()
                .map(move |(name, description, level, roles, grants)| {
                    let mut random =
                        Random::new(company.seed, &format!("profile {workspace} {name}"));
                    let lead = (level == "managers-team").then_some(&*company.users[lead].id);
                    let mut fields = fields(level, lead, grants);
                    fields.insert("name".to_owned(), name.into());
                    fields.insert("description".to_owned(), description.into());
                    Profile {
                        id: random.signed_id().to_string(),
                        workspace,
                        users: company.with_role(roles),
                        fields,
                    }
                })
        })
        .collect()
}

fn fields(level: &str, lead: Option<&str>, grants: fn(&str) -> bool) -> Map<String, Value> {
    let access = || json!({ "permissionLevel": level, "teamLeadIds": lead.map(|lead| [lead]) });
    let nothing = || json!({ "permissionLevel": "none", "teamLeadIds": null });
    let is_all = level == "all";
    let mut fields = Map::new();
    for area in AREAS {
        fields.insert(area.to_owned(), access());
    }
    fields.insert(
        "forecastPermissions".to_owned(),
        json!({
            "forecastAccess": access(),
            "forecastEditSubmissions": access(),
            "forecastEditTargets": if is_all { access() } else { nothing() },
        }),
    );
    fields.insert(
        "libraryFolderAccess".to_owned(),
        json!({
            "permissionLevel": "all",
            "libraryFolderIds": null,
            "managePublicFolder": is_all,
            "manageStreams": is_all,
            "manageFolderCalls": grants("scoreCalls"),
            "shareFoldersAndStreams": grants("scoreCalls"),
        }),
    );
    for permission in PERMISSIONS {
        fields.insert(permission.to_owned(), grants(permission).into());
    }
    fields
}

impl Profile {
    /// The name, which is unique in a workspace.
    #[must_use]
    pub fn name(&self) -> &str {
        self.fields["name"].as_str().unwrap_or_default()
    }

    /// As the API answers it.
    pub(crate) fn json(&self) -> Value {
        let mut fields = self.fields.clone();
        fields.insert("id".to_owned(), json!(self.id));
        fields.into()
    }

    /// Its users.
    pub(crate) fn users(&self, company: &Company) -> Value {
        let users = self.users.iter().map(|&user| &company.users[user]);
        let users = users.map(
            |user| json!({ "id": user.id, "fullName": user.name(), "emailAddress": user.email }),
        );
        users.collect()
    }
}
