//! The settings, which the host passes as environment variables. Each tool call reads and checks
//! them when it starts; listing tools needs none.

use base64::{Engine, engine::general_purpose::STANDARD};

use jiff::tz::TimeZone;

use crate::{
    error::{Error, not_configured},
    prelude::*,
    time::zone_named,
};

/// The host of most companies; those on a regional one set `GONG_BASE_URL`.
const DEFAULT_BASE_URL: &str = "https://api.gong.io";
/// Default of `GONG_TIMEOUT_SECONDS`.
const DEFAULT_TIMEOUT_SECONDS: u64 = 30;

/// The variables that are read.
const VARIABLES: &[&str] = &[
    "GONG_BASE_URL",
    "GONG_ACCESS_KEY",
    "GONG_ACCESS_KEY_SECRET",
    "GONG_AUTH",
    "GONG_PRIVATE_CALLS",
    "GONG_METERED",
    "GONG_PACE",
    "GONG_TIMEOUT_SECONDS",
    "GONG_TIME_ZONE",
    "GONG_INDEX_URL",
];

/// The scheme of the base URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// For tests on the loopback interface only.
    Http,
    /// For every other host.
    Https,
}

/// The folder of the index, from `GONG_INDEX_URL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexUrl {
    /// Its scheme.
    pub(crate) scheme: Scheme,
    /// Host, with the port if it names one.
    pub(crate) authority: String,
    /// The path, which ends with a slash.
    pub(crate) folder: String,
}

/// Settings after validation.
pub(crate) struct Settings {
    /// `GONG_BASE_URL`'s scheme.
    pub(crate) scheme: Scheme,
    /// `GONG_BASE_URL`'s host, with the port if it names one.
    pub(crate) authority: String,
    /// The Authorization header; none if the host adds it (`GONG_AUTH=host`).
    pub(crate) authorization: Option<String>,
    /// `GONG_ACCESS_KEY`, which says whose calls are read; none if the host adds the header.
    pub(crate) access_key: Option<String>,
    /// `GONG_PRIVATE_CALLS=allow`: private calls are listed and readable.
    pub(crate) private_calls: bool,
    /// Not `GONG_METERED=deny`: requests that spend the company's AI credits are allowed.
    pub(crate) metered: bool,
    /// Not `GONG_PACE=host`: the tool call itself keeps to Gong's 3 requests a second.
    pub(crate) paced: bool,
    /// `GONG_INDEX_URL`: where the index of calls is kept; none without an index.
    pub(crate) index: Option<IndexUrl>,
    /// `GONG_TIME_ZONE`: of dates in arguments and times in answers; UTC without it.
    pub(crate) time_zone: Option<TimeZone>,
    /// `GONG_TIMEOUT_SECONDS`: the limit for connecting, for the first byte, and for each gap
    /// between bytes.
    pub(crate) timeout_seconds: u64,
}

