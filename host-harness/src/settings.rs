//! The settings of the component: from the host's environment, or for the stand-in.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use fake_gong::FakeGong;
use host_harness::limiter::Limiter;
use sandbox::objects::{FolderStore, MemoryStore, ObjectStore, Seal, StoreClock, StoreLimits};
use sandbox::outbound::{Addresses, Policy, basic_authorization};
use sandbox::{Env, Limits, Outbound, Run, is_quoted};

/// The variables that are passed on; no other reaches the sandbox.
const PASSED: [&str; 9] = [
    BASE_URL,
    ACCESS_KEY,
    ACCESS_KEY_SECRET,
    AUTH,
    INDEX_URL,
    "GONG_METERED",
    "GONG_PRIVATE_CALLS",
    TIMEOUT_SECONDS,
    "GONG_TIME_ZONE",
];

const BASE_URL: &str = "GONG_BASE_URL";
const ACCESS_KEY: &str = "GONG_ACCESS_KEY";
const ACCESS_KEY_SECRET: &str = "GONG_ACCESS_KEY_SECRET";
/// `host`: the credentials stay outside the sandbox, and the host adds them to each request.
const AUTH: &str = "GONG_AUTH";
const TIMEOUT_SECONDS: &str = "GONG_TIMEOUT_SECONDS";
/// `allow`: Gong's name may lead to addresses by which VPNs and DNS filters carry requests.
const VPN_ADDRESSES: &str = "GONG_VPN_ADDRESSES";

const INDEX_URL: &str = "GONG_INDEX_URL";

/// Where the component finds the place for its index, unless `GONG_INDEX_URL` names another.
const INDEX: &str = "http://index.internal/";

/// Of an index, for one company. It is bounded, because a component that is wrong may write anything.
const INDEX_LIMITS: StoreLimits = StoreLimits {
    max_bytes: 256 << 20,
    max_age: Duration::from_secs(30 * 24 * 60 * 60),
};

/// Gives all calls of the process one limiter together, so that calls beside each other keep Gong's
/// limit.
pub(crate) fn with_limiter(mut run: Run) -> Run {
    run.env.set("GONG_PACE", "host");
    run.gate = Some(Arc::new(Limiter::default()));
    run
}

/// How often what is too old is removed from an index.
const TIDY_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Where the component keeps its index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Index {
    /// Nowhere: every question is answered by reading from Gong.
    None,
    /// Where `GONG_INDEX_URL` says, or else nowhere.
    AsSet,
    /// Where `GONG_INDEX_URL` says, or else in memory, as long as the process lives.
    Memory,
    /// In the files of a folder.
    Folder(PathBuf),
}

/// Gives the component a place for its index. Within a runtime; what becomes too old is removed from
/// it regularly, until the process ends.
///
/// # Errors
///
/// The folder can not be used, or `GONG_INDEX_URL` says something else.
pub(crate) fn with_index(mut run: Run, index: &Index) -> anyhow::Result<Run> {
    let is_set = run.env.get(INDEX_URL).is_some();
    let clock = StoreClock::default();
    let store: Arc<dyn ObjectStore> = match index {
        Index::None => {
            run.env.remove(INDEX_URL);
            return Ok(run);
        }
        Index::Folder(folder) if is_set => bail!(
            "{INDEX_URL} is set, so the index can not be kept in {} too. Leave out one of them.",
            folder.display()
        ),
        Index::Memory if is_set => return Ok(run),
        Index::AsSet => return Ok(run),
        Index::Memory => Arc::new(MemoryStore::new(INDEX_LIMITS, clock)),
        Index::Folder(folder) => {
            let store = FolderStore::open(folder, Seal::Plain, INDEX_LIMITS, clock);
            Arc::new(store.context("the index can not be kept there")?)
        }
    };
    run.env.set(INDEX_URL, INDEX);
    run.outbound = run.outbound.with_objects(INDEX, Arc::clone(&store))?;
    tokio::spawn(async move {
        loop {
            let store = Arc::clone(&store);
            match tokio::task::spawn_blocking(move || store.tidy()).await {
                Ok(Ok(())) => {}
                Ok(Err(fault)) => tracing::error!("the index can not be tidied: {fault}"),
                Err(_) => return,
            }
            tokio::time::sleep(TIDY_INTERVAL).await;
        }
    });
    Ok(run)
}

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
    let vpn = std::env::var(VPN_ADDRESSES).unwrap_or_default();
    let public = match vpn.trim() {
        "allow" => Addresses::PublicAndVpn,
        "" | "deny" => Addresses::Public,
        _ => bail!("{VPN_ADDRESSES}: only `deny` (the default) and `allow` are known."),
    };
    run(variables, None, public)
}

