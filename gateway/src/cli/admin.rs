//! `gong-gateway admin`: what may be called by whom, and what was.
//!
//! Works on the state file, beside a gateway that serves from it or without one; what is
//! changed counts from the next call.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use gateway::config::{Config, Profile};
use gateway::governance::Governance;
use gateway::serve;
use gateway::store::{
    Actor, AuditFilter, CallResult, Class, Classes, Decision, Effect, Kind, State, Store, Switch,
    ToolRow, Via,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

use crate::out;

mod show;

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
    config: PathBuf,
    /// The state file itself, where the configuration is not at hand.
    #[arg(long, global = true, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Print JSON instead of tables.
    #[arg(long, global = true)]
    json: bool,
    /// Your name in the audit. Your user's name on this machine when left out.
    // With an id of its own: a command's positional `name` would else be taken for it.
    #[arg(id = "actor", long = "as", global = true, value_name = "NAME")]
    name: Option<String>,
    /// The tenant. Not needed where there is only one.
    #[arg(long, global = true, value_name = "NAME")]
    tenant: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the tenants.
    Tenants,
    /// List a tenant's tools: where they stand in the review, their classes, their use.
    Tools(Filter),
    /// Show one tool, and what changed since it was reviewed.
    Tool {
        /// Such as gong_search_calls.
        tool: String,
    },
    /// Approve tools, as they are now.
    Approve(Chosen),
    /// Disable tools, in whatever version.
    Disable(Chosen),
    /// Take decisions back: the tools are pending again.
    ResetReview(Chosen),
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
        command: Option<Toolsets>,
    },
    /// List profiles, which bind toolsets to users; make, change or remove one.
    Profiles {
        #[command(subcommand)]
        command: Option<Profiles>,
    },
    /// List a tenant's users and what they have.
    Users,
    /// Say what a user may call and why, and why not the rest.
    Explain {
        /// The user.
        #[arg(long, value_name = "NAME")]
        user: String,
        /// Only about this tool.
        tool: Option<String>,
    },
    /// Stop a tool, a tenant or everything, from the next call on.
    Off {
        #[command(flatten)]
        what: What,
        /// Why: those who are refused are told.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Let go on what was stopped.
    On(What),
    /// List what is stopped.
    Switches,
    /// Show calls and acts, newest first, or export them.
    Audit(Audit),
    /// Show how much of today's requests to Gong is used. What a serving gateway has put by, up
    /// to 50 requests of a tenant, counts as used.
    Quota,
    /// Show what the last discovery of tools found.
    Sync {
        /// Discover now, which needs no credentials. A gateway that serves does it when it starts.
        #[arg(long)]
        now: bool,
    },
}

/// Which tools; all when nothing is said.
#[derive(Args)]
struct Filter {
    /// Only those whose name has one of these texts in it.
    #[arg(value_name = "TEXT")]
    names: Vec<String>,
    #[command(flatten)]
    by: By,
}

#[derive(Args, Default)]
struct By {
    /// Only those that stand so: pending, approved, disabled or removed.
    #[arg(long = "is", value_name = "STATE", value_delimiter = ',')]
    states: Vec<State>,
    /// Only those of this group of the component, such as calls.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    group: Vec<String>,
    /// Only those with this effect: read, metered-read, write, outreach or destructive.
    #[arg(long, value_name = "EFFECT", value_delimiter = ',')]
    effect: Vec<Effect>,
    /// Only those of this class, such as SENSITIVE.
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    class: Vec<Class>,
    /// Only those that changed since they were reviewed.
    #[arg(long)]
    changed: bool,
}

impl By {
    fn is_empty(&self) -> bool {
        self.states.is_empty()
            && self.group.is_empty()
            && self.effect.is_empty()
            && self.class.is_empty()
            && !self.changed
    }

    fn fits(&self, tool: &ToolRow) -> bool {
        (self.states.is_empty() || self.states.contains(&tool.state))
            && (self.group.is_empty() || self.group.contains(&tool.toolset))
            && (self.effect.is_empty() || self.effect.contains(&tool.effect))
            && self
                .class
                .iter()
                .all(|class| tool.classification.contains(class))
            && (!self.changed || !tool.changed_since_review.is_empty())
    }

    /// Whether filters choose a tool in this state for a decision: many at once are approved
    /// only where nobody has said no, unless that is what is asked for.
    fn may_become(&self, decision: Decision, state: State) -> bool {
        decision != Decision::Approve
            || match state {
                State::Pending | State::Approved => true,
                State::Disabled => self.states.contains(&State::Disabled),
                State::Removed => false,
            }
    }
}

