//! The arguments of `gong-gateway admin`. Their comments are the help that it prints.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use gateway::store::sign_in::ClientKind;
use gateway::store::{CallResult, ChainLink, Class, Decision, Effect, ReviewState, ToolRow};
use jiff::Timestamp;
use jiff::tz::Offset;

mod accounts;
mod clients;

pub(super) use accounts::AccountsCommand;
pub(super) use clients::{
    ClientSetArgs, ClientsArgs, ClientsCommand, ConnectionsArgs, KindsCommand, PeopleCommand,
    RevokeArgs,
};

/// See and change what may be called by whom, and what was.
#[derive(Args)]
pub(crate) struct Admin {
    /// The gateway's configuration, which names the state file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "gateway.toml",
        env = "GONG_GATEWAY_CONFIG"
    )]
    pub(super) config: PathBuf,
    /// The state file itself, where the configuration is not at hand.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) state: Option<PathBuf>,
    /// Print JSON instead of tables.
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Your name in the audit. That with which you have signed in when left out, or your user's name on
    /// this machine.
    // With an id of its own: a command's positional `name` would else be taken for it.
    #[arg(id = "actor", long = "as", global = true, value_name = "NAME")]
    pub(super) name: Option<String>,
    /// The tenant. Not needed where there is only one.
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) tenant: Option<String>,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Sign in with the company's account, by a browser. Needs a gateway that serves.
    SignIn,
    /// Sign out.
    SignOut,
    /// List the tenants.
    Tenants,
    /// List a tenant's tools: where they stand in the review, their classes, their use.
    Tools(ToolsArgs),
    /// Show one tool, and what changed since it was reviewed.
    Tool {
        /// Such as gong_search_calls.
        tool: String,
    },
    /// Approve tools, as they are now.
    Approve(DecisionArgs),
    /// Disable tools, in whatever version.
    Disable(DecisionArgs),
    /// Take decisions back: the tools are pending again.
    ResetReview(DecisionArgs),
    /// Set how a tool is classed, such as: classify gong_get_call READ SENSITIVE.
    Classify {
        /// Such as gong_get_call.
        tool: String,
        /// One of READ, WRITE and DESTRUCTIVE, with SENSITIVE and DANGEROUS as you see fit.
        #[arg(required_unless_present = "own")]
        classes: Vec<Class>,
        /// Back to the classes that the tool gives itself.
        #[arg(long, conflicts_with = "classes")]
        own: bool,
    },
    /// List toolsets; make, change or remove one.
    Toolsets {
        #[command(subcommand)]
        command: Option<ToolsetsCommand>,
    },
    /// List profiles, which bind toolsets to users; make, change or remove one.
    Profiles {
        #[command(subcommand)]
        command: Option<ProfilesCommand>,
    },
    /// List a tenant's users and what they have.
    Users,
    /// Say what a user may call and why, and why not the rest.
    Explain {
        /// The user.
        #[arg(long, value_name = "NAME")]
        user: String,
        /// With a client of this kind: personal, shared or service. Whatever client when left out.
        #[arg(long, value_name = "KIND")]
        kind: Option<ClientKind>,
        /// Only about this tool.
        tool: Option<String>,
    },
    /// List people who have signed in, with their profiles and their last sign-in; remove one.
    People {
        #[command(subcommand)]
        command: Option<PeopleCommand>,
    },
    /// List AI clients that are in use; change or remove one.
    Clients(ClientsArgs),
    /// List service accounts; make, rotate, revoke, change or remove one.
    Accounts {
        #[command(subcommand)]
        command: Option<AccountsCommand>,
    },
    /// Show which kinds of AI clients may call; set or reset that, of a tenant or of a tool.
    Kinds {
        #[command(subcommand)]
        command: Option<KindsCommand>,
    },
    /// List sign-ins: who has allowed which client what.
    Connections(ConnectionsArgs),
    /// End sign-ins, from the next request on.
    Revoke(RevokeArgs),
    /// Stop a tool, a client, a user, a tenant or everything, from the next call on.
    Off {
        #[command(flatten)]
        what: SwitchArgs,
        /// Why: those who are refused are told.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Let go on what was stopped.
    On(SwitchArgs),
    /// List what is stopped.
    Switches,
    /// Show calls and acts, newest first, or export them.
    Audit(AuditArgs),
    /// Show how much of today's requests to Gong is used. What a serving gateway has put by, up
    /// to 50 requests of a tenant, counts as used.
    Quota,
    /// Show how much the component's index of a tenant keeps; empty it, or fill it.
    Index {
        #[command(subcommand)]
        command: Option<IndexCommand>,
    },
    /// Copy the state file, consistent and checked, also while a gateway serves from it.
    Backup {
        /// The copy: a new file.
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
    /// Put a backup in the place of the state file, while no gateway serves from it. What was there
    /// stays beside it. Approvals, switches and quota are as they were in the backup.
    Restore {
        /// The backup.
        #[arg(value_name = "FILE")]
        from: PathBuf,
    },
    /// Check the state file for damage.
    Integrity,
    /// Show what the last discovery of tools found.
    Sync {
        /// Discover now, which needs no credentials. A gateway that serves does it when it starts.
        #[arg(long)]
        now: bool,
    },
}

/// Which tools; all when nothing is said.
#[derive(Args)]
pub(super) struct ToolsArgs {
    /// Only those whose name has one of these texts in it.
    #[arg(value_name = "TEXT")]
    pub(super) names: Vec<String>,
    #[command(flatten)]
    pub(super) by: ToolFilter,
}

#[derive(Args, Default)]
pub(super) struct ToolFilter {
    /// Only those that stand so: pending, approved, disabled or removed.
    #[arg(long = "is", value_name = "STATE", value_delimiter = ',')]
    pub(super) states: Vec<ReviewState>,
    /// Only those of this group of the component, such as calls.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(super) group: Vec<String>,
    /// Only those with this effect: read, metered-read, write, outreach or destructive.
    #[arg(long, value_name = "EFFECT", value_delimiter = ',')]
    pub(super) effect: Vec<Effect>,
    /// Only those of this class, such as SENSITIVE.
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    pub(super) class: Vec<Class>,
    /// Only those that changed since they were reviewed.
    #[arg(long)]
    pub(super) changed: bool,
}

impl ToolFilter {
    /// Whether there is no filter.
    pub(super) fn is_empty(&self) -> bool {
        self.states.is_empty()
            && self.group.is_empty()
            && self.effect.is_empty()
            && self.class.is_empty()
            && !self.changed
    }

    /// Whether all filters select a tool.
    pub(super) fn selects(&self, tool: &ToolRow) -> bool {
        (self.states.is_empty() || self.states.contains(&tool.state))
            && (self.group.is_empty() || self.group.contains(&tool.toolset))
            && (self.effect.is_empty() || self.effect.contains(&tool.effect))
            && self
                .class
                .iter()
                .all(|class| tool.classification.contains(class))
            && (!self.changed
                || !tool.changed_since_review.is_empty()
                || tool.has_other_component())
    }

    /// Whether a tool in this state can be decided on by filters. A disabled tool is approved by
    /// filters only if they ask for disabled ones.
    pub(super) fn allows(&self, decision: Decision, state: ReviewState) -> bool {
        decision != Decision::Approve
            || match state {
                ReviewState::Pending | ReviewState::Approved => true,
                ReviewState::Disabled => self.states.contains(&ReviewState::Disabled),
                ReviewState::Removed => false,
            }
    }
}

/// Which tools to decide on: by name, or all that fit the filters.
#[derive(Args)]
pub(super) struct DecisionArgs {
    /// Such as gong_get_call, or gong_get_call@VERSION for no other version than that one.
    #[arg(value_name = "TOOL")]
    pub(super) names: Vec<String>,
    #[command(flatten)]
    pub(super) by: ToolFilter,
    /// All of the tenant's tools; disabled ones are approved by name or with --is disabled.
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Subcommand)]
pub(super) enum ToolsetsCommand {
    /// Make a toolset, or give it other tools.
    Put {
        /// Its name, such as sales.
        name: String,
        /// All its tools, such as gong_search_calls.
        #[arg(required = true)]
        tools: Vec<String>,
    },
    /// Remove a toolset.
    Remove {
        /// Its name.
        name: String,
    },
}

