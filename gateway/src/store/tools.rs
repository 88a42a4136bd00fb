//! A tenant's tools: what discovery found, what was decided about it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use host_harness::Tool;
use host_harness::mcp::{classification_name, effect_name};
use jiff::{SignedDuration, Timestamp};
use ring::digest::{SHA256, digest};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::{
    Actor, Store, StoreError, from_json, json, millis, record, refused, timestamp, unknown,
};
use crate::config::Review;

/// Hexadecimal digits of a definition's id that are shown: enough to tell versions apart.
const VERSION_DIGITS: usize = 12;

/// What a tool does to the world, in the component's own word. Nobody can change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Reads only, free of charge.
    Read,
    /// Reads only, but each call spends paid credits.
    MeteredRead,
    /// Changes data.
    Write,
    /// Changes data and makes Gong contact people.
    Outreach,
    /// Removes or overwrites what cannot be brought back.
    Destructive,
}

impl Effect {
    /// As MCP's `_meta` says it, such as `metered-read`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::MeteredRead => "metered-read",
            Self::Write => "write",
            Self::Outreach => "outreach",
            Self::Destructive => "destructive",
        }
    }

    /// Whether it changes nothing. What it costs is another question.
    #[must_use]
    pub fn reads(self) -> bool {
        matches!(self, Self::Read | Self::MeteredRead)
    }
}

impl FromStr for Effect {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [
            Self::Read,
            Self::MeteredRead,
            Self::Write,
            Self::Outreach,
            Self::Destructive,
        ];
        let found = all.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| unknown("effect", text, all.map(Self::as_str)))
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a gateway classes a tool for its policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Class {
    /// Reads only.
    Read,
    /// Changes data or makes Gong contact people.
    Write,
    /// Removes or overwrites what cannot be brought back.
    Destructive,
    /// Personal or confidential data.
    Sensitive,
    /// A mistake is costly.
    Dangerous,
}

impl Class {
    /// All there are.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Write,
        Self::Destructive,
        Self::Sensitive,
        Self::Dangerous,
    ];

    /// As gateways write it, such as `READ`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "READ",
            Self::Write => "WRITE",
            Self::Destructive => "DESTRUCTIVE",
            Self::Sensitive => "SENSITIVE",
            Self::Dangerous => "DANGEROUS",
        }
    }
}

impl FromStr for Class {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|one| one.as_str().eq_ignore_ascii_case(text));
        found.ok_or_else(|| unknown("class", text, Self::ALL.map(Self::as_str)))
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The classes of one tool, in order.
pub type Classes = BTreeSet<Class>;

/// Where a tool stands in the tenant's review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Nobody has decided on this version of it.
    Pending,
    /// This version may be used by whom the profiles say.
    Approved,
    /// Nobody may use it, in whatever version.
    Disabled,
    /// The component has it no more. What was decided is kept for its return.
    Removed,
}

impl State {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Disabled, Self::Removed];

    /// As it is written everywhere.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Disabled => "disabled",
            Self::Removed => "removed",
        }
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or_else(|| unknown("state", text, Self::ALL.map(Self::as_str)))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an administrator decides on a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The present version may be used.
    Approve,
    /// No version may be used.
    Disable,
    /// Back to review, as if nobody had decided.
    Pending,
}

impl Decision {
    /// The act's name in the audit.
    #[must_use]
    pub fn act(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Disable => "disable",
            Self::Pending => "reset-review",
        }
    }
}

/// A part of a tool's definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The title, for people.
    Title,
    /// What a model reads.
    Description,
    /// The arguments.
    InputSchema,
    /// The structured result.
    OutputSchema,
    /// MCP's hints.
    Annotations,
    /// The group.
    Toolset,
    /// What it does to the world.
    Effect,
    /// The component's own classes.
    Classification,
    /// The OAuth scopes that it needs.
    Scopes,
    /// The operations that it may send.
    Operations,
}