impl Settings {
    /// Reads the settings from the environment variables that `variable` returns.
    ///
    /// # Errors
    /// `not-configured` with the variable's name. Its value could be secret and is never quoted.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let set = |name: &str| {
            variable(name)
                .map(|value| value.trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        let is_quoted = |name: &&&str| set(name).is_some_and(|value| is_quoted(&value));
        if let Some(name) = VARIABLES.iter().find(is_quoted) {
            return Err(not_configured(
                name,
                "its value is in quotation marks, which are part of it: files of variables and container settings \
                 are not read by a shell. It has to be without them.",
            ));
        }
        let (scheme, authority) =
            base_url(set("GONG_BASE_URL").as_deref().unwrap_or(DEFAULT_BASE_URL))?;
        let authorization = match set("GONG_AUTH").as_deref() {
            Some("host") => None,
            Some("key") | None => {
                let key = set("GONG_ACCESS_KEY").ok_or_else(|| missing("GONG_ACCESS_KEY"))?;
                let secret = set("GONG_ACCESS_KEY_SECRET")
                    .ok_or_else(|| missing("GONG_ACCESS_KEY_SECRET"))?;
                Some(format!(
                    "Basic {}",
                    STANDARD.encode(format!("{key}:{secret}"))
                ))
            }
            Some(_) => {
                return Err(not_configured(
                    "GONG_AUTH",
                    "only `key` (the default) and `host` (the gateway adds the Authorization header) are known.",
                ));
            }
        };
        let private_calls = match set("GONG_PRIVATE_CALLS").as_deref() {
            Some("allow") => true,
            Some("deny") | None => false,
            Some(_) => {
                return Err(not_configured(
                    "GONG_PRIVATE_CALLS",
                    "only `deny` (the default) and `allow` are known.",
                ));
            }
        };
        let metered = match set("GONG_METERED").as_deref() {
            Some("allow") | None => true,
            Some("deny") => false,
            Some(_) => {
                return Err(not_configured(
                    "GONG_METERED",
                    "only `allow` (the default) and `deny` are known.",
                ));
            }
        };
        let paced = match set("GONG_PACE").as_deref() {
            Some("call") | None => true,
            Some("host") => false,
            Some(_) => {
                return Err(not_configured(
                    "GONG_PACE",
                    "only `call` (the default) and `host` (the gateway keeps the pace for all calls together) are known.",
                ));
            }
        };
        let timeout_seconds = match set("GONG_TIMEOUT_SECONDS") {
            None => DEFAULT_TIMEOUT_SECONDS,
            Some(text) => match text.parse() {
                Ok(seconds @ 1..=300) => seconds,
                _ => {
                    return Err(not_configured(
                        "GONG_TIMEOUT_SECONDS",
                        "a whole number from 1 to 300 is expected.",
                    ));
                }
            },
        };
        let time_zone = match set("GONG_TIME_ZONE") {
            None => None,
            Some(name) => Some(zone_named(&name).ok_or_else(|| {
                not_configured(
                    "GONG_TIME_ZONE",
                    "it is not a name of the IANA time zone database, such as America/Denver, Europe/Berlin or UTC.",
                )
            })?),
        };
        let index = set("GONG_INDEX_URL")
            .map(|text| index_url(&text, &authority))
            .transpose()?;
        Ok(Self {
            scheme,
            authority,
            authorization,
            access_key: set("GONG_ACCESS_KEY"),
            index,
            private_calls,
            metered,
            paced,
            time_zone,
            timeout_seconds,
        })
    }
}

/// Whether a value is between quotation marks.
fn is_quoted(value: &str) -> bool {
    let marks = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”')];
    let inner = |(open, close)| value.strip_prefix(open)?.strip_suffix(close);
    marks.into_iter().any(|marks| inner(marks).is_some())
}

fn missing(variable: &str) -> Error {
    not_configured(
        variable,
        "it is not set. Gong shows access key and secret in Admin center > Settings > Ecosystem > API. (In Wassette: \
         `wassette secret set gong GONG_ACCESS_KEY=… GONG_ACCESS_KEY_SECRET=…`.)",
    )
}

/// A URL's scheme, and what follows it.
fn scheme(text: &str) -> Option<(Scheme, &str)> {
    let https = text.strip_prefix("https://");
    let https = https.map(|rest| (Scheme::Https, rest));
    https.or_else(|| Some((Scheme::Http, text.strip_prefix("http://")?)))
}