#[derive(Subcommand)]
pub(super) enum ProfilesCommand {
    /// Make a profile, or give it other toolsets and users.
    Put {
        /// Its name, such as analysts.
        name: String,
        /// All its toolsets, such as read-only,sales or component:calls.
        #[arg(
            long = "toolset",
            value_name = "NAME",
            value_delimiter = ',',
            required = true
        )]
        toolsets: Vec<String>,
        /// All its users.
        #[arg(long = "user", value_name = "NAME", value_delimiter = ',')]
        users: Vec<String>,
    },
    /// Remove a profile.
    Remove {
        /// Its name.
        name: String,
    },
}

#[derive(Subcommand)]
pub(super) enum IndexCommand {
    /// Show how much is kept, how old it is, and what is spent on filling it.
    Show {
        /// The tenant, as with --tenant; all when left out.
        #[arg(value_name = "TENANT")]
        name: Option<String>,
    },
    /// Empty it. Answers read from Gong until it is filled again.
    Clear {
        /// The tenant, as with --tenant.
        #[arg(value_name = "TENANT")]
        name: Option<String>,
    },
    /// Call the tools on the tenant's schedule now, behind the calls of users.
    Refill {
        /// The tenant, as with --tenant.
        #[arg(value_name = "TENANT")]
        name: Option<String>,
    },
}

