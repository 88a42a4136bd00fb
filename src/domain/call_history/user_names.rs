//! Names of users, collected from all calls of a scan. Hosts of imported calls and owners of deals
//! are ids, and looking up their names would cost requests.

use alloc::collections::BTreeMap;

use crate::{
    gong::{
        calls::{Call, Party},
        crm_id,
    },
    index::{Index, Tables},
    prelude::*,
};

/// Names of users, by Gong's id and by the CRM's.
#[derive(Default)]
pub(crate) struct UserNames {
    by_id: BTreeMap<String, String>,
    by_crm_id: BTreeMap<String, String>,
}

impl UserNames {
    /// Collects the names on a call.
    pub(crate) fn learn(&mut self, call: &Call) {
        call.parties().for_each(|party| self.learn_one(party));
    }

    /// Collects the names that the index has.
    pub(crate) fn learn_all(&mut self, index: &Index<'_, '_>) {
        index.tables(|tables| self.learn_users(tables));
    }

    /// Collects the names of a week of the index. Weeks come newest first.
    pub(crate) fn learn_users(&mut self, tables: &Tables<'_>) {
        tables.users().for_each(|party| self.learn_one(&party));
    }

    /// Collects a name.
    fn learn_one(&mut self, party: &Party) {
        let (Some(user), Some(name)) = (&party.user_id, party.name()) else {
            return;
        };
        let is_user = |sort: &Option<String>| sort.as_deref() == Some("User");
        for object in party.objects().filter(|one| is_user(&one.object_type)) {
            self.by_crm_id
                .entry(crm_id::key(object.id()).to_owned())
                .or_insert(name.clone());
        }
        self.by_id.entry(user.0.clone()).or_insert(name);
    }

    /// The name of the user with this id.
    pub(crate) fn user(&self, id: &str) -> Option<&str> {
        self.by_id.get(id).map(String::as_str)
    }

    /// The name of an owner in the CRM, which has a name, an e-mail address or an id there.
    pub(crate) fn owner(&self, owner: &str) -> Option<String> {
        let known = self.by_crm_id.get(crm_id::key(owner)).cloned();
        // An id says nothing to a reader. A name has a space, an address an @.
        known.or_else(|| owner.contains([' ', '@']).then(|| owner.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::UserNames;

    #[test]
    fn owners_are_names_where_calls_have_them() {
        let mut user_names = UserNames::default();
        let call = r#"{"metaData": {}, "parties": [{"name": "Cleo Vance", "userId": 61, "context":
            [{"objects": [{"objectType": "User", "objectId": "0053601230uSabcAAC"}]}]}, {"name": "Jo", "userId": null}]}"#;
        user_names.learn(&serde_json::from_str(call).expect("a call"));
        assert_eq!(
            user_names.owner("0053601230uSabc").as_deref(),
            Some("Cleo Vance")
        );
        assert_eq!(user_names.owner("0053601230uSxyzAAC"), None);
        assert_eq!(user_names.owner("Ann Li").as_deref(), Some("Ann Li"));
        assert_eq!(user_names.user("61"), Some("Cleo Vance"));
    }
}