impl Part {
    /// All there are, with their columns.
    const COLUMNS: [(Self, &'static str); 10] = [
        (Self::Title, "title"),
        (Self::Description, "description"),
        (Self::InputSchema, "input_schema"),
        (Self::OutputSchema, "output_schema"),
        (Self::Annotations, "annotations"),
        (Self::Toolset, "toolset"),
        (Self::Effect, "effect"),
        (Self::Classification, "classification"),
        (Self::Scopes, "scopes"),
        (Self::Operations, "operations"),
    ];

    /// In words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Description => "description",
            Self::InputSchema => "input schema",
            Self::OutputSchema => "output schema",
            Self::Annotations => "annotations",
            Self::Toolset => "toolset",
            Self::Effect => "effect",
            Self::Classification => "classification",
            Self::Scopes => "scopes",
            Self::Operations => "operations",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One version of a tool, as the component describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// Tells versions apart: 12 hexadecimal digits.
    pub version: String,
    /// For people.
    pub title: String,
    /// For the model.
    pub description: String,
    /// JSON Schema of the arguments, as text.
    pub input_schema: String,
    /// JSON Schema of the structured result, as text.
    pub output_schema: String,
    /// MCP's hints as a JSON object, as text.
    pub annotations: String,
    /// The group.
    pub toolset: String,
    /// What it does to the world.
    pub effect: Effect,
    /// The component's own classes.
    pub classification: Classes,
    /// The OAuth scopes that it needs.
    pub scopes: Vec<String>,
    /// The operations that it may send.
    pub operations: Vec<String>,
}

impl Definition {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let id: String = row.get("id")?;
        Ok(Self {
            version: version(&id),
            title: row.get("title")?,
            description: row.get("description")?,
            input_schema: row.get("input_schema")?,
            output_schema: row.get("output_schema")?,
            annotations: row.get("annotations")?,
            toolset: row.get("toolset")?,
            effect: effect(row)?,
            classification: from_json(row, "classification")?,
            scopes: from_json(row, "scopes")?,
            operations: from_json(row, "operations")?,
        })
    }
}

/// The version that is there now, and the one that was decided on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolVersions {
    /// The tool's row.
    pub tool: ToolRow,
    /// As the component describes it now.
    pub now: Definition,
    /// As it was when somebody decided, if somebody did.
    pub reviewed: Option<Definition>,
}

/// A tenant's tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolRow {
    /// Such as `gong_search_calls`.
    pub name: String,
    /// For people.
    pub title: String,
    /// For the model.
    pub description: String,
    /// Tells versions apart. `NAME@VERSION` names the tool only as long as it has not changed.
    pub version: String,
    /// What it does to the world.
    pub effect: Effect,
    /// The component's group.
    pub toolset: String,
    /// What counts: the administrators' classes, or else the component's own.
    pub classification: Classes,
    /// Whether administrators set the classes.
    pub classified: bool,
    /// Where it stands.
    pub state: State,
    /// Who decided; `gateway` for the tenant's default.
    pub reviewed_by: Option<String>,
    /// When it was decided.
    pub reviewed_at: Option<Timestamp>,
    /// What is different from the version that was decided on.
    pub changed_since_review: Vec<Part>,
    /// When discovery saw it first.
    pub found_at: Timestamp,
    /// When it was last called, as far back as the audit goes.
    pub last_used: Option<Timestamp>,
    /// Calls in the last 30 days, denied ones not counted.
    pub calls_30d: u64,
}

/// What discovery found, compared with the time before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncReport {
    /// Tools that there are.
    pub tools: usize,
    /// Never seen before.
    pub new: Vec<String>,
    /// Different from the time before, and in what.
    pub changed: BTreeMap<String, Vec<Part>>,
    /// There no more.
    pub removed: Vec<String>,
    /// There again.
    pub back: Vec<String>,
}

impl SyncReport {
    /// Whether everything is as before.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.new.is_empty()
            && self.changed.is_empty()
            && self.removed.is_empty()
            && self.back.is_empty()
    }
}

impl fmt::Display for SyncReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tools", self.tools)?;
        if self.is_quiet() {
            return write!(f, ", as before");
        }
        let list = |f: &mut fmt::Formatter<'_>, what, names: &[String]| match names {
            [] => Ok(()),
            names if names.len() <= 8 => write!(f, "; {what}: {}", names.join(", ")),
            names => write!(f, "; {what}: {}", names.len()),
        };
        list(f, "new", &self.new)?;
        let changed: Vec<String> = self
            .changed
            .iter()
            .map(|(name, parts)| {
                let parts: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
                format!("{name} ({})", parts.join(", "))
            })
            .collect();
        list(f, "changed", &changed)?;
        list(f, "removed", &self.removed)?;
        list(f, "back", &self.back)
    }
}

