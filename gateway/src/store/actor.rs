//! Who changes something, and the record of it in the audit.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde::Serialize;

use super::audit::chain::{Chain, Event};
use super::{StoreError, millis};
use crate::os_user;

/// Who changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The administrator's name, or `gateway` for the gateway itself.
    pub name: String,
    /// Through what the change was made.
    pub via: Via,
    /// The operating system's user: who ran the command, or owns the file.
    pub os_user: Option<String>,
}

/// Through what a change was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// `gong-gateway admin`. The name is what the person who runs it claims; the operating
    /// system's user is beside it.
    CommandLine,
    /// The administrator's page, by somebody who is signed in.
    Page,
    /// The configuration file.
    File,
    /// The gateway itself, such as by the discovery at its start.
    Gateway,
    /// `/mcp`, by somebody without a valid token.
    Mcp,
    /// `/metrics`, by somebody without a valid token.
    Metrics,
    /// Signing in with the company's account.
    SignIn,
}

impl Via {
    /// Its name in the audit.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CommandLine => "command-line",
            Self::Page => "page",
            Self::File => "file",
            Self::Gateway => "gateway",
            Self::Mcp => "mcp",
            Self::Metrics => "metrics",
            Self::SignIn => "sign-in",
        }
    }
}

impl Actor {
    /// A person, and what they use.
    #[must_use]
    pub fn new(name: &str, via: Via) -> Self {
        Self {
            name: name.to_owned(),
            via,
            os_user: None,
        }
    }

    /// The same, with the operating system's user.
    #[must_use]
    pub fn with_os_user(self, os_user: Option<String>) -> Self {
        Self { os_user, ..self }
    }

    /// The gateway itself.
    #[must_use]
    pub fn gateway() -> Self {
        Self::new("gateway", Via::Gateway)
    }

    /// The configuration file, and its owner.
    #[must_use]
    pub fn file(path: &Path) -> Self {
        Self::new("gateway.toml", Via::File).with_os_user(os_user::owner(path))
    }
}

/// Adds an act to the audit, in the transaction that performs it.
pub(super) fn record_act(
    transaction: &Transaction<'_>,
    actor: &Actor,
    tenant: Option<&str>,
    act: &str,
    subject: Option<&str>,
    detail: Option<&str>,
) -> Result<(), StoreError> {
    transaction
        .prepare_cached(
            "INSERT INTO audit (at, kind, tenant, actor, via, what, subject, result, reason, os_user)
         VALUES (?, 'act', ?, ?, ?, ?, ?, 'success', ?, ?)",
        )?
        .execute(params![
            millis(Timestamp::now()),
            tenant,
            actor.name,
            actor.via.as_str(),
            act,
            subject,
            detail,
            actor.os_user
        ])?;
    let mut chain = Chain::load(transaction)?;
    chain.link(transaction.last_insert_rowid(), Event::Final)?;
    chain.store()
}
