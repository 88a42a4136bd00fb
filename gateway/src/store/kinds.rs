//! The words for tools: what they do, where they stand, what of them changes.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::unknown;

/// What a tool does to the world, in the component's own word. Nobody can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Reads only, free of charge.
    Read,
    /// Reads only, but each call spends paid credits.
    MeteredRead,
    /// Changes data.
    Write,
    /// Changes data and makes Gong contact people.
    Outreach,
    /// Removes or overwrites what cannot be brought back.
    Destructive,
}

impl Effect {
    /// As MCP's `_meta` says it, such as `metered-read`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::MeteredRead => "metered-read",
            Self::Write => "write",
            Self::Outreach => "outreach",
            Self::Destructive => "destructive",
        }
    }

    /// Whether it changes nothing. What it costs is another question.
    #[must_use]
    pub fn reads(self) -> bool {
        matches!(self, Self::Read | Self::MeteredRead)
    }
}

impl FromStr for Effect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [
            Self::Read,
            Self::MeteredRead,
            Self::Write,
            Self::Outreach,
            Self::Destructive,
        ];
        let found = all.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| unknown("effect", text, all.map(Self::as_str)))
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a gateway classes a tool for its policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Class {
    /// Reads only.
    Read,
    /// Changes data or makes Gong contact people.
    Write,
    /// Removes or overwrites what cannot be brought back.
    Destructive,
    /// Personal or confidential data.
    Sensitive,
    /// A mistake is costly.
    Dangerous,
}

impl Class {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Write,
        Self::Destructive,
        Self::Sensitive,
        Self::Dangerous,
    ];

    /// As gateways write it, such as `READ`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::Write => "WRITE",
            Self::Destructive => "DESTRUCTIVE",
            Self::Sensitive => "SENSITIVE",
            Self::Dangerous => "DANGEROUS",
        }
    }
}

impl FromStr for Class {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|one| one.as_str().eq_ignore_ascii_case(text));
        found.ok_or_else(|| unknown("class", text, Self::ALL.map(Self::as_str)))
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The classes of one tool, in order.
pub type Classes = BTreeSet<Class>;

/// Where a tool stands in the tenant's review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nobody has decided on this version of it.
    Pending,
    /// This version may be used by whom the profiles say.
    Approved,
    /// Nobody may use it, in whatever version.
    Disabled,
    /// The component has it no more. What was decided is kept for its return.
    Removed,
}

impl State {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Disabled, Self::Removed];

    /// As it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Disabled => "disabled",
            Self::Removed => "removed",
        }
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| unknown("state", text, Self::ALL.map(Self::as_str)))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an administrator decides on a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The present version may be used.
    Approve,
    /// No version may be used.
    Disable,
    /// Back to review, as if nobody had decided.
    Pending,
}

impl Decision {
    /// The act's name in the audit.
    #[must_use]
    pub fn act(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Disable => "disable",
            Self::Pending => "reset-review",
        }
    }
}

/// A part of a tool's definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The title, for people.
    Title,
    /// What a model reads.
    Description,
    /// The arguments.
    InputSchema,
    /// The structured result.
    OutputSchema,
    /// MCP's hints.
    Annotations,
    /// The group.
    Toolset,
    /// What it does to the world.
    Effect,
    /// The component's own classes.
    Classification,
    /// The OAuth scopes that it needs.
    Scopes,
    /// The operations that it may send.
    Operations,
}

impl Part {
    /// All there are, with their columns.
    pub(super) const COLUMNS: [(Self, &'static str); 10] = [
        (Self::Title, "title"),
        (Self::Description, "description"),
        (Self::InputSchema, "input_schema"),
        (Self::OutputSchema, "output_schema"),
        (Self::Annotations, "annotations"),
        (Self::Toolset, "toolset"),
        (Self::Effect, "effect"),
        (Self::Classification, "classification"),
        (Self::Scopes, "scopes"),
        (Self::Operations, "operations"),
    ];

    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Description => "description",
            Self::InputSchema => "input schema",
            Self::OutputSchema => "output schema",
            Self::Annotations => "annotations",
            Self::Toolset => "toolset",
            Self::Effect => "effect",
            Self::Classification => "classification",
            Self::Scopes => "scopes",
            Self::Operations => "operations",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
