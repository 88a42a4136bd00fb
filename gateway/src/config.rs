//! `gateway.toml`: what is served, to whom, within which limits.
//!
//! ```toml
//! state = "gateway.db"
//!
//! [listen]
//! address = "127.0.0.1:8080"
//!
//! [admins.ada]
//! token = "sha256:…"                  # gong-gateway token
//!
//! [tenants.acme]
//! gong = "https://acme.api.gong.io"
//! credentials = { access_key = "env:ACME_KEY", access_key_secret = "file:/run/secrets/acme" }
//!
//! [tenants.acme.users.mia]
//! token = "sha256:…"
//!
//! [tenants.acme.profiles.analysts]
//! toolsets = ["read-only"]
//! users = ["mia"]
//! ```
//!
//! The file holds no secret: credentials are references, and tokens are hashes. It is checked as
//! a whole: [`Config::load`] returns either a configuration or all errors at once.
//!
//! | module | concern |
//! |---|---|
//! | `document` | reads typed values out of TOML, and collects errors with their lines |
//! | `parse` | what each key takes |
//! | `schema` | the JSON Schema, made of what `document` has read |
//! | `names` | names of tenants, users, toolsets and profiles |
//! | `administrators` | how administrators are known |
//! | `index` | the index of a tenant, and its schedule |
//! | `clients` | the AI clients of a tenant |
//! | `sign_in` | signing in to a tenant with the company's account |
//! | `written` | every setting as a text |
//! | `secret`, `token` | references to secrets; tokens and their hashes |
//! | `files` | the bytes of all files of one load, each read once |

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use sandbox::Limits;
use serde::Serialize;

use crate::store::sign_in::ClientKind;
use crate::user_bounds::UserBounds;

mod administrators;
mod clients;
mod document;
mod files;
mod index;
mod names;
mod parse;
mod schema;
mod secret;
mod sign_in;
mod token;
mod written;

pub use administrators::{AdministratorSignIn, Administrators};
pub use clients::{ClientsConfig, IdleAfter};
pub use files::{Files, Fingerprint};
pub use index::{IndexConfig, IndexPlace, ScheduledTool};
pub use names::{
    COMPONENT_TOOLSET, READ_ONLY, SCHEDULE, check_name, check_toolset, component_toolset,
    is_automatic,
};
pub use schema::schema;
pub use secret::{Secret, SecretError, SecretRef};
pub use sign_in::{
    ClientRules, GroupAccess, Lifetimes, PeopleRules, ProviderClient, ResourceServerConfig,
    SignInConfig,
};
pub use token::{FreshToken, Token, TokenHash, Tokens};
#[cfg(test)]
pub(crate) use token::{test_hash, test_token};
pub use written::Written;

/// What `gateway.toml` says. Relative paths are resolved against the file's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where and how HTTP is served.
    pub listen: Listen,
    /// The state file. Default: `gateway.db`.
    pub state: PathBuf,
    /// The folder of compiled components. Default: `cache`.
    pub cache: PathBuf,
    /// The folder of the tenants' indexes that are kept on disk, which belongs to this state file.
    /// Default: the name of the state file with `.index`.
    pub index: PathBuf,
    /// The component to serve. `None` means the one that this workspace builds.
    pub component: Option<PathBuf>,
    /// Allows tenants at loopback addresses and on plain HTTP, for stand-ins of Gong.
    pub stand_in: bool,
    /// Allows the addresses by which VPNs and DNS filters carry requests. Default: no.
    pub vpn_addresses: bool,
    /// More root certificates (PEM) in addition to Mozilla's, for proxies and stand-ins.
    pub ca: Option<PathBuf>,
    /// What one call may use.
    pub limits: Limits,
    /// What one user may have in progress.
    pub user_bounds: UserBounds,
    /// Settings of the audit.
    pub audit: AuditConfig,
    /// Where calls are sent to as traces, if anywhere.
    pub traces: Option<TracesConfig>,
    /// Who may sign in at `/admin`, by name.
    pub admins: BTreeMap<String, Admin>,
    /// How administrators are known beside these.
    pub administrators: Administrators,
    /// The token that may read `/metrics`, as administrators of the whole gateway may.
    pub metrics_token: Option<TokenHash>,
    /// The companies served, by name.
    pub tenants: BTreeMap<String, TenantConfig>,
    /// The file as it is written, to see what changes in it.
    pub written: Written,
}