/// Keeps the credentials out of the sandbox if `GONG_AUTH` is `host`. `public` are the addresses to
/// which Gong's name may lead.
fn run(
    mut variables: Vec<(&str, String)>,
    ca_pem: Option<&str>,
    public: Addresses,
) -> anyhow::Result<Run> {
    if let Some((name, _)) = variables.iter().find(|(_, value)| is_quoted(value)) {
        bail!(
            "{name}: its value is in quotation marks, which are part of it. Set it without them."
        );
    }
    let value = |name: &str| {
        let found = variables.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| value.trim())
    };
    let url = value(BASE_URL).unwrap_or(GONG);
    let policy = Policy::from_environment(ca_pem, addresses(url, public))?;
    let mut outbound = Outbound::new(url, &policy)?;
    if let Some(index) = value(INDEX_URL) {
        // Whoever sets it says by that that it may be reached, wherever it is.
        outbound = outbound
            .with_objects_at(index, &Policy::from_environment(ca_pem, Addresses::Any)?)
            .with_context(|| format!("{INDEX_URL} can not be used"))?;
    }
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

/// Only `public` addresses, unless the URL names this machine, on which a stand-in may run.
fn addresses(url: &str, public: Addresses) -> Addresses {
    let uri: Option<http::Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(|uri| uri.host()).unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let address: Result<IpAddr, _> = host.parse();
    if host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|one| one.is_loopback()) {
        Addresses::Any
    } else {
        public
    }
}

/// For the stand-in.
///
/// # Errors
///
/// Its certificate cannot be read.
pub(crate) fn for_stand_in(gong: &FakeGong, options: &fake_gong::Options) -> anyhow::Result<Run> {
    run(
        stand_in_variables(gong, options).into(),
        gong.ca_pem(),
        Addresses::Public,
    )
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
            assert_eq!(addresses(url, Addresses::Public), Addresses::Any, "{url}");
        }
        for url in [
            "https://api.gong.io",
            "https://10.0.0.1",
            "https://localhost.example",
        ] {
            for public in [Addresses::Public, Addresses::PublicAndVpn] {
                assert_eq!(addresses(url, public), public, "{url}");
            }
        }
    }

    #[tokio::test]
    async fn an_index_of_ones_own_goes_before_the_hosts() {
        const OWN: &str = "http://127.0.0.1:9/index/";
        let url = |own: bool, index| {
            let variables = own.then(|| (INDEX_URL, OWN.to_owned()));
            let run = super::run(variables.into_iter().collect(), None, Addresses::Public).unwrap();
            let run = with_index(run, &index)?;
            anyhow::Ok(run.env.get(INDEX_URL).map(str::to_owned))
        };
        assert_eq!(url(true, Index::Memory).unwrap().as_deref(), Some(OWN));
        assert_eq!(url(true, Index::AsSet).unwrap().as_deref(), Some(OWN));
        assert_eq!(url(true, Index::None).unwrap(), None);
        let both = url(true, Index::Folder("index".into())).unwrap_err();
        assert!(both.to_string().contains("Leave out one"), "{both}");
        assert_eq!(url(false, Index::Memory).unwrap().as_deref(), Some(INDEX));
        assert_eq!(url(false, Index::AsSet).unwrap(), None);
        assert_eq!(url(false, Index::None).unwrap(), None);
        let gongs = vec![(INDEX_URL, "https://api.gong.io/index/".to_owned())];
        let refused = format!(
            "{:#}",
            super::run(gongs, None, Addresses::Public).unwrap_err()
        );
        assert!(refused.contains("GONG_INDEX_URL"), "{refused}");
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
        let run = |auth| super::run(variables(auth), None, Addresses::Public).unwrap();
        let inside = run("key");
        assert_eq!(inside.env.get(ACCESS_KEY_SECRET), Some("secret"));
        let outside = run("host");
        assert_eq!(outside.env.get(AUTH), Some("host"));
        assert_eq!(outside.env.get(ACCESS_KEY), None);
        assert_eq!(outside.env.get(ACCESS_KEY_SECRET), None);
        assert!(!format!("{outside:?}").contains("secret"));
    }

    #[test]
    fn quotation_marks_are_said_and_the_value_is_not() {
        for value in ["\"s3cret\"", " 's3cret' "] {
            let variables = vec![(ACCESS_KEY_SECRET, value.to_owned())];
            let refused = super::run(variables, None, Addresses::Public).unwrap_err();
            let refused = format!("{refused:#}");
            assert!(refused.starts_with("GONG_ACCESS_KEY_SECRET: its value is in quotation marks"));
            assert!(!refused.contains("s3cret"), "{refused}");
        }
    }
}
