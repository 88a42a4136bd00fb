//! `gong_add_digital_interaction`. POST /v2/digital-interaction;
//! api:digital-interactions:write. Gong answers 409 for an `eventId` that it already has.

use serde_json::{Value, json};

use crate::{
    client::{Gong, request::Method},
    domain::{
        change::{self, Body, Change},
        crm_link::CrmLink,
        person_argument::PersonArgument,
        validate,
    },
    error::{Error, bad_argument},
    prelude::*,
    text::{one_line, shortened},
    time,
    wit::{
        engagement::{AddDigitalInteraction, Device},
        types::Receipt,
    },
};

/// The longest text that this tool accepts, in characters; Gong documents no limit.
const MAX_TEXT: usize = 2_000;

/// Checks the arguments, then sends the event once.
pub(crate) fn run(gong: &Gong<'_>, args: AddDigitalInteraction) -> Result<Receipt, Error> {
    let event_type = validate::text("event_type", &args.event_type, MAX_TEXT)?;
    let title = validate::text("title", &args.title, MAX_TEXT)?;
    let at = validate::past("timestamp", &args.timestamp, gong.now)?;
    let person = match (&args.person, &args.tracking_id) {
        (Some(text), None) => person(text)?,
        (None, Some(_)) => Value::Null,
        _ => {
            return Err(bad_argument(
                "person",
                "exactly one of person and tracking_id says whose event it was.",
                "\"Jo Ray, jo.ray@acme.example\".",
            ));
        }
    };
    let content = validate::object([
        ("contentTitle", json!(title)),
        ("contentId", json!(args.content_id)),
        (
            "contentUrl",
            json!(validate::link("url", args.url.as_deref())?),
        ),
        ("contentLabel", json!(args.labels)),
    ]);
    let fields: Vec<Value> = args
        .fields
        .iter()
        .map(|field| custom_field(field))
        .collect::<Result<_, _>>()?;
    let device = args.device.map(|device| match device {
        Device::Mobile => "MOBILE",
        Device::Pc => "PC",
    });
    let body = validate::object([
        (
            "eventId",
            json!(validate::text("event_id", &args.event_id, MAX_TEXT)?),
        ),
        ("timestamp", json!(time::to_rfc3339(at))),
        ("eventType", json!(event_type)),
        ("content", content),
        ("person", person),
        ("trackingId", json!(args.tracking_id)),
        ("customFields", json!(fields)),
        ("sessionId", json!(args.session_id)),
        ("device", json!(device)),
        ("sourceSystemName", json!(args.source_system)),
    ]);
    let change = Change {
        what: format!(
            "add the event “{}” on “{}” of {}",
            one_line(&event_type),
            one_line(&title),
            time::to_display(at)
        ),
        method: Method::Post,
        operation: "/v2/digital-interaction",
        path: "/v2/digital-interaction".into(),
        body: Body::Json(body),
        look: "adding it again with the same event_id does no harm, as Gong refuses the second",
    };
    change::make(gong, args.dry_run, &change, |_, _| {})
}

/// A custom field, written `Name: value`.
fn custom_field(field: &str) -> Result<Value, Error> {
    match field.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() && !value.trim().is_empty() => {
            Ok(json!({ "name": name.trim(), "value": value.trim() }))
        }
        _ => Err(bad_argument(
            "fields",
            &format!("“{}” is not a name, a colon and a value.", shortened(field)),
            "[\"Plan: Pro\"].",
        )),
    }
}

/// The keys that a person may have, such as `company: Acme`.
const KEYS: [&str; 3] = ["id", "company", "domain"];

/// The `person` of the request. A contact or lead is an object of the person, accounts and deals
/// are objects of the company.
fn person(text: &str) -> Result<Value, Error> {
    let person = PersonArgument::read("person", text, &KEYS)?;
    let reference = |link: &CrmLink| {
        json!({
            "objectType": link.kind.to_ascii_uppercase(), "objectId": link.id, "systemName": link.system,
        })
    };
    let (of_person, of_company): (Vec<&CrmLink>, Vec<&CrmLink>) = person
        .crm
        .iter()
        .partition(|link| matches!(link.kind, "Contact" | "Lead"));
    let problem = if of_person.len() > 1 {
        Some("a person is one contact or lead.")
    } else if of_company.iter().any(|link| link.kind == "User") {
        Some("a user of the CRM is not somebody at a customer.")
    } else if of_person.is_empty()
        && person.name.is_none()
        && person.email.is_none()
        && person.phone.is_none()
        && person.get("id").is_none()
    {
        Some("it has no name, email, phone, contact or lead; somebody who is not known has an id.")
    } else {
        None
    };
    if let Some(problem) = problem {
        return Err(bad_argument(
            "person",
            problem,
            "\"Jo Ray, Salesforce Contact 0035e00000AbCdE\" or \"id: visitor-81\".",
        ));
    }
    let company = validate::object([
        ("name", json!(person.get("company"))),
        ("domain", json!(person.get("domain"))),
        (
            "companyBusinessContexts",
            of_company.into_iter().map(reference).collect(),
        ),
    ]);
    Ok(validate::object([
        ("name", json!(person.name)),
        ("email", json!(person.email)),
        ("phoneNumber", json!(person.phone)),
        ("personId", json!(person.get("id"))),
        (
            "personBusinessContext",
            of_person.first().copied().map_or(Value::Null, reference),
        ),
        ("company", company),
    ]))
}
