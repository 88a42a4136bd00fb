//! `gong_report_engagement`. PUT /v2/customer-engagement/content/viewed,
//! …/content/shared and …/action; api:engagement-data:write. Gong calls them legacy and
//! limits who may use them; it answers 409 for an `eventId` that it already has.

use serde_json::{Value, json};

use crate::{
    client::{Gong, request::Method},
    domain::{
        change::{self, Body, Change},
        crm_link,
        person_argument::PersonArgument,
        validate,
    },
    error::{Error, bad_argument},
    gong::{id::is_id, users::People, workspaces},
    prelude::*,
    text::one_line,
    time,
    wit::{
        engagement::{EngagementEvent, ReportEngagement},
        types::Receipt,
    },
};

/// The longest text that this tool accepts, in characters; Gong documents no limit.
const MAX_TEXT: usize = 2_000;

/// Checks the arguments, looks up the sharer, then reports the event once.
pub(crate) fn run(gong: &Gong<'_>, args: ReportEngagement) -> Result<Receipt, Error> {
    let at = validate::past("timestamp", &args.timestamp, gong.now)?;
    let is_about_content = args.event != EngagementEvent::Action;
    for (argument, value) in [
        ("content_id", &args.content_id),
        ("url", &args.url),
        ("title", &args.title),
    ] {
        let is_empty = value.as_deref().unwrap_or_default().trim().is_empty();
        if is_about_content && is_empty {
            return Err(bad_argument(
                argument,
                "it is required for viewed and shared.",
                match argument {
                    "content_id" => "\"doc-81\".",
                    "url" => "\"https://acme.example/offer.pdf\".",
                    _ => "\"Offer\".",
                },
            ));
        }
    }
    let people = people(&args)?;
    let (path, people_member, action_member) = match args.event {
        EngagementEvent::Viewed => (
            "/v2/customer-engagement/content/viewed",
            "viewer",
            "viewActionTitle",
        ),
        EngagementEvent::Shared => (
            "/v2/customer-engagement/content/shared",
            "recipients",
            "actionName",
        ),
        EngagementEvent::Action => ("/v2/customer-engagement/action", "actor", "actionName"),
    };
    let people = match args.event {
        EngagementEvent::Shared => json!(people),
        _ => people.into_iter().next().unwrap_or_default(),
    };
    let mut body = validate::object([
        (
            "reportingSystem",
            json!(validate::text("system", &args.system, MAX_TEXT)?),
        ),
        ("eventTimestamp", json!(time::to_rfc3339(at))),
        ("eventId", json!(args.event_id)),
        ("contentId", json!(args.content_id)),
        (
            "contentUrl",
            json!(validate::link("url", args.url.as_deref())?),
        ),
        ("contentTitle", json!(args.title)),
        (people_member, people),
        (action_member, json!(args.action)),
        (
            "crmContext",
            crm_link::context(&crm_link::parse_all("crm", &args.crm)?),
        ),
    ]);
    if let Some(text) = &args.sharer {
        body["sharer"] = sharer(gong, text.trim())?;
    }
    if let Some(id) = workspaces::id(gong, args.workspace.as_deref())? {
        body["workspaceId"] = json!(id);
    }
    let title = args.title.as_deref().or(args.action.as_deref());
    let change = Change {
        what: format!(
            "report “{}” as {} at {}",
            one_line(title.unwrap_or("an event")),
            match args.event {
                EngagementEvent::Viewed => "viewed",
                EngagementEvent::Shared => "shared",
                EngagementEvent::Action => "acted on",
            },
            time::to_display(at)
        ),
        method: Method::Put,
        operation: path,
        path: path.into(),
        body: Body::Json(body),
        look: "reporting it again with the same event_id does no harm, as Gong refuses the second; without one it would \
               be there twice",
    };
    change::make(gong, args.dry_run, &change, |_, _| {})
}

/// The people of the event: one viewer or actor at most, or recipients with an e-mail address each.
fn people(args: &ReportEngagement) -> Result<Vec<Value>, Error> {
    const EXAMPLE: &str = "[\"Jo Ray, jo.ray@acme.example, title: CFO\"].";
    let wrong = |problem: &str| Err(bad_argument("people", problem, EXAMPLE));
    let is_shared = args.event == EngagementEvent::Shared;
    if !is_shared && args.people.len() > 1 {
        return wrong("an event has one viewer or actor; several have several events.");
    }
    let person = |(index, text): (usize, &String)| -> Result<Value, Error> {
        let at = format!("people[{index}]");
        let person = PersonArgument::read(&at, text, &["title"])?;
        if !person.crm.is_empty() || person.phone.is_some() {
            return Err(bad_argument(
                &at,
                "a person has name, email and title here; CRM objects go into crm.",
                EXAMPLE,
            ));
        }
        if is_shared && person.email.is_none() {
            return Err(bad_argument(&at, "a recipient has an address.", EXAMPLE));
        }
        Ok(validate::object([
            ("email", json!(person.email)),
            ("name", json!(person.name)),
            ("title", json!(person.get("title"))),
        ]))
    };
    args.people.iter().enumerate().map(person).collect()
}

/// The user who shared the content: an id or e-mail is sent as it is, a name is looked up.
fn sharer(gong: &Gong<'_>, text: &str) -> Result<Value, Error> {
    if is_id(text) {
        return Ok(json!({ "id": text }));
    }
    if text.contains('@') {
        return Ok(json!({ "email": validate::email("sharer", text)? }));
    }
    let mut people = People::default();
    let user = people.find(gong, "sharer", text)?;
    Ok(validate::object([
        ("id", json!(user.id())),
        ("email", json!(user.email_address)),
        ("name", json!(user.name())),
    ]))
}
