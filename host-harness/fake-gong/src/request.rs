//! A request as an operation sees it, and the checks that many operations share.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use serde_json::{Map, Value};

use crate::instants;
use crate::response::ApiError;

/// A request for one operation, already authenticated and parsed.
#[derive(Debug, Default)]
pub(crate) struct ApiRequest {
    /// The operation's path with its placeholders, e.g. `/v2/calls/{id}`.
    pub(crate) operation: &'static str,
    /// What stands in the placeholders.
    pub(crate) path: Vec<(String, String)>,
    /// The query parameters, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// The JSON body; null where the operation has none.
    pub(crate) body: Value,
    /// The parts of a multipart body; none where the operation takes no such body.
    pub(crate) parts: Vec<Part>,
}

/// A part of a multipart/form-data body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The form field's name, e.g. `dataFile`.
    pub name: String,
    /// The file's name, if there is one.
    pub filename: Option<String>,
    /// The content type, if there is one.
    pub content_type: Option<String>,
    /// The content.
    pub bytes: Vec<u8>,
}

impl ApiRequest {
    /// What stands in the path for the placeholder `name`.
    pub(crate) fn path(&self, name: &str) -> &str {
        find(&self.path, name).unwrap_or_default()
    }

    /// The query parameter `name`.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }

    /// A query parameter without which Gong answers 400.
    pub(crate) fn required_query(&self, name: &str) -> Result<&str, ApiError> {
        match self.query(name) {
            Some(value) if !value.is_empty() => Ok(value),
            _ => Err(ApiError::bad_request(format!("{name}: must not be null"))),
        }
    }

    /// A query parameter that is true or false; false when it is not there.
    pub(crate) fn query_flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.query(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(ApiError::bad_request(format!(
                "{name}: must be true or false"
            ))),
        }
    }

    /// The part `name`, without which Gong answers 400.
    pub(crate) fn part(&self, name: &str) -> Result<&Part, ApiError> {
        let mut parts = self.parts.iter();
        parts
            .find(|part| part.name == name)
            .ok_or_else(|| ApiError::missing_part(name))
    }

    /// The body's `filter`. It must be there even if it is empty: a bare `{}` is 400.
    pub(crate) fn filter(&self) -> Result<Filter<'_>, ApiError> {
        match self.body.get("filter") {
            Some(Value::Object(fields)) => Ok(Filter(fields)),
            _ => Err(ApiError::bad_request("filter: must not be null")),
        }
    }
}

/// The value of the first pair with this name.
fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

/// The `filter` object of a POST.
#[derive(Clone, Copy)]
pub(crate) struct Filter<'a>(pub(crate) &'a Map<String, Value>);

impl<'a> Filter<'a> {
    /// A text field; null is as good as absent.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, ApiError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ApiError::bad_request(format!(
                "filter.{name}: must be a string"
            ))),
        }
    }

    /// A flag; false when absent.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(ApiError::bad_request(format!(
                "filter.{name}: must be true or false"
            ))),
        }
    }

    /// A list of ids. An empty list is 400: it is not "no filter".
    pub(crate) fn ids(&self, name: &str) -> Result<Option<BTreeSet<&'a str>>, ApiError> {
        let values = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::Array(values)) => values,
            Some(_) => {
                return Err(ApiError::bad_request(format!(
                    "filter.{name}: must be a list"
                )));
            }
        };
        if values.is_empty() {
            return Err(ApiError::bad_request(format!(
                "filter.{name}: must not be empty"
            )));
        }
        values
            .iter()
            .map(|value| match value {
                Value::String(id) if is_id(id) => Ok(id.as_str()),
                _ => Err(ApiError::bad_request(format!(
                    "filter.{name}: {value} is not an id"
                ))),
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A window of instants, from inclusive, to exclusive.
    pub(crate) fn window(&self, from: &str, to: &str) -> Result<Window, ApiError> {
        Window::parse(
            (&format!("filter.{from}"), self.text(from)?),
            (to, self.text(to)?),
        )
    }

    /// A window of days in the company's time zone, from inclusive, to exclusive. Gong takes
    /// a plain date here, and no later one than today.
    pub(crate) fn days(&self, from: &str, to: &str, today: Date) -> Result<Days, ApiError> {
        let day = |name: &str| match self.text(name)? {
            None => Ok(None),
            Some(text) => instants::parse_day(text).map(Some).ok_or_else(|| {
                ApiError::bad_request(format!(
                    "filter.{name}: must be a date of the form YYYY-MM-DD"
                ))
            }),
        };
        let days = Days {
            from: day(from)?,
            to: day(to)?,
        };
        if days.to.is_some_and(|to| to > today) {
            return Err(ApiError::bad_request(format!(
                "filter.{to}: must not be after today"
            )));
        }
        if let (Some(first), Some(end)) = (days.from, days.to)
            && first >= end
        {
            return Err(ApiError::bad_request(format!(
                "filter.{from}: must be before {to}"
            )));
        }
        Ok(days)
    }
}

/// Whether this can be an id of Gong's: up to 20 digits.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// From inclusive, to exclusive; an open end is `None`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl Window {
    /// Parses both ends. Each comes with its name for errors.
    pub(crate) fn parse(
        (from_name, from): (&str, Option<&str>),
        (to_name, to): (&str, Option<&str>),
    ) -> Result<Self, ApiError> {
        let instant = |name: &str, text: Option<&str>| match text {
            None => Ok(None),
            Some(text) => instants::parse_instant(text).map(Some).ok_or_else(|| {
                ApiError::bad_request(format!(
                    "{name}: must be a date and time in ISO-8601 with an offset or Z"
                ))
            }),
        };
        let window = Self {
            from: instant(from_name, from)?,
            to: instant(to_name, to)?,
        };
        match (window.from, window.to) {
            (Some(first), Some(end)) if first >= end => Err(ApiError::bad_request(format!(
                "{from_name}: must be before {to_name}"
            ))),
            _ => Ok(window),
        }
    }

    /// From this instant on.
    pub(crate) fn since(from: Timestamp) -> Self {
        Self {
            from: Some(from),
            to: None,
        }
    }

    /// Its ends: from inclusive, to exclusive.
    pub(crate) fn ends(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.from, self.to)
    }

    /// Whether the instant lies in it.
    pub(crate) fn holds(&self, instant: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= instant) && self.to.is_none_or(|to| instant < to)
    }
}

/// Days from inclusive, to exclusive; an open end is `None`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Days {
    pub(crate) from: Option<Date>,
    pub(crate) to: Option<Date>,
}

impl Days {
    /// Whether the day lies in it.
    pub(crate) fn holds(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day < to)
    }
}
