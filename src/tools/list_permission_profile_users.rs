//! `gong_list_permission_profile_users`. GET /v2/permission-profile/users;
//! api:users:read.

use serde::Deserialize;

use crate::{
    client::{Gong, json::required},
    domain::list_part::ListPart,
    error::Error,
    gong::{id::Id, permission_profiles},
    prelude::*,
    render::{self, Answer, Table},
    text::{fold_case, one_line},
    wit::permission_profiles::{ListPermissionProfileUsers, ProfileUser, ProfileUsers},
};

#[derive(Default, Deserialize)]
struct Response {
    #[serde(deserialize_with = "required")]
    users: Option<Vec<User>>,
}

/// OpenAPI `UserSimpleMetadata`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: Option<Id>,
    full_name: Option<String>,
    email_address: Option<String>,
}

/// Looks up the id, then reads the users, who are not paged.
pub(crate) fn run(
    gong: &Gong<'_>,
    args: ListPermissionProfileUsers,
) -> Result<ProfileUsers, Error> {
    let (id, name) = permission_profiles::id(gong, &args.profile, args.workspace.as_deref())?;
    let response: Response =
        gong.get("/v2/permission-profile/users", &[("profileId", Some(&id))])?;
    let mut users: Vec<ProfileUser> = response
        .users
        .into_iter()
        .flatten()
        .map(|user| ProfileUser {
            id: user.id.map_or_else(String::new, |id| id.0),
            name: user.full_name.as_deref().map(one_line),
            email: user.email_address,
        })
        .collect();
    users.sort_by_cached_key(|user| {
        user.name
            .as_deref()
            .or(user.email.as_deref())
            .map(fold_case)
    });
    let part = ListPart::of(gong, users, args.resume.as_deref())?;
    Ok(ProfileUsers {
        id,
        name,
        users: part.items,
        matched: part.matched,
        resume: part.resume,
        requests: gong.requests(),
    })
}

impl Answer for ProfileUsers {
    fn text(&self) -> String {
        let profile = self.name.as_deref().unwrap_or(&self.id);
        let mut text = format!(
            "{} with profile {profile}\n",
            render::part(self.users.len(), self.matched, "user")
        );
        let mut table = Table::new(["id", "name", "email"]);
        for user in &self.users {
            table.row([
                user.id.clone(),
                user.name.clone().unwrap_or_default(),
                user.email.clone().unwrap_or_default(),
            ]);
        }
        table.write(&mut text);
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
