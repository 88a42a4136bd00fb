//! Commands on service accounts.

use std::collections::BTreeSet;
use std::time::Duration;

use gateway::config::{ClientsConfig, FreshToken};
use gateway::store::accounts::{NewServiceToken, SOON, ServiceAccount};
use jiff::Timestamp;
use serde_json::json;

use super::AdminCli;
use super::args::AccountsCommand;
use super::tables::{joined, lines, table, table_or, time, time_or_empty};

impl AdminCli<'_> {
    /// Lists service accounts, or changes one.
    pub(super) fn accounts(&self, command: Option<&AccountsCommand>) -> anyhow::Result<()> {
        let tenant = self.chosen_tenant()?;
        let now = Timestamp::now();
        match command {
            None => {
                let rows = self.store.accounts(&tenant)?;
                self.print_rows(&rows, |rows| accounts(rows, now))
            }
            Some(AccountsCommand::Create {
                name,
                owner,
                profiles,
                ends,
            }) => {
                let profiles: BTreeSet<String> = profiles.iter().cloned().collect();
                let (fresh, new) = self.fresh(&tenant, *ends);
                let whose = (&**name, &**owner);
                self.store
                    .create_account(&self.actor, &tenant, whose, &profiles, new, now)?;
                self.show_token(&tenant, name, &fresh, *ends)
            }
            Some(AccountsCommand::Rotate { name, ends }) => {
                let (fresh, new) = self.fresh(&tenant, *ends);
                self.store
                    .rotate_account(&self.actor, &tenant, name, new, now)?;
                self.show_token(&tenant, name, &fresh, *ends)
            }
            Some(AccountsCommand::Revoke { name, token }) => {
                let token = token.as_deref();
                let revoked = self
                    .store
                    .revoke_account(&self.actor, &tenant, name, token)?;
                self.report(
                    &json!({"tenant": tenant, "account": name, "revoked": revoked}),
                    format_args!("Tokens of {name} that are revoked: {revoked}."),
                )
            }
            Some(AccountsCommand::Set {
                name,
                owner,
                profiles,
            }) => {
                let profiles: BTreeSet<String> = profiles.iter().cloned().collect();
                let profiles = (!profiles.is_empty()).then_some(&profiles);
                self.store.change_account(
                    &self.actor,
                    &tenant,
                    name,
                    owner.as_deref(),
                    profiles,
                )?;
                self.report(
                    &json!({"tenant": tenant, "changed": name}),
                    format_args!("Service account {name} is changed."),
                )
            }
            Some(AccountsCommand::Remove { name }) => {
                self.store.remove_account(&self.actor, &tenant, name)?;
                self.report(
                    &json!({"tenant": tenant, "removed": name}),
                    format_args!("Service account {name} is removed, and its tokens with it."),
                )
            }
        }
    }

    /// A new token, within what the configuration allows; without one, within its default.
    fn fresh(&self, tenant: &str, ends_at: Timestamp) -> (FreshToken, NewServiceToken) {
        let tenants = self.config.as_ref().map(|config| &config.tenants);
        let settings = tenants.and_then(|tenants| tenants.get(tenant));
        let clients = settings.map_or_else(ClientsConfig::default, |settings| settings.clients);
        let longest: Duration = clients.longest_service_token;
        let fresh = FreshToken::generate();
        let new = NewServiceToken {
            hash: fresh.hash,
            ends_at,
            longest,
        };
        (fresh, new)
    }

    fn show_token(
        &self,
        tenant: &str,
        name: &str,
        fresh: &FreshToken,
        ends: Timestamp,
    ) -> anyhow::Result<()> {
        let token = fresh.token.reveal();
        self.report(
            &json!({"tenant": tenant, "account": name, "token": token, "ends_at": ends}),
            format_args!(
                "{token}\nThis token of {name} is shown once, and ends on {} UTC.",
                time(ends)
            ),
        )
    }
}

fn accounts(rows: &[ServiceAccount], now: Timestamp) -> String {
    let mut table = table([
        "Account",
        "Owner",
        "Profiles",
        "Tokens",
        "Last used",
        "Made",
        "State",
    ]);
    for row in rows {
        let tokens = row.tokens.iter().map(|token| {
            let note = match token.ends_at {
                end if end <= now => ", has ended",
                end if end <= now + SOON => ", ends soon",
                _ => "",
            };
            format!("{} until {}{note}", token.id, time(token.ends_at))
        });
        let tokens: Vec<String> = tokens.collect();
        let owner = row.owner.as_deref().unwrap_or("nobody");
        let state = match &row.off {
            Some(reason) => format!("off: {reason}"),
            None if row.tokens.is_empty() => "no token".to_owned(),
            None => "on".to_owned(),
        };
        table.add_row([
            &*row.name,
            &match row.owner_gone {
                true => format!("{owner}\nis no user any more, or off"),
                false => owner.to_owned(),
            },
            &joined(&row.profiles),
            &lines(&tokens),
            &time_or_empty(row.last_used_at),
            &format!("{} {}", time(row.created_at), row.created_by),
            &state,
        ]);
    }
    table_or(&table, "There are no service accounts.")
}