/// Where and how HTTP is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// The address. Default: `127.0.0.1:8080`.
    pub address: SocketAddr,
    /// Host names that requests may be addressed to, with the port if it is not the default
    /// one. Loopback names are always allowed.
    pub hosts: Vec<String>,
    /// Proxies in front of the gateway, which say whose requests they pass on.
    pub trusted_proxies: Vec<IpNet>,
    /// Origins of web pages that may send MCP requests, such as `https://chat.acme.example`.
    pub origins: Vec<String>,
    /// Whether plain HTTP may be served on an address that other machines reach, for a proxy that
    /// does TLS. Default: no.
    pub plain_http: bool,
    /// The certificate for HTTPS. `None` means plain HTTP.
    pub tls: Option<Tls>,
    /// The origin at which browsers and AI clients reach the gateway, such as
    /// `https://gong.acme.example`. Signing in needs it.
    pub public_url: Option<String>,
    /// How many connections there may be, and how long they may take.
    pub bounds: ListenBounds,
}

/// How many connections there may be, and how long they may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenBounds {
    /// Connections at a time. Default: 4,096, or fewer if the limit of open files demands it.
    pub connections: u32,
    /// Connections at a time from one address. Default: 256.
    pub connections_per_address: u32,
    /// How long the head of a connection's first request may take. Default: 10 s.
    pub request_timeout: Duration,
    /// How long a connection may be without a request, or with the head of a further one.
    /// Default: 75 s.
    pub idle_timeout: Duration,
    /// How long the body of a request may take. Default: 60 s.
    pub body_timeout: Duration,
}

impl Default for ListenBounds {
    fn default() -> Self {
        Self {
            connections: 4096,
            connections_per_address: 256,
            request_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            body_timeout: Duration::from_secs(60),
        }
    }
}

/// A certificate chain and its key, both PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain, beginning with the server's own.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// Settings of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditConfig {
    /// How long rows are kept at least. Default: 90 days.
    pub keep: Duration,
    /// The system that gets every row too, if there is one.
    pub push: Option<AuditPush>,
}

/// Another system that gets every row of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPush {
    /// Where rows go.
    pub destination: PushDestination,
    /// What a line is. Default: `rows`.
    pub format: PushFormat,
}

/// Where the audit is pushed to, as JSON lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushDestination {
    /// Appended to this file.
    File(PathBuf),
    /// To the standard input of this command and its arguments, which is run for each batch and
    /// has taken it when it ends with 0. Of the environment it has only `PATH`.
    Command(Vec<String>),
    /// POSTed to an HTTPS address.
    Https {
        /// The URL, without a query.
        url: String,
        /// The value of the `Authorization` header, by reference.
        authorization: Option<SecretRef>,
    },
}

impl fmt::Display for PushDestination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Command(command) => write!(f, "command {}", command.join(" ")),
            Self::Https { url, .. } => f.write_str(url),
        }
    }
}

/// What a pushed line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PushFormat {
    /// The row as an export has it, with its link in the audit's chain.
    #[default]
    Rows,
    /// An event of the Open Cybersecurity Schema Framework: API Activity, class 6003.
    Ocsf,
}

/// The collector of traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TracesConfig {
    /// The address that takes OTLP over HTTP, such as
    /// `https://collector.acme.example:4318/v1/traces`.
    pub url: String,
    /// The value of the `Authorization` header, by reference.
    pub authorization: Option<SecretRef>,
}

