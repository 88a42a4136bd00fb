//! The settings, from environment variables.

use alloc::{borrow::ToOwned, format, string::String};
use core::ops::RangeInclusive;

use shared_store::settings::Variables;

/// The limits on requests to one authority, and the store that the replicas share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `RATE_LIMIT_REQUESTS_PER_SECOND`: most requests that begin within any second.
    pub per_second: usize,
    /// `RATE_LIMIT_REQUESTS_PER_DAY`: most requests of a day of UTC; none is unlimited.
    pub per_day: Option<u64>,
    /// `RATE_LIMIT_MAX_WAIT_SECONDS`: how long a request may wait until it begins.
    pub max_wait_seconds: u64,
    /// `RATE_LIMIT_TOLERANCE_MILLISECONDS`: by how much the replicas' clocks may differ, and by how
    /// much a request may begin late.
    pub tolerance_milliseconds: u64,
    /// `RATE_LIMIT_STORE`: the key-value store, by the name that the host has for it.
    pub store: String,
}

/// Each request is two or more round trips to the store, one after the other.
const PER_SECOND: RangeInclusive<usize> = 1..=100;
/// Less is too short to notice that another replica vanished; no client waits for more than a
/// minute.
pub(crate) const MAX_WAIT_SECONDS: RangeInclusive<u64> = 5..=60;
const TOLERANCE_MILLISECONDS: RangeInclusive<u64> = 0..=5_000;

impl Settings {
    /// Reads the variables that begin with `RATE_LIMIT_`. Empty ones count as not set, except for the
    /// store's name: hosts may have a store without a name.
    ///
    /// # Errors
    ///
    /// One of them is missing or invalid. The error names it and shows an example.
    pub fn read(variables: &[(String, String)]) -> Result<Self, String> {
        let variables = Variables(variables);
        Ok(Self {
            per_second: variables.number(
                "RATE_LIMIT_REQUESTS_PER_SECOND",
                PER_SECOND,
                None,
                "3",
            )?,
            per_day: match variables.get_filled("RATE_LIMIT_REQUESTS_PER_DAY") {
                Some("unlimited") => None,
                _ => Some(variables.number(
                    "RATE_LIMIT_REQUESTS_PER_DAY",
                    1..=u64::from(u32::MAX),
                    None,
                    "10000, or unlimited",
                )?),
            },
            max_wait_seconds: variables.number(
                "RATE_LIMIT_MAX_WAIT_SECONDS",
                MAX_WAIT_SECONDS,
                Some(30),
                "30",
            )?,
            tolerance_milliseconds: variables.number(
                "RATE_LIMIT_TOLERANCE_MILLISECONDS",
                TOLERANCE_MILLISECONDS,
                Some(100),
                "100",
            )?,
            store: variables
                .get("RATE_LIMIT_STORE")
                .unwrap_or("default")
                .to_owned(),
        })
    }
}

/// A rate as text: `3 requests a second`.
pub(crate) fn requests(number: u64, of: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} request{s} a {of}")
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

    const LEAST: [(&str, &str); 2] = [
        ("RATE_LIMIT_REQUESTS_PER_SECOND", "3"),
        ("RATE_LIMIT_REQUESTS_PER_DAY", "10000"),
    ];

    #[test]
    fn the_limits_are_required_and_the_rest_has_defaults() {
        let expected = Settings {
            per_second: 3,
            per_day: Some(10_000),
            max_wait_seconds: 30,
            tolerance_milliseconds: 100,
            store: "default".to_owned(),
        };
        assert_eq!(read(&LEAST), Ok(expected.clone()));
        let all = [
            LEAST[0],
            ("RATE_LIMIT_REQUESTS_PER_DAY", "unlimited"),
            ("RATE_LIMIT_MAX_WAIT_SECONDS", "60"),
            ("RATE_LIMIT_TOLERANCE_MILLISECONDS", "0"),
            ("RATE_LIMIT_STORE", ""),
        ];
        let other = Settings {
            per_day: None,
            max_wait_seconds: 60,
            tolerance_milliseconds: 0,
            store: String::new(),
            ..expected
        };
        assert_eq!(read(&all), Ok(other));
    }

    #[test]
    fn wrong_settings_are_named() {
        for (name, value, problem) in [
            ("RATE_LIMIT_REQUESTS_PER_SECOND", "", "it is not set"),
            (
                "RATE_LIMIT_REQUESTS_PER_SECOND",
                "0",
                "\"0\" is not a whole number from 1 to 100",
            ),
            (
                "RATE_LIMIT_REQUESTS_PER_SECOND",
                "2.5",
                "\"2.5\" is not a whole number",
            ),
            ("RATE_LIMIT_REQUESTS_PER_DAY", " ", "it is not set"),
            (
                "RATE_LIMIT_REQUESTS_PER_DAY",
                "many",
                "\"many\" is not a whole number",
            ),
            (
                "RATE_LIMIT_MAX_WAIT_SECONDS",
                "61",
                "\"61\" is not a whole number from 5 to 60",
            ),
            (
                "RATE_LIMIT_TOLERANCE_MILLISECONDS",
                "-1",
                "\"-1\" is not a whole number from 0 to 5000",
            ),
        ] {
            let mut variables: Vec<_> = LEAST.into_iter().filter(|one| one.0 != name).collect();
            variables.push((name, value));
            let error = read(&variables).unwrap_err();
            assert!(error.starts_with(&format!("{name}: {problem}")), "{error}");
            assert!(error.contains(". An example: "), "{error}");
        }
    }
}
