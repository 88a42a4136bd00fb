//! Who may call what: decisions on a snapshot of the store.
//!
//! A call is let through when nothing is switched off, the component has the tool, the
//! tenant's administrators approved the present version of it, and one of the user's profiles
//! has a toolset that has it. [`Governance::policy`] costs microseconds while nothing
//! changes, and a change by any process counts from the next call.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::config::{READ_ONLY, component_toolset};
use crate::store::access::Access;
use crate::store::{
    Class, Classes, Effect, State, Store, StoreError, Switch, from_json, timestamp, tools, unknown,
};

/// Whether a tool belongs to the automatic toolset `read-only`.
///
/// Administrators' classes can take a tool out of it and never put one in that changes
/// something: what a tool does is the component's word.
#[must_use]
pub fn is_read_only(state: State, effect: Effect, classes: &Classes, metered: bool) -> bool {
    let reads = match effect {
        Effect::Read => true,
        Effect::MeteredRead => metered,
        Effect::Write | Effect::Outreach | Effect::Destructive => false,
    };
    state == State::Approved && reads && classes.contains(&Class::Read)
}

/// Decides, from what the store says at the moment of asking. One for the whole process.
#[derive(Debug)]
pub struct Governance(Mutex<Watch>);

struct Watch {
    connection: Connection,
    /// SQLite's count of commits by others, which the audit's are too.
    data_version: i64,
    /// The store's count of changes to what is decided here.
    generation: i64,
    tenants: HashMap<String, Tenant>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let generation = self.generation;
        f.debug_struct("Watch")
            .field("generation", &generation)
            .finish()
    }
}

/// What was read of a tenant, and the policies made of it.
struct Tenant {
    facts: Facts,
    policies: HashMap<String, Arc<Policy>>,
}

impl Governance {
    /// Watches a store.
    ///
    /// # Errors
    ///
    /// The state file can not be opened.
    pub fn new(store: &Store) -> Result<Self, StoreError> {
        Ok(Self(Mutex::new(Watch {
            connection: store.connect()?,
            data_version: -1,
            generation: -1,
            tenants: HashMap::new(),
        })))
    }

    /// What a user may call at this moment. Ask again for each call.
    ///
    /// Of a tenant or user that is not declared everything is denied.
    ///
    /// # Errors
    ///
    /// The state file could not be read, and nothing may be called.
    pub fn policy(&self, tenant: &str, user: &str) -> Result<Arc<Policy>, StoreError> {
        let mut watch = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watch.refresh()?;
        if let Some(policy) = watch
            .tenants
            .get(tenant)
            .and_then(|one| one.policies.get(user))
        {
            return Ok(Arc::clone(policy));
        }
        if !watch.tenants.contains_key(tenant) {
            let facts = Facts::load(&watch.connection, tenant)?;
            let policies = HashMap::new();
            watch
                .tenants
                .insert(tenant.to_owned(), Tenant { facts, policies });
        }
        let Some(known) = watch.tenants.get_mut(tenant) else {
            return Err(StoreError::Failed("the tenant was not read".to_owned()));
        };
        let policy = Arc::new(known.facts.policy(tenant, user));
        // Whoever asks for users that are not declared leaves nothing behind.
        if known.facts.users.iter().any(|one| one == user) {
            known.policies.insert(user.to_owned(), Arc::clone(&policy));
        }
        Ok(policy)
    }
}

impl Watch {
    /// Forgets everything when something was changed.
    fn refresh(&mut self) -> Result<(), StoreError> {
        let mut version = self.connection.prepare_cached("PRAGMA data_version")?;
        let data_version = version.query_row([], |row| row.get(0))?;
        if data_version == self.data_version {
            return Ok(());
        }
        let mut generation = self
            .connection
            .prepare_cached("SELECT governance FROM meta")?;
        let generation = generation.query_row([], |row| row.get(0))?;
        self.data_version = data_version;
        if generation != self.generation {
            self.generation = generation;
            self.tenants.clear();
        }
        Ok(())
    }
}

/// Everything about a tenant that decisions need.
struct Facts {
    declared: bool,
    metered: bool,
    users: Vec<String>,
    /// Of this tenant or of all: the switches that are off.
    off: HashMap<Switch, Off>,
    tools: BTreeMap<String, Tool>,
    access: Access,
}

struct Off {
    reason: String,
    at: Timestamp,
}

struct Tool {
    state: State,
    decided: bool,
    effect: Effect,
    group: String,
    classes: Classes,
}

