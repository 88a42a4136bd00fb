//! Why there is no page.

use std::fmt;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::html;
use super::view::Style;
use crate::store::StoreError;

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    title: &'static str,
    text: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Page {
    style: Style,
    title: &'static str,
    text: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, title: &'static str, text: impl fmt::Display) -> Self {
        Self {
            status,
            title,
            text: text.to_string(),
        }
    }

    /// There is no such thing.
    pub(super) fn missing(text: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", text)
    }

    /// A form can not be done as it is.
    pub(super) fn refused(text: impl fmt::Display) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Not done", text)
    }

    /// The same where an address was asked for, and not a form posted.
    pub(super) fn or_missing(self) -> Self {
        if self.status == StatusCode::UNPROCESSABLE_ENTITY {
            return Self::missing(self.text);
        }
        self
    }

    /// What is to be told beside the form, or the problem itself when no form helps.
    pub(super) fn told(self) -> Result<String, Self> {
        if self.status == StatusCode::UNPROCESSABLE_ENTITY {
            return Ok(self.text);
        }
        Err(self)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(text) => Self::refused(sentence(&text)),
            StoreError::Failed(text) => {
                tracing::error!("the administrator's page: {text}");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Not done",
                    "The state file could not be read or written. The gateway's log says why.",
                )
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let page = Page {
            style: Style,
            title: self.title,
            text: self.text,
        };
        html(self.status, &page)
    }
}

/// A clause as a whole sentence.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut sentence: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    // Names keep their letters: a tool's name is no word.
    if text
        .split(' ')
        .next()
        .is_some_and(|word| word.contains('_'))
    {
        sentence = text.to_owned();
    } else {
        sentence.push_str(letters.as_str());
    }
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    sentence
}
