//! Reads typed values out of a TOML document, and collects what is wrong with it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use serde_json::{Map, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ConfigError, ConfigErrors};
use crate::suggest::closest;

/// The document, to which the spans refer, and the errors so far.
pub(super) struct Document<'a> {
    file: &'a str,
    text: &'a str,
    errors: RefCell<Vec<ConfigError>>,
    reads: RefCell<BTreeMap<Vec<String>, Read>>,
}

/// What is known of a key once a document was read: the JSON Schema is made of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Read {
    /// What is read from it. `None` when the document does not have it.
    pub(super) kind: Option<Kind>,
    pub(super) required: bool,
    /// Whether the key is a name that users of the file choose.
    pub(super) is_name: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Table,
    /// The JSON Schema of the value.
    Value(serde_json::Value),
}

impl<'a> Document<'a> {
    /// The file's name and text.
    pub(super) fn source(&self) -> (&'a str, &'a str) {
        (self.file, self.text)
    }

    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            errors: RefCell::default(),
            reads: RefCell::default(),
        }
    }

    /// Parses the text. If it is not TOML, nothing else is checked.
    pub(super) fn parse(&self) -> Result<Spanned<DeTable<'a>>, ConfigErrors> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        if errors.is_empty() {
            return Ok(table);
        }
        for error in errors {
            self.error(
                error.span(),
                "",
                format_args!("this is not TOML: {}", error.message()),
            );
        }
        Err(self.take_errors())
    }

    /// All errors, sorted by line.
    pub(super) fn take_errors(&self) -> ConfigErrors {
        let mut errors = self.errors.take();
        errors.sort_by_key(|error| error.line);
        errors.dedup();
        ConfigErrors(errors)
    }

    /// What was read, by the path of the keys.
    pub(super) fn reads(&self) -> BTreeMap<Vec<String>, Read> {
        self.reads.take()
    }

    fn note(&self, path: &[String], change: impl FnOnce(&mut Read)) {
        change(self.reads.borrow_mut().entry(path.to_vec()).or_default());
    }

    pub(super) fn error(&self, span: Option<Range<usize>>, key: &str, text: impl Display) {
        let line = span.map(|span| {
            let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
            1 + before.iter().filter(|byte| **byte == b'\n').count()
        });
        self.errors.borrow_mut().push(ConfigError {
            file: self.file.to_owned(),
            line,
            key: key.to_owned(),
            text: text.to_string(),
        });
    }
}

/// A table, and the keys that were read from it. [`finish`](Self::finish) reports all others.
pub(super) struct Table<'d, 'a> {
    document: &'d Document<'a>,
    path: Vec<String>,
    span: Range<usize>,
    table: &'d DeTable<'a>,
    known: Vec<&'static str>,
}

impl<'d, 'a> Table<'d, 'a> {
    pub(super) fn root(document: &'d Document<'a>, table: &'d Spanned<DeTable<'a>>) -> Self {
        Self {
            document,
            path: Vec::new(),
            span: 0..0,
            table: table.get_ref(),
            known: Vec::new(),
        }
    }

    /// The value of an optional key.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Value<'d, 'a>> {
        self.known.push(key);
        self.document.note(&join(&self.path, key), |_| {});
        let (found, value) = self.table.get_key_value(key)?;
        Some(self.value(found, value))
    }

    /// The value of a required key.
    pub(super) fn required(&mut self, key: &'static str, example: &str) -> Option<Value<'d, 'a>> {
        let value = self.get(key);
        let path = join(&self.path, key);
        self.document.note(&path, |read| read.required = true);
        if value.is_none() {
            self.missing(key, example);
        }
        value
    }

    /// Reports that a key is missing.
    pub(super) fn missing(&self, key: &'static str, example: &str) {
        self.document.error(
            Some(self.span.clone()),
            &display(&join(&self.path, key)),
            format_args!("it is missing; such as {example}"),
        );
    }

    /// Reports that a table of this name can not be used.
    pub(super) fn error(&self, text: impl Display) {
        self.document
            .error(Some(self.span.clone()), &display(&self.path), text);
    }

    /// Every entry of a table whose keys are names, such as those of tenants.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'d str, Value<'d, 'a>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries.into_iter().map(|(key, value)| {
            let value = self.value(key, value);
            self.document.note(&value.path, |read| read.is_name = true);
            (&**key.get_ref(), value)
        })
    }

    /// Reports every key that was not read, with the most similar known one.
    pub(super) fn finish(self) {
        for (key, _) in self.table.iter() {
            let name = &**key.get_ref();
            if self.known.contains(&name) {
                continue;
            }
            let hint = match closest(name, self.known.iter().copied()) {
                Some(right) => format!("did you mean {right}?"),
                None => format!("known are {}", self.known.join(", ")),
            };
            self.document.error(
                Some(key.span()),
                &display(&join(&self.path, name)),
                format_args!("there is no such key; {hint}"),
            );
        }
    }

    fn value(
        &self,
        key: &Spanned<std::borrow::Cow<'a, str>>,
        value: &'d Spanned<DeValue<'a>>,
    ) -> Value<'d, 'a> {
        Value {
            document: self.document,
            path: join(&self.path, key.get_ref()),
            key: key.span(),
            value,
        }
    }
}

