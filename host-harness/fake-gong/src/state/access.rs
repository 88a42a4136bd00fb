//! Access to single calls that was granted to single users through the API.

use std::collections::{BTreeMap, BTreeSet};

/// The users' ids by the call's id. Whoever sees a call for another reason is not in here.
#[derive(Debug, Default)]
pub(crate) struct Grants(BTreeMap<String, BTreeSet<String>>);

impl Grants {
    /// Lets a user see a call.
    pub(crate) fn grant(&mut self, call: &str, user: &str) {
        let users = self.0.entry(call.to_owned()).or_default();
        users.insert(user.to_owned());
    }

    /// Takes the access back, if there is any.
    pub(crate) fn revoke(&mut self, call: &str, user: &str) {
        if let Some(users) = self.0.get_mut(call) {
            users.remove(user);
        }
    }

    /// Who was let see a call.
    pub(crate) fn users(&self, call: &str) -> Vec<&str> {
        let users = self.0.get(call).into_iter().flatten();
        users.map(String::as_str).collect()
    }
}
