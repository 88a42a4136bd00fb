//! Everything about a tenant that decisions need, read from the state file as of one moment.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::caller::CallingClient;
use crate::config::{READ_ONLY, component_toolset};
use crate::store::access::Access;
use crate::store::allowed_kinds::AllowedKinds;
use crate::store::lookup::texts;
use crate::store::sign_in::{ClientKind, program_kinds};
use crate::store::tools::STATE;
use crate::store::{
    Classes, Effect, KillSwitch, ReviewState, StoreError, from_json, is_read_only, timestamp, tools,
};

/// What the state file says about a tenant.
pub(super) struct Facts {
    pub(super) declared: bool,
    pub(super) metered: bool,
    pub(super) users: Vec<String>,
    /// The kill switches that are off, of this tenant and of all tenants.
    pub(super) off: HashMap<KillSwitch, SwitchedOff>,
    pub(super) tools: BTreeMap<String, ToolFacts>,
    pub(super) access: Access,
    /// Kinds of clients that may call.
    pub(super) allowed_kinds: AllowedKinds,
    /// Kinds that administrators have set for programs with tokens of the configuration, by id.
    program_kinds: HashMap<String, ClientKind>,
}

/// Why and since when a kill switch is off.
pub(super) struct SwitchedOff {
    pub(super) reason: String,
    pub(super) at: Timestamp,
}

/// A tool, as far as decisions need it.
pub(super) struct ToolFacts {
    pub(super) state: ReviewState,
    /// Whether an administrator decided on it, on this version or an earlier one.
    pub(super) decided: bool,
    pub(super) effect: Effect,
    pub(super) group: String,
    pub(super) classes: Classes,
}

impl Facts {
    /// Whose a client is.
    pub(super) fn kind_of(&self, client: &CallingClient) -> Option<ClientKind> {
        let set = client.id.as_ref().and_then(|id| self.program_kinds.get(id));
        set.copied().or(client.kind)
    }

    /// The kill switch of a client, if it is off.
    pub(super) fn client_is_off(
        &self,
        tenant: &str,
        client: &CallingClient,
    ) -> Option<&SwitchedOff> {
        if self.off.is_empty() {
            return None;
        }
        let switch = KillSwitch::Client(tenant.to_owned(), client.id.clone()?);
        self.off.get(&switch)
    }

    /// The kill switch of a user, if it is off.
    pub(super) fn user_is_off(&self, tenant: &str, user: &str) -> Option<&SwitchedOff> {
        if self.off.is_empty() {
            return None;
        }
        let switch = KillSwitch::User(tenant.to_owned(), user.to_owned());
        self.off.get(&switch)
    }

    /// Reads everything in one transaction.
    pub(super) fn load(connection: &Connection, tenant: &str) -> Result<Self, StoreError> {
        let connection = connection.unchecked_transaction()?;
        let declared = connection
            .prepare_cached("SELECT 1 FROM tenants WHERE name = ?")?
            .exists([tenant])?;
        let users = texts(
            &connection,
            "SELECT name FROM users WHERE tenant = ?",
            [tenant],
        )?;
        let off = connection
            .prepare_cached("SELECT * FROM switches WHERE tenant IN ('', ?)")?
            .query_map([tenant], |row| {
                let switch = KillSwitch::from_row(row)?;
                let at = timestamp(row.get("off_at")?);
                let reason = row.get("reason")?;
                Ok((switch, SwitchedOff { reason, at }))
            })?
            .collect::<Result<_, _>>()?;
        let tools = connection
            .prepare_cached(&format!(
                "SELECT t.name, t.decision, d.effect, d.toolset, {STATE} AS state,
                 coalesce(t.classes, d.classification) AS class
                 FROM tools t JOIN definitions d ON d.id = t.definition
                 LEFT JOIN tenants n ON n.name = t.tenant WHERE t.tenant = ?"
            ))?
            .query_map(params![tenant], |row| {
                let decision: Option<String> = row.get("decision")?;
                let tool = ToolFacts {
                    state: tools::review_state(row)?,
                    decided: decision.is_some(),
                    effect: tools::effect(row)?,
                    group: row.get("toolset")?,
                    classes: from_json(row, "class")?,
                };
                Ok((row.get("name")?, tool))
            })?
            .collect::<Result<_, _>>()?;
        let access = Access::load(&connection, tenant)?;
        let program_kinds = program_kinds(&connection, tenant)?;
        let allowed_kinds = AllowedKinds::load(&connection, tenant)?;
        Ok(Self {
            declared,
            metered: access.metered,
            users,
            off,
            tools,
            access,
            program_kinds,
            allowed_kinds,
        })
    }

    /// Whether `gateway.toml` has this user.
    pub(super) fn declares(&self, user: &str) -> bool {
        self.users.iter().any(|declared| declared == user)
    }

    /// Whether a toolset has a tool.
    pub(super) fn toolset_has(&self, toolset: &str, name: &str, tool: &ToolFacts) -> bool {
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
