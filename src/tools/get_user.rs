//! `gong_get_user`. GET /v2/users/{id}, or GET /v2/users to find a name;
//! api:users:read.

use alloc::collections::BTreeSet;
use serde::Deserialize;

use crate::{
    client::Gong,
    error::Error,
    gong::{
        id::Id,
        users::{self, People},
    },
    prelude::*,
    render::{self, Answer},
    text::one_line,
    time,
    wit::users::{self as wit, GetUser},
};

/// The answer of GET /v2/users/{id}.
#[derive(Default, Deserialize)]
struct Response {
    user: User,
}

/// OpenAPI `UserMetadata`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: Option<Id>,
    email_address: Option<String>,
    email_aliases: Option<Vec<String>>,
    created: Option<String>,
    active: Option<bool>,
    first_name: Option<String>,
    last_name: Option<String>,
    title: Option<String>,
    phone_number: Option<String>,
    extension: Option<String>,
    settings: Option<Settings>,
    manager_id: Option<Id>,
    conferencing_providers: Option<Vec<Provider>>,
    spoken_languages: Option<Vec<Language>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settings {
    web_conferences_recorded: Option<bool>,
    prevent_web_conference_recording: Option<bool>,
    telephony_calls_imported: Option<bool>,
    emails_imported: Option<bool>,
    prevent_email_import: Option<bool>,
    non_recorded_meetings_imported: Option<bool>,
    gong_connect_enabled: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Provider {
    provider: Option<String>,
    is_default: Option<bool>,
}

#[derive(Default, Deserialize)]
struct Language {
    language: Option<String>,
    primary: Option<bool>,
}

/// Looks up the id, reads the user, then the manager's name.
pub(crate) fn run(gong: &Gong<'_>, args: GetUser) -> Result<wit::User, Error> {
    let id = People::default().id(gong, "user", &args.user)?;
    let Response { user } = gong.get(&format!("/v2/users/{id}"), &[])?;
    let manager_id = user.manager_id.as_ref().map(|id| id.0.clone());
    let manager_ids: BTreeSet<String> = manager_id.iter().cloned().collect();
    let names = users::names(gong, &manager_ids);
    let manager = manager_id.as_ref().and_then(|id| names.get(id).cloned());
    Ok(shape(user, id, manager, manager_id, gong.requests()))
}

fn shape(
    user: User,
    id: String,
    manager: Option<String>,
    manager_id: Option<String>,
    requests: u32,
) -> wit::User {
    let settings = user.settings.unwrap_or_default();
    let recording = [
        (
            settings.web_conferences_recorded,
            ["web conferences recorded", "web conferences not recorded"],
        ),
        (
            settings.prevent_web_conference_recording,
            [
                "prevents recording of web conferences",
                "does not prevent recording of web conferences",
            ],
        ),
        (
            settings.telephony_calls_imported,
            ["telephony calls imported", "telephony calls not imported"],
        ),
        (
            settings.emails_imported,
            ["e-mails imported", "e-mails not imported"],
        ),
        (
            settings.prevent_email_import,
            [
                "prevents import of e-mails",
                "does not prevent import of e-mails",
            ],
        ),
        (
            settings.non_recorded_meetings_imported,
            [
                "unrecorded meetings imported",
                "unrecorded meetings not imported",
            ],
        ),
        (
            settings.gong_connect_enabled,
            ["Gong Connect", "no Gong Connect"],
        ),
    ];
    let mut languages = user.spoken_languages.unwrap_or_default();
    languages.sort_by_key(|language| language.primary != Some(true));
    let mut providers = user.conferencing_providers.unwrap_or_default();
    providers.sort_by_key(|provider| provider.is_default != Some(true));
    let names: Vec<String> = [user.first_name, user.last_name]
        .into_iter()
        .flatten()
        .map(|name| one_line(&name))
        .filter(|name| !name.is_empty())
        .collect();
    let phone = user.phone_number.map(|phone| {
        match user.extension.filter(|extension| !extension.is_empty()) {
            Some(extension) => format!("{phone} ext. {extension}"),
            None => phone,
        }
    });
    wit::User {
        name: if names.is_empty() {
            user.email_address.clone().unwrap_or_else(|| id.clone())
        } else {
            names.join(" ")
        },
        id: user.id.map_or(id, |id| id.0),
        email: user.email_address,
        aliases: user.email_aliases.unwrap_or_default(),
        title: user.title.as_deref().map(one_line),
        phone,
        active: user.active != Some(false),
        manager,
        manager_id,
        created: user.created.as_deref().map(time::display_or_same),
        languages: languages
            .into_iter()
            .filter_map(|language| language.language)
            .collect(),
        recording: recording
            .iter()
            .filter_map(|(on, [yes, no])| on.map(|on| if on { *yes } else { *no }))
            .map(str::to_owned)
            .collect(),
        conferencing: providers
            .into_iter()
            .filter_map(|provider| provider.provider)
            .collect(),
        requests,
    }
}

impl Answer for wit::User {
    fn text(&self) -> String {
        let state = if self.active { "" } else { " (inactive)" };
        let mut text = format!("{}{state}\nid: {}\n", self.name, self.id);
        render::line(&mut text, "email", self.email.as_deref());
        render::list(&mut text, "aliases", &self.aliases, ", ");
        render::line(&mut text, "title", self.title.as_deref());
        render::line(&mut text, "phone", self.phone.as_deref());
        let manager = match (&self.manager, &self.manager_id) {
            (Some(name), Some(id)) => Some(format!("{name} ({id})")),
            (None, Some(id)) => Some(id.clone()),
            _ => None,
        };
        render::line(&mut text, "manager", manager.as_deref());
        render::line(&mut text, "created", self.created.as_deref());
        render::list(&mut text, "languages", &self.languages, ", ");
        match self.recording.is_empty() {
            true => text.push_str("settings: unknown, Gong sends none\n"),
            false => render::list(&mut text, "settings", &self.recording, ", "),
        }
        render::list(&mut text, "conferencing", &self.conferencing, ", ");
        render::requests(&mut text, self.requests);
        text
    }
}
