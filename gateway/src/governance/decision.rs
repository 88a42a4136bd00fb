//! The rules: whether a user may call a tool, and why not.

use std::collections::BTreeSet;

use super::facts::{Facts, SwitchedOff};
use super::policy::{Denial, DenialCode, Grant, ToolAccess, USER, Verdicts, unknown_tool};
use crate::config::SCHEDULE;
use crate::store::access::StoredProfile;
use crate::store::allowed_kinds::listed;
use crate::store::sign_in::ClientKind;
use crate::store::{Effect, KillSwitch, ReviewState};

/// What one user of a tenant may call with a client.
pub(super) struct UserDecision<'f> {
    pub(super) facts: &'f Facts,
    pub(super) tenant: &'f str,
    pub(super) user: &'f str,
    /// The profiles of the groups of somebody who has signed in.
    pub(super) groups_give: Option<&'f BTreeSet<String>>,
    /// Whose the client is. `None` for whatever client, and for calls on the schedule.
    pub(super) kind: Option<ClientKind>,
    /// The kill switch of the client, if it is off.
    pub(super) client_off: Option<&'f SwitchedOff>,
}

impl UserDecision<'_> {
    /// Decides on every tool of the tenant. Sentences have [`USER`] for the user's name.
    pub(super) fn verdicts(&self) -> Verdicts {
        let tools = self.facts.tools.keys().map(|name| {
            let grants = self.grants(name);
            let verdict = self.verdict(name, &grants);
            (name.clone(), ToolAccess { verdict, grants })
        });
        Verdicts {
            tools: tools.collect(),
            denied_everything: self.check_user().err(),
        }
    }

    /// The names of the user's profiles.
    pub(super) fn profile_names(&self) -> Vec<String> {
        self.profiles().map(|(name, _)| name.clone()).collect()
    }

    /// The profiles and toolsets through which the user has a tool.
    fn grants(&self, name: &str) -> Vec<Grant> {
        let Some(tool) = self.facts.tools.get(name) else {
            return Vec::new();
        };
        let mut grants = Vec::new();
        for (profile, stored) in self.profiles() {
            for toolset in &stored.row.toolsets {
                if self.facts.toolset_has(toolset, name, tool) {
                    grants.push(Grant {
                        profile: profile.clone(),
                        toolset: toolset.clone(),
                    });
                }
            }
        }
        grants
    }

    fn profiles(&self) -> impl Iterator<Item = (&String, &StoredProfile)> {
        let all = self.facts.access.profiles.iter();
        all.filter(|(name, stored)| {
            stored.row.users.contains(self.user)
                || self.groups_give.is_some_and(|given| given.contains(*name))
        })
    }

    /// Denies if the user may call nothing at all.
    fn check_user(&self) -> Result<(), Denial> {
        let Self {
            facts,
            tenant,
            user,
            groups_give,
            client_off,
            ..
        } = self;
        let declared = *user == SCHEDULE || facts.declares(user) || groups_give.is_some();
        if !facts.declared || !declared {
            return deny(
                DenialCode::UnknownUser,
                format!(
                    "There is no user {USER} of tenant {tenant} any more. Only who runs the gateway can change that."
                ),
            );
        }
        if let Some(off) = facts.off.get(&KillSwitch::Everything) {
            return deny(
                DenialCode::SwitchedOffEverything,
                off.sentence("All tools of the gateway are"),
            );
        }
        if let Some(off) = facts.off.get(&KillSwitch::Tenant((*tenant).to_owned())) {
            return deny(
                DenialCode::SwitchedOffTenant,
                off.sentence(&format!("All tools of {tenant} are")),
            );
        }
        if let Some(off) = facts.user_is_off(tenant, user) {
            return deny(
                DenialCode::SwitchedOffUser,
                off.sentence(&format!("User {USER} is")),
            );
        }
        if let Some(off) = client_off {
            return deny(
                DenialCode::SwitchedOffClient,
                off.sentence("This AI client is"),
            );
        }
        self.check_kind(
            facts.allowed_kinds.tenant.as_ref(),
            &format!("Tools of {tenant}"),
        )
    }

    /// Denies if the client is of a kind that may not call `what`.
    fn check_kind(&self, allowed: Option<&BTreeSet<ClientKind>>, what: &str) -> Result<(), Denial> {
        let (Some(allowed), Some(kind)) = (allowed, self.kind) else {
            return Ok(());
        };
        if allowed.contains(&kind) {
            return Ok(());
        }
        deny(
            DenialCode::ClientKind,
            format!(
                "{what} may be called by AI clients of kind {} only, and this one is {kind}. Only an administrator of {} can change that.",
                listed(allowed),
                self.tenant
            ),
        )
    }

    /// The first of the reasons, in the order of [`DenialCode`], that stops a tool.
    fn verdict(&self, name: &str, grants: &[Grant]) -> Result<(), Denial> {
        self.check_user()?;
        let Self {
            facts,
            tenant,
            user,
            ..
        } = self;
        let Some(tool) = facts.tools.get(name) else {
            return deny(
                DenialCode::UnknownTool,
                unknown_tool(name, facts.tools.keys().map(String::as_str)),
            );
        };
        if tool.state == ReviewState::Removed {
            return deny(
                DenialCode::Removed,
                format!("{name} is gone: this version of the gateway's tools does not have it."),
            );
        }
        let here = KillSwitch::Tool((*tenant).to_owned(), name.to_owned());
        let everywhere = KillSwitch::ToolEverywhere(name.to_owned());
        if let Some(off) = facts.off.get(&here).or_else(|| facts.off.get(&everywhere)) {
            return deny(
                DenialCode::SwitchedOffTool,
                off.sentence(&format!("{name} is")),
            );
        }
        match tool.state {
            ReviewState::Disabled => {
                return deny(
                    DenialCode::Disabled,
                    format!(
                        "{name} is disabled for {tenant}. Only an administrator can approve it."
                    ),
                );
            }
            ReviewState::Pending => {
                let why = if tool.decided {
                    "has changed since it was reviewed and waits for another review"
                } else {
                    "has not been reviewed yet"
                };
                return deny(
                    DenialCode::PendingReview,
                    format!("{name} {why} for {tenant}. Only an administrator can approve it."),
                );
            }
            ReviewState::Approved | ReviewState::Removed => {}
        }
        if tool.effect == Effect::MeteredRead && !facts.metered {
            return deny(
                DenialCode::MeteredOff,
                format!(
                    "{name} spends Gong AI credits, which {tenant} does not allow. Only who runs the gateway can change that, with metered = true."
                ),
            );
        }
        self.check_kind(facts.allowed_kinds.tools.get(name), name)?;
        // Whoever writes gateway.toml decides which tools are on the schedule.
        if !grants.is_empty() || *user == SCHEDULE {
            return Ok(());
        }
        let profiles: Vec<&str> = self.profiles().map(|(name, _)| &**name).collect();
        if profiles.is_empty() {
            return deny(
                DenialCode::NoProfile,
                format!(
                    "User {USER} has no access profile, and so no tools. Only an administrator of {tenant} can give one."
                ),
            );
        }
        deny(
            DenialCode::NotInProfile,
            format!(
                "{name} is in no toolset of user {USER}'s access profiles ({}). Only an administrator of {tenant} can change that.",
                profiles.join(", ")
            ),
        )
    }
}

impl SwitchedOff {
    fn sentence(&self, what: &str) -> String {
        format!(
            "{what} switched off since {} UTC: {}. Trying again does not help; only an administrator can switch it on.",
            self.at.strftime("%F %H:%M"),
            self.reason.trim_end_matches('.')
        )
    }
}

fn deny(code: DenialCode, sentence: String) -> Result<(), Denial> {
    Err(Denial { code, sentence })
}
