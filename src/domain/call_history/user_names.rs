//! Names of users, learnt from all calls that a scan reads: hosts of imported calls
//! and owners of deals are ids, and asking for their names would cost requests.

use alloc::collections::BTreeMap;

use crate::{gong::calls::Call, prelude::*};

/// Users by Gong's id and by the CRM's.
#[derive(Default)]
pub(crate) struct Colleagues {
    users: BTreeMap<String, String>,
    of_crm: BTreeMap<String, String>,
}

impl Colleagues {
    /// Learns the names of a call.
    pub(crate) fn meet(&mut self, call: &Call) {
        for party in call.parties() {
            let (Some(user), Some(name)) = (&party.user_id, party.name()) else {
                continue;
            };
            let is_user = |sort: &Option<String>| sort.as_deref() == Some("User");
            for object in party.objects().filter(|one| is_user(&one.object_type)) {
                self.of_crm
                    .entry(in_short(object.id()).to_owned())
                    .or_insert(name.clone());
            }
            self.users.entry(user.0.clone()).or_insert(name);
        }
    }

    /// What a user is called.
    pub(crate) fn user(&self, id: &str) -> Option<&str> {
        self.users.get(id).map(String::as_str)
    }

    /// What the CRM's owner is called: the CRM gives a name, an e-mail or an id.
    pub(crate) fn owner(&self, owner: &str) -> Option<String> {
        let known = self.of_crm.get(in_short(owner)).cloned();
        // An id says nothing to a reader; a name has a space or an @.
        known.or_else(|| owner.contains([' ', '@']).then(|| owner.to_owned()))
    }
}

/// Salesforce writes an id with 15 characters or, for systems that take no notice of
/// case, with 3 more that follow from these.
fn in_short(id: &str) -> &str {
    match id.len() {
        18 if id.is_ascii() => &id[..15],
        _ => id,
    }
}

/// Whether an argument means the CRM id: the id, its other length, or a link with it.
pub(crate) fn is_crm_id(id: &str, wanted: &str) -> bool {
    let same = |text: &str| {
        id.eq_ignore_ascii_case(text) || (text.len() >= 15 && in_short(text) == in_short(id))
    };
    !id.is_empty()
        && (same(wanted.trim())
            || (wanted.contains("://") && wanted.split(['/', '?', '&', '=', '#']).any(same)))
}

#[cfg(test)]
mod tests {
    use super::{Colleagues, is_crm_id};

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
    fn owners_are_names_where_calls_tell_them() {
        let mut colleagues = Colleagues::default();
        let call = r#"{"metaData": {}, "parties": [{"name": "Cleo Vance", "userId": 61, "context":
            [{"objects": [{"objectType": "User", "objectId": "0053601230uSabcAAC"}]}]}, {"name": "Jo", "userId": null}]}"#;
        colleagues.meet(&serde_json::from_str(call).expect("a call"));
        assert_eq!(
            colleagues.owner("0053601230uSabc").as_deref(),
            Some("Cleo Vance")
        );
        assert_eq!(colleagues.owner("0053601230uSxyzAAC"), None);
        assert_eq!(colleagues.owner("Ann Li").as_deref(), Some("Ann Li"));
        assert_eq!(colleagues.user("61"), Some("Cleo Vance"));
    }
}
