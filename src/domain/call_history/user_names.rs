//! Names of users, collected from all calls of a scan. Hosts of imported calls and owners of deals
//! are ids, and looking up their names would cost requests.

use alloc::collections::BTreeMap;

use crate::{
    gong::calls::{Call, Party},
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
                .entry(without_checksum(object.id()).to_owned())
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
        let known = self.by_crm_id.get(without_checksum(owner)).cloned();
        // An id says nothing to a reader. A name has a space, an address an @.
        known.or_else(|| owner.contains([' ', '@']).then(|| owner.to_owned()))
    }
}

/// The 15 characters of a Salesforce id, which has 3 more for systems that ignore case; other ids as
/// they are.
fn without_checksum(id: &str) -> &str {
    match id.len() {
        18 if id.is_ascii() => &id[..15],
        _ => id,
    }
}

/// Whether an argument is this CRM id, the same id in the other length, or a link that contains it.
pub(crate) fn is_crm_id(id: &str, argument: &str) -> bool {
    let same = |text: &str| {
        id.eq_ignore_ascii_case(text)
            || (text.len() >= 15 && without_checksum(text) == without_checksum(id))
    };
    !id.is_empty()
        && (same(argument.trim())
            || (argument.contains("://") && argument.split(['/', '?', '&', '=', '#']).any(same)))
}

#[cfg(test)]
mod tests {
    use super::{UserNames, is_crm_id};

    #[test]
    fn an_id_has_two_lengths_and_is_in_links() {
        let id = "0063601230sV7grAAC";
        assert!(is_crm_id(id, "0063601230SV7grAAC"));
        assert!(is_crm_id(id, "0063601230sV7gr"));
        assert!(!is_crm_id(id, "0063601230SV7gr"), "of 15 the case matters");
        assert!(is_crm_id(
            id,
            "https://acme.example/lightning/r/Opportunity/0063601230sV7grAAC/view"
        ));
        assert!(is_crm_id("17", "17") && !is_crm_id("17", "1") && !is_crm_id("", ""));
    }

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
