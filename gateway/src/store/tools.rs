//! A tenant's tools, and the versions of their definitions.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;

use super::lookup::{require_tenant, unknown_tool};
use super::{
    Classes, DefinitionPart, Effect, ReviewState, Store, StoreError, from_json, millis, refused,
    timestamp,
};

/// Hexadecimal digits of a definition's id that name a version.
const VERSION_DIGITS: usize = 12;

/// One version of a tool, as the component describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// Names the version: 12 hexadecimal digits.
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
    /// The group within the component.
    pub toolset: String,
    /// What it does.
    pub effect: Effect,
    /// The classes that the component states.
    pub classification: Classes,
    /// The OAuth scopes that it needs.
    pub scopes: Vec<String>,
    /// The operations of Gong's API that it may use.
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

/// A tool with its present definition and the reviewed one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ToolVersions {
    /// The tool's row.
    pub tool: ToolRow,
    /// The present definition.
    pub now: Definition,
    /// The definition that was reviewed, if one was.
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
    /// Names the version. `NAME@VERSION` names the tool only as long as it has not changed.
    pub version: String,
    /// What it does.
    pub effect: Effect,
    /// The group within the component.
    pub toolset: String,
    /// The classes in force: the administrators', or else the component's.
    pub classification: Classes,
    /// Whether administrators have set the classes.
    pub classified: bool,
    /// The state of its review.
    pub state: ReviewState,
    /// Who decided: an administrator, or `gateway` for the tenant's default.
    pub reviewed_by: Option<String>,
    /// When they decided.
    pub reviewed_at: Option<Timestamp>,
    /// The parts that differ from the reviewed version.
    pub changed_since_review: Vec<DefinitionPart>,
    /// The SHA-256 of the component that has it now.
    pub component: Option<String>,
    /// The SHA-256 of the component that had it when it was reviewed. `None` also for reviews
    /// from before this was recorded.
    pub reviewed_component: Option<String>,
    /// When discovery first saw it.
    pub found_at: Timestamp,
    /// When it was last called, as far back as the audit goes.
    pub last_used: Option<Timestamp>,
    /// Calls in the last 30 days, without denied ones.
    pub calls_30d: u64,
}

impl ToolRow {
    /// Names the tool only as long as neither its version nor its component has changed:
    /// `NAME@VERSION+COMPONENT`.
    #[must_use]
    pub fn key(&self) -> String {
        let component = self.component.as_deref().unwrap_or_default();
        format!("{}@{}+{}", self.name, self.version, version(component))
    }

    /// Whether another component was reviewed. Not when it is unknown which.
    #[must_use]
    pub fn has_other_component(&self) -> bool {
        self.reviewed_component.is_some() && self.reviewed_component != self.component
    }
}

impl Store {
    /// The tenant's tools by name, including removed ones.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn tools(&self, tenant: &str) -> Result<Vec<ToolRow>, StoreError> {
        self.read(|connection| {
            require_tenant(connection, tenant)?;
            let mut rows = rows(connection, tenant, None)?;
            let mut usage = connection.prepare_cached(
                "SELECT what, max(at), count(*) FILTER (WHERE at >= ?2) FROM audit
                 WHERE kind = 'call' AND tenant = ?1 AND result <> 'denied' GROUP BY what",
            )?;
            let since = Timestamp::now() - SignedDuration::from_hours(30 * 24);
            let mut usage = usage.query(params![tenant, millis(since)])?;
            while let Some(row) = usage.next()? {
                let name: String = row.get(0)?;
                if let Ok(at) = rows.binary_search_by(|one| one.name.cmp(&name)) {
                    rows[at].last_used = Some(timestamp(row.get(1)?));
                    rows[at].calls_30d = row.get::<_, u32>(2)?.into();
                }
            }
            Ok(rows)
        })
    }

    /// One tool, with its present definition and the reviewed one.
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
}

/// The first digits of a SHA-256.
pub(super) fn version(id: &str) -> String {
    id.get(..VERSION_DIGITS).unwrap_or(id).to_owned()
}

pub(crate) fn effect(row: &Row<'_>) -> rusqlite::Result<Effect> {
    let text: String = row.get("effect")?;
    text.parse().map_err(|error: String| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
    })
}

/// A tenant's tools by name, or the one with this name, without their use.
pub(super) fn rows(
    connection: &Connection,
    tenant: &str,
    name: Option<&str>,
) -> Result<Vec<ToolRow>, StoreError> {
    let mut differing = String::new();
    for (_, column) in DefinitionPart::COLUMNS {
        differing.push_str(&format!(
            ", d.{column} IS NOT r.{column} AS {column}_differs"
        ));
    }
    let sql = format!(
        "SELECT t.*, d.title, d.description, d.toolset, d.effect, d.classification, n.component,
         {STATE} AS state{differing}
         FROM tools t JOIN definitions d ON d.id = t.definition
         LEFT JOIN tenants n ON n.name = t.tenant
         LEFT JOIN definitions r ON r.id = t.reviewed
         WHERE t.tenant = ?1 AND (?2 IS NULL OR t.name = ?2) ORDER BY t.name"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![tenant, name], |row| {
        let id: String = row.get("definition")?;
        let reviewed: Option<String> = row.get("reviewed")?;
        let own: Option<String> = row.get("classes")?;
        let mut changed = Vec::new();
        if reviewed.is_some() {
            for (part, column) in DefinitionPart::COLUMNS {
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
            state: review_state(row)?,
            reviewed_by: row.get("reviewed_by")?,
            reviewed_at: reviewed_at.map(timestamp),
            changed_since_review: changed,
            component: row.get("component")?,
            reviewed_component: row.get("reviewed_component")?,
            found_at: timestamp(row.get("found_at")?),
            last_used: None,
            calls_30d: 0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A tool's state, which follows from what is stored, in SQL for a row `t` of `tools` and the row
/// `n` of its tenant. An approval holds only for the version that was approved, and with
/// `review_component` only for the same component.
pub(crate) const STATE: &str = "CASE
    WHEN NOT t.present THEN 'removed'
    WHEN t.decision = 'disabled' THEN 'disabled'
    WHEN t.decision = 'approved' AND t.reviewed = t.definition
        AND (NOT coalesce(n.review_component, 0) OR t.reviewed_component IS n.component)
        THEN 'approved'
    ELSE 'pending' END";

/// The state in the column `state`.
pub(crate) fn review_state(row: &Row<'_>) -> rusqlite::Result<ReviewState> {
    let text: String = row.get("state")?;
    Ok(text.parse().unwrap_or(ReviewState::Pending))
}
