//! The commands on kinds of AI clients.

use std::collections::BTreeSet;

use gateway::store::AllowedKinds;
use gateway::store::sign_in::ClientKind;
use serde_json::json;

use super::AdminCli;
use super::args::KindsCommand;
use super::tables::table;

impl AdminCli<'_> {
    /// Shows or sets which kinds of clients may call.
    pub(super) fn kinds(&self, command: Option<&KindsCommand>) -> anyhow::Result<()> {
        let tenant = self.chosen_tenant()?;
        let (tool, kinds) = match command {
            None => {
                let kinds = self.store.allowed_kinds(&tenant)?;
                return self.print(&kinds, || shown(&tenant, &kinds));
            }
            Some(KindsCommand::Set { kinds, tool }) => (tool, kinds.iter().copied().collect()),
            Some(KindsCommand::Reset { tool }) => (tool, ClientKind::ALL.iter().copied().collect()),
        };
        let kinds: BTreeSet<ClientKind> = kinds;
        self.store
            .allow_kinds(&self.actor, &tenant, tool.as_deref(), &kinds)?;
        let what = tool.as_deref().unwrap_or("any tool");
        self.report(
            &json!({"tenant": tenant, "tool": tool, "kinds": kinds}),
            format_args!(
                "Clients of {tenant} that may call {what}: {}.",
                joined(&kinds)
            ),
        )
    }
}

fn joined(kinds: &BTreeSet<ClientKind>) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    names.join(", ")
}

fn shown(tenant: &str, kinds: &AllowedKinds) -> String {
    let mut table = table(["What", "Kinds of clients that may call it"]);
    let all = kinds.tenant.as_ref().map(joined);
    table.add_row([
        &*format!("any tool of {tenant}"),
        all.as_deref().unwrap_or("all"),
    ]);
    for (tool, kinds) in &kinds.tools {
        table.add_row([&**tool, &joined(kinds)]);
    }
    table.trim_fmt()
}
