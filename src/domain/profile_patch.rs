//! What a permission profile shall be: the arguments of a change, worked into Gong's object
//! (OpenAPI `PermissionProfileDTO`), of which everything else stays as it is.

use alloc::collections::BTreeSet;
use serde_json::{Map, Value, json};

use crate::{
    client::Gong,
    error::{Error, bad_argument},
    gong::{permission_profiles::area_of, users::People},
    prelude::*,
    text::{fold_case, shortened},
};

/// Gong's names of the permissions. An existing profile may have newer ones.
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
/// Those that go with access to library folders.
const OF_FOLDERS: [&str; 4] = [
    "managePublicFolder",
    "manageStreams",
    "manageFolderCalls",
    "shareFoldersAndStreams",
];
const FOLDERS: &str = "libraryFolderAccess";
const FORECAST: &str = "forecastPermissions";

/// Areas, as answers call them, with their block and the object that this is in.
const AREAS: [(&str, Option<&str>, &str); 10] = [
    ("calls", None, "callsAccess"),
    ("deals", None, "dealsAccess"),
    ("coaching", None, "coachingAccess"),
    ("insights", None, "insightsAccess"),
    ("usage", None, "usageAccess"),
    ("emails", None, "emailsAccess"),
    ("forecast", Some(FORECAST), "forecastAccess"),
    (
        "forecast edit submissions",
        Some(FORECAST),
        "forecastEditSubmissions",
    ),
    (
        "forecast edit targets",
        Some(FORECAST),
        "forecastEditTargets",
    ),
    ("library folder", None, FOLDERS),
];
const LEVELS: [&str; 5] = ["all", "managers-team", "report-to-them", "own", "none"];
const FOLDER_LEVELS: [&str; 3] = ["all", "specific-folders", "none"];

/// What the arguments `access`, `library_folders`, `allow` and `deny` ask for.
pub(crate) struct Wanted {
    levels: Vec<Wish>,
    folders: Vec<String>,
    allow: Vec<String>,
    deny: Vec<String>,
}

/// One line of `access`.
struct Wish {
    area: String,
    level: &'static str,
    leads: Vec<String>,
}

