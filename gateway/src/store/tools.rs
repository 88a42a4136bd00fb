//! A tenant's tools, and what was decided about them.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use super::{
    Actor, Class, Classes, Decision, Effect, Part, State, Store, StoreError, from_json, json,
    millis, record, refused, timestamp, unknown,
};

/// Hexadecimal digits of a definition's id that are shown: enough to tell versions apart.
const VERSION_DIGITS: usize = 12;

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

impl Store {
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
