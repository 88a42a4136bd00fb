//! Commands that switch something off and on.

use anyhow::bail;
use gateway::store::KillSwitch;
use serde_json::json;

use super::AdminCli;
use super::args::SwitchArgs;

impl AdminCli<'_> {
    /// Switches something off or on.
    pub(super) fn switch(&self, args: &SwitchArgs, on: bool, reason: &str) -> anyhow::Result<()> {
        let switch = self.chosen_switch(args)?;
        let changed = self.store.switch(&self.actor, &switch, on, reason)?;
        let state = if on { "on" } else { "off" };
        let already = if changed { "" } else { " already" };
        let text = format!("Switched {state}{already}: {switch}.");
        self.report(
            &json!({"switch": switch, "state": state, "changed": changed}),
            text,
        )?;
        if on {
            self.still_off(&switch)?;
        }
        Ok(())
    }

    fn chosen_switch(&self, args: &SwitchArgs) -> anyhow::Result<KillSwitch> {
        if let Some(client) = &args.client {
            return Ok(KillSwitch::Client(self.chosen_tenant()?, client.clone()));
        }
        if let Some(user) = &args.user {
            return Ok(KillSwitch::User(self.chosen_tenant()?, user.clone()));
        }
        Ok(match (&self.admin.tenant, &args.tool, args.everything) {
            (None, None, true) => KillSwitch::Everything,
            (Some(tenant), None, _) => KillSwitch::Tenant(tenant.clone()),
            (Some(tenant), Some(tool), _) => KillSwitch::Tool(tenant.clone(), tool.clone()),
            (None, Some(tool), _) => KillSwitch::ToolEverywhere(tool.clone()),
            (None, None, false) => bail!(
                "say what: --tool NAME, --tenant NAME, both for one tenant's tool, --client ID, \
                 --user NAME, or --everything"
            ),
        })
    }

    /// Warns when another switch still stops what was switched on.
    fn still_off(&self, switch: &KillSwitch) -> anyhow::Result<()> {
        let wider = |off: &KillSwitch| match (off, switch) {
            (KillSwitch::Everything, _) => true,
            (
                KillSwitch::Tenant(off),
                KillSwitch::Tenant(on)
                | KillSwitch::Tool(on, _)
                | KillSwitch::Client(on, _)
                | KillSwitch::User(on, _),
            ) => off == on,
            (KillSwitch::ToolEverywhere(off), KillSwitch::Tool(_, on)) => off == on,
            _ => false,
        };
        for row in self.store.switches()? {
            if wider(&row.switch) {
                anstream::eprintln!("Still off: {} ({}).", row.switch, row.reason);
            }
        }
        Ok(())
    }
}