impl Wanted {
    /// Reads the arguments. No request is made.
    ///
    /// # Errors
    /// `bad-argument`.
    pub(crate) fn read(
        access: &[String],
        folders: Vec<String>,
        allow: Vec<String>,
        deny: Vec<String>,
    ) -> Result<Self, Error> {
        let levels: Vec<Wish> = access
            .iter()
            .map(|line| wish(line))
            .collect::<Result<Vec<_>, _>>()?;
        for (index, one) in levels.iter().enumerate() {
            if levels[..index].iter().any(|other| other.area == one.area) {
                return Err(bad_argument(
                    "access",
                    &format!("{} is there twice.", one.area),
                    "[\"calls all\", \"deals own\"].",
                ));
            }
        }
        let is_id = |id: &String| {
            (1..=20).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_digit())
        };
        if let Some(wrong) = folders.iter().find(|id| !is_id(id)) {
            return Err(bad_argument(
                "library_folders",
                &format!("“{}” is not a folder id.", shortened(wrong)),
                "[\"2957383052123759301\"].",
            ));
        }
        Ok(Self {
            levels,
            folders,
            allow,
            deny,
        })
    }

    /// Whether nothing is asked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.levels.is_empty()
            && self.folders.is_empty()
            && self.allow.is_empty()
            && self.deny.is_empty()
    }

    /// Works it into a profile; leads are looked up by name.
    ///
    /// # Errors
    /// `bad-argument`; whatever reading the directory fails with.
    pub(crate) fn apply(
        &self,
        gong: &Gong<'_>,
        profile: &mut Map<String, Value>,
    ) -> Result<(), Error> {
        let allow = self.names("allow", &self.allow, profile)?;
        let deny = self.names("deny", &self.deny, profile)?;
        if let Some(both) = allow.iter().find(|name| deny.contains(name)) {
            return Err(bad_argument(
                "deny",
                &format!("{both} is in allow, too."),
                "one of the two.",
            ));
        }
        let mut people = People::default();
        for wish in &self.levels {
            let leads: Vec<String> = wish
                .leads
                .iter()
                .map(|lead| people.id(gong, "access", lead))
                .collect::<Result<Vec<_>, _>>()?;
            let block = block(profile, &wish.area)?;
            block.insert("permissionLevel".into(), json!(wish.level));
            // Lists that belong to the level before would mean nothing; Gong writes null.
            for (list, of) in [
                ("teamLeadIds", "managers-team"),
                ("libraryFolderIds", "specific-folders"),
            ] {
                if block.contains_key(list) && wish.level != of {
                    block.insert(list.into(), Value::Null);
                }
            }
            if !leads.is_empty() {
                block.insert("teamLeadIds".into(), json!(leads));
            }
        }
        for (names, so) in [(allow, true), (deny, false)] {
            for name in names {
                match OF_FOLDERS.contains(&name.as_str()) {
                    true => member(profile, FOLDERS).insert(name, so.into()),
                    false => profile.insert(name, so.into()),
                };
            }
        }
        self.folders(profile)
    }

    /// Folders, and what Gong wants of them: ids go with the level specific-folders, and
    /// with no access no permission.
    fn folders(&self, profile: &mut Map<String, Value>) -> Result<(), Error> {
        if !self.folders.is_empty() {
            let access = member(profile, FOLDERS);
            access.insert("libraryFolderIds".into(), json!(self.folders));
            let wished = self
                .levels
                .iter()
                .find(|wish| wish.area == "library folder");
            match wished {
                Some(wish) if wish.level != "specific-folders" => {
                    return Err(bad_argument(
                        "library_folders",
                        &format!("they do not go with library {}.", wish.level),
                        "access [\"library specific-folders\"], or no library_folders.",
                    ));
                }
                _ => access.insert("permissionLevel".into(), json!("specific-folders")),
            };
        }
        let Some(access) = profile.get(FOLDERS).filter(|access| access.is_object()) else {
            return Ok(());
        };
        let has_folders = access["libraryFolderIds"]
            .as_array()
            .is_some_and(|ids| !ids.is_empty());
        let permitted: Vec<&str> = OF_FOLDERS
            .into_iter()
            .filter(|name| access[*name] == true)
            .collect();
        match (access["permissionLevel"].as_str(), permitted.is_empty()) {
            (Some("specific-folders"), _) if !has_folders => Err(bad_argument(
                "library_folders",
                "library specific-folders needs the ids of the folders; gong_list_library_folders has them.",
                "[\"2957383052123759301\"].",
            )),
            (None | Some("none"), false) => Err(bad_argument(
                "access",
                &format!(
                    "without access to library folders there is no {}.",
                    permitted.join(", ")
                ),
                &format!(
                    "[\"library all\"], or deny [\"{}\"].",
                    permitted.join("\", \"")
                ),
            )),
            (None, true) => Err(bad_argument(
                "access",
                "what is said of library folders needs their level.",
                "[\"library all\"].",
            )),
            _ => Ok(()),
        }
    }

    /// Gong's spelling of permissions, those of the profile included.
    fn names(
        &self,
        argument: &str,
        asked: &[String],
        profile: &Map<String, Value>,
    ) -> Result<Vec<String>, Error> {
        let own = profile.iter().filter(|(_, value)| value.is_boolean());
        let known: BTreeSet<&str> = PERMISSIONS
            .into_iter()
            .chain(OF_FOLDERS)
            .chain(own.map(|(name, _)| name.as_str()))
            .collect();
        let spelled = |text: &String| {
            let wanted = letters(text);
            known
                .iter()
                .find(|name| letters(name) == wanted)
                .map(|name| (*name).to_owned())
                .ok_or_else(|| unknown(argument, text, &known))
        };
        asked.iter().map(spelled).collect()
    }
}

