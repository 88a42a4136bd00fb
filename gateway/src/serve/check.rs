//! `gong-gateway check`: everything for which `serve` would refuse to start.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;

use super::{sandbox, tls};
use crate::config::{Config, ConfigErrors, Files, IndexPlace};
use crate::index::secret;
use crate::sign_in::{self, Urls};
use crate::store::Store;
use crate::store::accounts::{EndingToken, ending};
use crate::tenant::{Network, authorization, connections};

/// What [`check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Why `serve` would not start, one for each line.
    pub errors: Vec<String>,
    /// What starts, and should not be in use at a company.
    pub warnings: Vec<String>,
    /// What has to be done elsewhere, such as at the company's provider.
    pub notes: Vec<String>,
}

/// Checks a configuration and all that it refers to, without serving and without changing the
/// state file. The component is compiled if it is not in the cache.
///
/// # Errors
///
/// The check itself ended in a panic.
pub async fn check(path: &Path) -> anyhow::Result<Findings> {
    let file = path.to_owned();
    Ok(tokio::task::spawn_blocking(move || {
        let mut files = Files::default();
        match Config::inspect(&file, &mut files) {
            (Some(config), errors) => check_all(&file, &config, &mut files, &errors),
            (None, errors) => findings(&errors),
        }
    })
    .await?)
}

fn findings(errors: &ConfigErrors) -> Findings {
    Findings {
        errors: errors.0.iter().map(ToString::to_string).collect(),
        warnings: Vec::new(),
        notes: Vec::new(),
    }
}

fn check_all(path: &Path, config: &Config, files: &mut Files, errors: &ConfigErrors) -> Findings {
    let mut findings = findings(errors);
    let file = path.display();
    let mut note = |key: &str, result: anyhow::Result<()>| {
        if let Err(error) = result {
            findings.errors.push(format!("{file}: {key}: {error:#}"));
        }
    };
    note("state", state(&config.state));
    note("component", sandbox(config).map(|_| ()));
    note("listen.address", address(config));
    if let Some(tls) = &config.listen.tls {
        let unreadable = [&tls.certificate, &tls.key].map(|path| {
            let read = files.read(path).map(|_| ());
            read.map_err(|error| anyhow!("cannot read {}: {error}", path.display()))
        });
        if unreadable.iter().all(Result::is_ok) {
            note("listen.tls", tls::server_config(tls, files).map(|_| ()));
        }
        for file in unreadable {
            note("listen.tls", file);
        }
    }
    let traces = config.traces.as_ref();
    if let Some(reference) = traces.and_then(|traces| traces.authorization.as_ref()) {
        let read = reference.resolve(files).map(|_| ());
        note("traces.authorization", read.map_err(anyhow::Error::from));
    }
    let network = Network::read(config, files);
    for (name, tenant) in &config.tenants {
        let credentials = authorization(&tenant.credentials, files);
        note(
            &format!("tenants.{name}.credentials"),
            credentials.map(|_| ()).map_err(anyhow::Error::from),
        );
        if let IndexPlace::Disk { key, previous_key } = &tenant.index.keep {
            for (name_of_it, key) in [("key", Some(key)), ("previous_key", previous_key.as_ref())] {
                let read = key.map(|key| secret(key, files)).transpose();
                note(
                    &format!("tenants.{name}.index.{name_of_it}"),
                    read.map(|_| ()),
                );
            }
        }
        if let (Some(sign_in), Ok(network)) = (&tenant.sign_in, &network) {
            let opened = sign_in::tenant::open(name, sign_in, network, files, None);
            note(&format!("tenants.{name}.sign_in"), opened.map(|_| ()));
        }
        if let Ok(network) = &network {
            let connections = connections(tenant, network);
            note(&format!("tenants.{name}.gong"), connections.map(|_| ()));
        }
    }
    if let (Some(sign_in), Ok(network)) = (&config.administrators.sign_in, &network) {
        let opened = sign_in::tenant::open_administrators(sign_in, network, files);
        note("administrators.sign_in", opened.map(|_| ()));
    }
    note("ca", network.map(|_| ()));
    findings.warnings.extend(warnings(config));
    // What is wrong with the file is said above.
    let ending = ending(&config.state, Timestamp::now()).unwrap_or_default();
    findings.warnings.extend(ending.iter().map(ending_token));
    findings.notes.extend(notes(config));
    findings
}

