//! Reading a TOML document and collecting what is wrong with it.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Complaint, Complaints};

/// How much alike a wrong key and a right one must be for the right one to be proposed.
const ALIKE: f64 = 0.75;

/// The document: what the spans refer to, and the complaints so far.
pub(super) struct Document<'a> {
    file: &'a str,
    text: &'a str,
    complaints: RefCell<Vec<Complaint>>,
}

impl<'a> Document<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            complaints: RefCell::default(),
        }
    }

    /// Parses the text. Where it is not TOML, those are the only complaints.
    pub(super) fn parse(&self) -> Result<Spanned<DeTable<'a>>, Complaints> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        if errors.is_empty() {
            return Ok(table);
        }
        for error in errors {
            self.complain(
                error.span(),
                "",
                format_args!("this is not TOML: {}", error.message()),
            );
        }
        Err(self.complaints())
    }

    /// All complaints, in the file's order.
    pub(super) fn complaints(&self) -> Complaints {
        let mut complaints = self.complaints.take();
        complaints.sort_by_key(|complaint| complaint.line);
        complaints.dedup();
        Complaints(complaints)
    }

    pub(super) fn has_complaints(&self) -> bool {
        !self.complaints.borrow().is_empty()
    }

    pub(super) fn complain(&self, span: Option<Range<usize>>, key: &str, text: impl Display) {
        let line = span.map(|span| {
            let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
            1 + before.iter().filter(|byte| **byte == b'\n').count()
        });
        self.complaints.borrow_mut().push(Complaint {
            file: self.file.to_owned(),
            line,
            key: key.to_owned(),
            text: text.to_string(),
        });
    }
}

/// A table whose keys are fixed, and which of them were asked for.
pub(super) struct Table<'d, 'a> {
    document: &'d Document<'a>,
    path: String,
    span: Range<usize>,
    table: &'d DeTable<'a>,
    known: Vec<&'static str>,
}

impl<'d, 'a> Table<'d, 'a> {
    pub(super) fn root(document: &'d Document<'a>, table: &'d Spanned<DeTable<'a>>) -> Self {
        Self {
            document,
            path: String::new(),
            span: 0..0,
            table: table.get_ref(),
            known: Vec::new(),
        }
    }

    /// The value of a key, if it is there.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Value<'d, 'a>> {
        self.known.push(key);
        let (found, value) = self.table.get_key_value(key)?;
        Some(self.value(found, value))
    }

    /// The value of a key that must be there.
    pub(super) fn required(&mut self, key: &'static str, example: &str) -> Option<Value<'d, 'a>> {
        let value = self.get(key);
        if value.is_none() {
            self.document.complain(
                Some(self.span.clone()),
                &join(&self.path, key),
                format_args!("it is missing; such as {example}"),
            );
        }
        value
    }

    /// Every entry of a table whose keys are names that somebody chose.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'d str, Value<'d, 'a>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
            .into_iter()
            .map(|(key, value)| (&**key.get_ref(), self.value(key, value)))
    }

    /// Complains about every key that was never asked for, with the likely right one.
    pub(super) fn finish(self) {
        for (key, _) in self.table.iter() {
            let name = &**key.get_ref();
            if self.known.contains(&name) {
                continue;
            }
            let hint = match alike(name, self.known.iter().copied()) {
                Some(right) => format!("did you mean {right}?"),
                None => format!("known are {}", self.known.join(", ")),
            };
            self.document.complain(
                Some(key.span()),
                &join(&self.path, name),
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
    path: String,
    /// Where its key is: the place that a complaint names. A table's own span may begin elsewhere.
    key: Range<usize>,
    value: &'d Spanned<DeValue<'a>>,
}

impl<'d, 'a> Value<'d, 'a> {
    pub(super) fn complain(&self, text: impl Display) {
        self.document
            .complain(Some(self.key.clone()), &self.path, text);
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// What `read` makes of it, or its complaint.
    pub(super) fn and<T, E: Display>(&self, read: Result<T, E>) -> Option<T> {
        read.map_err(|error| self.complain(error)).ok()
    }

    fn wrong<T>(&self, expected: &str, example: &str) -> Option<T> {
        self.complain(format_args!("{expected} is expected, such as {example}"));
        None
    }

    /// A text that is not empty.
    pub(super) fn text(&self, example: &str) -> Option<&'d str> {
        match self.value.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Some(text),
            _ => self.wrong("a text in quotes", &format!("{example:?}")),
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        let value = self.value.get_ref().as_bool();
        value.or_else(|| self.wrong("true or false without quotes", "true"))
    }

    pub(super) fn number(&self, range: RangeInclusive<u32>, example: u32) -> Option<u32> {
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
        let size = self.value.get_ref().as_str().and_then(bytes);
        size.filter(|size| range.contains(size)).or_else(|| {
            let expected = format!(
                "a size in quotes from {} to {}",
                shown(*range.start()),
                shown(*range.end())
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
        let span = self.value.get_ref().as_str().and_then(duration);
        span.filter(|span| range.contains(span)).or_else(|| {
            let expected = format!(
                "a length of time in quotes from {:#} to {:#}",
                friendly(*range.start()),
                friendly(*range.end())
            );
            self.wrong(&expected, &format!("{example:?}"))
        })
    }

    pub(super) fn table(&self, example: &str) -> Option<Table<'d, 'a>> {
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

    /// A list of texts, each with its place.
    pub(super) fn texts(&self, example: &str) -> Vec<(&'d str, Value<'d, 'a>)> {
        let Some(list) = self.value.get_ref().as_array() else {
            self.complain(format_args!(
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
                value.complain(format_args!(
                    "every item must be a text in quotes, such as {example}"
                ));
            }
            Some((text?, value))
        });
        items.collect()
    }
}

/// `tenants.acme.gong`; keys that TOML would quote are quoted.
fn join(path: &str, key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let key = if !key.is_empty() && key.chars().all(bare) {
        key.to_owned()
    } else {
        format!("{key:?}")
    };
    if path.is_empty() {
        key
    } else {
        format!("{path}.{key}")
    }
}

/// The most likely of `known`, if one is likely at all.
pub(crate) fn alike<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let name = plain(name);
    known
        .map(|right| (strsim::jaro_winkler(&name, &plain(right)), right))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|one, two| one.0.total_cmp(&two.0))
        .map(|(_, right)| right)
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

fn shown(bytes: u64) -> String {
    let fits = |(_, size): &&(&str, u64)| bytes.is_multiple_of(*size);
    let (unit, size) = UNITS.iter().find(fits).expect("1 divides everything");
    format!("{} {unit}", bytes / size)
}

/// Reads a length of time; none when it is no such, or negative.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let span: jiff::Span = text.trim().parse().ok()?;
    let duration = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .ok()?;
    duration.try_into().ok()
}

/// `90 days`, `30 seconds`.
fn friendly(duration: Duration) -> String {
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
