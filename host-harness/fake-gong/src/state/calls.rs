//! Calls as requests see them: recorded ones, and those that were added through the API.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::company::calls::Identity;
use crate::company::heads::{Head, Scheme, small};
use crate::company::people::User;
use crate::company::random::Random;
use crate::company::{Call, Company};
use crate::instants;

/// A call that was added. Gong has not analysed it yet, so it has no transcript and no content.
#[derive(Clone, Debug)]
pub(crate) struct AddedCall {
    pub(crate) id: String,
    pub(crate) client_unique_id: String,
    pub(crate) started: Timestamp,
    pub(crate) scheduled: Option<Timestamp>,
    pub(crate) host: usize,
    pub(crate) workspace: usize,
    pub(crate) is_private: bool,
    /// The content type of the recording, once it is there.
    pub(crate) media: Option<String>,
    /// The request, already checked.
    pub(crate) body: Value,
}

/// The id of the call that is added after so many others.
pub(crate) fn next_id(company: &Company, before: usize) -> String {
    let mut random = Random::new(company.seed, &format!("added call {before}"));
    random.signed_id().to_string()
}

impl AddedCall {
    /// Whether Gong fetches the recording itself.
    pub(crate) fn is_downloaded(&self) -> bool {
        self.body["downloadMediaUrl"].is_string()
    }

    /// Whether the details know it: they come later than the call itself, here with its recording.
    pub(crate) fn has_details(&self) -> bool {
        self.media.is_some() || self.is_downloaded()
    }

    /// What it is found by.
    pub(crate) fn head(&self) -> Head {
        Head {
            id: self.id.parse().unwrap_or_default(),
            number: 0,
            scheme: Scheme::Added,
            started: self.started,
            listed_at: self.listed_at(),
            host: small(self.host),
            account: None,
            workspace: u8::try_from(self.workspace).unwrap_or_default(),
            is_private: self.is_private,
            is_imported: false,
            is_phone: false,
        }
    }

    /// The addresses of the people on it.
    pub(crate) fn emails(&self) -> impl Iterator<Item = &str> {
        let parties = self.body["parties"].as_array().into_iter().flatten();
        parties.filter_map(|party| party["emailAddress"].as_str())
    }

    /// Where the call is in the application.
    pub(crate) fn url(&self) -> String {
        format!("https://us-14321.app.gong.io/call?id={}", self.id)
    }

    /// As [`crate::company::Call::listed_at`].
    pub(crate) fn listed_at(&self) -> Timestamp {
        match self.body["direction"].as_str() {
            Some("Conference") => self.scheduled.unwrap_or(self.started),
            _ => self.started,
        }
    }

    /// `metaData` of the extensive answer, and a call as GET /v2/calls lists it.
    pub(crate) fn meta(&self, company: &Company) -> Value {
        let body = &self.body;
        let zone = &company.zone;
        let parties = body["parties"].as_array().into_iter().flatten();
        let is_internal = parties
            .into_iter()
            .all(|party| user_of(company, party).is_some());
        let is_video = self
            .media
            .as_deref()
            .is_some_and(|kind| kind.starts_with("video/"));
        json!({
            "id": self.id,
            "url": self.url(),
            "title": body["title"],
            "scheduled": self.scheduled.map(|at| instants::to_rfc3339(at, zone)),
            "started": instants::to_rfc3339(self.started, zone),
            "duration": body["duration"].as_f64().unwrap_or_default() as i64,
            "primaryUserId": company.users[self.host].id,
            "direction": body["direction"],
            "system": body["callProviderCode"].as_str().unwrap_or("Public API"),
            "scope": if is_internal { "Internal" } else { "External" },
            "media": if is_video { "Video" } else { "Audio" },
            "language": language(body["languageCode"].as_str()),
            "workspaceId": company.workspaces[self.workspace].id,
            "sdrDisposition": body["disposition"],
            "clientUniqueId": self.client_unique_id,
            "customData": body["customData"],
            "purpose": body["purpose"],
            "meetingUrl": body["meetingUrl"],
            "isPrivate": self.is_private,
            "calendarEventId": null,
        })
    }

