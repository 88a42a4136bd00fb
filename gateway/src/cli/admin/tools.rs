//! Commands on tools: list, review, classify, discover.

use anyhow::{Context as _, bail, ensure};
use gateway::config::Config;
use gateway::serve;
use gateway::store::{Class, Classes, Decision, ToolRow};
use serde_json::json;

use super::args::{DecisionArgs, ToolsArgs};
use super::{AdminCli, tables};

impl AdminCli<'_> {
    /// Lists tools.
    pub(super) fn tools(&self, args: &ToolsArgs) -> anyhow::Result<()> {
        let mut tools = self.store.tools(&self.chosen_tenant()?)?;
        let all = tools.len();
        let named = |tool: &ToolRow| {
            args.names.is_empty() || args.names.iter().any(|text| tool.name.contains(&**text))
        };
        tools.retain(|tool| named(tool) && args.by.selects(tool));
        self.print_rows(&tools, |tools| tables::tools(tools, all))
    }

    /// Decides on tools, by name or by filters.
    pub(super) fn review(&self, args: &DecisionArgs, decision: Decision) -> anyhow::Result<()> {
        let tenant = self.chosen_tenant()?;
        let filtered = args.all || !args.by.is_empty();
        ensure!(
            args.names.is_empty() == filtered,
            "name tools, or choose them, such as: {0} gong_get_call, or: {0} --is pending --effect read",
            decision.act()
        );
        let names = if filtered {
            let tools = self.store.tools(&tenant)?;
            let selected = tools
                .iter()
                .filter(|tool| args.by.selects(tool) && args.by.allows(decision, tool.state));
            // Names with versions, so that no other version is decided on.
            selected.map(ToolRow::key).collect()
        } else {
            args.names.clone()
        };
        let changed = self.store.review(&self.actor, &tenant, &names, decision)?;
        let done = match decision {
            Decision::Approve => "approved",
            Decision::Disable => "disabled",
            Decision::Pending => "pending",
        };
        let text = match (&*changed, names.len()) {
            ([], 0) => "No tool fits.".to_owned(),
            ([], _) => format!("Nothing to do: {done} already."),
            (changed, _) => format!("{} {done}: {}", changed.len(), changed.join(", ")),
        };
        self.report(
            &json!({"tenant": tenant, "state": done, "changed": changed}),
            text,
        )
    }

    /// Sets a tool's classes.
    pub(super) fn classify(&self, tool: &str, classes: &[Class], own: bool) -> anyhow::Result<()> {
        let tenant = self.chosen_tenant()?;
        let classes: Option<Classes> = (!own).then(|| classes.iter().copied().collect());
        self.store
            .classify(&self.actor, &tenant, tool, classes.as_ref())?;
        let now = self.store.tool(&tenant, tool)?.tool;
        self.report(
            &json!({"tenant": tenant, "tool": tool, "classification": now.classification}),
            format_args!("{tool} is classed {}.", tables::classes(&now)),
        )
    }

    /// Shows what discovery found, or discovers now.
    pub(super) async fn sync(&self, now: bool) -> anyhow::Result<()> {
        if now {
            let config = self.config.as_ref().context(
                "discovery needs the configuration, which names the component: leave --state out",
            )?;
            if let Some(process) = self.store.served_by()? {
                bail!(
                    "process {process} serves from this state file, and discovers what it serves when it starts: restart it instead"
                );
            }
            let (tools, digest) = discovered(config).await?;
            self.store.discover(&tools, &digest)?;
        }
        let chosen = self.chosen_tenants()?;
        let mut tenants = self.store.tenants()?;
        tenants.retain(|tenant| chosen.contains(&tenant.name));
        if let (Some(tenant), []) = (&self.admin.tenant, &*tenants) {
            // Fails for an unknown tenant, and proposes the likely one.
            self.store.tools(tenant)?;
        }
        let found: Vec<tables::Found> = tenants.into_iter().map(tables::Found::from).collect();
        self.print_rows(&found, tables::found)
    }
}

/// The tools of the configured component, or of the one that this workspace builds, and its
/// SHA-256.
async fn discovered(config: &Config) -> anyhow::Result<(Vec<sandbox::Tool>, String)> {
    let (sandbox, _) = serve::sandbox(config)?;
    Ok((sandbox.list_tools().await?, sandbox.digest().to_owned()))
}