/// Somebody who may sign in at `/admin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// The hashes of their tokens.
    pub tokens: Tokens,
    /// The tenants that they manage. `None` means all, including future ones, and the gateway
    /// as a whole.
    pub tenants: Option<BTreeSet<String>>,
}

impl Admin {
    /// Whether they manage this tenant.
    #[must_use]
    pub fn manages(&self, tenant: &str) -> bool {
        let tenants = self.tenants.as_ref();
        tenants.is_none_or(|tenants| tenants.contains(tenant))
    }
}

/// A company with its own Gong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantConfig {
    /// The origin of its Gong, such as `https://acme.api.gong.io`, with the port if it is not
    /// the default one.
    pub gong: String,
    /// The access key pair, by reference.
    pub credentials: Credentials,
    /// The review state of new tools. Default: `pending`.
    pub review: Review,
    /// Whether approved tools go back to review when the component has other bytes, even if what
    /// it says of them is the same. Default: no; another component is shown only.
    pub review_component: bool,
    /// Requests to Gong a second, for all users together. Default: 3, which is Gong's limit.
    pub requests_per_second: u32,
    /// Requests to Gong a day (UTC). Default: 10,000, which is Gong's limit.
    pub requests_per_day: u32,
    /// Requests to Gong that one user may send a day (UTC). Default: half of `requests_per_day`,
    /// so that no user alone can leave the others without; all of it for a single user.
    pub user_requests_per_day: u32,
    /// Calls that run at the same time. Default: 8.
    pub concurrent_calls: u32,
    /// Calls that may wait to run. More are refused. Default: 64.
    pub queued_calls: u32,
    /// Whether tools that spend the company's AI credits may be called. They need approval like
    /// others. Default: no.
    pub metered: bool,
    /// Whether calls that are private in Gong may be listed and read. Default: no.
    pub private_calls: bool,
    /// The IANA name of the time zone of dates and times, such as `America/Denver`. Default: UTC.
    pub time_zone: Option<String>,
    /// Where the component keeps its index.
    pub index: IndexConfig,
    /// Tools that are called regularly.
    pub schedule: Vec<ScheduledTool>,
    /// Requests to Gong that calls on the schedule may send a day (UTC), of all that the company may
    /// send. Default: a fifth of `requests_per_day`.
    pub schedule_requests_per_day: u32,
    /// What becomes of its AI clients.
    pub clients: ClientsConfig,
    /// Signing in with the company's account, if its users do.
    pub sign_in: Option<SignInConfig>,
    /// Taking access tokens of the company's provider instead.
    pub resource_server: Option<ResourceServerConfig>,
    /// Who may call tools with tokens of this file, by name.
    pub users: BTreeMap<String, User>,
    /// Names of tools, by the name of the toolset.
    pub toolsets: BTreeMap<String, BTreeSet<String>>,
    /// Which users have which toolsets, by the name of the profile.
    pub profiles: BTreeMap<String, Profile>,
}

impl TenantConfig {
    /// Who the people are that sign in, if they do.
    #[must_use]
    pub fn people(&self) -> Option<&PeopleRules> {
        let sign_in = self.sign_in.as_ref().map(|sign_in| &sign_in.people);
        let resource_server = self.resource_server.as_ref();
        sign_in.or_else(|| resource_server.map(|server| &server.people))
    }

    /// The path at which static tokens are taken beside tokens of people.
    #[must_use]
    pub fn static_tokens_path(&self) -> Option<&str> {
        let sign_in = self.sign_in.as_ref();
        let sign_in = sign_in.map(|sign_in| &*sign_in.static_tokens_path);
        let resource_server = self.resource_server.as_ref();
        sign_in.or_else(|| resource_server.map(|server| &*server.static_tokens_path))
    }
}

