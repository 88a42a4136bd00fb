//! `gong_list_permission_profile_users`. GET /v2/permission-profile/users;
//! api:users:read.

use alloc::{format, string::String, vec::Vec};

use super::Answer;
use crate::{
    error::Error,
    gong::{Gong, calls::one_line, id::Id, profiles},
    list::ToList as _,
    lower::Lower as _,
    record::Record,
    render::{self, Table},
    sorted::Sort,
    wit::permission_profiles::{ProfileQuery, ProfileUser, ProfileUsers},
};

#[derive(Record)]
struct Answered {
    #[record(required)]
    users: Option<Vec<User>>,
}

/// OpenAPI `UserSimpleMetadata`.
#[derive(Record)]
#[serde(rename_all = "camelCase")]
struct User {
    id: Option<Id>,
    full_name: Option<String>,
    email_address: Option<String>,
}

/// Finds the id, then reads the users, which come all at once.
pub(crate) fn run(gong: &Gong<'_>, args: ProfileQuery) -> Result<ProfileUsers, Error> {
    let (id, name) = profiles::id(gong, &args.profile, args.workspace.as_deref())?;
    let answer: Answered = gong.get("/v2/permission-profile/users", &[("profileId", Some(&id))])?;
    let mut users: Vec<ProfileUser> = answer
        .users
        .into_iter()
        .flatten()
        .map(|user| ProfileUser {
            id: user.id.map_or_else(String::new, |id| id.0),
            name: user.full_name.as_deref().map(one_line),
            email: user.email_address,
        })
        .list();
    users.order_by_key(|user| {
        user.name
            .as_deref()
            .or(user.email.as_deref())
            .map(str::lower)
    });
    Ok(ProfileUsers {
        id,
        name,
        users,
        requests: gong.requests(),
    })
}

impl Answer for ProfileUsers {
    fn text(&self) -> String {
        let profile = self.name.as_deref().unwrap_or(&self.id);
        let mut text = format!(
            "{} with profile {profile}\n",
            render::count(self.users.len() as u32, "user")
        );
        let mut table = Table::new(&["id", "name", "email"]);
        for user in &self.users {
            table.row([
                user.id.clone(),
                user.name.clone().unwrap_or_default(),
                user.email.clone().unwrap_or_default(),
            ]);
        }
        table.write(&mut text);
        render::requests(&mut text, self.requests);
        text
    }
}