/// One value, and where it is.
pub(super) struct Value<'d, 'a> {
    document: &'d Document<'a>,
    path: Vec<String>,
    /// The span of its key, which errors refer to: a table's own span may begin elsewhere.
    key: Range<usize>,
    value: &'d Spanned<DeValue<'a>>,
}

impl<'d, 'a> Value<'d, 'a> {
    pub(super) fn error(&self, text: impl Display) {
        let path = display(&self.path);
        self.document.error(Some(self.key.clone()), &path, text);
    }

    /// The dotted path, such as `tenants.acme.gong`.
    pub(super) fn path(&self) -> String {
        display(&self.path)
    }

    fn note(&self, schema: serde_json::Value) {
        let kind = Kind::Value(schema);
        self.document
            .note(&self.path, |read| read.kind = Some(kind));
    }

    /// Unwraps what was made of this value, or reports why that failed.
    pub(super) fn or_error<T, E: Display>(&self, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.error(error)).ok()
    }

    fn wrong<T>(&self, expected: &str, example: &str) -> Option<T> {
        self.error(format_args!("{expected} is expected, such as {example}"));
        None
    }

    /// A text that is not empty.
    pub(super) fn text(&self, example: &str) -> Option<&'d str> {
        self.note(json!({ "type": "string", "minLength": 1, "examples": [example] }));
        match self.value.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Some(text),
            _ => self.wrong("a text in quotes", &format!("{example:?}")),
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        self.note(json!({ "type": "boolean" }));
        let value = self.value.get_ref().as_bool();
        value.or_else(|| self.wrong("true or false without quotes", "true"))
    }

    pub(super) fn number(&self, range: RangeInclusive<u32>, example: u32) -> Option<u32> {
        self.note(json!({
            "type": "integer",
            "minimum": range.start(),
            "maximum": range.end(),
            "examples": [example],
        }));
        let number = self.value.get_ref().as_integer().and_then(|integer| {
            u32::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
        });
        number.filter(|number| range.contains(number)).or_else(|| {
            let expected = format!(
                "a whole number from {} to {} without quotes",
                range.start(),
                range.end()
            );
            self.wrong(&expected, &example.to_string())
        })
    }

    /// A size such as `64 MiB`.
    pub(super) fn bytes(&self, range: RangeInclusive<u64>, example: &str) -> Option<u64> {
        self.note(json!({
            "type": "string",
            "description": format!(
                "a size from {} to {}",
                display_bytes(*range.start()),
                display_bytes(*range.end())
            ),
            "examples": [example],
        }));
        let size = self.value.get_ref().as_str().and_then(bytes);
        size.filter(|size| range.contains(size)).or_else(|| {
            let expected = format!(
                "a size in quotes from {} to {}",
                display_bytes(*range.start()),
                display_bytes(*range.end())
            );
            self.wrong(&expected, &format!("{example:?}"))
        })
    }

    /// A time such as `90 days`, `30s` or `1h 30m`; a day has 24 hours.
    pub(super) fn duration(
        &self,
        range: RangeInclusive<Duration>,
        example: &str,
    ) -> Option<Duration> {
        self.note(json!({
            "type": "string",
            "description": format!(
                "a length of time from {} to {}",
                display_duration(*range.start()),
                display_duration(*range.end())
            ),
            "examples": [example],
        }));
        let span = self.value.get_ref().as_str().and_then(duration);
        span.filter(|span| range.contains(span)).or_else(|| {
            let expected = format!(
                "a length of time in quotes from {} to {}",
                display_duration(*range.start()),
                display_duration(*range.end())
            );
            self.wrong(&expected, &format!("{example:?}"))
        })
    }

    pub(super) fn table(&self, example: &str) -> Option<Table<'d, 'a>> {
        self.document
            .note(&self.path, |read| read.kind = Some(Kind::Table));
        match self.value.get_ref().as_table() {
            Some(table) => Some(Table {
                document: self.document,
                path: self.path.clone(),
                span: self.key.clone(),
                table,
                known: Vec::new(),
            }),
            None => self.wrong("a table", example),
        }
    }

    /// A moment with its zone (RFC 3339), or a date, which lasts until its end (UTC). Quoted or not.
    pub(super) fn moment(&self) -> Option<Timestamp> {
        self.note(json!({ "description": "a time with its zone, or a date, which lasts until its end in UTC" }));
        let value = self.value.get_ref();
        let text = match value.as_datetime() {
            Some(datetime) => Some(datetime.to_string()),
            None => value.as_str().map(str::to_owned),
        };
        text.as_deref().and_then(moment).or_else(|| {
            self.wrong(
                "a time with its zone, or a date, which lasts until its end in UTC,",
                "\"2027-03-31T18:00:00Z\" or \"2027-03-31\"",
            )
        })
    }

    /// A list of tables. `None` when it is not only that.
    pub(super) fn tables(&self, example: &str) -> Option<Vec<Table<'d, 'a>>> {
        self.note(json!({
            "type": "array",
            "items": { "type": "object" },
            "description": format!("such as {example}"),
        }));
        let tables = self.value.get_ref().as_array().and_then(|list| {
            let tables = list.iter().map(|item| {
                Some(Table {
                    document: self.document,
                    path: self.path.clone(),
                    span: item.span(),
                    table: item.get_ref().as_table()?,
                    known: Vec::new(),
                })
            });
            tables.collect::<Option<Vec<_>>>()
        });
        tables.or_else(|| self.wrong("a list of tables", example))
    }

    /// A table of any values, as JSON.
    pub(super) fn object(&self, example: &str) -> Option<Map<String, serde_json::Value>> {
        self.note(json!({ "type": "object", "description": format!("such as {example}") }));
        match json_of(self.value.get_ref()) {
            Some(serde_json::Value::Object(object)) => Some(object),
            _ => self.wrong("a table", example),
        }
    }

    /// A list of texts, each with its own value for errors.
    pub(super) fn texts(&self, example: &str) -> Vec<(&'d str, Value<'d, 'a>)> {
        self.note(json!({
            "type": "array",
            "items": { "type": "string", "minLength": 1 },
            "description": format!("such as {example}"),
        }));
        let Some(list) = self.value.get_ref().as_array() else {
            self.error(format_args!(
                "a list of texts is expected, such as {example}"
            ));
            return Vec::new();
        };
        let items = list.iter().filter_map(|item| {
            let value = Value {
                document: self.document,
                path: self.path.clone(),
                key: item.span(),
                value: item,
            };
            let text = item
                .get_ref()
                .as_str()
                .filter(|text| !text.trim().is_empty());
            if text.is_none() {
                value.error(format_args!(
                    "every item must be a text in quotes, such as {example}"
                ));
            }
            Some((text?, value))
        });
        items.collect()
    }
}

