//! `gong_create_call`. POST /v2/calls; api:calls:create. The recording is uploaded with
//! PUT /v2/calls/{id}/media, or Gong downloads it.

mod parties;

use serde_json::{Value, json};

use crate::{
    client::{Gong, request::Method},
    domain::{
        change::{self, Body, Change},
        crm_link, validate,
    },
    error::{Error, bad_argument},
    gong::{users::People, workspaces},
    json_ext::JsonExt,
    prelude::*,
    render,
    text::one_line,
    time,
    wit::{
        calls::{CallDirection, CreateCall},
        types::Receipt,
    },
};

/// The longest `purpose` and `disposition` that Gong accepts, in characters.
const MAX_PURPOSE: usize = 255;
/// The longest `clientUniqueId` that Gong accepts, in characters.
const MAX_UNIQUE_ID: usize = 2048;
/// The longest text that this tool accepts where Gong documents no limit, in characters.
const MAX_TEXT: usize = 10_000;

/// Checks the arguments, looks up the people, and adds the host to the parties if missing, because
/// Gong requires it there.
pub(crate) fn run(gong: &Gong<'_>, args: CreateCall) -> Result<Receipt, Error> {
    let mut body = body_without_users(&args, gong.now)?;
    let parties = parties::parse(&args.parties)?;
    let mut people = People::default();
    let host = parties::host(gong, &mut people, &args.host)?;
    let mut parties = parties
        .iter()
        .enumerate()
        .map(|(index, party)| parties::call_participant(gong, &mut people, party, &host, index))
        .collect::<Result<Vec<_>, Error>>()?;
    let is_host = |party: &Value| party["userId"] == host.id();
    let added = !parties.iter().any(is_host);
    if added {
        parties.push(validate::object([
            ("userId", json!(host.id())),
            ("emailAddress", json!(host.email_address)),
            ("name", json!(host.name())),
        ]));
    }
    let count = render::count(parties.len() as u32, "participant");
    body["primaryUser"] = json!(host.id());
    body["parties"] = json!(parties);
    if let Some(id) = workspaces::id(gong, args.workspace.as_deref())? {
        body["workspaceId"] = json!(id);
    }
    let title = args.title.as_deref().map(one_line);
    let change = Change {
        what: format!(
            "add {} of {} ({count})",
            title.map_or_else(|| "a call".into(), |title| format!("the call “{title}”")),
            time::display_or_same(&args.started)
        ),
        method: Method::Post,
        operation: "/v2/calls",
        path: "/v2/calls".into(),
        body: Body::Json(body),
        look: "gong_search_calls finds it once Gong has processed it; with the same client_unique_id Gong does not take \
               it twice",
    };
    let mut receipt = change::make(gong, args.dry_run, &change, |receipt, answer| {
        receipt.id = answer.id("callId");
        receipt.notes.push(
            match args.download_media_url {
                Some(_) => "Gong fetches the recording by itself; do not upload it, too.",
                None => "Next: gong_upload_call_media with this id. Until then the call has no recording.",
            }
            .into(),
        );
    })?;
    if added {
        receipt.notes.push(format!(
            "The host, {}, is added to the parties, as Gong wants.",
            one_line(&host.name())
        ));
    }
    Ok(receipt)
}

/// The body without its parts that need a look-up: users and workspace.
fn body_without_users(args: &CreateCall, now: i64) -> Result<Value, Error> {
    let optional = |argument: &str, value: &Option<String>, most: usize| {
        let text = value.as_deref();
        text.map(|text| validate::text(argument, text, most))
            .transpose()
    };
    let instant = |argument: &str, value: &Option<String>| {
        let text = value.as_deref();
        text.map(|text| time::instant_argument(argument, text))
            .transpose()
    };
    let (start, end) = (
        instant("scheduled_start", &args.scheduled_start)?,
        instant("scheduled_end", &args.scheduled_end)?,
    );
    if let (Some(start), Some(end)) = (start, end)
        && end <= start
    {
        return Err(bad_argument(
            "scheduled_end",
            "it is not after scheduled_start.",
            &format!("\"{}\".", time::to_display(start + 1800)),
        ));
    }
    if args.duration_seconds == Some(0) {
        return Err(bad_argument(
            "duration_seconds",
            "a call of 0 seconds is none.",
            "1800, for half an hour.",
        ));
    }
    let body = validate::object([
        (
            "clientUniqueId",
            json!(validate::text(
                "client_unique_id",
                &args.client_unique_id,
                MAX_UNIQUE_ID
            )?),
        ),
        (
            "actualStart",
            json!(time::to_rfc3339(validate::past(
                "started",
                &args.started,
                now
            )?)),
        ),
        ("direction", json!(direction(args.direction))),
        ("duration", json!(args.duration_seconds)),
        ("title", json!(optional("title", &args.title, MAX_TEXT)?)),
        (
            "purpose",
            json!(optional("purpose", &args.purpose, MAX_PURPOSE)?),
        ),
        (
            "disposition",
            json!(optional("disposition", &args.disposition, MAX_PURPOSE)?),
        ),
        ("languageCode", json!(language(args.language.as_deref())?)),
        ("scheduledStart", json!(start.map(time::to_rfc3339))),
        ("scheduledEnd", json!(end.map(time::to_rfc3339))),
        (
            "meetingUrl",
            json!(validate::link("meeting_url", args.meeting_url.as_deref())?),
        ),
        (
            "downloadMediaUrl",
            json!(validate::link(
                "download_media_url",
                args.download_media_url.as_deref()
            )?),
        ),
        ("callProviderCode", json!(args.provider)),
        (
            "customData",
            json!(optional("custom_data", &args.custom_data, MAX_TEXT)?),
        ),
        (
            "context",
            crm_link::context(&crm_link::parse_all("crm", &args.crm)?),
        ),
    ]);
    Ok(body)
}

fn direction(direction: CallDirection) -> &'static str {
    match direction {
        CallDirection::Inbound => "Inbound",
        CallDirection::Outbound => "Outbound",
        CallDirection::Conference => "Conference",
        CallDirection::Unknown => "Unknown",
    }
}

/// Checks only the form, such as `en-US`, `fil-PH`, `yue-Hant-HK`: Gong's list of languages is
/// long and grows.
fn language(code: Option<&str>) -> Result<Option<&str>, Error> {
    let Some(code) = code.map(str::trim) else {
        return Ok(None);
    };
    let (language, rest) = code.split_once('-').unwrap_or((code, ""));
    let letters = |text: &str, most: usize| {
        (2..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphabetic())
    };
    if letters(language, 3) && rest.split('-').all(|part| letters(part, 4)) {
        return Ok(Some(code));
    }
    Err(bad_argument(
        "language",
        &format!(
            "“{}” is not a language with its country.",
            crate::text::shortened(code)
        ),
        "\"en-US\"; or leave it out, and Gong hears which it is.",
    ))
}
