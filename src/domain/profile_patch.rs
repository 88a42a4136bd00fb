//! Changes of a permission profile: the arguments `access`, `library_folders`, `allow` and `deny`,
//! applied to Gong's object (OpenAPI `PermissionProfileDTO`). Members that they do not name stay as
//! they are.

use serde_json::{Map, Value, json};

use crate::{
    client::Gong,
    error::{Error, bad_argument},
    gong::{id::is_id, users::People},
    prelude::*,
    text::shortened,
};

mod access;
mod permissions;

use access::{AccessLine, block};
use permissions::{FOLDER_PERMISSIONS, spelled_as_gong};

/// The block of access to library folders.
const FOLDERS: &str = "libraryFolderAccess";

/// The changes that the arguments describe.
pub(crate) struct ProfilePatch {
    access: Vec<AccessLine>,
    folders: Vec<String>,
    allow: Vec<String>,
    deny: Vec<String>,
}

impl ProfilePatch {
    /// Reads the arguments, without a request.
    ///
    /// # Errors
    /// `bad-argument`.
    pub(crate) fn read(
        access: &[String],
        folders: Vec<String>,
        allow: Vec<String>,
        deny: Vec<String>,
    ) -> Result<Self, Error> {
        let access: Vec<AccessLine> = access
            .iter()
            .map(|line| AccessLine::parse(line))
            .collect::<Result<_, _>>()?;
        for (index, one) in access.iter().enumerate() {
            if access[..index].iter().any(|other| other.area == one.area) {
                return Err(bad_argument(
                    "access",
                    &format!("{} is there twice.", one.area),
                    "[\"calls all\", \"deals own\"].",
                ));
            }
        }
        if let Some(wrong) = folders.iter().find(|id| !is_id(id)) {
            return Err(bad_argument(
                "library_folders",
                &format!("“{}” is not a folder id.", shortened(wrong)),
                "[\"2957383052123759301\"].",
            ));
        }
        Ok(Self {
            access,
            folders,
            allow,
            deny,
        })
    }

    /// Whether there is nothing to change.
    pub(crate) fn is_empty(&self) -> bool {
        self.access.is_empty()
            && self.folders.is_empty()
            && self.allow.is_empty()
            && self.deny.is_empty()
    }

    /// Applies the changes to a profile. Team leads are looked up by name.
    ///
    /// # Errors
    /// `bad-argument`; whatever reading the directory fails with.
    pub(crate) fn apply(
        &self,
        gong: &Gong<'_>,
        profile: &mut Map<String, Value>,
    ) -> Result<(), Error> {
        let allow = spelled_as_gong("allow", &self.allow, profile)?;
        let deny = spelled_as_gong("deny", &self.deny, profile)?;
        if let Some(both) = allow.iter().find(|name| deny.contains(name)) {
            return Err(bad_argument(
                "deny",
                &format!("{both} is in allow, too."),
                "one of the two.",
            ));
        }
        let mut people = People::default();
        for line in &self.access {
            let leads: Vec<String> = line
                .leads
                .iter()
                .map(|lead| people.id(gong, "access", lead))
                .collect::<Result<_, _>>()?;
            let block = block(profile, &line.area)?;
            block.insert("permissionLevel".into(), json!(line.level));
            // A list that belongs to another level becomes null, as Gong writes it.
            for (list, level_of_list) in [
                ("teamLeadIds", "managers-team"),
                ("libraryFolderIds", "specific-folders"),
            ] {
                if block.contains_key(list) && line.level != level_of_list {
                    block.insert(list.into(), Value::Null);
                }
            }
            if !leads.is_empty() {
                block.insert("teamLeadIds".into(), json!(leads));
            }
        }
        for (names, allowed) in [(allow, true), (deny, false)] {
            for name in names {
                match FOLDER_PERMISSIONS.contains(&name.as_str()) {
                    true => object_at(profile, FOLDERS).insert(name, allowed.into()),
                    false => profile.insert(name, allowed.into()),
                };
            }
        }
        self.apply_folders(profile)
    }

    /// Sets the library folders, and checks what Gong requires: the level specific-folders has ids, and
    /// permissions for folders need access to folders.
    fn apply_folders(&self, profile: &mut Map<String, Value>) -> Result<(), Error> {
        if !self.folders.is_empty() {
            let access = object_at(profile, FOLDERS);
            access.insert("libraryFolderIds".into(), json!(self.folders));
            let line = self
                .access
                .iter()
                .find(|line| line.area == "library folder");
            match line {
                Some(line) if line.level != "specific-folders" => {
                    return Err(bad_argument(
                        "library_folders",
                        &format!("they do not go with library {}.", line.level),
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
        let permitted: Vec<&str> = FOLDER_PERMISSIONS
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
}

/// The object under a key; a missing member, or one of another type, becomes an empty object.
fn object_at<'m>(map: &'m mut Map<String, Value>, key: &str) -> &'m mut Map<String, Value> {
    let value = map.entry(key).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value
        .as_object_mut()
        .expect("an object since the line before")
}