/// A value as JSON; none if a number in it is too large. Dates and times become texts.
fn json_of(value: &DeValue<'_>) -> Option<serde_json::Value> {
    Some(match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(integer) => {
            json!(i64::from_str_radix(integer.as_str(), integer.radix()).ok()?)
        }
        DeValue::Float(float) => json!(float.as_str().parse::<f64>().ok()?),
        DeValue::Boolean(value) => json!(value),
        DeValue::Datetime(datetime) => json!(datetime.to_string()),
        DeValue::Array(items) => {
            let items = items.iter().map(|item| json_of(item.get_ref()));
            serde_json::Value::Array(items.collect::<Option<_>>()?)
        }
        DeValue::Table(table) => {
            let members = table.iter().map(|(name, value)| {
                let value = json_of(value.get_ref())?;
                Some((name.get_ref().to_string(), value))
            });
            serde_json::Value::Object(members.collect::<Option<_>>()?)
        }
    })
}

fn join(path: &[String], key: &str) -> Vec<String> {
    [path, &[key.to_owned()]].concat()
}

/// A dotted path such as `tenants.acme.gong`. Keys that TOML would quote are quoted.
fn display(path: &[String]) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let keys = path.iter().map(|key| {
        if !key.is_empty() && key.chars().all(bare) {
            key.clone()
        } else {
            format!("{key:?}")
        }
    });
    keys.collect::<Vec<_>>().join(".")
}

const UNITS: [(&str, u64); 4] = [
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];

fn bytes(text: &str) -> Option<u64> {
    let (unit, size) = UNITS.iter().find(|(unit, _)| text.ends_with(unit))?;
    let number: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
    number.checked_mul(*size)
}

/// `64 MiB`.
fn display_bytes(bytes: u64) -> String {
    let fits = |(_, size): &&(&str, u64)| bytes.is_multiple_of(*size);
    let (unit, size) = UNITS.iter().find(fits).expect("1 divides everything");
    format!("{} {unit}", bytes / size)
}

/// Parses a moment.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    // A date parses from longer texts too, and what follows it would be ignored.
    let date: Date = (text.len() == 10).then(|| text.parse().ok())??;
    let end = date.tomorrow().ok()?.to_datetime(Time::midnight());
    Offset::UTC.to_timestamp(end).ok()
}

/// Parses a length of time that is not negative.
fn duration(text: &str) -> Option<Duration> {
    let span: jiff::Span = text.trim().parse().ok()?;
    let duration = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .ok()?;
    duration.try_into().ok()
}

/// `90 days`, `30 seconds`.
fn display_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0 => (duration.as_millis() as u64, "millisecond"),
        s if s % 86_400 == 0 => (s / 86_400, "day"),
        s if s % 3_600 == 0 => (s / 3_600, "hour"),
        s if s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{end}")
}
