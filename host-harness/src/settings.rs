//! The settings of the component: from the host's environment, or for the stand-in.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::bail;
use fake_gong::FakeGong;
use sandbox::outbound::{Addresses, Policy, basic_authorization};
use sandbox::{Env, Limits, Outbound, Run};

/// The variables that are passed on; no other reaches the sandbox.
const PASSED: [&str; 7] = [
    BASE_URL,
    ACCESS_KEY,
    ACCESS_KEY_SECRET,
    AUTH,
    "GONG_METERED",
    "GONG_PRIVATE_CALLS",
    TIMEOUT_SECONDS,
];

const BASE_URL: &str = "GONG_BASE_URL";
const ACCESS_KEY: &str = "GONG_ACCESS_KEY";
const ACCESS_KEY_SECRET: &str = "GONG_ACCESS_KEY_SECRET";
/// `host`: the credentials stay outside the sandbox, and the host adds them to each request.
const AUTH: &str = "GONG_AUTH";
const TIMEOUT_SECONDS: &str = "GONG_TIMEOUT_SECONDS";

/// The default of `GONG_BASE_URL`.
const GONG: &str = "https://api.gong.io";

/// From the environment.
///
/// # Errors
///
/// The credentials are missing, or the base URL is invalid.
pub(crate) fn from_environment() -> anyhow::Result<Run> {
    let set = |name: &&str| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
    let missing: Vec<&str> = [ACCESS_KEY, ACCESS_KEY_SECRET]
        .into_iter()
        .filter(|name| !set(name))
        .collect();
    if !missing.is_empty() {
        bail!(
            "{} not set. Set {} to your Gong API credentials, or add --demo to use a stand-in with an invented company.",
            missing.join(" and "),
            if missing.len() == 1 { "it" } else { "them" },
        );
    }
    let variables: Vec<(&str, String)> = PASSED
        .into_iter()
        .filter(set)
        .filter_map(|name| Some((name, std::env::var(name).ok()?)))
        .collect();
    run(variables, None)
}

/// Keeps the credentials out of the sandbox if `GONG_AUTH` is `host`.
fn run(mut variables: Vec<(&str, String)>, ca_pem: Option<&str>) -> anyhow::Result<Run> {
    let value = |name: &str| {
        let found = variables.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| value.trim())
    };
    let url = value(BASE_URL).unwrap_or(GONG);
    let mut outbound = Outbound::new(url, &Policy::new(ca_pem, addresses(url))?)?;
    if value(AUTH) == Some("host") {
        let [key, secret] =
            [ACCESS_KEY, ACCESS_KEY_SECRET].map(|name| value(name).unwrap_or_default());
        outbound = outbound.with_authorization(basic_authorization(key, secret));
        variables.retain(|(name, _)| ![ACCESS_KEY, ACCESS_KEY_SECRET].contains(name));
    }
    Ok(Run {
        env: Env::from_iter(variables),
        outbound,
        now: None,
        gate: None,
    })
}

/// Only the public internet, unless the URL names this machine, on which a stand-in may run.
fn addresses(url: &str) -> Addresses {
    let uri: Option<http::Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(|uri| uri.host()).unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address: Result<IpAddr, _> = host.parse();
    if host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|one| one.is_loopback()) {
        Addresses::Any
    } else {
        Addresses::Public
    }
}

/// For the stand-in.
///
/// # Errors
///
/// Its certificate cannot be read.
pub(crate) fn for_stand_in(gong: &FakeGong, options: &fake_gong::Options) -> anyhow::Result<Run> {
    run(stand_in_variables(gong, options).into(), gong.ca_pem())
}

/// The variables for a stand-in.
pub(crate) fn stand_in_variables(
    gong: &FakeGong,
    options: &fake_gong::Options,
) -> [(&'static str, String); 3] {
    [
        (BASE_URL, gong.base_url()),
        (ACCESS_KEY, options.access_key.clone()),
        (ACCESS_KEY_SECRET, options.access_key_secret.clone()),
    ]
}

/// The sandbox's default limits, with more time if a longer time-out is set.
pub(crate) fn limits() -> Limits {
    let mut limits = Limits::default();
    let set = std::env::var(TIMEOUT_SECONDS).ok();
    if let Some(seconds) = set.and_then(|text| text.trim().parse().ok()) {
        limits.wall_time = limits.wall_time.max(Duration::from_secs(seconds) * 2);
    }
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_reached_only_by_its_own_name() {
        for url in [
            "http://127.0.0.1:8080",
            "https://LOCALHOST",
            "http://[::1]:1",
        ] {
            assert_eq!(addresses(url), Addresses::Any, "{url}");
        }
        for url in [
            "https://api.gong.io",
            "https://10.0.0.1",
            "https://localhost.example",
        ] {
            assert_eq!(addresses(url), Addresses::Public, "{url}");
        }
    }

    #[test]
    fn credentials_can_stay_outside_the_sandbox() {
        let variables = |auth: &str| {
            vec![
                (ACCESS_KEY, "key".to_owned()),
                (ACCESS_KEY_SECRET, "secret".to_owned()),
                (AUTH, auth.to_owned()),
            ]
        };
        let inside = run(variables("key"), None).unwrap();
        assert_eq!(inside.env.get(ACCESS_KEY_SECRET), Some("secret"));
        let outside = run(variables("host"), None).unwrap();
        assert_eq!(outside.env.get(AUTH), Some("host"));
        assert_eq!(outside.env.get(ACCESS_KEY), None);
        assert_eq!(outside.env.get(ACCESS_KEY_SECRET), None);
        assert!(!format!("{outside:?}").contains("secret"));
    }
}
