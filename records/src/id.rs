//! Ids: up to 20 digits, mostly strings, sometimes JSON numbers that no 64-bit type holds.

use crate::from_str;
use alloc::{borrow::ToOwned, string::String};

/// An id as it was written, be it a string or a number.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(pub String);

impl Id {
    /// Becomes what JSON says.
    pub(crate) fn read(&mut self, json: &str) -> Result<(), &'static str> {
        const NONE: &str = "an id is a string or a whole number";
        let text = json
            .strip_prefix('"')
            .and_then(|json| json.strip_suffix('"'));
        self.0 = match text {
            Some(text) if !text.contains('\\') => text.to_owned(),
            Some(_) => from_str(json).map_err(|_| NONE)?,
            None => {
                let digits = json.strip_prefix('-').unwrap_or(json);
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(NONE);
                }
                json.to_owned()
            }
        };
        Ok(())
    }
}
