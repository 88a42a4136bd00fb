//! Permission profiles, by name or id. GET /v2/all-permission-profiles, one
//! workspace per request; api:permission-profile:read.

use alloc::collections::BTreeMap;
use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse},
    error::Error,
    gong::{
        id::{Id, is_id},
        workspaces,
    },
    json_ext::JsonExt,
    names::{choose, handle, unknown},
    prelude::*,
    text::{fold_case, one_line},
};

/// A profile (OpenAPI `PermissionProfileDTO`): id, name, description, blocks of access, and many
/// booleans. Gong adds blocks and booleans, so they are recognised by their form, not by name.
#[derive(Default)]
pub(crate) struct Profile {
    pub(crate) id: Option<Id>,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) rest: BTreeMap<String, Value>,
}

/// The name of a profile's workspace, and the profile.
pub(crate) type NamedProfile = (String, Profile);

/// How far one kind of access goes.
pub(crate) struct Level {
    /// Such as `calls`, `forecast edit targets`.
    pub(crate) area: String,
    /// Gong's name of the level, such as `managers-team`.
    pub(crate) level: String,
    /// User ids of the team leads.
    pub(crate) team_leads: Vec<String>,
}

impl Profile {
    /// Reads a profile from Gong's JSON.
    pub(crate) fn of(profile: &Value) -> Self {
        let own = |name: &String| !matches!(name.as_str(), "id" | "name" | "description");
        let members = profile.as_object().into_iter().flatten();
        Self {
            id: profile.id("id").map(Id),
            name: profile.raw("name").map(ToOwned::to_owned),
            description: profile.raw("description").map(ToOwned::to_owned),
            rest: members
                .filter(|(name, _)| own(name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
        }
    }

    /// The id; empty if Gong sent none.
    pub(crate) fn id(&self) -> &str {
        self.id.as_ref().map_or("", |id| &id.0)
    }

    /// The name; else the id.
    pub(crate) fn name(&self) -> String {
        self.name
            .as_deref()
            .map_or_else(|| self.id().to_owned(), one_line)
    }

    /// The blocks of access, also those within `forecastPermissions`.
    pub(crate) fn levels(&self) -> Vec<Level> {
        let mut levels = Vec::new();
        for (key, value) in self.rest.iter() {
            if let Some(level) = level(key, value) {
                levels.push(level);
            } else if let Value::Object(inner) = value {
                levels.extend(inner.iter().filter_map(|(key, value)| level(key, value)));
            }
        }
        levels
    }

    /// Names of the booleans that have this value, also those within the access to the library.
    pub(crate) fn flags(&self, value_of_flag: bool) -> Vec<String> {
        let own = self
            .rest
            .iter()
            .filter(|(_, value)| **value == Value::Bool(value_of_flag))
            .map(|(key, _)| key.clone());
        let inner = self.rest.values().filter_map(Value::as_object).flatten();
        own.chain(
            inner
                .filter(|(_, value)| **value == Value::Bool(value_of_flag))
                .map(|(key, _)| key.clone()),
        )
        .collect()
    }

    /// The folders of `libraryFolderAccess`.
    pub(crate) fn library_folders(&self) -> Vec<String> {
        let ids = self
            .rest
            .get("libraryFolderAccess")
            .and_then(|access| access["libraryFolderIds"].as_array());
        ids.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    }
}

fn level(key: &str, value: &Value) -> Option<Level> {
    let level = value["permissionLevel"].as_str()?.to_owned();
    // Leads that are left from another level have no effect.
    let leads = value["teamLeadIds"]
        .as_array()
        .filter(|_| matches!(level.as_str(), "managers-team" | "report-to-them"));
    let team_leads = leads
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    Some(Level {
        area: area_of(key),
        level,
        team_leads,
    })
}

/// The name of a block as answers have it: `forecastEditTargets` becomes `forecast edit targets`, and
/// `callsAccess` becomes `calls`.
pub(crate) fn area_of(key: &str) -> String {
    let mut area = String::new();
    for c in key.strip_suffix("Access").unwrap_or(key).chars() {
        if c.is_ascii_uppercase() {
            area.push(' ');
        }
        area.push(c.to_ascii_lowercase());
    }
    area
}

/// The profiles of one workspace or of all, each with its workspace's name, and the error that ended it
/// where a later workspace could not be read.
///
/// # Errors
/// `bad-argument` for an unknown workspace; whatever the first request fails with.
pub(crate) fn all(
    gong: &Gong<'_>,
    workspace: Option<&str>,
) -> Result<(Vec<NamedProfile>, Option<Error>), Error> {
    let mut workspaces = workspaces::all(gong)?;
    if let Some(text) = workspace {
        let id = workspaces::find(gong.name_fit(), &workspaces, text)?
            .id()
            .to_owned();
        workspaces.retain(|workspace| workspace.id() == id);
    }
    workspaces::read_each(&workspaces, |workspace| {
        let answer: ApiResponse = gong.get_list(
            "/v2/all-permission-profiles",
            &[("workspaceId", Some(workspace.id()))],
        )?;
        let profiles = answer.listed("profiles", "GET /v2/all-permission-profiles")?;
        let mut profiles: Vec<Profile> = profiles.iter().map(Profile::of).collect();
        profiles.sort_by_cached_key(|profile| fold_case(&profile.name()));
        let name = one_line(workspace.name());
        let named = profiles.into_iter().map(|profile| (name.clone(), profile));
        Ok(named.collect())
    })
}

/// The id of the profile that the argument `profile` names, and its name if that was looked up.
///
/// # Errors
/// `bad-argument` with the choices; whatever a request fails with.
pub(crate) fn id(
    gong: &Gong<'_>,
    text: &str,
    workspace: Option<&str>,
) -> Result<(String, Option<String>), Error> {
    let text = handle(text);
    if is_id(text) {
        return Ok((text.to_owned(), None));
    }
    let profiles = match all(gong, workspace)? {
        (profiles, None) => profiles,
        // Another of that name could be among those that were not read.
        (_, Some(error)) => return Err(error),
    };
    match choose(
        gong.name_fit(),
        &profiles,
        |(_, profile)| profile.name(),
        text,
    ) {
        Ok((_, profile)) => Ok((profile.id().to_owned(), Some(profile.name()))),
        Err(near) => {
            let near = if near.is_empty() {
                profiles.iter().collect()
            } else {
                near
            };
            let choices = near.into_iter().map(|(workspace, profile)| {
                let label = format!(
                    "{} (workspace {workspace}, {})",
                    profile.name(),
                    profile.id()
                );
                (label, profile.id().to_owned())
            });
            let lister = "gong_list_permission_profiles";
            Err(unknown(
                "profile",
                "permission profile",
                text,
                choices,
                profiles.len(),
                lister,
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Profile;

    #[test]
    fn members_are_recognised_by_their_form() {
        let profile = serde_json::from_str(
            r#"{"id":"1","name":"Reps","callsAccess":{"permissionLevel":"managers-team","teamLeadIds":["7"]},
            "dealsAccess":{"permissionLevel":"all","teamLeadIds":["8"]},"emailsAccess":null,
            "forecastPermissions":{"forecastEditTargets":{"permissionLevel":"none","teamLeadIds":null}},
            "libraryFolderAccess":{"permissionLevel":"specific-folders","libraryFolderIds":["5"],"manageStreams":true},
            "scoreCalls":true,"deleteCalls":false,"newOne":true}"#,
        )
        .expect("profile");
        let profile = Profile::of(&profile);
        let levels: Vec<String> = profile
            .levels()
            .iter()
            .map(|one| format!("{}={}{:?}", one.area, one.level, one.team_leads))
            .collect();
        assert_eq!(
            levels,
            [
                "calls=managers-team[\"7\"]",
                "deals=all[]",
                "forecast edit targets=none[]",
                "library folder=specific-folders[]",
            ]
        );
        assert_eq!(
            profile.flags(true),
            ["newOne", "scoreCalls", "manageStreams"]
        );
        assert_eq!(profile.flags(false), ["deleteCalls"]);
        assert_eq!(profile.library_folders(), ["5"]);
    }
}
