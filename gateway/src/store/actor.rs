//! Who changes something, and the record of it in the audit.

use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde::Serialize;

use super::audit::chain::{Chain, Event};
use super::{StoreError, millis};

/// Who changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The administrator's name, or `gateway` for the gateway itself.
    pub name: String,
    /// Through what the change was made.
    pub via: Via,
}

/// Through what a change was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// `gong-gateway admin`. The name is what the person who runs it claims.
    CommandLine,
    /// The administrator's page, by somebody who is signed in.
    Page,
    /// The configuration file.
    File,
    /// The gateway itself, such as by the discovery at its start.
    Gateway,
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
        }
    }

    /// The gateway itself.
    #[must_use]
    pub fn gateway() -> Self {
        Self::new("gateway", Via::Gateway)
    }

    /// The configuration file.
    #[must_use]
    pub fn file() -> Self {
        Self::new("gateway.toml", Via::File)
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
            "INSERT INTO audit (at, kind, tenant, actor, via, what, subject, result, reason)
         VALUES (?, 'act', ?, ?, ?, ?, ?, 'success', ?)",
        )?
        .execute(params![
            millis(Timestamp::now()),
            tenant,
            actor.name,
            actor.via.as_str(),
            act,
            subject,
            detail
        ])?;
    let mut chain = Chain::load(transaction)?;
    chain.link(transaction.last_insert_rowid(), Event::Final)?;
    chain.store()
}
