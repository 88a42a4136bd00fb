//! The people on several calls: who they are, how many calls they attended, and when last.

use crate::{
    gong::{
        calls::{Call, NAMELESS, Party},
        crm_object::CrmObject,
    },
    prelude::*,
    text::{fold_case, one_line},
    time,
    wit::{calls::Affiliation, deals::PersonSeen},
};

/// A person, as far as the calls show.
struct Person {
    user_id: Option<String>,
    email: Option<String>,
    name: String,
    affiliation: Affiliation,
    title: Option<String>,
    role: Option<String>,
    attended: u32,
    hosted: u32,
    /// When the last call was that they attended.
    last: Option<i64>,
}

/// The people. Calls are added newest first, so what is known first about somebody is the latest.
#[derive(Default)]
pub(super) struct People(Vec<Person>);

impl People {
    /// Adds the people of a call, also those who were only invited.
    pub(super) fn add(&mut self, call: &Call) {
        let at = call.meta_data.began();
        // Somebody who joins by telephone and by laptop is two parties of one call.
        let mut counted: Vec<usize> = Vec::new();
        for party in call.parties() {
            let Some(index) = self.index(party) else {
                continue;
            };
            let person = &mut self.0[index];
            person.complete(party);
            if party.attended() && !counted.contains(&index) {
                counted.push(index);
                person.attended += 1;
                person.last = person.last.max(at);
                let host = call.meta_data.primary_user_id.as_ref();
                person.hosted += u32::from(host.is_some() && host == party.user_id.as_ref());
            }
        }
    }

    /// The index of a party's person, who is added if not known yet; none for a colleague without a
    /// name. Outsiders without one are one person, so that it is seen that there were some.
    fn index(&mut self, party: &Party) -> Option<usize> {
        let is_colleague = party.affiliation() == Affiliation::Internal;
        let nameless = (!is_colleague).then(|| NAMELESS.to_owned());
        let name = party.name().or(nameless)?;
        let (user, email) = (user_id(party), email(party));
        let known = |person: &Person| {
            let same = |one: &Option<String>, other: &Option<String>| one.is_some() && one == other;
            let by_name = person.affiliation == party.affiliation()
                && fold_case(&person.name) == fold_case(&name)
                && (person.email.is_none() || email.is_none());
            same(&person.user_id, &user) || same(&person.email, &email) || by_name
        };
        Some(self.0.iter().position(known).unwrap_or_else(|| {
            self.0.push(Person {
                user_id: user,
                email,
                name,
                affiliation: party.affiliation(),
                title: None,
                role: None,
                attended: 0,
                hosted: 0,
                last: None,
            });
            self.0.len() - 1
        }))
    }

    /// When somebody of this affiliation last attended a call.
    pub(super) fn last_attended(&self, affiliation: Affiliation) -> Option<i64> {
        let people = self
            .0
            .iter()
            .filter(|person| person.affiliation == affiliation);
        people.filter_map(|person| person.last).max()
    }

    /// At most `most` people, customers first and then by the last call attended; and how many more
    /// there are.
    pub(super) fn shown(mut self, owner: Option<&str>, most: usize) -> (Vec<PersonSeen>, u32) {
        let rank = |affiliation: Affiliation| match affiliation {
            Affiliation::External => 0,
            Affiliation::Unknown => 1,
            Affiliation::Internal => 2,
        };
        self.0.sort_by(|one, other| {
            rank(one.affiliation)
                .cmp(&rank(other.affiliation))
                .then_with(|| other.last.cmp(&one.last))
                .then_with(|| other.attended.cmp(&one.attended))
                .then_with(|| one.name.cmp(&other.name))
        });
        let left_out = self.0.len().saturating_sub(most) as u32;
        let shown = self.0.into_iter().take(most);
        (shown.map(|person| person.shown(owner)).collect(), left_out)
    }
}

impl Person {
    /// Fills in what was not known yet.
    fn complete(&mut self, party: &Party) {
        let text = |text: &Option<String>| {
            let text = one_line(text.as_deref()?);
            (!text.is_empty()).then_some(text)
        };
        self.user_id = self.user_id.take().or_else(|| user_id(party));
        self.email = self.email.take().or_else(|| email(party));
        self.title = self.title.take().or_else(|| text(&party.title));
        let is_contact =
            |object: &&CrmObject| matches!(object.object_type.as_deref(), Some("Contact" | "Lead"));
        let role = || party.objects().filter(is_contact).find_map(CrmObject::role);
        self.role = self.role.take().or_else(role);
        // A name without a space is a first name or an address; another party may have the whole name.
        if !self.name.contains(' ')
            && let Some(name) = text(&party.name)
        {
            self.name = name;
        }
    }