impl Facts {
    /// Reads all of it as of one moment.
    fn load(connection: &Connection, tenant: &str) -> Result<Self, StoreError> {
        let connection = connection.unchecked_transaction()?;
        let declared = connection
            .prepare_cached("SELECT 1 FROM tenants WHERE name = ?")?
            .exists([tenant])?;
        let users = tools::names(
            &connection,
            "SELECT name FROM users WHERE tenant = ?",
            [tenant],
        )?;
        let off = connection
            .prepare_cached("SELECT * FROM switches WHERE tenant IN ('', ?)")?
            .query_map([tenant], |row| {
                let switch = Switch::from_key(row.get("tenant")?, row.get("tool")?);
                let at = timestamp(row.get("off_at")?);
                let reason = row.get("reason")?;
                Ok((switch, Off { reason, at }))
            })?
            .collect::<Result<_, _>>()?;
        let tools = connection
            .prepare_cached(
                "SELECT t.*, d.effect, d.toolset, coalesce(t.classes, d.classification) AS class
                 FROM tools t JOIN definitions d ON d.id = t.definition WHERE t.tenant = ?",
            )?
            .query_map(params![tenant], |row| {
                let decision: Option<String> = row.get("decision")?;
                let definition: String = row.get("definition")?;
                let reviewed: Option<String> = row.get("reviewed")?;
                let tool = Tool {
                    state: tools::state(
                        row.get("present")?,
                        decision.as_deref(),
                        &definition,
                        reviewed.as_deref(),
                    ),
                    decided: decision.is_some(),
                    effect: tools::effect(row)?,
                    group: row.get("toolset")?,
                    classes: from_json(row, "class")?,
                };
                Ok((row.get("name")?, tool))
            })?
            .collect::<Result<_, _>>()?;
        let access = Access::load(&connection, tenant)?;
        Ok(Self {
            declared,
            metered: access.metered,
            users,
            off,
            tools,
            access,
        })
    }

    fn policy(&self, tenant: &str, user: &str) -> Policy {
        let asked = Asked {
            facts: self,
            tenant,
            user,
        };
        let tools = self.tools.keys().map(|name| {
            let through = asked.through(name);
            let verdict = asked.verdict(name, &through);
            (name.clone(), ToolAccess { verdict, through })
        });
        Policy {
            tools: tools.collect(),
            otherwise: asked.everything().err(),
        }
    }

    fn has(&self, toolset: &str, name: &str, tool: &Tool) -> bool {
        if toolset == READ_ONLY {
            return is_read_only(tool.state, tool.effect, &tool.classes, self.metered);
        }
        if let Some(group) = component_toolset(toolset) {
            return tool.group == group;
        }
        let own = self.access.toolsets.get(toolset);
        own.is_some_and(|(_, tools)| tools.contains(name))
    }
}

/// One user's question.
struct Asked<'f> {
    facts: &'f Facts,
    tenant: &'f str,
    user: &'f str,
}

impl Asked<'_> {
    /// The profiles and toolsets that give the user a tool.
    fn through(&self, name: &str) -> Vec<Through> {
        let Some(tool) = self.facts.tools.get(name) else {
            return Vec::new();
        };
        let mut through = Vec::new();
        for (profile, stored) in self.profiles() {
            for toolset in &stored.row.toolsets {
                if self.facts.has(toolset, name, tool) {
                    through.push(Through {
                        profile: profile.clone(),
                        toolset: toolset.clone(),
                    });
                }
            }
        }
        through
    }

    fn profiles(&self) -> impl Iterator<Item = (&String, &crate::store::access::StoredProfile)> {
        let all = self.facts.access.profiles.iter();
        all.filter(|(_, stored)| stored.row.users.contains(self.user))
    }

    /// What stops every tool.
    fn everything(&self) -> Result<(), Denial> {
        let Self {
            facts,
            tenant,
            user,
        } = self;
        if !facts.declared || !facts.users.iter().any(|one| one == user) {
            return deny(
                Code::UnknownUser,
                format!(
                    "There is no user {user} of tenant {tenant} any more. Only who runs the gateway can change that."
                ),
            );
        }
        if let Some(off) = facts.off.get(&Switch::Everything) {
            return deny(
                Code::SwitchedOffEverything,
                off.sentence("All tools of the gateway are"),
            );
        }
        if let Some(off) = facts.off.get(&Switch::Tenant((*tenant).to_owned())) {
            return deny(
                Code::SwitchedOffTenant,
                off.sentence(&format!("All tools of {tenant} are")),
            );
        }
        Ok(())
    }

    fn verdict(&self, name: &str, through: &[Through]) -> Result<(), Denial> {
        self.everything()?;
        let Self {
            facts,
            tenant,
            user,
        } = self;
        let Some(tool) = facts.tools.get(name) else {
            return deny(Code::UnknownTool, unknown_tool(name, facts.tools.keys()));
        };
        if tool.state == State::Removed {
            return deny(
                Code::Removed,
                format!("{name} is gone: this version of the gateway's tools does not have it."),
            );
        }
        let here = Switch::Tool((*tenant).to_owned(), name.to_owned());
        let everywhere = Switch::ToolEverywhere(name.to_owned());
        if let Some(off) = facts.off.get(&here).or_else(|| facts.off.get(&everywhere)) {
            return deny(Code::SwitchedOffTool, off.sentence(&format!("{name} is")));
        }
        match tool.state {
            State::Disabled => {
                return deny(
                    Code::Disabled,
                    format!(
                        "{name} is disabled for {tenant}. Only an administrator can approve it."
                    ),
                );
            }
            State::Pending => {
                let why = if tool.decided {
                    "has changed since it was reviewed and waits for another review"
                } else {
                    "has not been reviewed yet"
                };
                return deny(
                    Code::PendingReview,
                    format!("{name} {why} for {tenant}. Only an administrator can approve it."),
                );
            }
            State::Approved | State::Removed => {}
        }
        if tool.effect == Effect::MeteredRead && !facts.metered {
            return deny(
                Code::MeteredOff,
                format!(
                    "{name} spends Gong AI credits, which {tenant} does not allow. Only who runs the gateway can change that, with metered = true."
                ),
            );
        }
        if !through.is_empty() {
            return Ok(());
        }
        let profiles: Vec<&str> = self.profiles().map(|(name, _)| &**name).collect();
        if profiles.is_empty() {
            return deny(
                Code::NoProfile,
                format!(
                    "User {user} has no access profile, and so no tools. Only an administrator of {tenant} can give one."
                ),
            );
        }
        deny(
            Code::NotInProfile,
            format!(
                "{name} is in no toolset of user {user}'s access profiles ({}). Only an administrator of {tenant} can change that.",
                profiles.join(", ")
            ),
        )
    }
}

