//! The options of the stand-in.

use std::path::{Path, PathBuf};

/// How the stand-in is set up. [`Options::default`] is a calm Gong: no limits, every scope
/// granted, 400 calls up to the present moment.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many calls the company has had in the last 180 days.
    pub calls: usize,
    /// The size of a grown company; `None` is the small one of the demos, with 20 customers.
    pub grown: Option<Grown>,
    /// What everything invented is drawn from.
    pub seed: u64,
    /// The moment at which the company stands; `None` is the clock's now.
    pub now: Option<jiff::Timestamp>,
    /// The user of Basic authentication.
    pub access_key: String,
    /// The password of Basic authentication.
    pub access_key_secret: String,
    /// Whether more than 3 requests a second are refused with 429, as Gong does company-wide.
    pub rate_limit: bool,
    /// How many requests the day has (Gong: 10,000); afterwards 429 with a `Retry-After` of
    /// more than an hour. `None` is without end.
    pub daily_quota: Option<u32>,
    /// How many credits there are for questions and briefs; once they are spent, those two
    /// answer 402. `None` is without end.
    pub credits: Option<u32>,
    /// Scopes that the credentials lack, e.g. `api:calls:read:transcript`.
    pub withheld_scopes: Vec<String>,
    /// Where Gong's OpenAPI document is, against which requests are checked.
    pub openapi: OpenApi,
    /// Whether to serve HTTPS with a certificate of a CA made at start.
    pub tls: bool,
    /// Whether a request that was answered before gets the same answer again, without being
    /// looked at: for measuring a client, so that not the stand-in is measured.
    pub recorded: bool,
    /// Whether [`crate::Change`]s are taken over HTTP too, and counts of requests answered, at
    /// paths under [`crate::CONTROL`], without credentials: for a stand-in that runs as a
    /// process of its own.
    pub control: bool,
}

/// The size of a company that has grown beyond the demos: customers and sellers have unevenly
/// many calls, in the business hours of six regions and in four workspaces, and one call in a
/// hundred is private.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grown {
    /// How many customers there are; at least 20.
    pub accounts: usize,
    /// How many people work at them; at least three a customer.
    pub people: usize,
    /// How many sell, open conversations or look after customers, besides the small company's 24.
    pub sellers: usize,
    /// For how many days after now calls are planned, which appear as [`crate::Change::SetClock`]
    /// moves on.
    pub days_ahead: u32,
}

impl Default for Grown {
    fn default() -> Self {
        Self {
            accounts: 5_000,
            people: 40_000,
            sellers: 100,
            days_ahead: 0,
        }
    }
}

/// Where Gong's OpenAPI document is.
#[derive(Clone, Debug, Default)]
pub enum OpenApi {
    /// Named by the environment variable `GONG_OPENAPI`, else beside the workspace as in [`openapi_beside`].
    #[default]
    Beside,
    /// This file.
    Path(PathBuf),
    /// Requests are not checked.
    Off,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            calls: 400,
            grown: None,
            seed: 1,
            now: None,
            access_key: "STANDINACCESSKEY".to_owned(),
            access_key_secret: "stand-in-access-key-secret".to_owned(),
            rate_limit: false,
            daily_quota: None,
            credits: None,
            withheld_scopes: Vec::new(),
            openapi: OpenApi::default(),
            tls: false,
            recorded: false,
            control: false,
        }
    }
}

/// Where Gong's OpenAPI document is expected for a crate at `manifest_dir` two folders below
/// the workspace: `../shared/gong/openapi.json`, seen from the workspace.
#[must_use]
pub fn openapi_beside(manifest_dir: &Path) -> PathBuf {
    let workspace = manifest_dir
        .parent()
        .and_then(Path::parent)
        .unwrap_or(manifest_dir);
    let beside = workspace.parent().unwrap_or(workspace);
    beside.join("shared").join("gong").join("openapi.json")
}

impl OpenApi {
    /// The file to read, if requests are to be checked at all.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match self {
            Self::Off => None,
            Self::Path(path) => Some(path.clone()),
            Self::Beside => Some(match std::env::var_os("GONG_OPENAPI") {
                Some(path) if !path.is_empty() => PathBuf::from(path),
                _ => openapi_beside(Path::new(env!("CARGO_MANIFEST_DIR"))),
            }),
        }
    }
}
