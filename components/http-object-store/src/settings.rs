//! The settings, from environment variables.

use alloc::{borrow::ToOwned, format, string::String};
use core::ops::RangeInclusive;

use shared_store::settings::Variables;

/// Which requests are answered here, and how objects are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Host and port of `OBJECT_STORE_ORIGIN`, in small letters.
    pub authority: String,
    /// `OBJECT_STORE_MAX_AGE_DAYS`, in milliseconds: an object that is older is as absent.
    pub max_age: u64,
    /// `OBJECT_STORE_MAX_BYTES`: the largest object.
    pub max_bytes: usize,
    /// `OBJECT_STORE_BUCKET`: the key-value store, by the name that the host has for it.
    pub bucket: String,
}

const MAX_AGE_DAYS: RangeInclusive<u64> = 1..=366;
const MAX_BYTES: RangeInclusive<usize> = 1_000..=16_000_000;
const DAY: u64 = 24 * 60 * 60 * 1_000;

impl Settings {
    /// Reads the variables that begin with `OBJECT_STORE_`. Empty ones count as not set, except for
    /// the bucket's name: hosts may have a store without a name.
    ///
    /// # Errors
    ///
    /// One of them is invalid. The error names it and shows an example.
    pub fn read(variables: &[(String, String)]) -> Result<Self, String> {
        let variables = Variables(variables);
        let origin = variables
            .get_filled("OBJECT_STORE_ORIGIN")
            .unwrap_or("http://index.internal");
        let authority = origin.strip_prefix("http://").filter(|authority| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
            !authority.is_empty() && authority.bytes().all(plain)
        });
        let authority = authority.ok_or_else(|| {
            format!(
                "OBJECT_STORE_ORIGIN: {origin:?} is not http://, a host and perhaps a port, without a path. An example: http://index.internal"
            )
        })?;
        let days = variables.number("OBJECT_STORE_MAX_AGE_DAYS", MAX_AGE_DAYS, Some(30), "30")?;
        Ok(Self {
            authority: authority.to_ascii_lowercase(),
            max_age: days * DAY,
            max_bytes: variables.number(
                "OBJECT_STORE_MAX_BYTES",
                MAX_BYTES,
                Some(1_000_000),
                "1000000",
            )?,
            bucket: variables
                .get("OBJECT_STORE_BUCKET")
                .unwrap_or("default")
                .to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let owned = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::read(&Vec::from_iter(owned))
    }

    #[test]
    fn everything_has_a_default() {
        let expected = Settings {
            authority: "index.internal".to_owned(),
            max_age: 30 * DAY,
            max_bytes: 1_000_000,
            bucket: "default".to_owned(),
        };
        assert_eq!(read(&[]), Ok(expected.clone()));
        assert_eq!(read(&[("OBJECT_STORE_ORIGIN", " ")]), Ok(expected));
        let all = [
            ("OBJECT_STORE_ORIGIN", "http://Objects.Example:8080"),
            ("OBJECT_STORE_MAX_AGE_DAYS", "1"),
            ("OBJECT_STORE_MAX_BYTES", "16000000"),
            ("OBJECT_STORE_BUCKET", ""),
        ];
        let other = Settings {
            authority: "objects.example:8080".to_owned(),
            max_age: DAY,
            max_bytes: 16_000_000,
            bucket: String::new(),
        };
        assert_eq!(read(&all), Ok(other));
    }

    #[test]
    fn wrong_settings_are_named() {
        for (name, value) in [
            ("OBJECT_STORE_ORIGIN", "index.internal"),
            ("OBJECT_STORE_ORIGIN", "https://index.internal"),
            ("OBJECT_STORE_ORIGIN", "http://index.internal/"),
            ("OBJECT_STORE_ORIGIN", "http://"),
            ("OBJECT_STORE_MAX_AGE_DAYS", "0"),
            ("OBJECT_STORE_MAX_AGE_DAYS", "1.5"),
            ("OBJECT_STORE_MAX_BYTES", "999"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(
                error.starts_with(&format!("{name}: {value:?} is not")),
                "{error}"
            );
            assert!(error.contains(". An example: "), "{error}");
        }
    }
}
