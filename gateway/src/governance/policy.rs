//! The result of governance: what one user may call, and why not the rest.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::suggest::unknown_name;

/// Stands for the user's name in sentences, which all users with the same profiles share. No name and no
/// reason has this character.
pub(super) const USER: &str = "\u{1}";

/// What users with the same profiles may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdicts {
    pub(super) tools: BTreeMap<String, ToolAccess>,
    /// Set when they may call nothing at all, not even a tool that does not exist.
    pub(super) denied_everything: Option<Denial>,
}

/// What a user may call, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    verdicts: Arc<Verdicts>,
    user: Box<str>,
}

/// Whether a user may call a tool, and through what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolAccess {
    /// Whether it may be called, or why not.
    pub verdict: Result<(), Denial>,
    /// What gives the tool to the user. It may be denied all the same.
    pub grants: Vec<Grant>,
}

/// A profile and a toolset through which a user has a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Grant {
    /// A profile that has the user.
    pub profile: String,
    /// A toolset of it that has the tool.
    pub toolset: String,
}

impl Policy {
    pub(super) fn new(verdicts: &Arc<Verdicts>, user: &str) -> Self {
        Self {
            verdicts: Arc::clone(verdicts),
            user: user.into(),
        }
    }

    /// Names of the tools that may be called, sorted. `tools/list` shows these.
    pub fn tools(&self) -> impl Iterator<Item = &str> {
        let all = self.verdicts.tools.iter();
        let allowed = all.filter(|(_, access)| access.verdict.is_ok());
        allowed.map(|(name, _)| &**name)
    }

    /// Whether a tool may be called. [`decide`](Self::decide) also says why not.
    #[must_use]
    pub fn allows(&self, tool: &str) -> bool {
        let access = self.verdicts.tools.get(tool);
        access.is_some_and(|access| access.verdict.is_ok())
    }

    /// Whether a tool may be called.
    ///
    /// # Errors
    ///
    /// It may not be called. The denial says why, and who can change that.
    pub fn decide(&self, tool: &str) -> Result<(), Denial> {
        if let Some(access) = self.verdicts.tools.get(tool) {
            return access
                .verdict
                .as_ref()
                .copied()
                .map_err(|denial| self.named(denial));
        }
        let everything = self.verdicts.denied_everything.as_ref();
        Err(everything.map_or_else(
            || Denial {
                code: DenialCode::UnknownTool,
                // Only names that the user may call are proposed.
                sentence: unknown_tool(tool, self.tools()),
            },
            |denial| self.named(denial),
        ))
    }

    /// Why what has begun ends: the user is gone or switched off, or the client is switched off.
    pub(crate) fn stops_what_has_begun(&self) -> Option<Denial> {
        let denial = self.verdicts.denied_everything.as_ref()?;
        let stops = [
            DenialCode::UnknownUser,
            DenialCode::SwitchedOffUser,
            DenialCode::SwitchedOffClient,
        ];
        stops.contains(&denial.code).then(|| self.named(denial))
    }

    /// Every tool of the tenant with the user's access to it, sorted by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, ToolAccess)> {
        self.verdicts.tools.iter().map(|(name, access)| {
            let verdict = access.verdict.as_ref().copied();
            let access = ToolAccess {
                verdict: verdict.map_err(|denial| self.named(denial)),
                grants: access.grants.clone(),
            };
            (&**name, access)
        })
    }

    /// A denial, with the user's name.
    fn named(&self, denial: &Denial) -> Denial {
        Denial {
            code: denial.code,
            sentence: denial.sentence.replace(USER, &self.user),
        }
    }
}

/// Why a call is not allowed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// For the audit and metrics.
    pub code: DenialCode,
    /// For the model and the user: why, and who can change that.
    pub sentence: String,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Denial {}

/// The reason of a denial. Where there are several, the first of this order is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DenialCode {
    /// The user or the tenant is not declared any more.
    UnknownUser,
    /// The kill switch of everything is off.
    SwitchedOffEverything,
    /// The tenant's kill switch is off.
    SwitchedOffTenant,
    /// The user's kill switch is off.
    SwitchedOffUser,
    /// The client's kill switch is off.
    SwitchedOffClient,
    /// The sign-in has ended while something that it had begun was going on.
    SignInEnded,
    /// The component never had it.
    UnknownTool,
    /// The component does not have it any more.
    Removed,
    /// The tool's kill switch is off.
    SwitchedOffTool,
    /// Administrators disabled it.
    Disabled,
    /// Nobody has approved this version.
    PendingReview,
    /// It spends credits, and the tenant does not allow that.
    MeteredOff,
    /// The client is of a kind that may not call it.
    ClientKind,
    /// The user has no profile.
    NoProfile,
    /// None of the user's profiles has it.
    NotInProfile,
}

impl DenialCode {
    /// Its name in the audit and in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown-user",
            Self::SwitchedOffEverything => "switched-off-everything",
            Self::SwitchedOffTenant => "switched-off-tenant",
            Self::SwitchedOffUser => "switched-off-user",
            Self::SwitchedOffClient => "switched-off-client",
            Self::SignInEnded => "sign-in-ended",
            Self::UnknownTool => "unknown-tool",
            Self::Removed => "removed",
            Self::SwitchedOffTool => "switched-off-tool",
            Self::Disabled => "disabled",
            Self::PendingReview => "pending-review",
            Self::MeteredOff => "metered-off",
            Self::ClientKind => "client-kind",
            Self::NoProfile => "no-profile",
            Self::NotInProfile => "not-in-profile",
        }
    }
}

impl fmt::Display for DenialCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A sentence about a tool that does not exist, with the likely one.
pub(super) fn unknown_tool<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let mut text = unknown_name("tool", name, known);
    text.replace_range(..1, "T");
    if !text.ends_with('?') {
        text.push('.');
    }
    text
}