/// What a kill switch stops: with --tenant that tenant, with a tool that tool, with both
/// that tenant's, with a client or a user that one of the tenant, with --everything all.
#[derive(Args)]
pub(super) struct SwitchArgs {
    /// One tool; without --tenant, everybody's.
    #[arg(long, value_name = "NAME")]
    pub(super) tool: Option<String>,
    /// One client of a tenant, by its id.
    #[arg(long, value_name = "ID", conflicts_with = "tool")]
    pub(super) client: Option<String>,
    /// One user of a tenant.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["tool", "client"])]
    pub(super) user: Option<String>,
    /// Every call of every tenant.
    #[arg(long, conflicts_with_all = ["tool", "client", "user", "tenant"])]
    pub(super) everything: bool,
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    pub(super) command: Option<AuditCommand>,
    /// From then on: 2026-11-24, 2026-11-24T10:00Z, or so long ago: 1h, 7d.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub(super) since: Option<Timestamp>,
    /// Before then.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    pub(super) until: Option<Timestamp>,
    /// Only what this user or administrator did.
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
    /// Only calls through this client, by its id or the name that it states, and acts on it.
    #[arg(long, value_name = "ID")]
    pub(super) client: Option<String>,
    /// Only calls of this tool and acts on it.
    #[arg(long, value_name = "NAME")]
    pub(super) tool: Option<String>,
    /// Only calls that ended so: success, denied, error, interrupted, unknown; started: not yet.
    #[arg(long, value_name = "RESULT")]
    pub(super) result: Option<CallResult>,
    /// Only calls.
    #[arg(long, conflicts_with = "acts")]
    pub(super) calls: bool,
    /// Only administrative acts.
    #[arg(long)]
    pub(super) acts: bool,
    /// How many rows. 50 in a table, all in an export.
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
    /// Export: one JSON object a line, oldest first.
    #[arg(long, conflicts_with = "json")]
    pub(super) jsonl: bool,
}

#[derive(Subcommand)]
pub(super) enum AuditCommand {
    /// Check that no row was altered, removed or inserted since it was written.
    Verify {
        /// A link that an earlier check printed and that was kept elsewhere: it shows a chain that
        /// was made anew.
        #[arg(long, value_name = "NUMBER:HASH")]
        noted: Option<ChainLink>,
    },
}

/// Parses a length of time. A day has 24 hours.
fn length(text: &str) -> Result<Duration, String> {
    let length = text.parse::<jiff::Span>().ok().and_then(|span| {
        let length = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours());
        Duration::try_from(length.ok()?).ok()
    });
    length.ok_or_else(|| "a length of time is expected, such as 12h, 30d or 1 week".to_owned())
}

/// Parses an end: a moment, a date, which lasts until its end in UTC, or how long from now.
fn end(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let wrong = || {
        "a date, a moment in UTC or a length of time from now is expected, such as 2027-03-31, \
         2027-03-31T18:00Z or 90d"
            .to_owned()
    };
    if let Ok(date) = text.parse::<jiff::civil::Date>() {
        let next = date.tomorrow().map_err(|_| wrong())?;
        return Offset::UTC.to_timestamp(next.into()).map_err(|_| wrong());
    }
    let length = length(text).map_err(|_| wrong())?;
    Timestamp::now().checked_add(length).map_err(|_| wrong())
}

/// Parses a moment, a date, or how long ago it was.
fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    if let Ok(date) = text.parse::<jiff::civil::Date>() {
        return Offset::UTC
            .to_timestamp(date.into())
            .map_err(|error| error.to_string());
    }
    let ago = length(text).ok();
    ago.and_then(|ago| Timestamp::now().checked_sub(ago).ok())
        .ok_or_else(|| {
            "a date, a moment in UTC or a length of time is expected, such as 2026-11-24, 2026-11-24T10:00Z or 1h"
                .to_owned()
        })
}
