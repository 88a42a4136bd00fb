//! Error pages.

use std::fmt;

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::respond::html;
use super::view::Style;
use crate::store::StoreError;

/// Why a request failed, as a page.
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

    /// Something does not exist.
    pub(super) fn missing(text: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", text)
    }

    /// A secret can not be made.
    pub(super) fn no_random_numbers() -> Self {
        let text = "The system has no random numbers.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Not done", text)
    }

    /// A form can not be accepted as it is.
    pub(super) fn refused(text: impl fmt::Display) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Not done", text)
    }

    /// For a GET, where a refusal of the store means that something does not exist.
    pub(super) fn or_missing(self) -> Self {
        if self.status == StatusCode::UNPROCESSABLE_ENTITY {
            return Self::missing(self.text);
        }
        self
    }

    /// The text to show beside the form, or the problem itself if another form does not help.
    pub(super) fn beside_form(self) -> Result<String, Self> {
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

/// Makes a whole sentence of a clause.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let mut sentence: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    // A tool's name at the beginning keeps its lower case.
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
