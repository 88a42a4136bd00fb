//! The headers of an HTTP request.

use alloc::{format, string::String, vec::Vec};

/// The headers of a request, their names in lower case.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    /// The headers, repeated ones included.
    #[must_use]
    pub fn new(headers: Vec<(String, Vec<u8>)>) -> Self {
        let lower = |(name, value): (String, Vec<u8>)| (name.to_ascii_lowercase(), value);
        Self(headers.into_iter().map(lower).collect())
    }

    /// All values with that name that are printable ASCII.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.values(name).filter_map(text)
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .iter()
            .filter(move |(one, _)| one == name)
            .map(|(_, value)| &**value)
    }

    /// The only value with that name.
    ///
    /// # Errors
    ///
    /// There are several, of which a proxy may have used another; or it is not ASCII.
    pub fn single<'a>(&'a self, name: &'a str) -> Result<Option<&'a str>, String> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => match text(value) {
                Some(value) => Ok(Some(value)),
                None => Err(format!("Header {name} has characters that are not ASCII.")),
            },
            (Some(_), Some(_)) => Err(format!("Header {name} is there more than once.")),
        }
    }
}

fn text(value: &[u8]) -> Option<&str> {
    let printable = value
        .iter()
        .all(|byte| (b' '..=b'~').contains(byte) || *byte == b'\t');
    printable
        .then(|| core::str::from_utf8(value).ok())?
        .map(str::trim)
}
