//! Calls that were added through the API, and their media.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::privacy::Remaining;
use crate::company::Company;
use crate::company::calls::Identity;
use crate::company::people::User;
use crate::company::random::Random;
use crate::instants;

/// The calls that were added, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct AddedCalls(pub(crate) Vec<AddedCall>);

/// A call that was added. Gong has not analysed it yet, so it has no transcript and no content.
#[derive(Debug)]
pub(crate) struct AddedCall {
    pub(crate) id: String,
    pub(crate) client_unique_id: String,
    pub(crate) started: Timestamp,
    pub(crate) scheduled: Option<Timestamp>,
    pub(crate) host: usize,
    pub(crate) workspace: usize,
    /// The content type of the recording, once it is there.
    pub(crate) media: Option<String>,
    /// The request, already checked.
    pub(crate) body: Value,
}

impl AddedCalls {
    /// The id of the next call.
    pub(crate) fn next_id(&self, company: &Company) -> String {
        let mut random = Random::new(company.seed, &format!("added call {}", self.0.len()));
        random.signed_id().to_string()
    }
}

impl AddedCall {
    /// Whether Gong fetches the recording itself.
    pub(crate) fn is_downloaded(&self) -> bool {
        self.body["downloadMediaUrl"].is_string()
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
            "isPrivate": false,
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
#[derive(Clone, Copy)]
pub(crate) enum AnyCall<'a> {
    Held(&'a crate::company::Call),
    Added(&'a AddedCall),
}

impl<'a> AnyCall<'a> {
    /// All calls that remain, the recorded ones first.
    pub(crate) fn all(
        remaining: Remaining<'a>,
        added: &'a AddedCalls,
    ) -> impl Iterator<Item = Self> {
        let left = added.0.iter().filter(move |call| {
            let mut parties = call.body["parties"].as_array().into_iter().flatten();
            !parties.any(|party| {
                remaining.is_erased(party["emailAddress"].as_str().unwrap_or_default())
            })
        });
        remaining
            .calls()
            .map(Self::Held)
            .chain(left.map(Self::Added))
    }

    pub(crate) fn id(self) -> &'a str {
        match self {
            Self::Held(call) => &call.id,
            Self::Added(call) => &call.id,
        }
    }

    pub(crate) fn started(self) -> Timestamp {
        match self {
            Self::Held(call) => call.started,
            Self::Added(call) => call.started,
        }
    }

    /// Whether the details know it: they come later than the call itself, here with its recording.
    pub(crate) fn has_details(self) -> bool {
        match self {
            Self::Held(_) => true,
            Self::Added(call) => call.media.is_some() || call.is_downloaded(),
        }
    }

    /// The instant by which GET /v2/calls sorts and filters.
    pub(crate) fn listed_at(self) -> Timestamp {
        match self {
            Self::Held(call) => call.listed_at(),
            Self::Added(call) => call.listed_at(),
        }
    }

    /// The primary user, by index.
    pub(crate) fn host(self) -> usize {
        match self {
            Self::Held(call) => call.host,
            Self::Added(call) => call.host,
        }
    }

    /// The workspace, by index.
    pub(crate) fn workspace(self) -> usize {
        match self {
            Self::Held(call) => call.workspace,
            Self::Added(call) => call.workspace,
        }
    }

    /// The ids of the vendor's own people on it.
    pub(crate) fn users(self, company: &'a Company) -> Vec<&'a str> {
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
    pub(crate) fn meta(self, company: &Company) -> Value {
        match self {
            Self::Held(call) => call.meta(company),
            Self::Added(call) => call.meta(company),
        }
    }
}