    fn shown(self, owner: Option<&str>) -> PersonSeen {
        let is_owner = self.affiliation == Affiliation::Internal
            && owner.is_some_and(|owner| {
                owner.eq_ignore_ascii_case(&self.name) || Some(fold_case(owner)) == self.email
            });
        let roles = [
            is_owner.then(|| "owner".into()),
            (self.hosted > 0).then(|| format!("host ×{}", self.hosted)),
            self.role,
        ];
        let roles: Vec<String> = roles.into_iter().flatten().collect();
        PersonSeen {
            // A seller knows colleagues' addresses.
            email: self.email.filter(|email| {
                self.affiliation != Affiliation::Internal && *email != fold_case(&self.name)
            }),
            name: self.name,
            affiliation: self.affiliation,
            title: self.title,
            role: (!roles.is_empty()).then(|| roles.join(", ")),
            calls: self.attended,
            last_heard: self.last.map(time::to_date),
        }
    }
}

fn user_id(party: &Party) -> Option<String> {
    party.user_id.as_ref().map(|id| id.0.clone())
}

fn email(party: &Party) -> Option<String> {
    let email = fold_case(party.email_address.as_deref()?.trim());
    (!email.is_empty()).then_some(email)
}

#[cfg(test)]
mod tests {
    use super::{NAMELESS, People};
    use crate::{gong::calls::Call, wit::calls::Affiliation};

    fn people(calls: &[&str]) -> People {
        let mut people = People::default();
        for call in calls {
            people.add(&serde_json::from_str::<Call>(call).expect("a call"));
        }
        people
    }

    #[test]
    fn one_person_is_one_over_calls_with_and_without_address() {
        let people = people(&[
            r#"{"metaData": {"started": "2026-11-20T10:00:00Z", "primaryUserId": "61"}, "parties": [
                {"name": "Jo Ray", "affiliation": "External", "emailAddress": null, "methods": null},
                {"name": "Cleo Vance", "affiliation": "Internal", "userId": 61, "methods": ["Attendee"]}]}"#,
            r#"{"metaData": {"started": "2026-11-10T10:00:00Z", "primaryUserId": "99"}, "parties": [
                {"name": "Jo Ray", "title": "CFO", "affiliation": "External", "emailAddress": "Jo.Ray@acme.example", "methods": ["Attendee"]},
                {"name": "jo ray", "affiliation": "External", "phoneNumber": "1", "methods": []},
                {"name": null, "affiliation": "External", "emailAddress": null},
                {"name": "Ann Li", "affiliation": "External", "emailAddress": "ann@acme.example", "methods": ["Invitee"]}]}"#,
        ]);
        let (shown, left_out) = people.shown(Some("cleo vance"), 3);
        assert_eq!(left_out, 1);
        let jo = &shown[0];
        assert_eq!((jo.name.as_str(), jo.calls), ("Jo Ray", 2));
        assert_eq!(jo.email.as_deref(), Some("jo.ray@acme.example"));
        assert_eq!(jo.title.as_deref(), Some("CFO"));
        assert_eq!(jo.last_heard.as_deref(), Some("2026-11-20"));
        assert_eq!((shown[1].name.as_str(), shown[1].calls), (NAMELESS, 1));
        assert_eq!((shown[2].name.as_str(), shown[2].calls), ("Ann Li", 0));
        assert_eq!(shown[2].last_heard, None, "only invited");
    }

    #[test]
    fn roles_come_from_the_crm_and_the_calls() {
        let people = people(&[
            r#"{"metaData": {"started": "2026-11-20T10:00:00Z", "primaryUserId": "61"}, "parties": [
            {"name": "Cleo Vance", "affiliation": "Internal", "userId": "61", "speakerId": "7", "methods": ["Invitee"]},
            {"name": "Jo", "affiliation": "External", "context": [{"objects": [{"objectType": "Contact", "objectId": "003",
                "fields": [{"name": "Buying_Role__c", "value": "Economic buyer"}]}]}]}]}"#,
        ]);
        assert_eq!(
            people.last_attended(Affiliation::External),
            Some(1_795_168_800)
        );
        assert_eq!(people.last_attended(Affiliation::Unknown), None);
        let (shown, _) = people.shown(Some("Cleo Vance"), 9);
        let roles: Vec<_> = shown.iter().map(|one| one.role.as_deref()).collect();
        assert_eq!(roles, [Some("Economic buyer"), Some("owner, host ×1")]);
    }
}
