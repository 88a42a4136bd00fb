//! The fields of a JSON object in a body, read with errors that name them as Gong does:
//! `overrides.steps[0].number: must not be null`.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::instants;
use crate::response::ApiError;

/// An object, and where in the body it stands.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    at: String,
    fields: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    /// The body itself, which must be an object.
    pub(crate) fn of(body: &'a Value) -> Result<Self, ApiError> {
        match body {
            Value::Object(fields) => Ok(Self {
                at: String::new(),
                fields,
            }),
            _ => Err(ApiError::bad_request("body: must be a JSON object")),
        }
    }

    /// Puts all of them into an object, over what it has.
    pub(crate) fn put_into(&self, object: &mut Value) {
        for (name, value) in self.fields {
            object[name] = value.clone();
        }
    }

    /// A field's name with the way to it.
    pub(crate) fn name(&self, name: &str) -> String {
        match self.at.as_str() {
            "" => name.to_owned(),
            at => format!("{at}.{name}"),
        }
    }

    /// 400 that names the field.
    pub(crate) fn refuse(&self, name: &str, what: impl std::fmt::Display) -> ApiError {
        ApiError::bad_request(format!("{}: {what}", self.name(name)))
    }

    /// The field as it stands; null is as good as absent.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>, ApiError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.refuse(name, "must be a string")),
        }
    }

    /// A text that must be there and not be blank.
    pub(crate) fn required(&self, name: &str) -> Result<&'a str, ApiError> {
        match self.text(name)? {
            None => Err(self.refuse(name, "must not be null")),
            Some(text) if text.trim().is_empty() => Err(self.refuse(name, "must not be blank")),
            Some(text) => Ok(text),
        }
    }

    /// A flag; false when absent.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.value(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(self.refuse(name, "must be true or false")),
        }
    }

    /// An instant in ISO-8601 with an offset or `Z`.
    pub(crate) fn instant(&self, name: &str) -> Result<Option<Timestamp>, ApiError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let wrong = "must be a date and time in ISO-8601 with an offset or Z";
        let instant = instants::parse_instant(text);
        instant.map(Some).ok_or_else(|| self.refuse(name, wrong))
    }

    /// An instant that must be there.
    pub(crate) fn required_instant(&self, name: &str) -> Result<Timestamp, ApiError> {
        self.required(name)?;
        self.instant(name)?
            .ok_or_else(|| self.refuse(name, "must not be null"))
    }

    /// An object.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Self>, ApiError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Object(fields)) => Ok(Some(Self {
                at: self.name(name),
                fields,
            })),
            Some(_) => Err(self.refuse(name, "must be an object")),
        }
    }

    /// A list of objects; `None` when absent.
    pub(crate) fn objects(&self, name: &str) -> Result<Option<Vec<Self>>, ApiError> {
        let wrong = || self.refuse(name, "must be a list of objects");
        match self.value(name) {
            None => Ok(None),
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(place, item)| match item {
                    Value::Object(fields) => Ok(Self {
                        at: format!("{}[{place}]", self.name(name)),
                        fields,
                    }),
                    _ => Err(wrong()),
                })
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(wrong()),
        }
    }

    /// A list of texts; `None` when absent.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<&'a str>>, ApiError> {
        let wrong = || self.refuse(name, "must be a list of strings");
        match self.value(name) {
            None => Ok(None),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().ok_or_else(wrong))
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(wrong()),
        }
    }

    /// A list of texts that must be there, with at least one and at most so many of them.
    pub(crate) fn some_texts(&self, name: &str, most: usize) -> Result<Vec<&'a str>, ApiError> {
        let texts = self.texts(name)?;
        let texts = texts.ok_or_else(|| self.refuse(name, "must not be null"))?;
        self.sized(name, texts.len(), most)?;
        Ok(texts)
    }

    /// A list of objects that must be there, with at least one and at most so many of them.
    pub(crate) fn some_objects(&self, name: &str, most: usize) -> Result<Vec<Self>, ApiError> {
        let objects = self.objects(name)?;
        let objects = objects.ok_or_else(|| self.refuse(name, "must not be null"))?;
        self.sized(name, objects.len(), most)?;
        Ok(objects)
    }

    fn sized(&self, name: &str, size: usize, most: usize) -> Result<(), ApiError> {
        match size {
            0 => Err(self.refuse(name, "must not be empty")),
            size if size > most => {
                Err(self.refuse(name, format!("size must be between 1 and {most}")))
            }
            _ => Ok(()),
        }
    }
}