/// What is said at the start of a gateway that starts.
#[must_use]
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    if config.stand_in {
        warnings.push(
            "stand_in = true: tenants may be at private and loopback addresses and without TLS, so \
             credentials and recordings may go anywhere unencrypted. This is for stand-ins of Gong \
             only; take it out of gateway.toml before real credentials are in it"
                .to_owned(),
        );
    }
    if config.listen.plain_http && config.listen.tls.is_none() {
        warnings.push(format!(
            "listen.plain_http = true: tokens come to {} unencrypted; only a proxy on the same \
             machine or network may reach it",
            config.listen.address
        ));
    }
    warnings.extend(no_administrators(config));
    warnings
}

/// A service account that soon has no token any more.
fn ending_token(token: &EndingToken) -> String {
    let EndingToken {
        tenant,
        account,
        token,
        ends_at,
    } = token;
    format!(
        "service account {account} of tenant {tenant}: its token {token} ends on {}, and there is none \
         after it; make one with gong-gateway admin --tenant {tenant} accounts rotate {account} --ends 90d",
        ends_at.strftime("%F %H:%M UTC")
    )
}

/// What nobody can administrate, where tokens and unproven names do not count.
fn no_administrators(config: &Config) -> Option<String> {
    if config.administrators.local || config.administrators.sign_in.is_some() {
        return None;
    }
    let places = config.administrated().count();
    let what = match places {
        0 => "nobody can administrate this gateway, neither at /admin nor by `gong-gateway admin`",
        _ => "nobody can administrate the gateway as a whole, such as stop everything",
    };
    Some(format!(
        "administrators.local = false, and {what}; name whose accounts do, such as \
         [administrators.sign_in] with groups = [\"gong-platform\"]{}",
        match places {
            0 => ", or a tenant's group with administrator = true",
            _ => "",
        }
    ))
}

/// What has to be registered at the providers, and where users' clients go.
fn notes(config: &Config) -> Vec<String> {
    let Some(public_url) = &config.listen.public_url else {
        return Vec::new();
    };
    let urls = Urls::new(public_url);
    let tenants = config.tenants.iter();
    let notes = tenants.filter_map(|(name, tenant)| {
        let sign_in = tenant.sign_in.as_ref()?;
        let mut callbacks = format!("the redirect address {}", urls.callback(name));
        if tenant.has_administrators() {
            let page = urls.administrators_callback(name);
            callbacks.push_str(&format!(", and for the administrator's page {page},"));
        }
        Some(format!(
            "tenants.{name}.sign_in: register {callbacks} at {}; AI clients connect to {}, \
             and those with static tokens to {public_url}{}",
            sign_in.people.issuer,
            urls.resource(name),
            sign_in.static_tokens_path
        ))
    });
    let servers = config.tenants.iter().filter_map(|(name, tenant)| {
        let server = tenant.resource_server.as_ref()?;
        let resource = urls.resource(name);
        let audience = server.audience.as_deref().unwrap_or(&resource);
        Some(format!(
            "tenants.{name}.resource_server: access tokens of {} for the audience {audience}; AI clients \
             connect to {resource}, and those with static tokens to {public_url}{}",
            server.people.issuer, server.static_tokens_path
        ))
    });
    let of_gateway = config.administrators.sign_in.as_ref().map(|sign_in| {
        format!(
            "administrators.sign_in: register the redirect address {} at {}",
            urls.administrators_callback(""),
            sign_in.people.issuer
        )
    });
    of_gateway.into_iter().chain(notes).chain(servers).collect()
}

/// Whether the state file can be used, or made.
fn state(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        return Ok(Store::check_file(path)?);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Only a file that is really written shows that the folder, its disk and its mount allow it.
    let probe = folder.join(format!(".gong-gateway-check-{}", std::process::id()));
    let written = fs::write(&probe, "check");
    let removed = fs::remove_file(&probe);
    written.and(removed).with_context(|| {
        format!(
            "the state file {} can not be made; the folder must exist and belong to the gateway's user",
            path.display()
        )
    })
}

/// Whether this machine has the address, and this user may listen on it. A port that is in use
/// may be the running gateway's own.
fn address(config: &Config) -> anyhow::Result<()> {
    match TcpListener::bind(config.listen.address) {
        Err(error) if error.kind() != ErrorKind::AddrInUse => {
            Err(error).with_context(|| format!("cannot listen on {}", config.listen.address))
        }
        _ => Ok(()),
    }
}
