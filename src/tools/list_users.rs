//! `gong_list_users`. GET /v2/users, all pages; api:users:read.

use alloc::collections::BTreeMap;

use crate::{
    client::Gong,
    domain::list_part::ListPart,
    error::Error,
    gong::users::{People, User, directory},
    names::{has_words, is_meant},
    prelude::*,
    render::{self, Answer, Table},
    text::{fold_case, one_line},
    tools::limit,
    wit::users::{ListUsers, UserPage, UserRow},
};

/// Gong can not search users, so all are read and filtered here.
pub(crate) fn run(gong: &Gong<'_>, args: ListUsers) -> Result<UserPage, Error> {
    let limit = limit(args.limit, 100, 500)?;
    let mut people = People::default();
    let manager = args
        .manager
        .as_deref()
        .map(|manager| people.id(gong, "manager", manager))
        .transpose()?;
    let read = match people.into_directory() {
        Some(read) => read,
        None => directory(gong)?,
    };
    let names: BTreeMap<&str, String> = read
        .items
        .iter()
        .map(|user| (user.id(), user.name()))
        .collect();
    let query = args.query.as_deref().map(fold_case);
    let mut found: Vec<&User> = read
        .items
        .iter()
        .filter(|user| args.active == Some(false) || user.active != Some(false))
        .filter(|user| {
            manager.is_none() || user.manager_id.as_ref().map(|id| &id.0) == manager.as_ref()
        })
        .filter(|user| query.as_deref().is_none_or(|query| matches(user, query)))
        .collect();
    found.sort_by_cached_key(|user| (fold_case(&user.name()), user.id()));
    let rows = found.iter().map(|user| row(user, &names));
    let part = ListPart::limited(gong, rows, limit, args.resume.as_deref())?;
    Ok(UserPage {
        resume: part.resume,
        users: part.items,
        matched: part.matched,
        read: read.items.len() as u32,
        stopped: read.stopped,
        requests: gong.requests(),
    })
}

fn matches(user: &User, query: &str) -> bool {
    let title = user.title.as_deref().unwrap_or_default();
    let email = user.email_address.as_deref().unwrap_or_default();
    is_meant(query.trim(), user.id(), &user.name())
        || has_words(title, query)
        || fold_case(email).contains(query)
}

fn row(user: &User, names: &BTreeMap<&str, String>) -> UserRow {
    UserRow {
        id: user.id().into(),
        name: one_line(&user.name()),
        email: user.email_address.clone(),
        title: user.title.as_deref().map(one_line),
        manager: user
            .manager_id
            .as_ref()
            .and_then(|id| names.get(id.0.as_str()).cloned()),
        inactive: (user.active == Some(false)).then_some(true),
    }
}

impl Answer for UserPage {
    fn text(&self) -> String {
        let mut text = format!(
            "{} of {} that match, by name; {} read.\n",
            render::count(self.users.len() as u32, "user"),
            self.matched,
            self.read
        );
        let mut table = Table::new(["id", "name", "email", "title", "manager", "state"]);
        for user in &self.users {
            let state = if user.inactive == Some(true) {
                "inactive"
            } else {
                ""
            };
            table.row([
                user.id.clone(),
                user.name.clone(),
                user.email.clone().unwrap_or_default(),
                user.title.clone().unwrap_or_default(),
                user.manager.clone().unwrap_or_default(),
                state.into(),
            ]);
        }
        render::none(
            &mut text,
            &self.users,
            "No user matches, or the access key sees none; inactive ones come with active false.",
        );
        table.write(&mut text);
        render::line(&mut text, "Not all read", self.stopped.as_deref());
        render::line(&mut text, "More: resume", self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
