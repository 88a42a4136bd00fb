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
//! The file holds no secret: credentials are references, tokens are hashes. It is checked as
//! a whole: [`Config::load`] has either a configuration or every complaint about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sandbox::Limits;
use serde::Serialize;

mod names;
mod parse;
mod read;
mod secret;
mod token;

pub use names::{
    COMPONENT_TOOLSET, READ_ONLY, check_name, check_toolset, component_toolset, is_automatic,
};
pub(crate) use read::alike;
pub use secret::{Secret, SecretError, SecretRef};
pub use token::{FreshToken, TokenHash};

/// Everything that `gateway.toml` says. Paths are resolved against the file's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where HTTP is served.
    pub listen: Listen,
    /// The SQLite file with reviews, switches, audit and quota. `gateway.db`.
    pub state: PathBuf,
    /// The folder of ahead-of-time compiled code. `cache`.
    pub cache: PathBuf,
    /// The component to serve; found or built like `host-harness` does when none.
    pub component: Option<PathBuf>,
    /// For stand-ins of Gong only: tenants may be at loopback addresses and on plain HTTP.
    pub stand_in: bool,
    /// More root certificates (PEM) beside Mozilla's, for proxies and stand-ins.
    pub ca: Option<PathBuf>,
    /// What one call may use.
    pub limits: Limits,
    /// How long the audit is kept.
    pub audit: Audit,
    /// Who may sign in at `/admin`, by name.
    pub admins: BTreeMap<String, Admin>,
    /// Who may read `/metrics`, beside administrators of the whole gateway.
    pub metrics_token: Option<TokenHash>,
    /// The companies served, by name.
    pub tenants: BTreeMap<String, Tenant>,
}

/// Where HTTP is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listen {
    /// `127.0.0.1:8080`.
    pub address: SocketAddr,
    /// Host names, with the port where it is not the usual one, that requests may be
    /// addressed to. Loopback's always are.
    pub hosts: Vec<String>,
    /// Origins of web pages that may send MCP requests, such as `https://chat.acme.example`.
    pub origins: Vec<String>,
    /// The certificate to serve HTTPS with; plain HTTP when none.
    pub tls: Option<Tls>,
}

/// A certificate chain and its key, both PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// The audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// How long rows are kept. 90 days.
    pub keep: Duration,
}

/// Signs in at `/admin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// With the token of this hash.
    pub token: TokenHash,
    /// The tenants managed; none means all, those to come included, and the gateway as a whole.
    pub tenants: Option<BTreeSet<String>>,
}

impl Admin {
    /// Whether that tenant is managed.
    #[must_use]
    pub fn manages(&self, tenant: &str) -> bool {
        let tenants = self.tenants.as_ref();
        tenants.is_none_or(|tenants| tenants.contains(tenant))
    }
}

/// A company with its own Gong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The origin of its Gong, such as `https://acme.api.gong.io`, with a port where it is not 443.
    pub gong: String,
    /// The access key pair, by reference.
    pub credentials: Credentials,
    /// How tools begin that have never been seen before. `pending`.
    pub review: Review,
    /// What the tenant's users and calls may send to Gong together. 3, as Gong allows.
    pub requests_per_second: u32,
    /// The same for a day (UTC). 10,000, as Gong allows.
    pub requests_per_day: u32,
    /// Calls that run at the same time. 8.
    pub concurrent_calls: u32,
    /// Calls that may wait for a place; more are refused. 64.
    pub queued_calls: u32,
    /// Whether tools that spend the company's AI credits may be used at all. They need
    /// approval as others do. No.
    pub metered: bool,
    /// Whether calls that are private in Gong may be listed and read. No.
    pub private_calls: bool,
    /// Who may call tools, by name.
    pub users: BTreeMap<String, User>,
    /// Names of tools by the toolset's name.
    pub toolsets: BTreeMap<String, BTreeSet<String>>,
    /// Which users have which toolsets, by the profile's name.
    pub profiles: BTreeMap<String, Profile>,
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
    /// Calls with the bearer token of this hash.
    pub token: TokenHash,
}

/// Gives its users the tools of its toolsets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// Names of toolsets: the tenant's own, `read-only`, or the component's as `component:calls`.
    pub toolsets: BTreeSet<String>,
    /// Names of users.
    pub users: BTreeSet<String>,
}

/// How a tool begins that the tenant has never seen before.
///
/// It says nothing about tools that changed: these always return to review, because an
/// approval, by a person or by this default, is for the text that was there to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Review {
    /// Somebody approves each one.
    #[default]
    Pending,
    /// Approved.
    Approved,
    /// Approved when it only reads, free of charge; others are pending.
    ApprovedReads,
}

impl Review {
    /// As the file says it.
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
    /// Reads and checks the file. Secrets are not resolved: see [`SecretRef::resolve`].
    ///
    /// # Errors
    ///
    /// Everything that is wrong, at once. No complaint repeats what could be a secret.
    pub fn load(path: &Path) -> Result<Self, Complaints> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| {
            Complaints(vec![Complaint {
                file: file.clone(),
                line: None,
                key: String::new(),
                text: format!("it can not be read ({error})"),
            }])
        })?;
        // A bare file name has the folder "", which joins to the paths as they are.
        let folder = path.parent().unwrap_or(Path::new(""));
        parse::config(&file, &text, folder)
    }

    /// Checks a text as [`Config::load`] does, with paths against `folder`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, in a file called `file`.
    pub fn parse(file: &str, text: &str, folder: &Path) -> Result<Self, Complaints> {
        parse::config(file, text, folder)
    }
}

/// Everything that is wrong with a file, one line each. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaints(pub Vec<Complaint>);

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, complaint) in self.0.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{complaint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Complaints {}

/// One thing that is wrong: `gateway.toml:12: tenants.acme.gong: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// The file's path as given.
    pub file: String,
    /// Counted from 1; none when it is about the file as a whole.
    pub line: Option<usize>,
    /// Where in the file, such as `tenants.acme.gong`; empty when nowhere in particular.
    pub key: String,
    /// What is wrong, and what would work.
    pub text: String,
}

impl fmt::Display for Complaint {
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