impl Store {
    /// Notes what the component has now, for every declared tenant.
    ///
    /// Needs no credentials. What is new begins as the tenant's [`Review`] says; what changed
    /// is pending until somebody approves the new version, or the old one returns; decisions
    /// on what is gone are kept.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn discover(&self, tools: &[Tool]) -> Result<BTreeMap<String, SyncReport>, StoreError> {
        self.change(|transaction| {
            let definitions = define(transaction, tools)?;
            let tenants = transaction
                .prepare("SELECT name, review FROM tenants ORDER BY name")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<Vec<(String, String)>, _>>()?;
            let mut reports = BTreeMap::new();
            for (tenant, review) in tenants {
                let review = review.parse().unwrap_or_default();
                let report = sync(transaction, &tenant, tools, &definitions, review)?;
                reports.insert(tenant, report);
            }
            Ok(reports)
        })
    }

    /// The same for one tenant, with a review default of the caller's.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be written.
    pub fn sync_tools(
        &self,
        tenant: &str,
        tools: &[Tool],
        review: Review,
    ) -> Result<SyncReport, StoreError> {
        self.change(|transaction| {
            tenant_exists(transaction, tenant)?;
            let definitions = define(transaction, tools)?;
            sync(transaction, tenant, tools, &definitions, review)
        })
    }

    /// The tenant's tools by name, removed ones too.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn tools(&self, tenant: &str) -> Result<Vec<ToolRow>, StoreError> {
        self.read(|connection| {
            tenant_exists(connection, tenant)?;
            let mut rows = rows(connection, tenant, None)?;
            let mut uses = connection.prepare_cached(
                "SELECT what, max(at), count(*) FILTER (WHERE at >= ?2) FROM audit
                 WHERE kind = 'call' AND tenant = ?1 AND result <> 'denied' GROUP BY what",
            )?;
            let since = Timestamp::now() - SignedDuration::from_hours(30 * 24);
            let mut uses = uses.query(params![tenant, millis(since)])?;
            while let Some(row) = uses.next()? {
                let name: String = row.get(0)?;
                if let Ok(at) = rows.binary_search_by(|one| one.name.cmp(&name)) {
                    rows[at].last_used = Some(timestamp(row.get(1)?));
                    rows[at].calls_30d = row.get::<_, u32>(2)?.into();
                }
            }
            Ok(rows)
        })
    }

    /// One tool, with its present definition and the one decided on.
    ///
    /// # Errors
    ///
    /// There is no such tenant or tool, or the file could not be read.
    pub fn tool(&self, tenant: &str, name: &str) -> Result<ToolVersions, StoreError> {
        let tool = self.tools(tenant)?.into_iter().find(|row| row.name == name);
        self.read(|connection| {
            let Some(tool) = tool else {
                return refused(unknown_tool(connection, tenant, name)?);
            };
            let definition = |column| {
                connection
                    .query_row(
                        &format!(
                            "SELECT d.* FROM tools t JOIN definitions d ON d.id = t.{column}
                             WHERE t.tenant = ? AND t.name = ?"
                        ),
                        params![tenant, name],
                        Definition::from_row,
                    )
                    .optional()
            };
            let Some(now) = definition("definition")? else {
                return refused(unknown_tool(connection, tenant, name)?);
            };
            Ok(ToolVersions {
                tool,
                now,
                reviewed: definition("reviewed")?,
            })
        })
    }

    /// Decides on tools, on all of `names` or on none. `NAME@VERSION` decides only if the
    /// tool is still that version: the one that somebody has looked at.
    ///
    /// Returns the names of the tools whose state it changed.
    ///
    /// # Errors
    ///
    /// There is no such tenant or tool, the tool has changed since, or it is removed and can
    /// not be approved.
    pub fn review(
        &self,
        actor: &Actor,
        tenant: &str,
        names: &[String],
        decision: Decision,
    ) -> Result<Vec<String>, StoreError> {
        self.change(|transaction| {
            tenant_exists(transaction, tenant)?;
            let mut changed = Vec::new();
            for name in names {
                let (name, seen) = match name.split_once('@') {
                    Some((name, seen)) => (name, Some(seen)),
                    None => (&**name, None),
                };
                let Some(row) = rows(transaction, tenant, Some(name))?.pop() else {
                    return refused(unknown_tool(transaction, tenant, name)?);
                };
                if let Some(seen) = seen
                    && seen != row.version
                {
                    return refused(format_args!(
                        "{name} has changed meanwhile: it is {name}@{} now, not @{seen}; look at it again before you decide",
                        row.version
                    ));
                }
                let (word, state) = match decision {
                    Decision::Approve => (Some("approved"), State::Approved),
                    Decision::Disable => (Some("disabled"), State::Disabled),
                    Decision::Pending => (None, State::Pending),
                };
                if row.state == State::Removed && decision == Decision::Approve {
                    return refused(format_args!(
                        "{name} can not be approved: the component does not have it any more; if it returns as it was, what was decided counts again"
                    ));
                }
                if row.state == state && row.changed_since_review.is_empty() {
                    continue;
                }
                let by = word.map(|_| &actor.name);
                transaction.execute(
                    "UPDATE tools SET decision = ?3, reviewed_by = ?4, reviewed_at = ?5,
                     reviewed = CASE WHEN ?3 IS NULL THEN NULL ELSE definition END
                     WHERE tenant = ?1 AND name = ?2",
                    params![tenant, name, word, by, word.map(|_| millis(Timestamp::now()))],
                )?;
                let detail = format!("version {}; was {}", row.version, row.state);
                let act = decision.act();
                record(transaction, actor, Some(tenant), act, Some(name), Some(&detail))?;
                changed.push(name.to_owned());
            }
            Ok(changed)
        })
    }

    /// Sets a tool's classes for the tenant's policies; none gives it back its own.
    ///
    /// Exactly one of read, write and destructive is needed. READ is refused for a tool that
    /// changes something: classes serve policies, they do not change what a tool does.
    ///
    /// # Errors
    ///
    /// There is no such tenant or tool, or the classes do not fit.
    pub fn classify(
        &self,
        actor: &Actor,
        tenant: &str,
        name: &str,
        classes: Option<&Classes>,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            tenant_exists(transaction, tenant)?;
            let Some(row) = rows(transaction, tenant, Some(name))?.pop() else {
                return refused(unknown_tool(transaction, tenant, name)?);
            };
            if let Some(classes) = classes {
                check_classes(name, row.effect, classes)?;
            }
            transaction.execute(
                "UPDATE tools SET classes = ? WHERE tenant = ? AND name = ?",
                params![classes.map(json), tenant, name],
            )?;
            let detail = match classes {
                Some(classes) => list(classes),
                None => "its own".to_owned(),
            };
            let detail = format!("{detail}; was {}", list(&row.classification));
            record(
                transaction,
                actor,
                Some(tenant),
                "classify",
                Some(name),
                Some(&detail),
            )
        })
    }
}

