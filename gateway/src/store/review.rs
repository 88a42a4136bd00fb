//! Administrators' decisions on tools: reviews and classes.

use jiff::Timestamp;
use rusqlite::params;

use super::lookup::{require_tenant, unknown_tool};
use super::tools::{rows, version};
use super::{
    Actor, Class, Classes, Decision, Effect, ReviewState, Store, StoreError, json, millis,
    record_act, refused,
};

impl Store {
    /// Decides on all tools of `names` or on none. `NAME@VERSION` decides only if the tool still
    /// has that version, which is the one that the administrator has seen, and
    /// `NAME@VERSION+COMPONENT` only if it comes from that component too.
    ///
    /// Returns the names of the tools whose state has changed.
    ///
    /// # Errors
    ///
    /// There is no such tenant or tool, the tool has another version, or it is removed and can
    /// not be approved.
    pub fn review(
        &self,
        actor: &Actor,
        tenant: &str,
        names: &[String],
        decision: Decision,
    ) -> Result<Vec<String>, StoreError> {
        self.change(|transaction| {
            require_tenant(transaction, tenant)?;
            let mut changed = Vec::new();
            for name in names {
                let (name, seen) = match name.split_once('@') {
                    Some((name, seen)) => (name, Some(seen)),
                    None => (&**name, None),
                };
                let Some(row) = rows(transaction, tenant, Some(name))?.pop() else {
                    return refused(unknown_tool(transaction, tenant, name)?);
                };
                let component = row.component.as_deref().map(version).unwrap_or_default();
                if let Some(seen) = seen {
                    let (seen_version, seen_component) = match seen.split_once('+') {
                        Some((version, component)) => (version, Some(component)),
                        None => (seen, None),
                    };
                    if seen_version != row.version {
                        return refused(format_args!(
                            "{name} has changed meanwhile: it is {name}@{} now, not @{seen_version}; look at it again before you decide",
                            row.version
                        ));
                    }
                    if seen_component.is_some_and(|seen| seen != component) {
                        return refused(format_args!(
                            "{name} comes from another component meanwhile: {} now; look at it again before you decide",
                            row.key()
                        ));
                    }
                }
                let (word, state) = match decision {
                    Decision::Approve => (Some("approved"), ReviewState::Approved),
                    Decision::Disable => (Some("disabled"), ReviewState::Disabled),
                    Decision::Pending => (None, ReviewState::Pending),
                };
                if row.state == ReviewState::Removed && decision == Decision::Approve {
                    return refused(format_args!(
                        "{name} can not be approved: the component does not have it any more; if it returns as it was, what was decided counts again"
                    ));
                }
                let same_component =
                    word.is_none() || row.component == row.reviewed_component;
                if row.state == state && row.changed_since_review.is_empty() && same_component {
                    continue;
                }
                let by = word.map(|_| &actor.name);
                transaction.execute(
                    "UPDATE tools SET decision = ?3, reviewed_by = ?4, reviewed_at = ?5,
                     reviewed = CASE WHEN ?3 IS NULL THEN NULL ELSE definition END,
                     reviewed_component = CASE WHEN ?3 IS NULL THEN NULL ELSE ?6 END
                     WHERE tenant = ?1 AND name = ?2",
                    params![
                        tenant,
                        name,
                        word,
                        by,
                        word.map(|_| millis(Timestamp::now())),
                        row.component
                    ],
                )?;
                let detail = format!(
                    "version {}; component {component}; was {}",
                    row.version, row.state
                );
                let act = decision.act();
                record_act(transaction, actor, Some(tenant), act, Some(name), Some(&detail))?;
                changed.push(name.to_owned());
            }
            Ok(changed)
        })
    }

    /// Sets a tool's classes for the tenant. `None` returns to those that the component states.
    ///
    /// Exactly one of READ, WRITE and DESTRUCTIVE is needed. READ is refused for a tool that
    /// changes something: classes select tools for policies and do not change what a tool does.
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
            require_tenant(transaction, tenant)?;
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
                Some(classes) => join(classes),
                None => "its own".to_owned(),
            };
            let detail = format!("{detail}; was {}", join(&row.classification));
            record_act(
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

fn join(classes: &Classes) -> String {
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