/// Which tools to decide on: by name, or all that fit the filters.
#[derive(Args)]
struct Chosen {
    /// Such as gong_get_call, or gong_get_call@VERSION for no other version than that one.
    #[arg(value_name = "TOOL")]
    names: Vec<String>,
    #[command(flatten)]
    by: By,
    /// All of the tenant's tools; disabled ones are approved by name or with --is disabled.
    #[arg(long)]
    all: bool,
}

#[derive(Subcommand)]
enum Toolsets {
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
enum Profiles {
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

/// What a kill switch stops: with --tenant that tenant, with a tool that tool, with both
/// that tenant's, with --everything all.
#[derive(Args)]
struct What {
    /// One tool; without --tenant, everybody's.
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// Every call of every tenant.
    #[arg(long, conflicts_with_all = ["tool", "tenant"])]
    everything: bool,
}

#[derive(Args)]
struct Audit {
    /// From then on: 2026-11-24, 2026-11-24T10:00Z, or so long ago: 1h, 7d.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    since: Option<Timestamp>,
    /// Before then.
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<Timestamp>,
    /// Only what this user or administrator did.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only calls of this tool and acts on it.
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// Only calls that ended so: success, denied, error, interrupted; started: not yet.
    #[arg(long, value_name = "RESULT")]
    result: Option<CallResult>,
    /// Only calls.
    #[arg(long, conflicts_with = "acts")]
    calls: bool,
    /// Only administrative acts.
    #[arg(long)]
    acts: bool,
    /// How many rows. 50 in a table, all in an export.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Export: one JSON object a line, oldest first.
    #[arg(long, conflicts_with = "json")]
    jsonl: bool,
}

/// A moment, or how long ago it was.
fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    if let Ok(date) = text.parse::<jiff::civil::Date>() {
        return Ok(midnight(date));
    }
    let ago = text.parse::<jiff::Span>().ok().and_then(|span| {
        let ago = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours());
        ago.ok().filter(|ago| !ago.is_negative())
    });
    ago.and_then(|ago| Timestamp::now().checked_sub(ago).ok())
        .ok_or_else(|| {
            "a date, a moment in UTC or a length of time is expected, such as 2026-11-24, 2026-11-24T10:00Z or 1h"
                .to_owned()
        })
}

/// The beginning of a day (UTC).
fn midnight(date: jiff::civil::Date) -> Timestamp {
    let days = date.duration_since(jiff::civil::date(1970, 1, 1));
    Timestamp::UNIX_EPOCH
        .saturating_add(days)
        .unwrap_or(Timestamp::MAX)
}

fn today() -> jiff::civil::Date {
    let since = Timestamp::now().duration_since(Timestamp::UNIX_EPOCH);
    let days = SignedDuration::from_hours(since.as_hours() / 24 * 24);
    jiff::civil::date(1970, 1, 1).saturating_add(days)
}

