//! Commands on people who have signed in.

use gateway::store::sign_in::SignedInUser;
use jiff::Timestamp;
use serde_json::json;

use super::AdminCli;
use super::args::PeopleCommand;
use super::tables::{align_right, joined, lines, table, table_or, time};

impl AdminCli<'_> {
    /// Lists people, or removes one.
    pub(super) fn people(&self, command: Option<&PeopleCommand>) -> anyhow::Result<()> {
        let tenant = self.chosen_tenant()?;
        match command {
            None => self.print_rows(&self.store.signed_in_users(&tenant)?, people),
            Some(PeopleCommand::Remove { name }) => {
                let now = Timestamp::now();
                self.store.remove_person(&self.actor, &tenant, name, now)?;
                self.report(
                    &json!({"tenant": tenant, "removed": name}),
                    format_args!("{name} is removed, and their sign-ins have ended."),
                )
            }
        }
    }
}

fn people(rows: &[SignedInUser]) -> String {
    let mut table = table([
        "Person",
        "Groups",
        "Profiles",
        "First sign-in",
        "Last sign-in",
        "Sign-ins",
        "State",
    ]);
    for row in rows {
        let mut profiles = joined(&row.profiles);
        if row.administrator {
            profiles.push_str("\nadministrator");
        }
        let state = match &row.off {
            Some(reason) => format!("off: {reason}"),
            None => "on".to_owned(),
        };
        table.add_row([
            &*row.name,
            &lines(&row.groups),
            &profiles,
            &time(row.first_at),
            &time(row.last_at),
            &row.connections.to_string(),
            &state,
        ]);
    }
    align_right(&mut table, &[5]);
    table_or(&table, "Nobody has signed in.")
}
