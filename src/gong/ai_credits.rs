//! What spends the company's AI credits: GET /v2/entities/*. Never asked twice for one
//! answer, and not at all where a setting forbids it.

use serde_json::Value;

use crate::{
    client::broken,
    client::{Failure, Gong, json::ApiResponse, parse, request::Method, url::with_query},
    error::{Case, Error, bad_argument},
    prelude::*,
};

/// The longest URL that is sent; the question is a part of it. What Gong's servers take is
/// not documented; 8,000 is a usual limit of servers.
const MOST_BYTES: usize = 6_000;

/// Refuses where a setting forbids spending credits.
///
/// # Errors
/// `forbidden`.
pub(crate) fn admit(gong: &Gong<'_>) -> Result<(), Error> {
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
    if url.len() <= MOST_BYTES {
        return Ok(url);
    }
    Err(bad_argument(
        "question",
        &format!(
            "it is too long: Gong takes it in the URL, which would have {} characters, and {MOST_BYTES} are sent at \
             most (a letter outside ASCII counts 6 or more).",
            url.len()
        ),
        "\"What are the open risks?\"",
    ))
}

/// Asks once: the answer, and the list in it that has this key.
///
/// # Errors
/// `forbidden` by [`admit`]; any refusal; a broken exchange, which says that credits may
/// have been spent.
pub(crate) fn ask(
    gong: &Gong<'_>,
    path: &str,
    url: &str,
    key: &str,
) -> Result<(Value, Vec<Value>), Error> {
    admit(gong)?;
    let operation = format!("GET {path}");
    let spent = |text: &str| {
        format!(
            "{text} Gong may have spent credits on it all the same, and asking again would spend more, so it was not \
             asked again."
        )
    };
    match gong.exchange(Method::Get, url, None) {
        Ok(body) => parse::<ApiResponse>(&body, &operation)
            .and_then(|answer| {
                let listed = answer.listed(key, &operation)?.to_vec();
                Ok((answer.0, listed))
            })
            .map_err(|error| Error::unexpected_answer(spent(error.text()))),
        Err(Failure::Refused(refusal)) if refusal.status >= 500 => {
            Err(Error::unexpected_answer(spent(&refusal.fault(&operation))))
        }
        Err(failure) => {
            let error = failure.into_error(&operation);
            Err(match error.case() {
                Case::TimedOut => error.saying(spent(&format!(
                    "Gong did not answer within {} s (GONG_TIMEOUT_SECONDS; whoever runs the gateway can raise it, and \
                     answers take 15 s and more).",
                    gong.settings.timeout_seconds
                ))),
                Case::Unreachable => match broken(error.text()) {
                    Some(how) => error.saying(spent(&how)),
                    None => error,
                },
                _ => error,
            })
        }
    }
}
