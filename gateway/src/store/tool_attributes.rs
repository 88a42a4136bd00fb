//! What is said about a tool: its effect, its classes, its review state, the parts of its
//! definition.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::suggest::unknown_name;

/// What a tool does, as the component states it. Administrators can not change it.
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
    /// Removes or overwrites data for good.
    Destructive,
}

impl Effect {
    /// Its name in MCP's `_meta`, such as `metered-read`.
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

    /// Whether it changes nothing, be it free of charge or not.
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
        found.ok_or_else(|| unknown_name("effect", text, all.map(Self::as_str)))
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A class by which policies select tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Class {
    /// Reads only.
    Read,
    /// Changes data or makes Gong contact people.
    Write,
    /// Removes or overwrites data for good.
    Destructive,
    /// Personal or confidential data.
    Sensitive,
    /// A mistake is costly.
    Dangerous,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Write,
        Self::Destructive,
        Self::Sensitive,
        Self::Dangerous,
    ];

    /// Its name, such as `READ`.
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
        found.ok_or_else(|| unknown_name("class", text, Self::ALL.map(Self::as_str)))
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The classes of one tool, in order.
pub type Classes = BTreeSet<Class>;

/// The state of a tool in the tenant's review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewState {
    /// Nobody has decided on this version.
    Pending,
    /// This version may be called by the users whose profiles have it.
    Approved,
    /// No version may be called.
    Disabled,
    /// The component does not have it any more. Decisions on it are kept for its return.
    Removed,
}

impl ReviewState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Disabled, Self::Removed];

    /// Its name in the state file, in JSON and in tables.
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

impl FromStr for ReviewState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| unknown_name("state", text, Self::ALL.map(Self::as_str)))
    }
}

impl fmt::Display for ReviewState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an administrator decides on a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The present version may be called.
    Approve,
    /// No version may be called.
    Disable,
    /// Withdraws an earlier decision: the tool is pending again.
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
pub enum DefinitionPart {
    /// The title, for people.
    Title,
    /// The description, for models.
    Description,
    /// The arguments.
    InputSchema,
    /// The structured result.
    OutputSchema,
    /// MCP's hints.
    Annotations,
    /// The group within the component.
    Toolset,
    /// What it does.
    Effect,
    /// The component's own classes.
    Classification,
    /// The OAuth scopes that it needs.
    Scopes,
    /// The operations of Gong's API that it may use.
    Operations,
}

impl DefinitionPart {
    /// All of them, with their columns.
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

    /// Its name, for people.
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

impl fmt::Display for DefinitionPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
