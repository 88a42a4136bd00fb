//! Changes: what would be sent is known before it is sent, it is sent once, and
//! whoever asked learns what became of it.

use serde_json::{Value, json};

use crate::{
    client::{
        Failure, Gong, broken,
        json::ApiResponse,
        multipart::File,
        parse,
        request::{JSON, Method},
    },
    error::{Case, Error, bad_argument},
    prelude::*,
    wit::types::Receipt,
};

/// The body of a change.
pub(crate) enum Body {
    /// None at all, not even an empty one.
    None,
    /// JSON.
    Json(Value),
    /// multipart/form-data with one file (RFC 7578).
    File(File),
}

/// One request that changes something.
pub(crate) struct Change {
    /// What it does, for `Would …` and `Done: …`: `mark task 12 as done`.
    pub(crate) what: String,
    /// Its method.
    pub(crate) method: Method,
    /// The operation's path as Gong documents it, for errors: `/v2/tasks/{taskId}`.
    pub(crate) operation: &'static str,
    /// Path and query, percent-encoded ([`super::with_query`]).
    pub(crate) path: String,
    /// Its body.
    pub(crate) body: Body,
    /// How to see whether it was made, where the exchange broke: `gong_list_tasks shows it`.
    pub(crate) look: &'static str,
}

impl Change {
    fn receipt(&self, gong: &Gong<'_>) -> Receipt {
        Receipt {
            summary: format!("Done: {}.", self.what),
            dry_run: None,
            request: None,
            body: None,
            id: None,
            url: None,
            items: Vec::new(),
            notes: Vec::new(),
            requests: gong.requests(),
        }
    }

    fn planned(&self, gong: &Gong<'_>) -> Receipt {
        Receipt {
            summary: format!("Would {}. Dry run: nothing was changed.", self.what),
            dry_run: Some(true),
            request: Some(format!("{} {}", self.method.name(), self.path)),
            body: match &self.body {
                Body::None => None,
                Body::Json(json) => {
                    // In the order of the sandbox, which keeps none.
                    let mut json = json.clone();
                    json.sort_all_objects();
                    Some(json.to_string())
                }
                Body::File(file) => Some(format!(
                    "{} ({}), {} bytes",
                    file.part,
                    file.content_type,
                    file.bytes.len()
                )),
            },
            ..self.receipt(gong)
        }
    }
}

/// Checks that a list has something in it, and not more than Gong takes.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn between(argument: &str, items: &[impl Sized], most: usize) -> Result<(), Error> {
    match items.len() {
        0 => Err(bad_argument(
            argument,
            "it is empty.",
            &format!("a list of 1 to {most}."),
        )),
        count if count > most => Err(bad_argument(
            argument,
            &format!("{count} in one call; Gong takes {most} at most."),
            &format!("the first {most} now, the rest in another call."),
        )),
        _ => Ok(()),
    }
}

/// Makes a change, or with `dry_run` tells what would be sent. `done` adds to the receipt
/// what Gong answered (null where it answered nothing).
///
/// # Errors
/// Any refusal or broken exchange. Nothing is sent again after a time-out: the error says
/// that the change may have been made, and how to look.
pub(crate) fn make(
    gong: &Gong<'_>,
    dry_run: Option<bool>,
    change: &Change,
    done: impl FnOnce(&mut Receipt, &Value),
) -> Result<Receipt, Error> {
    if dry_run == Some(true) {
        return Ok(change.planned(gong));
    }
    let ApiResponse(answer) = send(gong, change)?;
    let mut receipt = change.receipt(gong);
    done(&mut receipt, &answer);
    Ok(receipt)
}

/// Sends a change once, whatever becomes of it.
///
/// # Errors
/// As [`make`].
pub(crate) fn send(gong: &Gong<'_>, change: &Change) -> Result<ApiResponse, Error> {
    let operation = format!("{} {}", change.method.name(), change.operation);
    let encoded = match &change.body {
        Body::None => None,
        Body::Json(json) => Some((JSON.to_owned(), json.to_string().into_bytes())),
        Body::File(file) => Some(file.encoded()),
    };
    let body = encoded
        .as_ref()
        .map(|(content_type, bytes)| (content_type.as_str(), bytes.as_slice()));
    let answered = gong.exchange(change.method, &change.path, body);
    let open = |text: &str| {
        format!(
            "{text} It is not known whether the change was made, and nothing was sent again. Look before you try again: {}.",
            change.look
        )
    };
    match answered {
        Ok(body) if body.iter().all(u8::is_ascii_whitespace) => Ok(ApiResponse::default()),
        Ok(body) => match parse(&body, &operation) {
            // Every answer of Gong has its id, or nothing at all: else it is another's.
            Ok(ApiResponse(answer)) if answer != json!({}) && answer.get("requestId").is_none() => {
                Err(Error::unexpected_answer(open(&format!(
                    "The answer to {operation} has no requestId, as every answer of Gong has."
                ))))
            }
            Ok(answered) => Ok(answered),
            Err(error) => Err(Error::unexpected_answer(open(error.text()))),
        },
        Err(Failure::Refused(refusal)) if refusal.status >= 500 => {
            Err(Error::unexpected_answer(open(&refusal.fault(&operation))))
        }
        Err(failure) => {
            let error = failure.into_error(&operation);
            Err(match error.case() {
                Case::TimedOut => error.saying(open("Gong did not answer in time.")),
                Case::Unreachable => match broken(error.text()) {
                    Some(how) => error.saying(open(&how)),
                    None => error,
                },
                _ => error,
            })
        }
    }
}
