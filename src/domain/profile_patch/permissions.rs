//! The arguments `allow` and `deny` of a change of a permission profile: names of permissions.

use alloc::collections::BTreeSet;
use serde_json::{Map, Value};

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::shortened,
};

/// Gong's names of the permissions.
const PERMISSIONS: [&str; 44] = [
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
/// The permissions for library folders, which are in the block of access to these.
pub(super) const FOLDER_PERMISSIONS: [&str; 4] = [
    "managePublicFolder",
    "manageStreams",
    "manageFolderCalls",
    "shareFoldersAndStreams",
];
/// Permissions in Gong's spelling. The profile may have permissions that are newer than
/// [`PERMISSIONS`].
///
/// # Errors
/// `bad-argument` for an unknown permission, with similar ones.
pub(super) fn spelled_as_gong(
    argument: &str,
    permissions: &[String],
    profile: &Map<String, Value>,
) -> Result<Vec<String>, Error> {
    let own = profile.iter().filter(|(_, value)| value.is_boolean());
    let known: BTreeSet<&str> = PERMISSIONS
        .into_iter()
        .chain(FOLDER_PERMISSIONS)
        .chain(own.map(|(name, _)| name.as_str()))
        .collect();
    let spelled = |text: &String| {
        let letters_of_text = letters(text);
        known
            .iter()
            .find(|name| letters(name) == letters_of_text)
            .map(|name| (*name).to_owned())
            .ok_or_else(|| unknown(argument, text, &known))
    };
    permissions.iter().map(spelled).collect()
}

/// Letters and digits in lower case: `delete calls` and `deleteCalls` have the same.
fn letters(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The first four letters of each word of `deleteCalls` or `delete calls`: plurals differ only later.
fn words(text: &str) -> BTreeSet<String> {
    let mut words = String::new();
    for c in text.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() {
            words.push(' ');
        }
        if c.is_alphanumeric() {
            words.extend(c.to_lowercase());
        }
    }
    words
        .split_whitespace()
        .map(|word| word.chars().take(4).collect())
        .collect()
}

/// The error for an unknown permission, with those that have words in common with it.
fn unknown(argument: &str, text: &str, known: &BTreeSet<&str>) -> Error {
    const CHOICES: usize = 6;
    let words_of_text = words(text);
    let mut near: Vec<(usize, &str)> = known
        .iter()
        .map(|name| {
            (
                words(name)
                    .iter()
                    .filter(|word| words_of_text.contains(*word))
                    .count(),
                *name,
            )
        })
        .filter(|(common, _)| *common > 0)
        .collect();
    near.sort_by_key(|(common, _)| core::cmp::Reverse(*common));
    let near: Vec<&str> = near.iter().take(CHOICES).map(|(_, name)| *name).collect();
    let (near, example) = match near.first() {
        Some(first) => (format!(" Near: {}.", near.join(", ")), *first),
        None => (String::new(), "downloadCallMedia"),
    };
    bad_argument(
        argument,
        &format!("“{}” is none of Gong's permissions.{near}", shortened(text)),
        &format!("\"{example}\", or another that gong_get_permission_profile shows."),
    )
}

#[cfg(test)]
mod tests {
    use super::{PERMISSIONS, unknown};

    #[test]
    fn unknown_permissions_are_answered_with_near_ones() {
        let known = PERMISSIONS.into_iter().collect();
        let said = |name| unknown("allow", name, &known).text().to_owned();
        assert!(said("removeCall").contains("Near: callsAndSearch, deleteCalls"));
        assert!(said("email deletion").contains("Near: deleteEmails"));
        assert!(said("xyz").contains("none of Gong's permissions. Example: \"downloadCallMedia\""));
    }
}
