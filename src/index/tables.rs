//! What the calls of a segment have in common: people and CRM objects, as Gong's API has them and as
//! questions compare them.

use crate::{
    gong::{
        calls::{Meta, Party},
        crm_object::{Context, CrmObject, Field},
        id::Id,
    },
    index::{
        pack::usual_local_part,
        segment::{CallId, Email, Fields, Kind, Object, Person, Tables, Word},
    },
    prelude::*,
};

/// Somebody on calls, as questions compare people.
#[derive(Clone, Copy)]
pub(crate) struct PersonText<'a> {
    /// Empty without one, as the others.
    pub(crate) name: &'a str,
    /// Gong's id of a user.
    pub(crate) user: &'a str,
    /// What is before the @, unless it is the usual of the name.
    local: Option<&'a str>,
    domain: Option<&'a str>,
}

impl PersonText<'_> {
    /// Whether this is the e-mail address.
    pub(crate) fn has_email(&self, email: &str) -> bool {
        let (Some(domain), Some((local, at))) = (self.domain, email.rsplit_once('@')) else {
            return false;
        };
        at.eq_ignore_ascii_case(domain)
            && match self.local {
                Some(known) => known.eq_ignore_ascii_case(local),
                None => usual_local_part(self.name).eq_ignore_ascii_case(local),
            }
    }
}

/// A CRM object on calls, as questions compare these.
#[derive(Clone, Copy, Default)]
pub(crate) struct ObjectText<'a> {
    /// An account, else a deal.
    pub(crate) is_account: bool,
    /// The CRM's id; empty without one, as the others.
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
    /// An account's website.
    pub(crate) website: &'a str,
    /// A deal's stage, and its owner in the CRM.
    pub(crate) stage: &'a str,
    pub(crate) owner: &'a str,
    /// How it was at the time of the call, not now.
    pub(crate) then: bool,
}

impl<'a> Tables<'a> {
    pub(super) fn word(&self, word: Word) -> &'a str {
        self.words[word as usize]
    }

    pub(super) fn text(&self, word: Word) -> Option<String> {
        (word != 0).then(|| self.word(word).to_owned())
    }

    /// The id of a call.
    pub(super) fn call_id(&self, id: CallId) -> String {
        match id {
            CallId::Number(number) => number.to_string(),
            CallId::Text(word) => self.word(word).to_owned(),
        }
    }

    /// Scope, direction and language.
    pub(super) fn meta_of_kind(&self, kind: &Kind) -> Meta {
        Meta {
            direction: self.text(kind.direction),
            scope: self.text(kind.scope),
            language: self.text(kind.language),
            ..Meta::default()
        }
    }

    /// Somebody's texts.
    pub(super) fn person_text(&self, person: &Person) -> PersonText<'a> {
        let (local, domain) = match person.email {
            Email::None | Email::Odd(_) => (None, None),
            Email::OfName(domain) => (None, Some(domain)),
            Email::Other(local, domain) => (Some(local), Some(domain)),
        };
        PersonText {
            name: self.word(person.name),
            user: self.word(person.user),
            local: local.map(|local| self.word(local)),
            domain: domain.map(|domain| self.word(domain)),
        }
    }

    /// A CRM object's texts.
    pub(super) fn object_text(&self, object: &Object) -> ObjectText<'a> {
        let (is_account, website, stage, owner) = match object.fields {
            Fields::Account { website } => (true, website, 0, 0),
            Fields::Opportunity { stage, owner, .. } => (false, 0, stage, owner),
        };
        ObjectText {
            is_account,
            id: self.word(object.id),
            name: self.word(object.name),
            website: self.word(website),
            stage: self.word(stage),
            owner: self.word(owner),
            then: object.then,
        }
    }

    /// Gong's users, those first that were on calls last.
    pub(crate) fn users(&self) -> impl Iterator<Item = Party> {
        let users = self.people.iter().rev().filter(|person| person.user != 0);
        users.map(|person| self.party(person, true))
    }

    /// Everybody.
    pub(crate) fn people(&self) -> impl Iterator<Item = PersonText<'a>> {
        self.people.iter().map(|person| self.person_text(person))
    }

    /// Accounts and deals.
    pub(crate) fn objects(&self) -> impl Iterator<Item = ObjectText<'a>> {
        self.objects.iter().map(|object| self.object_text(object))
    }

    /// Somebody, as a party of a call.
    pub(super) fn party(&self, person: &Person, attended: bool) -> Party {
        let name = self.word(person.name);
        let email = match person.email {
            Email::None => None,
            Email::OfName(domain) => {
                Some(format!("{}@{}", usual_local_part(name), self.word(domain)))
            }
            Email::Other(local, domain) => {
                Some(format!("{}@{}", self.word(local), self.word(domain)))
            }
            Email::Odd(text) => self.text(text),
        };
        let user = (person.crm_user != 0).then(|| {
            alloc::vec![Context {
                objects: Some(alloc::vec![CrmObject {
                    object_type: Some("User".into()),
                    object_id: self.text(person.crm_user).map(Id),
                    timing: None,
                    fields: None,
                }]),
            }]
        });
        Party {
            id: None,
            email_address: email,
            name: self.text(person.name),
            title: None,
            user_id: self.text(person.user).map(Id),
            speaker_id: None,
            context: user,
            affiliation: match person.affiliation {
                1 => Some("Internal".into()),
                2 => Some("External".into()),
                _ => None,
            },
            phone_number: self.text(person.phone),
            methods: (!attended).then(|| alloc::vec!["Invitee".into()]),
        }
    }

    /// A CRM object, with its fields under the names that Salesforce has for them.
    pub(super) fn object(&self, object: &Object) -> CrmObject {
        let (sort, fields) = match object.fields {
            Fields::Account { website } => ("Account", alloc::vec![("Website", website)]),
            Fields::Opportunity {
                stage,
                amount,
                close,
                probability,
                owner,
            } => (
                "Opportunity",
                alloc::vec![
                    ("StageName", stage),
                    ("Amount", amount),
                    ("CloseDate", close),
                    ("Probability", probability),
                    ("Owner", owner),
                ],
            ),
        };
        let fields = core::iter::once(("Name", object.name)).chain(fields);
        CrmObject {
            object_type: Some(sort.into()),
            object_id: self.text(object.id).map(Id),
            timing: object.then.then(|| "TimeOfCall".into()),
            fields: Some(
                fields
                    .filter(|(_, value)| *value != 0)
                    .map(|(name, value)| Field {
                        name: Some(name.into()),
                        value: Some(self.word(value).into()),
                    })
                    .collect(),
            ),
        }
    }
}