fn list(classes: &Classes) -> String {
    let names: Vec<&str> = classes.iter().map(|class| class.as_str()).collect();
    names.join(" ")
}

fn check_classes(name: &str, effect: Effect, classes: &Classes) -> Result<(), StoreError> {
    let kinds = [Class::Read, Class::Write, Class::Destructive];
    let chosen: Vec<Class> = kinds
        .into_iter()
        .filter(|kind| classes.contains(kind))
        .collect();
    match chosen[..] {
        [Class::Read] if !effect.reads() => refused(format_args!(
            "{name} can not be classed READ: its effect is {effect}, in the component's own word; class it WRITE or DESTRUCTIVE"
        )),
        [_] => Ok(()),
        _ => refused(
            "exactly one of READ, WRITE and DESTRUCTIVE is needed, with SENSITIVE and DANGEROUS beside it as you see fit, such as: WRITE SENSITIVE",
        ),
    }
}

/// Refuses a tenant that is not declared.
pub(super) fn tenant_exists(connection: &Connection, tenant: &str) -> Result<(), StoreError> {
    let found = connection
        .prepare_cached("SELECT 1 FROM tenants WHERE name = ?")?
        .exists([tenant])?;
    if found {
        return Ok(());
    }
    let names = names(connection, "SELECT name FROM tenants ORDER BY name", [])?;
    refused(unknown("tenant", tenant, names.iter().map(String::as_str)))
}

