//! Requests that spend the company's AI credits: GET /v2/entities/*. None is sent again after a
//! failure, and none is sent where a setting forbids it.

use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse, parse, request::Method, url::with_query},
    error::{Case, Error, bad_argument},
    prelude::*,
};

/// The longest URL that is sent, with the question in it. Gong documents no limit; many servers
/// have one of 8,000.
const MOST_URL_BYTES: usize = 6_000;

/// Fails where a setting forbids spending credits.
///
/// # Errors
/// `forbidden`.
pub(crate) fn check_allowed(gong: &Gong<'_>) -> Result<(), Error> {
    if gong.settings.metered {
        return Ok(());
    }
    Err(Error::forbidden(
        "This would spend Gong AI credits, and whoever runs the gateway has forbidden that (GONG_METERED=deny); they \
         can allow it. The other tools cost no credits."
            .into(),
    ))
}

/// The path with its query.
///
/// # Errors
/// `bad-argument` for `question` if it makes the URL too long.
pub(crate) fn url(path: &str, query: &[(&str, Option<&str>)]) -> Result<String, Error> {
    let url = with_query(path, query);
    if url.len() <= MOST_URL_BYTES {
        return Ok(url);
    }
    Err(bad_argument(
        "question",
        &format!(
            "it is too long: Gong takes it in the URL, which would have {} characters, and {MOST_URL_BYTES} are sent at \
             most (a letter outside ASCII counts 6 or more).",
            url.len()
        ),
        "\"What are the open risks?\"",
    ))
}

/// Sends the request once: the answer, and the list in it under this key.
///
/// # Errors
/// `forbidden` by [`check_allowed`]; any refusal, or a failed exchange. Where credits may have been
/// spent all the same, the error says so.
pub(crate) fn ask(
    gong: &Gong<'_>,
    path: &str,
    url: &str,
    key: &str,
) -> Result<(Value, Vec<Value>), Error> {
    check_allowed(gong)?;
    let operation = format!("GET {path}");
    let perhaps_spent = |text: &str| {
        format!(
            "{text} Gong may have spent credits on it all the same, and asking again would spend more, so it was not \
             asked again."
        )
    };
    match gong.send_once(Method::Get, url, None) {
        Ok(body) => parse::<ApiResponse>(&body, &operation)
            .and_then(|answer| {
                let listed = answer.listed(key, &operation)?.to_vec();
                Ok((answer.0, listed))
            })
            .map_err(|error| Error::unexpected_answer(perhaps_spent(error.text()))),
        Err(failure) => {
            let error = failure.into_error(&operation);
            if !error.was_sent() {
                return Err(error);
            }
            let text = match error.case() {
                Case::TimedOut => perhaps_spent(&format!(
                    "Gong did not answer within {} s (GONG_TIMEOUT_SECONDS; whoever runs the gateway can raise it, and \
                     answers take 15 s and more).",
                    gong.settings.timeout_seconds
                )),
                _ => perhaps_spent(error.fact()),
            };
            Err(error.saying(text))
        }
    }
}