/// Letters alone, as `delete calls` is `deleteCalls`.
fn letters(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The words of `deleteCalls` or `delete calls`, by their first four letters, as
/// plurals differ at the end.
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

fn unknown(argument: &str, text: &str, known: &BTreeSet<&str>) -> Error {
    const CHOICES: usize = 6;
    let wanted = words(text);
    let mut near: Vec<(usize, &str)> = known
        .iter()
        .map(|name| {
            (
                words(name)
                    .iter()
                    .filter(|word| wanted.contains(*word))
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

/// `deals managers-team of Ann Li and Bo Ray`: area, level, leads.
fn wish(line: &str) -> Result<Wish, Error> {
    const EXAMPLE: &str = "[\"calls all\", \"deals managers-team of Ann Li and Bo Ray\"].";
    let wrong = |problem: &str| {
        Error::bad_argument(format!(
            "Argument `access`: “{}” {problem} Example: {EXAMPLE}",
            shortened(line)
        ))
    };
    let line = line.trim();
    // An area's name may have an "of" in it; that of the leads comes after a level.
    let after_level = |at: &usize| {
        let level = line[..*at]
            .split_whitespace()
            .next_back()
            .unwrap_or_default();
        LEVELS.contains(&fold_case(level).replace('_', "-").as_str())
    };
    let of = line
        .match_indices(" of ")
        .map(|(at, _)| at)
        .find(after_level);
    let (what, leads) = of.map_or((line, ""), |at| (&line[..at], &line[at + 4..]));
    let Some((area, level)) = what.rsplit_once([' ', ':', '=']) else {
        return Err(wrong("is not an area and a level."));
    };
    let area = fold_case(area.trim_end_matches([':', '=', ' '])).replace(['_', '-'], " ");
    let area = match area.as_str() {
        "library" | "library folders" => "library folder",
        "forecast submissions" => "forecast edit submissions",
        "forecast targets" => "forecast edit targets",
        other => other,
    };
    let levels = match area {
        "library folder" => &FOLDER_LEVELS[..],
        _ => &LEVELS[..],
    };
    let level = fold_case(level).replace('_', "-");
    let Some(level) = levels.iter().find(|one| **one == level) else {
        return Err(wrong(&format!(
            "has none of the levels of {area}: {}.",
            levels.join(", ")
        )));
    };
    let leads: Vec<String> = leads
        .split(',')
        .flat_map(|leads| leads.split(" and "))
        .map(|lead| lead.trim().to_owned())
        .filter(|lead| !lead.is_empty())
        .collect();
    match (*level, leads.is_empty()) {
        ("managers-team", true) => Err(wrong("does not say of whom.")),
        ("managers-team" | "report-to-them", _) | (_, true) => Ok(Wish {
            area: area.to_owned(),
            level,
            leads,
        }),
        (level, false) => Err(wrong(&format!("names leads, which {level} has not."))),
    }
}

/// The block of an area; one that is unknown here may be in the profile.
fn block<'p>(
    profile: &'p mut Map<String, Value>,
    area: &str,
) -> Result<&'p mut Map<String, Value>, Error> {
    if let Some((_, parent, key)) = AREAS.iter().find(|(name, _, _)| *name == area) {
        return Ok(match parent {
            Some(parent) => member(member(profile, parent), key),
            None => member(profile, key),
        });
    }
    let newer = profile
        .iter()
        .find(|(key, value)| value["permissionLevel"].is_string() && area_of(key) == area)
        .map(|(key, _)| key.clone());
    match newer {
        Some(key) => Ok(member(profile, &key)),
        None => {
            let areas: Vec<&str> = AREAS.iter().map(|(name, _, _)| *name).collect();
            Err(bad_argument(
                "access",
                &format!(
                    "“{}” is no area; there are: {}.",
                    shortened(area),
                    areas.join(", ")
                ),
                "[\"calls all\", \"library none\"].",
            ))
        }
    }
}

/// The object under a key, made where there is none.
fn member<'m>(map: &'m mut Map<String, Value>, key: &str) -> &'m mut Map<String, Value> {
    let value = map.entry(key).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value
        .as_object_mut()
        .expect("an object since the line before")
}

#[cfg(test)]
mod tests {
    use super::{PERMISSIONS, unknown, wish};

    #[test]
    fn a_line_of_access_is_area_level_and_leads() {
        let read = |line: &str| {
            wish(line)
                .map(|wish| format!("{}|{}|{}", wish.area, wish.level, wish.leads.join("+")))
                .map_err(|error| error.text().to_owned())
        };
        assert_eq!(read("calls all"), Ok("calls|all|".into()));
        assert_eq!(read("Calls: Own"), Ok("calls|own|".into()));
        assert_eq!(
            read("deals managers-team of Ann Li, Bo Ray and 234599484848423"),
            Ok("deals|managers-team|Ann Li+Bo Ray+234599484848423".into())
        );
        assert_eq!(
            read("forecast_targets report_to_them"),
            Ok("forecast edit targets|report-to-them|".into())
        );
        assert_eq!(
            read("library specific-folders"),
            Ok("library folder|specific-folders|".into())
        );
        assert_eq!(
            read("new permission of tomorrow managers-team of Ann Li"),
            Ok("new permission of tomorrow|managers-team|Ann Li".into())
        );
        for wrong in [
            "calls",
            "calls some",
            "library own",
            "calls managers-team",
            "deals all of Ann Li",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn unknown_permissions_are_answered_with_near_ones() {
        let known = PERMISSIONS.into_iter().collect();
        let said = |name| unknown("allow", name, &known).text().to_owned();
        assert!(said("removeCall").contains("Near: callsAndSearch, deleteCalls"));
        assert!(said("email deletion").contains("Near: deleteEmails"));
        assert!(said("xyz").contains("none of Gong's permissions. Example: \"downloadCallMedia\""));
    }
}