    /// The call in the extensive answer: the selected fields are there, but empty, as long as the
    /// call is not analysed.
    pub(crate) fn select(&self, company: &Company, selector: &Value) -> Value {
        let exposed =
            |pointer: &str| selector["exposedFields"].pointer(pointer) == Some(&json!(true));
        let is_linked = matches!(selector["context"].as_str(), Some("Basic" | "Extended"));
        let mut data = json!({ "metaData": self.meta(company) });
        if is_linked {
            data["context"] = links(&self.body["context"]);
        }
        if exposed("/parties") {
            let parties = self.body["parties"].as_array().into_iter().flatten();
            let parties = parties.enumerate();
            data["parties"] = parties
                .map(|(place, party)| self.party(company, place, party, is_linked))
                .collect();
        }
        for (group, fields) in [
            ("content", EMPTY_CONTENT),
            ("interaction", EMPTY_INTERACTION),
            (
                "collaboration",
                &[("publicComments", "publicComments", true)],
            ),
        ] {
            let request = fields
                .iter()
                .filter(|(flag, ..)| exposed(&format!("/{group}/{flag}")));
            let empty: Map<String, Value> = request
                .map(|(_, name, list)| {
                    (
                        (*name).to_owned(),
                        if *list { json!([]) } else { Value::Null },
                    )
                })
                .collect();
            if !empty.is_empty() {
                data[group] = empty.into();
            }
        }
        if exposed("/media") {
            let url = self.media.is_some() || self.is_downloaded();
            let url = url.then(|| {
                format!(
                    "https://media.app.gong.io/{}/audio.mp3?expires=28800",
                    self.id
                )
            });
            data["media"] = json!({ "audioUrl": url, "videoUrl": null });
        }
        data
    }

    fn party(&self, company: &Company, place: usize, party: &Value, is_linked: bool) -> Value {
        let user = user_of(company, party);
        let mut random = Random::new(company.seed, &format!("party {place} of {}", self.id));
        let mut json = json!({
            "id": random.signed_id().to_string(),
            "emailAddress": user.map_or(party["emailAddress"].clone(), |user| json!(user.email)),
            "name": user.map_or(party["name"].clone(), |user| json!(user.name())),
            "title": user.map(|user| user.title),
            "userId": user.map(|user| &user.id),
            "speakerId": null,
            "affiliation": match (user, party["emailAddress"].is_string()) {
                (Some(_), _) => "Internal",
                (None, true) => "External",
                (None, false) => "Unknown",
            },
            "phoneNumber": party["phoneNumber"],
            "methods": ["Attendee"],
        });
        if is_linked {
            json["context"] = links(&party["context"]);
        }
        json
    }
}

/// The flag, the field it brings, and whether that is a list.
type Empty = (&'static str, &'static str, bool);

const EMPTY_CONTENT: &[Empty] = &[
    ("brief", "brief", false),
    ("keyPoints", "keyPoints", true),
    ("outline", "outline", true),
    ("highlights", "highlights", true),
    ("topics", "topics", true),
    ("trackers", "trackers", true),
    ("callOutcome", "callOutcome", false),
    ("structure", "structure", true),
];

const EMPTY_INTERACTION: &[Empty] = &[
    ("speakers", "speakers", true),
    ("personInteractionStats", "interactionStats", true),
    ("video", "video", true),
    ("questions", "questions", false),
];

/// The vendor's own user who a party of the request is, by id or by address.
pub(crate) fn user_of<'a>(company: &'a Company, party: &Value) -> Option<&'a User> {
    let mut users = company.users.iter();
    if let Some(id) = party["userId"].as_str() {
        return users.find(|user| user.id == id);
    }
    company.user_by_email(party["emailAddress"].as_str()?)
}

/// `context` as it was uploaded: the links alone, as Gong looks fields up in the CRM.
fn links(context: &Value) -> Value {
    let systems = context.as_array().into_iter().flatten();
    systems
        .map(|system| {
            let objects = system["objects"].as_array().into_iter().flatten();
            let objects: Vec<Value> = objects
                .map(|object| {
                    json!({
                        "objectType": object["objectType"],
                        "objectId": object["objectId"],
                        "timing": "Now",
                    })
                })
                .collect();
            json!({ "system": system["system"], "objects": objects })
        })
        .collect()
}

/// The language as Gong writes it in answers, of three letters, for a code like `de-DE`.
fn language(code: Option<&str>) -> &'static str {
    match code.and_then(|code| code.split('-').next()) {
        Some("de") => "ger",
        Some("en") => "eng",
        Some("es") => "spa",
        Some("fr") => "fre",
        // Undetermined, as long as the call is not analysed.
        _ => "und",
    }
}

/// A recorded call, or one that was added through the API.
#[derive(Debug)]
pub(crate) enum AnyCall {
    Held(Call),
    Added(AddedCall),
}

impl AnyCall {
    /// The ids of the vendor's own people on it.
    pub(crate) fn users<'a>(&self, company: &'a Company) -> Vec<&'a str> {
        match self {
            Self::Held(call) => {
                let parties = call.parties.iter();
                let users = parties.filter_map(|party| match party.identity {
                    Identity::User(place) => Some(company.users[place].id.as_str()),
                    Identity::Contact(_) | Identity::Number => None,
                });
                users.collect()
            }
            Self::Added(call) => {
                let parties = call.body["parties"].as_array().into_iter().flatten();
                let users = parties.filter_map(|party| user_of(company, party));
                users.map(|user| user.id.as_str()).collect()
            }
        }
    }

    /// As GET /v2/calls lists it.
    pub(crate) fn meta(&self, company: &Company) -> Value {
        match self {
            Self::Held(call) => call.meta(company),
            Self::Added(call) => call.meta(company),
        }
    }
}