/// Credentials are sent to this URL, so only Gong's own hosts over https are allowed, and the
/// loopback interface for tests.
fn base_url(text: &str) -> Result<(Scheme, String), Error> {
    let wrong = |problem: &str| not_configured("GONG_BASE_URL", problem);
    let (scheme, rest) = scheme(text)
        .ok_or_else(|| wrong("it must start with https://, such as https://acme.api.gong.io."))?;
    let authority = rest.strip_suffix('/').unwrap_or(rest).to_ascii_lowercase();
    if authority.contains(['/', '?', '#', '@', '\\']) || authority.chars().any(char::is_whitespace)
    {
        return Err(wrong(
            "it must be scheme and host only, such as https://acme.api.gong.io, without path or user.",
        ));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') && !port.ends_with(']') => (host, Some(port)),
        _ => (authority.as_str(), None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Err(wrong("its port is not a number."));
    }
    let loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    let gong = host == "api.gong.io"
        || host.strip_suffix(".api.gong.io").is_some_and(|name| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
        });
    match scheme {
        Scheme::Https if gong || loopback => Ok((scheme, authority.clone())),
        Scheme::Http if loopback => Ok((scheme, authority.clone())),
        Scheme::Http if gong => Err(wrong("Gong is reached by https only.")),
        _ => Err(wrong(
            "only api.gong.io and hosts that end in .api.gong.io get the credentials.",
        )),
    }
}

