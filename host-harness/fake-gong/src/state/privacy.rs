//! Erased people, and what remains without them.
//!
//! Gong takes hours to erase somebody and has no endpoint that says when it is done. The stand-in
//! erases at once.

use std::collections::BTreeSet;

use crate::company::{Company, Contact};
use crate::shared::Shared;

/// Those who were erased.
#[derive(Debug, Default)]
pub(crate) struct Erased {
    /// Their addresses, in lower case.
    emails: BTreeSet<String>,
    /// Their ids in the CRM.
    crm_ids: BTreeSet<String>,
}

impl Erased {
    /// Erases the person with this address.
    pub(crate) fn erase(&mut self, company: &Company, email: &str) {
        self.emails.insert(email.to_lowercase());
        let people = company.accounts.iter().flat_map(|account| &account.people);
        let erased = people.filter(|contact| contact.email.eq_ignore_ascii_case(email));
        self.crm_ids
            .extend(erased.map(|contact| contact.crm_id.clone()));
    }
}

/// The people of the company without those who were erased.
#[derive(Clone, Copy)]
pub(crate) struct Remaining<'a> {
    pub(crate) company: &'a Company,
    pub(crate) erased: &'a Shared<Erased>,
}

impl<'a> Remaining<'a> {
    /// The people at customers who were not erased.
    pub(crate) fn contacts(self) -> Vec<&'a Contact> {
        let erased = self.erased.lock();
        let people = self.company.accounts.iter();
        people
            .flat_map(|account| &account.people)
            .filter(|contact| !erased.emails.contains(&contact.email))
            .collect()
    }

    /// The contact or lead with this id in the CRM.
    pub(crate) fn contact_by_crm_id(self, crm_id: &str) -> Option<&'a Contact> {
        let mut contacts = self.contacts().into_iter();
        contacts.find(|contact| contact.crm_id == crm_id)
    }

    /// The contact or lead with this address, however it is spelt.
    pub(crate) fn contact_by_email(self, email: &str) -> Option<&'a Contact> {
        let mut contacts = self.contacts().into_iter();
        contacts.find(|contact| contact.email.eq_ignore_ascii_case(email))
    }

    /// Whether this CRM id is of somebody who was erased.
    pub(crate) fn is_erased_prospect(self, crm_id: &str) -> bool {
        self.erased.lock().crm_ids.contains(crm_id)
    }

    /// Whether this is the address of somebody who was erased.
    pub(crate) fn is_erased(self, email: &str) -> bool {
        self.erased.lock().emails.contains(&email.to_lowercase())
    }
}
