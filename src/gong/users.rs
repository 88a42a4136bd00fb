//! Users: finding one by name, e-mail address or id, and the names of ids.
//! GET /v2/users, POST /v2/users/extensive, GET /v2/users/{id}; api:users:read.

use alloc::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{
        Gong,
        json::required,
        pages::{Paged, Pages, Records},
    },
    error::{Error, bad_argument},
    gong::id::{Id, is_id},
    names::{Fit, choose, handle, unknown},
    prelude::*,
};

/// Pages of 100 users that are read at most.
const USER_PAGES: u32 = 30;
/// Ids in one POST /v2/users/extensive.
const IDS_A_REQUEST: usize = 100;

/// A user (OpenAPI `UserMetadata`).
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct User {
    pub(crate) id: Option<Id>,
    pub(crate) email_address: Option<String>,
    pub(crate) email_aliases: Option<Vec<String>>,
    pub(crate) active: Option<bool>,
    pub(crate) first_name: Option<String>,
    pub(crate) last_name: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) manager_id: Option<Id>,
}

impl User {
    /// First and last name; else the e-mail address; else the id.
    pub(crate) fn name(&self) -> String {
        let names: Vec<_> = [&self.first_name, &self.last_name]
            .into_iter()
            .flatten()
            .map(|name| name.trim())
            .filter(|name| !name.is_empty())
            .collect();
        match names.is_empty() {
            false => names.join(" "),
            true => self
                .email_address
                .clone()
                .unwrap_or_else(|| self.id().to_owned()),
        }
    }

    /// The id; empty if Gong sent none.
    pub(crate) fn id(&self) -> &str {
        self.id.as_ref().map_or("", |id| &id.0)
    }

    /// Whether this is the user's address or one of the aliases.
    pub(crate) fn has_email(&self, email: &str) -> bool {
        let aliases = self.email_aliases.iter().flatten();
        self.email_address
            .iter()
            .chain(aliases)
            .any(|address| address.eq_ignore_ascii_case(email))
    }
}

/// A page of GET /v2/users and POST /v2/users/extensive.
#[derive(Default, Deserialize)]
struct UsersPage {
    records: Option<Records>,
    #[serde(deserialize_with = "required")]
    users: Option<Vec<User>>,
}

impl Paged for UsersPage {
    type Item = User;
    fn into_page(self) -> (Option<Records>, Vec<User>) {
        (self.records, self.users.unwrap_or_default())
    }
}

/// All users, also inactive ones.
///
/// # Errors
/// Whatever GET /v2/users fails with.
pub(crate) fn directory(gong: &Gong<'_>) -> Result<Pages<User>, Error> {
    gong.pages(USER_PAGES, |cursor| {
        gong.get_list::<UsersPage>("/v2/users", &[("cursor", cursor)])
    })
}

/// Looks up users for one tool call; reads the list of users once, when it is first needed.
#[derive(Default)]
pub(crate) struct People {
    /// Users that are known without reading the list.
    known: Vec<User>,
    read: Option<Pages<User>>,
}

impl People {
    /// Looks among these first, and in the list only for who is not exactly one of them.
    pub(crate) fn known(known: Vec<User>) -> Self {
        Self { known, read: None }
    }

    /// The user that an argument names.
    ///
    /// # Errors
    /// `bad-argument` with the choices for a name that is unknown or ambiguous;
    /// whatever reading the list of users fails with.
    pub(crate) fn find(
        &mut self,
        gong: &Gong<'_>,
        argument: &str,
        text: &str,
    ) -> Result<&User, Error> {
        if let Ok(user) = find_in(gong.name_fit(), &self.known, argument, text) {
            return Ok(user);
        }
        if self.read.is_none() {
            self.read = Some(directory(gong)?);
        }
        let read = self.read.as_ref();
        let users = read.map_or(&[][..], |pages| &pages.items);
        // Another of that name could be among those that were not read.
        let fit = match read.and_then(|pages| pages.stopped.as_ref()) {
            Some(_) => Fit::Whole,
            None => gong.name_fit(),
        };
        find_in(fit, users, argument, text).map_err(|error| {
            match read.and_then(|pages| pages.stopped.as_deref()) {
                Some(why) => error.adding(&format!("Not all users were read: {why}")),
                None => error,
            }
        })
    }

    /// The name of a user whom a look-up has found, else the id.
    pub(crate) fn name<'a>(&'a self, id: &'a str) -> Cow<'a, str> {
        let read = self.read.iter().flat_map(|pages| &pages.items);
        let user = self.known.iter().chain(read).find(|user| user.id() == id);
        user.map_or(id.into(), |user| user.name().into())
    }

    /// The list of users, if a look-up has read it.
    pub(crate) fn into_directory(self) -> Option<Pages<User>> {
        self.read
    }

