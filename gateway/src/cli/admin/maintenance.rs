//! Backups of the state file, and whether it is sound.

use std::path::Path;
use std::process::ExitCode;

use gateway::config::Config;
use gateway::store::backup;
use serde_json::json;

use super::{Admin, AdminCli};
use crate::stdout;

impl AdminCli<'_> {
    pub(super) fn back_up(&self, to: &Path) -> anyhow::Result<()> {
        self.store.back_up(to)?;
        self.report(
            &json!({ "backup": to }),
            format_args!("The state is in {}, and it is sound.", to.display()),
        )
    }

    pub(super) fn integrity(&self) -> anyhow::Result<ExitCode> {
        let complaints = self.store.integrity()?;
        let text = match &*complaints {
            [] => "ok".to_owned(),
            complaints => complaints.join("\n"),
        };
        let sound = complaints.is_empty();
        self.report(&json!({ "sound": sound, "complaints": complaints }), text)?;
        Ok(if sound {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Puts a backup in the place of the state file, which may be damaged and is not opened.
pub(super) fn restore(admin: &Admin, from: &Path) -> anyhow::Result<ExitCode> {
    let state = match &admin.state {
        Some(state) => state.clone(),
        None => Config::load(&admin.config)?.state,
    };
    let restored = backup::restore(&state, from)?;
    if admin.json {
        let value = json!({ "state": state, "before": restored.before });
        stdout::line(serde_json::to_string_pretty(&value)?);
        return Ok(ExitCode::SUCCESS);
    }
    stdout::line(format_args!(
        "{} is the state of {}.",
        state.display(),
        from.display()
    ));
    if let Some(before) = restored.before {
        stdout::line(format_args!("The state before is {}.", before.display()));
    }
    Ok(ExitCode::SUCCESS)
}