/// One column of texts.
pub(crate) fn names(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<String>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params, |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn unknown_tool(
    connection: &Connection,
    tenant: &str,
    name: &str,
) -> Result<String, StoreError> {
    let known = names(
        connection,
        "SELECT name FROM tools WHERE tenant = ? ORDER BY name",
        [tenant],
    )?;
    if known.is_empty() {
        return Ok(format!(
            "there is no tool {name:?}: nothing has been discovered for {tenant} yet, which `gong-gateway serve` does when it starts"
        ));
    }
    Ok(unknown("tool", name, known.iter().map(String::as_str)))
}

fn version(id: &str) -> String {
    id.get(..VERSION_DIGITS).unwrap_or(id).to_owned()
}

pub(crate) fn effect(row: &Row<'_>) -> rusqlite::Result<Effect> {
    let text: String = row.get("effect")?;
    text.parse().map_err(|error: String| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
    })
}

/// A tenant's tools by name, or the one of a name, without their uses.
fn rows(
    connection: &Connection,
    tenant: &str,
    name: Option<&str>,
) -> Result<Vec<ToolRow>, StoreError> {
    let mut differing = String::new();
    for (_, column) in Part::COLUMNS {
        differing.push_str(&format!(
            ", d.{column} IS NOT r.{column} AS {column}_differs"
        ));
    }
    let sql = format!(
        "SELECT t.*, d.title, d.description, d.toolset, d.effect, d.classification{differing}
         FROM tools t JOIN definitions d ON d.id = t.definition
         LEFT JOIN definitions r ON r.id = t.reviewed
         WHERE t.tenant = ?1 AND (?2 IS NULL OR t.name = ?2) ORDER BY t.name"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![tenant, name], |row| {
        let id: String = row.get("definition")?;
        let reviewed: Option<String> = row.get("reviewed")?;
        let decision: Option<String> = row.get("decision")?;
        let own: Option<String> = row.get("classes")?;
        let mut changed = Vec::new();
        if reviewed.is_some() {
            for (part, column) in Part::COLUMNS {
                if row.get(&*format!("{column}_differs"))? {
                    changed.push(part);
                }
            }
        }
        let reviewed_at: Option<i64> = row.get("reviewed_at")?;
        Ok(ToolRow {
            name: row.get("name")?,
            title: row.get("title")?,
            description: row.get("description")?,
            version: version(&id),
            effect: effect(row)?,
            toolset: row.get("toolset")?,
            classification: from_json(
                row,
                if own.is_some() {
                    "classes"
                } else {
                    "classification"
                },
            )?,
            classified: own.is_some(),
            state: state(
                row.get("present")?,
                decision.as_deref(),
                &id,
                reviewed.as_deref(),
            ),
            reviewed_by: row.get("reviewed_by")?,
            reviewed_at: reviewed_at.map(timestamp),
            changed_since_review: changed,
            found_at: timestamp(row.get("found_at")?),
            last_used: None,
            calls_30d: 0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A tool's state, which is nowhere stored: an approval is for the version that it was given to.
pub(crate) fn state(
    present: bool,
    decision: Option<&str>,
    definition: &str,
    reviewed: Option<&str>,
) -> State {
    match decision {
        _ if !present => State::Removed,
        Some("disabled") => State::Disabled,
        Some("approved") if reviewed == Some(definition) => State::Approved,
        _ => State::Pending,
    }
}

/// Stores the tools' definitions where they are not yet, and gives their ids.
fn define(transaction: &Transaction<'_>, tools: &[Tool]) -> Result<Vec<String>, StoreError> {
    let mut insert = transaction.prepare_cached(
        "INSERT OR IGNORE INTO definitions (id, name, title, description, input_schema,
         output_schema, annotations, toolset, effect, classification, scopes, operations)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let mut ids = Vec::with_capacity(tools.len());
    for tool in tools {
        let hints = &tool.annotations;
        let annotations = serde_json::json!({
            "readOnlyHint": hints.read_only_hint,
            "destructiveHint": hints.destructive_hint,
            "idempotentHint": hints.idempotent_hint,
            "openWorldHint": hints.open_world_hint,
        })
        .to_string();
        let classes: Vec<&str> = tool
            .classification
            .iter()
            .map(|class| classification_name(*class))
            .collect();
        let parts = [
            &*tool.name,
            &tool.title,
            &tool.description,
            &tool.input_schema,
            &tool.output_schema,
            &annotations,
            &tool.toolset,
            effect_name(tool.effect),
            &json(&classes),
            &json(&tool.scopes),
            &json(&tool.operations),
        ];
        let hash = digest(&SHA256, json(&parts).as_bytes());
        let id: String = hash
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let values = std::iter::once(&*id).chain(parts);
        insert.execute(rusqlite::params_from_iter(values))?;
        ids.push(id);
    }
    Ok(ids)
}

/// Notes what there is now for one tenant.
fn sync(
    transaction: &Transaction<'_>,
    tenant: &str,
    tools: &[Tool],
    definitions: &[String],
    review: Review,
) -> Result<SyncReport, StoreError> {
    let now = millis(Timestamp::now());
    let mut before: BTreeMap<String, (String, bool)> = transaction
        .prepare_cached("SELECT name, definition, present FROM tools WHERE tenant = ?")?
        .query_map([tenant], |row| {
            Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))
        })?
        .collect::<Result<_, _>>()?;
    let mut report = SyncReport {
        tools: tools.len(),
        ..SyncReport::default()
    };
    for (tool, id) in tools.iter().zip(definitions) {
        let name = &tool.name;
        let Some((old, present)) = before.remove(name) else {
            let approved = match review {
                Review::Pending => false,
                Review::Approved => true,
                // What costs money is somebody's decision.
                Review::ApprovedReads => effect_name(tool.effect) == Effect::Read.as_str(),
            };
            let decided = approved.then_some("approved");
            transaction
                .prepare_cached(
                    "INSERT INTO tools (tenant, name, definition, present, found_at, decision,
                     reviewed, reviewed_by, reviewed_at) VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?)",
                )?
                .execute(params![
                    tenant,
                    name,
                    id,
                    now,
                    decided,
                    decided.map(|_| id),
                    decided.map(|_| "gateway"),
                    decided.map(|_| now),
                ])?;
            report.new.push(name.clone());
            continue;
        };
        if !present {
            report.back.push(name.clone());
        }
        if old != *id {
            let parts = differing(transaction, &old, id)?;
            report.changed.insert(name.clone(), parts);
        }
        if !present || old != *id {
            transaction.execute(
                "UPDATE tools SET definition = ?, present = 1 WHERE tenant = ? AND name = ?",
                params![id, tenant, name],
            )?;
        }
    }
    for (name, (_, present)) in before {
        if present {
            transaction.execute(
                "UPDATE tools SET present = 0 WHERE tenant = ? AND name = ?",
                params![tenant, name],
            )?;
            report.removed.push(name);
        }
    }
    transaction.execute(
        "UPDATE tenants SET synced_at = ?, found = ? WHERE name = ?",
        params![now, json(&report), tenant],
    )?;
    if !report.is_quiet() {
        let detail = report.to_string();
        record(
            transaction,
            &Actor::gateway(),
            Some(tenant),
            "discover",
            None,
            Some(&detail),
        )?;
    }
    Ok(report)
}

fn differing(connection: &Connection, one: &str, other: &str) -> Result<Vec<Part>, StoreError> {
    let mut parts = Vec::new();
    for (part, column) in Part::COLUMNS {
        let sql = format!(
            "SELECT (SELECT {column} FROM definitions WHERE id = ?)
             IS NOT (SELECT {column} FROM definitions WHERE id = ?)"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        if statement.query_row([one, other], |row| row.get(0))? {
            parts.push(part);
        }
    }
    Ok(parts)
}