    /// The id of the user that an argument names; an id is returned without a look-up.
    ///
    /// # Errors
    /// As [`People::find`].
    pub(crate) fn id(
        &mut self,
        gong: &Gong<'_>,
        argument: &str,
        text: &str,
    ) -> Result<String, Error> {
        if is_id(handle(text)) {
            return Ok(handle(text).to_owned());
        }
        self.find(gong, argument, text)
            .map(|user| user.id().to_owned())
    }

    /// The e-mail address of the user that an argument names; an address is returned without a
    /// look-up.
    ///
    /// # Errors
    /// As [`People::find`]; `bad-argument` for a user without an address.
    pub(crate) fn email(
        &mut self,
        gong: &Gong<'_>,
        argument: &str,
        text: &str,
    ) -> Result<String, Error> {
        if handle(text).contains('@') {
            return Ok(handle(text).to_owned());
        }
        let user = self.find(gong, argument, text)?;
        user.email_address.clone().ok_or_else(|| {
            bad_argument(
                argument,
                &format!("{} has no e-mail address in Gong.", user.name()),
                "an e-mail address.",
            )
        })
    }
}

fn find_in<'u>(fit: Fit, users: &'u [User], argument: &str, text: &str) -> Result<&'u User, Error> {
    let text = handle(text);
    let by_id_or_email = users.iter().find(|user| {
        if is_id(text) {
            user.id() == text
        } else {
            text.contains('@') && user.has_email(text)
        }
    });
    if let Some(user) = by_id_or_email {
        return Ok(user);
    }
    let active: Vec<&User> = users
        .iter()
        .filter(|user| user.active != Some(false))
        .collect();
    let all: Vec<&User> = users.iter().collect();
    choose(fit, &active, |user| user.name(), text)
        .or_else(|_| choose(fit, &all, |user| user.name(), text))
        .copied()
        .map_err(|near| {
            let choices = near.into_iter().map(|user| match &user.email_address {
                Some(email) => (format!("{} ({email})", user.name()), email.clone()),
                None => (
                    format!("{} ({})", user.name(), user.id()),
                    user.id().to_owned(),
                ),
            });
            unknown(
                argument,
                "Gong user",
                text,
                choices,
                users.len(),
                "gong_list_users",
            )
        })
}

/// The names of users, by id. Where a request fails (a missing scope, a rate limit) the names are left
/// out: the tools' answers are useful without them.
pub(crate) fn names(gong: &Gong<'_>, ids: &BTreeSet<String>) -> BTreeMap<String, String> {
    let ids: Vec<&str> = ids
        .iter()
        .map(String::as_str)
        .filter(|id| is_id(id))
        .collect();
    let mut names = BTreeMap::new();
    for user_ids in ids.chunks(IDS_A_REQUEST) {
        let body = json!({ "filter": { "userIds": user_ids } });
        let Ok(page) = gong.post_list::<UsersPage>("/v2/users/extensive", &body) else {
            break;
        };
        names.extend(
            page.users
                .into_iter()
                .flatten()
                .map(|user| (user.id().to_owned(), user.name())),
        );
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{User, find_in};
    use crate::{gong::id::Id, names::Fit};

    fn user(id: &str, first: &str, last: &str, active: bool) -> User {
        User {
            id: Some(Id(id.into())),
            first_name: Some(first.into()),
            last_name: Some(last.into()),
            email_address: Some(format!("{first}.{last}@vendor.example").to_lowercase()),
            active: Some(active),
            ..User::default()
        }
    }

    #[test]
    fn a_name_finds_one_user_or_the_choices() {
        let users = [
            user("100001", "Maria", "Lopez", true),
            user("100002", "Maria", "Silva", true),
            user("100003", "Ann", "Lopez", false),
            user("100004", "Ann", "Li", true),
        ];
        let found = |wanted| {
            find_in(Fit::Words, &users, "host", wanted)
                .map(|user| user.id().to_owned())
                .map_err(|e| e.text().to_owned())
        };
        assert_eq!(found("maria silva"), Ok("100002".into()));
        assert_eq!(found("Silva"), Ok("100002".into()));
        assert_eq!(found("ANN.LI@vendor.example"), Ok("100004".into()));
        assert_eq!(found("100003"), Ok("100003".into()));
        assert_eq!(found("Ann"), Ok("100004".into()), "the active one");
        assert_eq!(
            found("Ann Lopez"),
            Ok("100003".into()),
            "exact, though not active"
        );
        assert_eq!(
            found("Maria"),
            Err("Argument `host`: “Maria” is not exactly one Gong user. Choices: Maria Lopez \
                 (maria.lopez@vendor.example); Maria Silva (maria.silva@vendor.example). Example: \"maria.lopez@vendor.example\", or \
                 another from gong_list_users."
                .into())
        );
        assert!(
            found("Marie")
                .expect_err("near")
                .contains("Choices: Maria Lopez")
        );
        assert_eq!(
            found("Zoe"),
            Err("Argument `host`: no Gong user is called “Zoe” (4 read). Example: a name or id that gong_list_users lists.".into())
        );
    }
}
