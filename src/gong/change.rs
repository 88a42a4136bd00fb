//! Changes: what would be sent is known before it is sent, it is sent once, and
//! whoever asked learns what became of it.

use alloc::borrow::Cow;
use serde_json::{Value, json};

use super::{Failure, Gong, JSON, Method, reading::Answered};
use crate::{
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

/// The one part of a multipart body.
pub(crate) struct File {
    /// The part's name, as Gong's document has it.
    pub(crate) part: &'static str,
    /// Some name; Gong wants one.
    pub(crate) name: Cow<'static, str>,
    /// Such as `text/csv`.
    pub(crate) content_type: &'static str,
    /// What is in it.
    pub(crate) bytes: Vec<u8>,
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

/// A boundary that is in no file: it is made longer until it is.
fn boundary(bytes: &[u8]) -> String {
    let mut boundary = "gong-tools-part".to_owned();
    while bytes
        .windows(boundary.len())
        .any(|window| window == boundary.as_bytes())
    {
        boundary.push('-');
        boundary.push_str(&boundary.len().to_string());
    }
    boundary
}

impl File {
    /// Content type and bytes of the whole body.
    fn encoded(&self) -> (String, Vec<u8>) {
        let boundary = boundary(&self.bytes);
        let name: String = self
            .name
            .chars()
            .map(|c| {
                if c.is_control() || matches!(c, '"' | '\\') {
                    '_'
                } else {
                    c
                }
            })
            .collect();
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{name}\"\r\nContent-Type: {}\r\n\r\n",
            self.part, self.content_type
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        // One allocation: a growing one would hold a large file three times.
        let mut body = Vec::with_capacity(head.len() + self.bytes.len() + tail.len());
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&self.bytes);
        body.extend_from_slice(tail.as_bytes());
        (format!("multipart/form-data; boundary={boundary}"), body)
    }
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
    let Answered(answer) = send(gong, change)?;
    let mut receipt = change.receipt(gong);
    done(&mut receipt, &answer);
    Ok(receipt)
}

/// Sends a change once, whatever becomes of it.
///
/// # Errors
/// As [`make`].
pub(crate) fn send(gong: &Gong<'_>, change: &Change) -> Result<Answered, Error> {
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
        Ok(body) if body.iter().all(u8::is_ascii_whitespace) => Ok(Answered::default()),
        Ok(body) => match super::parse(&body, &operation) {
            // Every answer of Gong has its id, or nothing at all: else it is another's.
            Ok(Answered(answer)) if answer != json!({}) && answer.get("requestId").is_none() => {
                Err(Error::unexpected_answer(open(&format!(
                    "The answer to {operation} has no requestId, as every answer of Gong has."
                ))))
            }
            Ok(answered) => Ok(answered),
            Err(failure) => Err(Error::unexpected_answer(open(
                failure.into_error(&operation).text(),
            ))),
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

/// How the exchange broke, if the request may have reached Gong, by what `transport.rs` says of it.
pub(super) fn broken(text: &str) -> Option<String> {
    if ["connection refused", "no route", "There is no host"]
        .iter()
        .any(|never| text.contains(never))
    {
        return None;
    }
    let how = text.split_once(". ").map_or(text, |(first, _)| first);
    Some(format!("{how}."))
}

#[cfg(test)]
mod tests {
    use super::{File, boundary};

    #[test]
    fn a_file_is_one_part_whatever_is_in_it() {
        let file = File {
            part: "dataFile",
            name: "a\"b\r\n.json".into(),
            content_type: "application/x-ndjson",
            bytes: b"{\"a\":1}\n".to_vec(),
        };
        let (content_type, body) = file.encoded();
        assert_eq!(
            content_type,
            "multipart/form-data; boundary=gong-tools-part"
        );
        assert_eq!(
            String::from_utf8(body).expect("UTF-8"),
            "--gong-tools-part\r\nContent-Disposition: form-data; name=\"dataFile\"; filename=\"a_b__.json\"\r\n\
             Content-Type: application/x-ndjson\r\n\r\n{\"a\":1}\n\r\n--gong-tools-part--\r\n"
        );
        assert_eq!(boundary(b"x gong-tools-part y"), "gong-tools-part-16");
    }
}
