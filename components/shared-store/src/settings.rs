//! Reading environment variables.

use alloc::{borrow::ToOwned, format, string::String};
use core::ops::RangeInclusive;

/// Environment variables, by name.
#[derive(Clone, Copy)]
pub struct Variables<'a>(pub &'a [(String, String)]);

impl<'a> Variables<'a> {
    /// The value without blanks around it.
    #[must_use]
    pub fn get(self, name: &str) -> Option<&'a str> {
        let found = self.0.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim())
    }

    /// The same; a value that is empty counts as not set.
    #[must_use]
    pub fn get_filled(self, name: &str) -> Option<&'a str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// A whole number within a range.
    ///
    /// # Errors
    ///
    /// It is another value, or is not set and has no default. The error names it and shows the
    /// example.
    pub fn number<T>(
        self,
        name: &str,
        range: RangeInclusive<T>,
        default: Option<T>,
        example: &str,
    ) -> Result<T, String>
    where
        T: core::str::FromStr + PartialOrd + core::fmt::Display + Copy,
    {
        let problem = match (self.get_filled(name), default) {
            (None, Some(default)) => return Ok(default),
            (None, None) => "it is not set".to_owned(),
            (Some(text), _) => match text.parse() {
                Ok(number) if range.contains(&number) => return Ok(number),
                _ => format!(
                    "{text:?} is not a whole number from {} to {}",
                    range.start(),
                    range.end()
                ),
            },
        };
        Err(format!("{name}: {problem}. An example: {example}"))
    }
}
