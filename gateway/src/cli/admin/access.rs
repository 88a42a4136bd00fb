//! Commands on access: toolsets, profiles, users, and why a user may call what.

use std::collections::BTreeSet;

use anyhow::ensure;
use gateway::caller::CallingClient;
use gateway::config::Profile;
use gateway::governance::Governance;
use gateway::store::sign_in::ClientKind;
use serde_json::json;

use super::args::{ProfilesCommand, ToolsetsCommand};
use super::{AdminCli, tables};

impl AdminCli<'_> {
    /// Changes toolsets.
    pub(super) fn toolsets(&self, command: &ToolsetsCommand) -> anyhow::Result<()> {
        let tenant = self.chosen_tenant()?;
        match command {
            ToolsetsCommand::Put { name, tools } => {
                let tools: BTreeSet<String> = tools.iter().cloned().collect();
                self.store.put_toolset(&self.actor, &tenant, name, &tools)?;
                self.report(
                    &json!({"tenant": tenant, "toolset": name, "tools": tools}),
                    format_args!("Toolset {name} has {} tools.", tools.len()),
                )
            }
            ToolsetsCommand::Remove { name } => {
                self.store.remove_toolset(&self.actor, &tenant, name)?;
                self.report(
                    &json!({"tenant": tenant, "removed": name}),
                    format_args!("Toolset {name} is removed."),
                )
            }
        }
    }

    /// Changes profiles.
    pub(super) fn profiles(&self, command: &ProfilesCommand) -> anyhow::Result<()> {
        let tenant = self.chosen_tenant()?;
        match command {
            ProfilesCommand::Put {
                name,
                toolsets,
                users,
            } => {
                let profile = Profile {
                    toolsets: toolsets.iter().cloned().collect(),
                    users: users.iter().cloned().collect(),
                };
                self.store
                    .put_profile(&self.actor, &tenant, name, &profile)?;
                self.report(
                    &json!({"tenant": tenant, "profile": name, "toolsets": profile.toolsets, "users": profile.users}),
                    format_args!(
                        "Profile {name} gives {} to {}.",
                        tables::joined(&profile.toolsets),
                        tables::joined(&profile.users)
                    ),
                )
            }
            ProfilesCommand::Remove { name } => {
                self.store.remove_profile(&self.actor, &tenant, name)?;
                self.report(
                    &json!({"tenant": tenant, "removed": name}),
                    format_args!("Profile {name} is removed."),
                )
            }
        }
    }

    /// Lists users with their access.
    pub(super) fn users(&self) -> anyhow::Result<()> {
        let tenant = self.chosen_tenant()?;
        let governance = Governance::new(&self.store)?;
        let mut users = Vec::new();
        for user in self.store.users(&tenant)? {
            let policy = governance.policy(&tenant, &user)?;
            let profiles = self.store.profiles_of(&tenant, &user)?;
            users.push(tables::User {
                tools: policy.tools().map(str::to_owned).collect(),
                profiles: profiles.into_iter().collect(),
                user,
            });
        }
        self.print_rows(&users, tables::users)
    }

    /// Says what a user may call, and why not the rest.
    pub(super) fn explain(
        &self,
        user: &str,
        kind: Option<ClientKind>,
        tool: Option<&str>,
    ) -> anyhow::Result<()> {
        let tenant = self.chosen_tenant()?;
        let users = self.store.users(&tenant)?;
        ensure!(
            users.iter().any(|one| one == user),
            "there is no user {user:?} of tenant {tenant}; there are: {}",
            tables::joined(&users)
        );
        let governance = Governance::new(&self.store)?;
        let client = CallingClient { id: None, kind };
        let policy = governance.policy_with(&tenant, user, &client)?;
        if let Some(tool) = tool {
            // This fails for an unknown tool, and proposes the likely one.
            self.store.tool(&tenant, tool)?;
        }
        let is_shown = |name: &str| tool.is_none_or(|tool| tool == name);
        let rows: Vec<tables::Explained> = policy
            .all()
            .filter(|(name, _)| is_shown(name))
            .map(|(name, access)| tables::Explained::new(name, &access))
            .collect();
        self.print_rows(&rows, |rows| tables::explained(user, rows))
    }
}