fn unknown_tool<'n>(name: &str, known: impl Iterator<Item = &'n String>) -> String {
    let mut text = unknown("tool", name, known.map(String::as_str));
    text.replace_range(..1, "T");
    if !text.ends_with('?') {
        text.push('.');
    }
    text
}

impl Off {
    fn sentence(&self, what: &str) -> String {
        format!(
            "{what} switched off since {} UTC: {}. Trying again does not help; only an administrator can switch it on.",
            self.at.strftime("%F %H:%M"),
            self.reason.trim_end_matches('.')
        )
    }
}

fn deny(code: Code, sentence: String) -> Result<(), Denial> {
    Err(Denial { code, sentence })
}

/// What a user may call, as of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    tools: BTreeMap<String, ToolAccess>,
    /// Why even a tool that does not exist is denied.
    otherwise: Option<Denial>,
}

/// How a user stands to a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolAccess {
    /// Whether it may be called, or why not.
    pub verdict: Result<(), Denial>,
    /// What gives it to the user, whether or not something else stands against it.
    pub through: Vec<Through>,
}

/// A way from a user to a tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Through {
    /// A profile that has the user.
    pub profile: String,
    /// A toolset of it that has the tool.
    pub toolset: String,
}

impl Policy {
    /// Names of the tools that may be called: what tools/list shows. Sorted.
    pub fn tools(&self) -> impl Iterator<Item = &str> {
        let allowed = self.tools.iter().filter(|(_, one)| one.verdict.is_ok());
        allowed.map(|(name, _)| &**name)
    }

    /// Whether a tool may be called. Cheaper than [`decide`](Self::decide), which says why not.
    #[must_use]
    pub fn allows(&self, tool: &str) -> bool {
        self.tools.get(tool).is_some_and(|one| one.verdict.is_ok())
    }

    /// Whether a tool may be called.
    ///
    /// # Errors
    ///
    /// It may not: why, and who can change that.
    pub fn decide(&self, tool: &str) -> Result<(), Denial> {
        match self.tools.get(tool) {
            Some(one) => one.verdict.clone(),
            None => Err(self.otherwise.clone().unwrap_or_else(|| Denial {
                code: Code::UnknownTool,
                // Names that the user may not call are no help.
                sentence: unknown_tool(
                    tool,
                    self.tools
                        .iter()
                        .filter(|(_, one)| one.verdict.is_ok())
                        .map(|(name, _)| name),
                ),
            })),
        }
    }

    /// Every tool of the tenant, and how the user stands to it. Sorted by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &ToolAccess)> {
        self.tools.iter().map(|(name, one)| (&**name, one))
    }
}

/// Why a call is not let through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// For the audit and metrics.
    pub code: Code,
    /// For the model and the user: why, and who can change that.
    pub sentence: String,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Denial {}

/// What stands against a call. Of several the first of this order is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The user or the tenant is not declared any more.
    UnknownUser,
    /// The kill switch of everything is off.
    SwitchedOffEverything,
    /// The tenant's kill switch is off.
    SwitchedOffTenant,
    /// The component never had it.
    UnknownTool,
    /// The component has it no more.
    Removed,
    /// The tool's kill switch is off.
    SwitchedOffTool,
    /// Administrators disabled it.
    Disabled,
    /// Nobody has approved this version.
    PendingReview,
    /// It spends credits, and the tenant does not allow that.
    MeteredOff,
    /// The user has no profile.
    NoProfile,
    /// None of the user's profiles has it.
    NotInProfile,
}

impl Code {
    /// As the audit and metrics say it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownUser => "unknown-user",
            Self::SwitchedOffEverything => "switched-off-everything",
            Self::SwitchedOffTenant => "switched-off-tenant",
            Self::UnknownTool => "unknown-tool",
            Self::Removed => "removed",
            Self::SwitchedOffTool => "switched-off-tool",
            Self::Disabled => "disabled",
            Self::PendingReview => "pending-review",
            Self::MeteredOff => "metered-off",
            Self::NoProfile => "no-profile",
            Self::NotInProfile => "not-in-profile",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