/// The folder of the index may be on any host: no credentials are sent there, and the network policy
/// of whoever runs the component decides what is reached. It must not be Gong's own host, where a
/// gateway adds credentials to every request.
fn index_url(text: &str, gong: &str) -> Result<IndexUrl, Error> {
    let wrong = |problem: &str| not_configured("GONG_INDEX_URL", problem);
    let example = "such as http://index.internal/acme/.";
    let (scheme, rest) = scheme(text).ok_or_else(|| {
        wrong(&format!(
            "it must start with http:// or https://, {example}"
        ))
    })?;
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let authority = authority.to_ascii_lowercase();
    let plain = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"?#@\\".contains(&byte))
    };
    if authority.is_empty() || !plain(&authority) || !plain(path) {
        return Err(wrong(&format!(
            "it must be scheme, host and folder only, without user, query or fragment, {example}"
        )));
    }
    if authority == gong || authority == "api.gong.io" || authority.ends_with(".api.gong.io") {
        return Err(wrong(&format!(
            "it is Gong's own host, and Gong keeps no index; it is a folder of your own, {example}"
        )));
    }
    let path = path.trim_matches('/');
    Ok(IndexUrl {
        scheme,
        authority,
        folder: match path {
            "" => "/".to_owned(),
            path => format!("/{path}/"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{Scheme, Settings};

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::read(|name| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
        .map_err(|error| error.text().to_owned())
    }

    #[test]
    fn only_gongs_hosts_get_the_credentials() {
        let base = |url| {
            read(&[("GONG_BASE_URL", url), ("GONG_AUTH", "host")]).map(|s| (s.scheme, s.authority))
        };
        assert_eq!(base(""), Ok((Scheme::Https, "api.gong.io".into())));
        assert_eq!(
            base("https://acme.api.gong.io/"),
            Ok((Scheme::Https, "acme.api.gong.io".into()))
        );
        assert_eq!(
            base("http://127.0.0.1:8080"),
            Ok((Scheme::Http, "127.0.0.1:8080".into()))
        );
        assert_eq!(
            base("http://[::1]:8080"),
            Ok((Scheme::Http, "[::1]:8080".into()))
        );
        for url in [
            "http://acme.api.gong.io",
            "https://api.gong.io.evil.example",
            "https://evilapi.gong.io",
            "https://.api.gong.io",
            "https://api.gong.io@evil.example",
            "https://api.gong.io/v2",
            "https://a b.api.gong.io",
            "https://api.gong.io:x",
            "http://example.com",
            "ftp://api.gong.io",
            "acme.api.gong.io",
        ] {
            let error = base(url).expect_err(url);
            assert!(
                error.starts_with("Setting GONG_BASE_URL: "),
                "{url}: {error}"
            );
        }
    }

    #[test]
    fn missing_and_wrong_settings_name_the_variable_and_repeat_no_value() {
        let error = |variables: &[_]| read(variables).map(|_| ()).expect_err("wrong settings");
        assert!(error(&[]).starts_with("Setting GONG_ACCESS_KEY: it is not set."));
        assert!(
            error(&[("GONG_ACCESS_KEY", "k3y")])
                .starts_with("Setting GONG_ACCESS_KEY_SECRET: it is not set.")
        );
        assert!(!error(&[("GONG_ACCESS_KEY", "k3y")]).contains("k3y"));
        assert!(error(&[("GONG_AUTH", "basic")]).starts_with("Setting GONG_AUTH: "));
        assert!(
            error(&[("GONG_AUTH", "host"), ("GONG_PRIVATE_CALLS", "yes")])
                .starts_with("Setting GONG_PRIVATE_CALLS: ")
        );
        assert!(
            error(&[("GONG_AUTH", "host"), ("GONG_METERED", "no")])
                .starts_with("Setting GONG_METERED: ")
        );
        assert!(
            error(&[("GONG_AUTH", "host"), ("GONG_PACE", "none")])
                .starts_with("Setting GONG_PACE: ")
        );
        assert!(
            error(&[("GONG_AUTH", "host"), ("GONG_TIMEOUT_SECONDS", "0")])
                .starts_with("Setting GONG_TIMEOUT_SECONDS: ")
        );
        let zone = error(&[("GONG_AUTH", "host"), ("GONG_TIME_ZONE", "Denver")]);
        assert!(zone.starts_with("Setting GONG_TIME_ZONE: "), "{zone}");
        assert!(zone.contains("such as America/Denver") && !zone.contains("“"));
    }

    #[test]
    fn a_value_in_quotation_marks_is_refused_and_not_repeated() {
        for name in super::VARIABLES {
            for value in ["\"s3cret\"", " 's3cret' ", "“s3cret”"] {
                let mut variables = vec![(*name, value)];
                variables.extend([
                    ("GONG_ACCESS_KEY", "key"),
                    ("GONG_ACCESS_KEY_SECRET", "secret"),
                ]);
                let error = read(&variables).map(|_| ()).expect_err(name);
                assert!(
                    error.starts_with(&format!("Setting {name}: its value is in quotation marks"))
                );
                assert!(!error.contains("s3cret"), "{error}");
            }
        }
        assert!(
            read(&[
                ("GONG_ACCESS_KEY", "k'ey"),
                ("GONG_ACCESS_KEY_SECRET", "\"secret")
            ])
            .is_ok()
        );
    }

    #[test]
    fn the_index_is_a_folder_that_is_not_gongs() {
        let index = |url| {
            read(&[("GONG_AUTH", "host"), ("GONG_INDEX_URL", url)])
                .map(|settings| settings.index.map(|url| (url.authority, url.folder)))
        };
        let folder = |authority: &str, folder: &str| Ok(Some((authority.into(), folder.into())));
        assert_eq!(index(""), Ok(None));
        assert_eq!(
            index("http://Index.internal"),
            folder("index.internal", "/")
        );
        assert_eq!(
            index("https://store.example:8443/a/b/"),
            folder("store.example:8443", "/a/b/")
        );
        for url in [
            "index.internal/a",
            "ftp://index.internal",
            "http://",
            "http:///a",
            "http://me@index.internal",
            "http://index.internal/a?b",
            "http://index.internal/a b",
            "https://api.gong.io/index",
            "https://acme.api.gong.io",
        ] {
            let error = index(url).expect_err(url);
            assert!(
                error.starts_with("Setting GONG_INDEX_URL: "),
                "{url}: {error}"
            );
            assert!(error.contains("http://index.internal/acme/"), "{error}");
        }
    }

    #[test]
    fn the_header_is_basic() {
        let settings = read(&[
            ("GONG_ACCESS_KEY", "key"),
            ("GONG_ACCESS_KEY_SECRET", "secret"),
        ])
        .expect("valid");
        assert_eq!(
            settings.authorization.as_deref(),
            Some("Basic a2V5OnNlY3JldA==")
        );
    }
}
