//! Requests that change something: they can be shown without being sent, they are sent once, and
//! the answer says what happened.

use serde_json::{Value, json};

use crate::{
    client::{
        Gong,
        json::ApiResponse,
        multipart::File,
        parse,
        request::{JSON, Method},
    },
    error::{Error, bad_argument},
    prelude::*,
    wit::types::Receipt,
};

/// The body of a change.
pub(crate) enum Body {
    /// No body, not even an empty one.
    None,
    /// JSON.
    Json(Value),
    /// multipart/form-data with one file (RFC 7578).
    File(File),
}

/// One request that changes something.
pub(crate) struct Change {
    /// What it does, for the sentences `Would …` and `Done: …`: `mark task 12 as done`.
    pub(crate) what: String,
    /// The method.
    pub(crate) method: Method,
    /// The operation's path as Gong documents it, for errors: `/v2/tasks/{taskId}`.
    pub(crate) operation: &'static str,
    /// Path and query, percent-encoded ([`crate::client::url::with_query`]).
    pub(crate) path: String,
    /// The body.
    pub(crate) body: Body,
    /// How to see whether the change was made after a failed exchange: `gong_list_tasks shows it`.
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

    fn dry_run_receipt(&self, gong: &Gong<'_>) -> Receipt {
        Receipt {
            summary: format!("Would {}. Dry run: nothing was changed.", self.what),
            dry_run: Some(true),
            request: Some(format!("{} {}", self.method.name(), self.path)),
            body: match &self.body {
                Body::None => None,
                Body::Json(json) => {
                    // In a native build another crate may turn on serde_json's `preserve_order`. The
                    // component sorts members, and the tests have to see the same text.
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

/// Checks that a list is not empty and not longer than Gong accepts.
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

/// Makes a change, or with `dry_run` shows what would be sent. `done` adds Gong's answer to the
/// receipt (null where the answer has no body).
///
/// # Errors
/// Any refusal, or a failed exchange. Nothing is sent again after a time-out: the error says that the
/// change may have been made, and how to check.
pub(crate) fn make(
    gong: &Gong<'_>,
    dry_run: Option<bool>,
    change: &Change,
    done: impl FnOnce(&mut Receipt, &Value),
) -> Result<Receipt, Error> {
    if dry_run == Some(true) {
        return Ok(change.dry_run_receipt(gong));
    }
    let ApiResponse(answer) = send(gong, change)?;
    let mut receipt = change.receipt(gong);
    done(&mut receipt, &answer);
    Ok(receipt)
}

/// Sends a change once.
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
    let result = gong.send_once(change.method, &change.path, body);
    let perhaps_made = |text: &str| {
        format!(
            "{text} It is not known whether the change was made, and nothing was sent again. Look before you try again: {}.",
            change.look
        )
    };
    match result {
        Ok(body) if body.iter().all(u8::is_ascii_whitespace) => Ok(ApiResponse::default()),
        Ok(body) => match parse(&body, &operation) {
            // Gong's answers are empty or have a request id; another answer is not Gong's.
            Ok(ApiResponse(answer)) if answer != json!({}) && answer.get("requestId").is_none() => {
                Err(Error::unexpected_answer(perhaps_made(&format!(
                    "The answer to {operation} has no requestId, as every answer of Gong has."
                ))))
            }
            Ok(answer) => Ok(answer),
            Err(error) => Err(Error::unexpected_answer(perhaps_made(error.text()))),
        },
        Err(failure) => {
            let error = failure.into_error(&operation);
            Err(match error.was_sent() {
                true => {
                    let text = perhaps_made(error.fact());
                    error.saying(text)
                }
                false => error,
            })
        }
    }
}
