//! Kinds of AI clients that may call at all, and kinds that may call a tool.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};
use serde::Serialize;

use super::lookup::{require_tenant, unknown_tool};
use super::sign_in::ClientKind;
use super::{Actor, Store, StoreError, from_json, json, record_act, refused};

/// Which kinds of clients may call. Where nothing is said, all may.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AllowedKinds {
    /// For the tenant as a whole.
    pub tenant: Option<BTreeSet<ClientKind>>,
    /// For tools, by name.
    pub tools: BTreeMap<String, BTreeSet<ClientKind>>,
}

impl AllowedKinds {
    pub(crate) fn load(connection: &Connection, tenant: &str) -> Result<Self, StoreError> {
        let mut statement =
            connection.prepare_cached("SELECT tool, kinds FROM allowed_kinds WHERE tenant = ?")?;
        let mut rows = statement.query([tenant])?;
        let mut all = Self::default();
        while let Some(row) = rows.next()? {
            let (tool, kinds): (String, _) = (row.get("tool")?, from_json(row, "kinds")?);
            match tool.is_empty() {
                true => all.tenant = Some(kinds),
                false => {
                    all.tools.insert(tool, kinds);
                }
            }
        }
        Ok(all)
    }
}

/// `personal, shared`.
pub(crate) fn listed(kinds: &BTreeSet<ClientKind>) -> String {
    let names: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
    names.join(", ")
}

impl Store {
    /// Which kinds of clients of a tenant may call.
    ///
    /// # Errors
    ///
    /// There is no such tenant, or the file could not be read.
    pub fn allowed_kinds(&self, tenant: &str) -> Result<AllowedKinds, StoreError> {
        self.read(|connection| {
            require_tenant(connection, tenant)?;
            AllowedKinds::load(connection, tenant)
        })
    }

    /// Lets only clients of these kinds call, a tool or any, from the next call on. All kinds are the
    /// same as none being set.
    ///
    /// # Errors
    ///
    /// There is no such tenant or tool, no kind is left, or the file could not be written.
    pub fn allow_kinds(
        &self,
        actor: &Actor,
        tenant: &str,
        tool: Option<&str>,
        kinds: &BTreeSet<ClientKind>,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            require_tenant(transaction, tenant)?;
            if let Some(tool) = tool {
                let known = transaction
                    .prepare_cached("SELECT 1 FROM tools WHERE tenant = ? AND name = ?")?
                    .exists([tenant, tool])?;
                if !known {
                    return refused(unknown_tool(transaction, tenant, tool)?);
                }
            }
            if kinds.is_empty() {
                return refused(
                    "name at least one kind, such as personal; to stop all clients use the kill switch",
                );
            }
            let key = tool.unwrap_or_default();
            if kinds.len() == ClientKind::ALL.len() {
                let sql = "DELETE FROM allowed_kinds WHERE tenant = ? AND tool = ?";
                transaction.execute(sql, [tenant, key])?;
            } else {
                transaction.execute(
                    "INSERT INTO allowed_kinds (tenant, tool, kinds) VALUES (?, ?, ?)
                     ON CONFLICT DO UPDATE SET kinds = excluded.kinds",
                    params![tenant, key, json(kinds)],
                )?;
            }
            let detail = listed(kinds);
            record_act(transaction, actor, Some(tenant), "allow-kinds", tool, Some(&detail))
        })
    }
}
