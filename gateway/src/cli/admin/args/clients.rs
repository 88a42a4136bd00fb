//! The arguments of commands on AI clients and sign-ins.

use std::time::Duration;

use clap::{Args, Subcommand};
use gateway::store::sign_in::ClientKind;

use super::length;

/// Which clients are listed, or what is done with one.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(in crate::cli::admin) struct ClientsArgs {
    #[command(subcommand)]
    pub(in crate::cli::admin) command: Option<ClientsCommand>,
    /// Idle ones too.
    #[arg(long)]
    pub(in crate::cli::admin) all: bool,
    /// Only those of this user.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli::admin) owner: Option<String>,
}

#[derive(Subcommand)]
pub(in crate::cli::admin) enum ClientsCommand {
    /// List clients that were not admitted, and why.
    Refused,
    /// Change whose a client is, and after how long without use it is hidden, closed and deleted.
    Set(ClientSetArgs),
    /// Remove a client and end its sign-ins.
    Remove {
        /// Its id.
        id: String,
    },
}

#[derive(Args)]
pub(in crate::cli::admin) struct ClientSetArgs {
    /// Its id.
    pub(in crate::cli::admin) id: String,
    /// Whose it is: personal, shared or service.
    #[arg(long, value_name = "KIND")]
    pub(in crate::cli::admin) kind: Option<ClientKind>,
    /// The user whose it is.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli::admin) owner: Option<String>,
    /// Hide it after so long without use, such as 7d.
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub(in crate::cli::admin) hidden_after: Option<Duration>,
    /// End its sign-ins after so long without use, such as 30d.
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub(in crate::cli::admin) closed_after: Option<Duration>,
    /// Delete it after so long without use, such as 365d.
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub(in crate::cli::admin) deleted_after: Option<Duration>,
    /// Hide, close and delete it when the tenant's settings say.
    #[arg(long, conflicts_with_all = ["hidden_after", "closed_after", "deleted_after"])]
    pub(in crate::cli::admin) usual_times: bool,
}

#[derive(Subcommand)]
pub(in crate::cli::admin) enum PeopleCommand {
    /// Remove somebody, and end their sign-ins. They may sign in anew, if the provider lets them.
    Remove {
        /// Their name, as the list has it.
        name: String,
    },
}

#[derive(Subcommand)]
pub(in crate::cli::admin) enum KindsCommand {
    /// Let only clients of these kinds call.
    Set {
        /// One or two of personal, shared and service.
        #[arg(required = true, value_delimiter = ',')]
        kinds: Vec<ClientKind>,
        /// This tool; any of the tenant's when left out.
        #[arg(long, value_name = "NAME")]
        tool: Option<String>,
    },
    /// Let clients of all kinds call.
    Reset {
        /// This tool; any of the tenant's when left out.
        #[arg(long, value_name = "NAME")]
        tool: Option<String>,
    },
}

/// Which sign-ins are listed.
#[derive(Args)]
pub(in crate::cli::admin) struct ConnectionsArgs {
    /// Only those with this client, by its id.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli::admin) client: Option<String>,
    /// Only those of this person.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli::admin) user: Option<String>,
}

/// Which sign-ins end.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(in crate::cli::admin) struct RevokeArgs {
    /// This one, by its id.
    #[arg(long, value_name = "ID", conflicts_with_all = ["client", "user", "all"])]
    pub(in crate::cli::admin) connection: Option<String>,
    /// All with this client, by its id.
    #[arg(long, value_name = "ID", conflicts_with = "all")]
    pub(in crate::cli::admin) client: Option<String>,
    /// All of this person.
    #[arg(long, value_name = "NAME", conflicts_with = "all")]
    pub(in crate::cli::admin) user: Option<String>,
    /// All of the tenant.
    #[arg(long)]
    pub(in crate::cli::admin) all: bool,
}
