//! Commands on AI clients and sign-ins.

use gateway::store::sign_in::{
    ClientChange, ClientState, ConnectionFilter, IdleOverride, RefusedClient, RegisteredClient,
    SignInConnection,
};
use jiff::Timestamp;
use serde_json::json;

use super::AdminCli;
use super::args::{ClientSetArgs, ClientsArgs, ClientsCommand, ConnectionsArgs, RevokeArgs};
use super::tables::{align_right, lines, table, table_or, time, time_or_empty};

impl AdminCli<'_> {
    /// Lists clients, or changes one.
    pub(super) fn clients(&self, args: &ClientsArgs) -> anyhow::Result<()> {
        let tenant = self.chosen_tenant()?;
        match &args.command {
            None => {
                let all = self.store.registry(&tenant)?;
                let shown = |one: &RegisteredClient| {
                    let owner = args.owner.as_ref();
                    (args.all || one.client.state == ClientState::Active || one.off.is_some())
                        && owner.is_none_or(|owner| one.client.owner.as_ref() == Some(owner))
                };
                let count = all.len();
                let rows: Vec<RegisteredClient> = all.into_iter().filter(shown).collect();
                self.print_rows(&rows, |rows| clients(rows, count))
            }
            Some(ClientsCommand::Refused) => {
                self.print_rows(&self.store.refused_clients(&tenant)?, refused)
            }
            Some(ClientsCommand::Set(args)) => self.set_client(&tenant, args),
            Some(ClientsCommand::Remove { id }) => {
                let now = Timestamp::now();
                self.store.remove_client(&self.actor, &tenant, id, now)?;
                self.report(
                    &json!({"tenant": tenant, "removed": id}),
                    format_args!("Client {id} is removed, and its sign-ins have ended."),
                )
            }
        }
    }

    fn set_client(&self, tenant: &str, args: &ClientSetArgs) -> anyhow::Result<()> {
        let ClientSetArgs {
            id,
            kind,
            owner,
            hidden_after,
            closed_after,
            deleted_after,
            usual_times,
        } = args;
        let times = [hidden_after, closed_after, deleted_after];
        let set = times.iter().any(|time| time.is_some());
        let before = match set {
            true => self.store.sign_in_client(tenant, id)?,
            false => None,
        };
        let before = before.map(|client| client.idle).unwrap_or_default();
        let idle = (set || *usual_times).then_some(IdleOverride {
            hidden: hidden_after.or(before.hidden),
            closed: closed_after.or(before.closed),
            deleted: deleted_after.or(before.deleted),
        });
        let change = ClientChange {
            kind: *kind,
            owner: owner.clone(),
            idle,
        };
        self.store.change_client(&self.actor, tenant, id, &change)?;
        self.report(
            &json!({"tenant": tenant, "changed": id}),
            format_args!("Client {id} is changed."),
        )
    }

    /// Lists sign-ins.
    pub(super) fn connections(&self, args: &ConnectionsArgs) -> anyhow::Result<()> {
        let tenant = self.chosen_tenant()?;
        let filter = ConnectionFilter {
            id: None,
            client: args.client.clone(),
            user: args.user.clone(),
        };
        let rows = self.store.connections(&tenant, &filter, Timestamp::now())?;
        self.print_rows(&rows, connections)
    }

    /// Ends sign-ins.
    pub(super) fn revoke(&self, args: &RevokeArgs) -> anyhow::Result<()> {
        let tenant = self.chosen_tenant()?;
        let filter = ConnectionFilter {
            id: args.connection.clone(),
            client: args.client.clone(),
            user: args.user.clone(),
        };
        let now = Timestamp::now();
        let ended = self
            .store
            .revoke_connections(&self.actor, &tenant, &filter, now)?;
        let text = match ended {
            1 => "1 sign-in has ended.".to_owned(),
            n => format!("{n} sign-ins have ended."),
        };
        self.report(&json!({"tenant": tenant, "ended": ended}), text)
    }
}

fn clients(rows: &[RegisteredClient], all: usize) -> String {
    let mut table = table([
        "Client",
        "Publisher",
        "Answered at",
        "Known by",
        "Kind",
        "Owner",
        "First used",
        "Last used",
        "Sign-ins",
        "State",
    ]);
    for row in rows {
        let client = &row.client;
        let mut state = client.state.to_string();
        if let Some(reason) = &row.off {
            state = format!("off: {reason}");
        }
        table.add_row([
            &*format!("{}\n{}", client.name, client.id),
            client.publisher.as_deref().unwrap_or_default(),
            &lines(&row.redirect_hosts),
            client.registration.as_str(),
            client.kind.as_str(),
            client.owner.as_deref().unwrap_or_default(),
            &time_or_empty(client.first_used_at),
            &time_or_empty(client.last_used_at),
            &row.connections.to_string(),
            &state,
        ]);
    }
    align_right(&mut table, &[8]);
    let shown = table_or(&table, "No client is in use.");
    match all - rows.len() {
        0 => shown,
        left => format!("{shown}\n{left} more are idle or somebody else's: --all shows them."),
    }
}

fn refused(rows: &[RefusedClient]) -> String {
    let mut table = table(["Client", "Known by", "Times", "First", "Last", "Why"]);
    for row in rows {
        table.add_row([
            &*row.name,
            row.registration.as_str(),
            &row.count.to_string(),
            &time(row.first_at),
            &time(row.last_at),
            &row.reason,
        ]);
    }
    align_right(&mut table, &[2]);
    table_or(&table, "Every client was admitted.")
}

fn connections(rows: &[SignInConnection]) -> String {
    let mut table = table([
        "User",
        "Client",
        "May",
        "Begun",
        "Last used",
        "Confirmed",
        "Ends",
        "Id",
    ]);
    for row in rows {
        table.add_row([
            &*row.user,
            &row.client_name,
            &row.scopes.replace(' ', "\n"),
            &time(row.begun_at),
            &time(row.used_at),
            &time(row.confirmed_at),
            &time(row.ends_at),
            &row.id,
        ]);
    }
    table_or(&table, "Nobody has signed in.")
}