/// Gong's access key pair, by reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The access key.
    pub access_key: SecretRef,
    /// Its secret.
    pub access_key_secret: SecretRef,
}

/// A tenant's user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The hashes of their bearer tokens.
    pub tokens: Tokens,
    /// Whose the programs with these tokens are. Default: `personal`.
    pub kind: ClientKind,
}

/// Gives its users the tools of its toolsets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Names of toolsets: the tenant's own, `read-only`, or a group of the component such as
    /// `component:calls`.
    pub toolsets: BTreeSet<String>,
    /// Names of users.
    pub users: BTreeSet<String>,
}

/// The review state of a tool that is new for the tenant.
///
/// Changed tools always return to review: an approval, by a person or by this default, holds for
/// the text that was approved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Review {
    /// An administrator approves each one.
    #[default]
    Pending,
    /// Approved.
    Approved,
    /// Approved when it only reads, free of charge. Others are pending.
    ApprovedReads,
}

impl Review {
    /// Its name in the file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::ApprovedReads => "approved-reads",
        }
    }
}

impl FromStr for Review {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::Pending, Self::Approved, Self::ApprovedReads];
        all.into_iter().find(|one| one.as_str() == text).ok_or(())
    }
}

impl Config {
    /// Reads and checks the file. It does not resolve secrets; [`SecretRef::resolve`] does.
    ///
    /// # Errors
    ///
    /// Everything that is wrong. No error quotes what could be a secret.
    pub fn load(path: &Path) -> Result<Self, ConfigErrors> {
        Self::read(path, &mut Files::default())
    }

    /// As [`load`](Self::load), and keeps what was read in `files`.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn read(path: &Path, files: &mut Files) -> Result<Self, ConfigErrors> {
        let (config, errors) = Self::inspect(path, files);
        match config {
            Some(config) if errors.0.is_empty() => Ok(config),
            _ => Err(errors),
        }
    }

    /// Reads and checks the file as [`read`](Self::read) does, and returns what it says in spite of
    /// errors, to be checked further: what is wrong has its default or is left out. `None` when the
    /// file can not be read or is not TOML.
    #[must_use]
    pub fn inspect(path: &Path, files: &mut Files) -> (Option<Self>, ConfigErrors) {
        let file = path.display().to_string();
        let text = files
            .read(path)
            .map_err(|error| format!("it can not be read ({error})"))
            .and_then(|bytes| {
                let text = std::str::from_utf8(bytes);
                text.map_err(|_| "it can not be read (it is not text in UTF-8)".to_owned())
            });
        let text = match text {
            Ok(text) => text,
            Err(text) => {
                let error = ConfigError {
                    file,
                    line: None,
                    key: String::new(),
                    text,
                };
                return (None, ConfigErrors(vec![error]));
            }
        };
        // A bare file name has the folder "", which leaves the paths as they are.
        let folder = path.parent().unwrap_or(Path::new(""));
        parse::config(&file, text, folder)
    }

    /// Checks a text as [`Config::load`] does, with paths relative to `folder`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong. The errors name the file `file`.
    pub fn parse(file: &str, text: &str, folder: &Path) -> Result<Self, ConfigErrors> {
        match parse::config(file, text, folder) {
            (Some(config), errors) if errors.0.is_empty() => Ok(config),
            (_, errors) => Err(errors),
        }
    }
}

/// Everything that is wrong with a file. It displays as one line per error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.0.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// One thing that is wrong: `gateway.toml:12: tenants.acme.gong: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file's path.
    pub file: String,
    /// Counted from 1. `None` when the error is about the whole file.
    pub line: Option<usize>,
    /// The key, such as `tenants.acme.gong`. Empty when there is none.
    pub key: String,
    /// What is wrong, and what would work.
    pub text: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file)?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        if !self.key.is_empty() {
            write!(f, " {}:", self.key)?;
        }
        write!(f, " {}", self.text)
    }
}

#[cfg(test)]
mod tests;