/// Does what the command line asks.
///
/// # Errors
///
/// It can not be done: the error says why and what would work.
pub(crate) async fn run(admin: Admin) -> anyhow::Result<ExitCode> {
    let desk = Desk::open(&admin)?;
    match &admin.command {
        Command::Tenants => desk.list(&desk.store.tenants()?, show::tenants)?,
        Command::Tools(filter) => desk.tools(filter)?,
        Command::Tool { tool } => {
            let versions = desk.store.tool(&desk.tenant()?, tool)?;
            desk.show(&versions, || show::tool(&versions))?;
        }
        Command::Approve(chosen) => desk.review(chosen, Decision::Approve)?,
        Command::Disable(chosen) => desk.review(chosen, Decision::Disable)?,
        Command::ResetReview(chosen) => desk.review(chosen, Decision::Pending)?,
        Command::Classify { tool, classes, own } => desk.classify(tool, classes, *own)?,
        Command::Toolsets { command: None } => {
            desk.list(&desk.store.toolsets(&desk.tenant()?)?, show::toolsets)?;
        }
        Command::Toolsets {
            command: Some(command),
        } => desk.toolsets(command)?,
        Command::Profiles { command: None } => {
            desk.list(&desk.store.profiles(&desk.tenant()?)?, show::profiles)?;
        }
        Command::Profiles {
            command: Some(command),
        } => desk.profiles(command)?,
        Command::Users => desk.users()?,
        Command::Explain { user, tool } => desk.explain(user, tool.as_deref())?,
        Command::Off { what, reason } => desk.switch(what, false, reason)?,
        Command::On(what) => desk.switch(what, true, "")?,
        Command::Switches => desk.list(&desk.store.switches()?, show::switches)?,
        Command::Audit(audit) => desk.audit(audit)?,
        Command::Quota => desk.quota()?,
        Command::Sync { now } => desk.sync(*now).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What every command works with.
struct Desk<'a> {
    store: Store,
    config: Option<Config>,
    actor: Actor,
    admin: &'a Admin,
}

impl<'a> Desk<'a> {
    fn open(admin: &'a Admin) -> anyhow::Result<Self> {
        let (store, config) = match &admin.state {
            Some(path) => {
                ensure!(
                    path.exists(),
                    "there is no state file {}; `gong-gateway serve` makes it",
                    path.display()
                );
                (Store::open(path)?, None)
            }
            None => {
                ensure!(
                    admin.config.exists(),
                    "there is no {}; name the configuration with --config, or the state file with --state",
                    admin.config.display()
                );
                let config = Config::load(&admin.config)?;
                let store = Store::open(&config.state)?;
                // A gateway that serves follows its own configuration, which may be another.
                if store.served_by()?.is_none() {
                    store.declare(&config)?;
                }
                (store, Some(config))
            }
        };
        let name = match &admin.name {
            Some(name) => name.trim().to_owned(),
            None => machine_user(),
        };
        ensure!(
            !name.is_empty() && name.chars().count() <= 64 && !name.chars().any(char::is_control),
            "say who you are in at most 64 characters on one line, such as --as ada"
        );
        Ok(Self {
            store,
            config,
            actor: Actor::new(&name, Via::CommandLine),
            admin,
        })
    }

    /// The tenant asked for, or the only one there is.
    fn tenant(&self) -> anyhow::Result<String> {
        if let Some(tenant) = &self.admin.tenant {
            return Ok(tenant.clone());
        }
        let mut names: Vec<String> = self
            .store
            .tenants()?
            .into_iter()
            .map(|tenant| tenant.name)
            .collect();
        match names.len() {
            0 => bail!(
                "no tenant is declared; start the gateway once, or name its configuration with --config"
            ),
            1 => Ok(names.remove(0)),
            _ => bail!(
                "name the tenant, such as --tenant {}; there are: {}",
                names[0],
                names.join(", ")
            ),
        }
    }

    /// Prints a list as a table, or as JSON.
    fn list<T: Serialize>(
        &self,
        rows: &[T],
        table: impl FnOnce(&[T]) -> String,
    ) -> anyhow::Result<()> {
        self.show(rows, || table(rows))
    }

    fn show<T: Serialize + ?Sized>(
        &self,
        value: &T,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        if self.admin.json {
            out::line(serde_json::to_string_pretty(value)?);
        } else {
            out::line(text().trim_end());
        }
        Ok(())
    }

    /// Says what was done.
    fn did(&self, value: &Value, text: impl Display) -> anyhow::Result<()> {
        self.show(value, || text.to_string())
    }

    fn tools(&self, filter: &Filter) -> anyhow::Result<()> {
        let mut tools = self.store.tools(&self.tenant()?)?;
        let all = tools.len();
        let named = |tool: &ToolRow| {
            filter.names.is_empty() || filter.names.iter().any(|text| tool.name.contains(&**text))
        };
        tools.retain(|tool| named(tool) && filter.by.fits(tool));
        self.list(&tools, |tools| show::tools(tools, all))
    }

    fn review(&self, chosen: &Chosen, decision: Decision) -> anyhow::Result<()> {
        let tenant = self.tenant()?;
        let filtered = chosen.all || !chosen.by.is_empty();
        ensure!(
            chosen.names.is_empty() == filtered,
            "name tools, or choose them, such as: {0} gong_get_call, or: {0} --is pending --effect read",
            decision.act()
        );
        let names = if filtered {
            let tools = self.store.tools(&tenant)?;
            let fitting = tools
                .iter()
                .filter(|tool| chosen.by.fits(tool) && chosen.by.may_become(decision, tool.state));
            // Of the version that the filters looked at, and of no other.
            fitting
                .map(|tool| format!("{}@{}", tool.name, tool.version))
                .collect()
        } else {
            chosen.names.clone()
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
        self.did(
            &json!({"tenant": tenant, "state": done, "changed": changed}),
            text,
        )
    }

    fn classify(&self, tool: &str, classes: &[Class], own: bool) -> anyhow::Result<()> {
        let tenant = self.tenant()?;
        let classes: Option<Classes> = (!own).then(|| classes.iter().copied().collect());
        self.store
            .classify(&self.actor, &tenant, tool, classes.as_ref())?;
        let now = self.store.tool(&tenant, tool)?.tool;
        self.did(
            &json!({"tenant": tenant, "tool": tool, "classification": now.classification}),
            format_args!("{tool} is classed {}.", show::classes(&now)),
        )
    }

    fn toolsets(&self, command: &Toolsets) -> anyhow::Result<()> {
        let tenant = self.tenant()?;
        match command {
            Toolsets::Put { name, tools } => {
                let tools: BTreeSet<String> = tools.iter().cloned().collect();
                self.store.put_toolset(&self.actor, &tenant, name, &tools)?;
                self.did(
                    &json!({"tenant": tenant, "toolset": name, "tools": tools}),
                    format_args!("Toolset {name} has {} tools.", tools.len()),
                )
            }
            Toolsets::Remove { name } => {
                self.store.remove_toolset(&self.actor, &tenant, name)?;
                self.did(
                    &json!({"tenant": tenant, "removed": name}),
                    format_args!("Toolset {name} is removed."),
                )
            }
        }
    }

    fn profiles(&self, command: &Profiles) -> anyhow::Result<()> {
        let tenant = self.tenant()?;
        match command {
            Profiles::Put {
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
                self.did(
                    &json!({"tenant": tenant, "profile": name, "toolsets": profile.toolsets, "users": profile.users}),
                    format_args!(
                        "Profile {name} gives {} to {}.",
                        show::listed(&profile.toolsets),
                        show::listed(&profile.users)
                    ),
                )
            }
            Profiles::Remove { name } => {
                self.store.remove_profile(&self.actor, &tenant, name)?;
                self.did(
                    &json!({"tenant": tenant, "removed": name}),
                    format_args!("Profile {name} is removed."),
                )
            }
        }
    }

    fn users(&self) -> anyhow::Result<()> {
        let tenant = self.tenant()?;
        let governance = Governance::new(&self.store)?;
        let profiles = self.store.profiles(&tenant)?;
        let mut users = Vec::new();
        for user in self.users_of(&tenant)? {
            let policy = governance.policy(&tenant, &user)?;
            let profiles = profiles.iter().filter(|one| one.users.contains(&user));
            users.push(show::User {
                tools: policy.tools().map(str::to_owned).collect(),
                profiles: profiles.map(|one| one.name.clone()).collect(),
                user,
            });
        }
        self.list(&users, show::users)
    }

    fn users_of(&self, tenant: &str) -> anyhow::Result<Vec<String>> {
        // Also refuses a tenant that is none.
        self.store.profiles(tenant)?;
        let tenants = self.store.tenants()?;
        let found = tenants.into_iter().find(|one| one.name == tenant);
        Ok(found.map(|one| one.users).unwrap_or_default())
    }

    fn explain(&self, user: &str, tool: Option<&str>) -> anyhow::Result<()> {
        let tenant = self.tenant()?;
        let users = self.users_of(&tenant)?;
        ensure!(
            users.iter().any(|one| one == user),
            "there is no user {user:?} of tenant {tenant}; there are: {}",
            show::listed(&users)
        );
        let governance = Governance::new(&self.store)?;
        let policy = governance.policy(&tenant, user)?;
        if let Some(tool) = tool {
            // Also refuses a tool that is none, with the likely one.
            self.store.tool(&tenant, tool)?;
        }
        let asked = |name: &str| tool.is_none_or(|tool| tool == name);
        let rows: Vec<show::Explained> = policy
            .all()
            .filter(|(name, _)| asked(name))
            .map(|(name, access)| show::Explained::new(name, access))
            .collect();
        self.list(&rows, |rows| show::explained(user, rows))
    }

    fn switch(&self, what: &What, on: bool, reason: &str) -> anyhow::Result<()> {
        let switch = match (&self.admin.tenant, &what.tool, what.everything) {
            (None, None, true) => Switch::Everything,
            (Some(tenant), None, _) => Switch::Tenant(tenant.clone()),
            (Some(tenant), Some(tool), _) => Switch::Tool(tenant.clone(), tool.clone()),
            (None, Some(tool), _) => Switch::ToolEverywhere(tool.clone()),
            (None, None, false) => bail!(
                "say what: --tool NAME, --tenant NAME, both for one tenant's tool, or --everything"
            ),
        };
        let changed = self.store.switch(&self.actor, &switch, on, reason)?;
        let state = if on { "on" } else { "off" };
        let already = if changed { "" } else { " already" };
        let text = format!("Switched {state}{already}: {switch}.");
        self.did(
            &json!({"switch": switch, "state": state, "changed": changed}),
            text,
        )?;
        if on {
            self.still_off(&switch)?;
        }
        Ok(())
    }

    /// What is on may still be stopped by another switch.
    fn still_off(&self, switch: &Switch) -> anyhow::Result<()> {
        let wider = |off: &Switch| match (off, switch) {
            (Switch::Everything, _) => true,
            (Switch::Tenant(off), Switch::Tenant(on) | Switch::Tool(on, _)) => off == on,
            (Switch::ToolEverywhere(off), Switch::Tool(_, on)) => off == on,
            _ => false,
        };
        for row in self.store.switches()? {
            if wider(&row.switch) {
                anstream::eprintln!("Still off: {} ({}).", row.switch, row.reason);
            }
        }
        Ok(())
    }

    fn audit(&self, audit: &Audit) -> anyhow::Result<()> {
        let kind = match (audit.calls, audit.acts) {
            (true, _) => Some(Kind::Call),
            (_, true) => Some(Kind::Act),
            _ => None,
        };
        let mut filter = AuditFilter {
            since: audit.since,
            until: audit.until,
            tenant: self.admin.tenant.clone(),
            only: None,
            user: audit.user.clone(),
            tool: audit.tool.clone(),
            result: audit.result,
            kind,
            before: None,
            limit: audit.limit,
        };
        if audit.jsonl {
            let mut out = std::io::BufWriter::new(out::Reader::default());
            let exported = self.store.export_audit(&filter, &mut out);
            let flushed = out.flush();
            if out.get_ref().is_gone() {
                return Ok(());
            }
            exported?;
            return flushed.context("cannot write the export");
        }
        let limit = audit.limit.unwrap_or(50);
        // One more, to know whether there are more.
        filter.limit = Some(limit.saturating_add(1));
        let mut rows = self.store.query_audit(&filter)?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        self.list(&rows, |rows| show::audit(rows, more))
    }

    fn quota(&self) -> anyhow::Result<()> {
        let mut rows = Vec::new();
        for tenant in self.tenants()? {
            let quota = self.store.quota(&tenant, today())?;
            rows.push(show::TenantQuota { tenant, quota });
        }
        self.list(&rows, show::quota)
    }

    /// The tenant asked for, or all.
    fn tenants(&self) -> anyhow::Result<Vec<String>> {
        if let Some(tenant) = &self.admin.tenant {
            return Ok(vec![tenant.clone()]);
        }
        let tenants = self.store.tenants()?;
        Ok(tenants.into_iter().map(|tenant| tenant.name).collect())
    }

    async fn sync(&self, now: bool) -> anyhow::Result<()> {
        if now {
            let config = self.config.as_ref().context(
                "discovery needs the configuration, which names the component: leave --state out",
            )?;
            if let Some(process) = self.store.served_by()? {
                bail!(
                    "process {process} serves from this state file, and discovers what it serves when it starts: restart it instead"
                );
            }
            let tools = discovered(config).await?;
            self.store.discover(&tools)?;
        }
        let asked = self.tenants()?;
        let mut tenants = self.store.tenants()?;
        tenants.retain(|tenant| asked.contains(&tenant.name));
        if let (Some(tenant), []) = (&self.admin.tenant, &*tenants) {
            // Refuses it, with the likely one.
            self.store.tools(tenant)?;
        }
        let found: Vec<show::Found> = tenants.into_iter().map(show::Found::from).collect();
        self.list(&found, show::found)
    }
}

/// What the configured component, or the one that this workspace builds, has.
async fn discovered(config: &Config) -> anyhow::Result<Vec<sandbox::Tool>> {
    let (sandbox, _) = serve::sandbox(config)?;
    Ok(sandbox.list_tools().await?)
}

/// Who runs this, as the machine says; behind sudo, who began it.
fn machine_user() -> String {
    let names = ["SUDO_USER", "USER", "LOGNAME"];
    let found = names.into_iter().find_map(|name| std::env::var(name).ok());
    found
        .filter(|name| !name.trim().is_empty())
        .or_else(|| {
            let process = std::fs::metadata("/proc/self").ok()?;
            Some(format!("uid-{}", process.uid()))
        })
        .unwrap_or_default()
}
