//! Who was erased, and what is left without them.
//!
//! Gong takes hours to erase somebody and has no endpoint that tells when it is done; here it
//! is done at once.

use std::collections::BTreeSet;

use crate::company::activity::Event;
use crate::company::calls::Who;
use crate::company::{Call, Contact};
use crate::gong::Gong;

/// The addresses of those who were erased, in lower case.
#[derive(Debug, Default)]
pub(crate) struct Erased(BTreeSet<String>);

impl Erased {
    /// Erases whoever has this address.
    pub(crate) fn erase(&mut self, email: &str) {
        self.0.insert(email.to_lowercase());
    }
}

impl Gong {
    /// The people at customers who were not erased.
    pub(crate) fn contacts(&self) -> Vec<&Contact> {
        let erased = self.state.privacy.lock();
        let people = self.company.accounts.iter();
        people
            .flat_map(|account| &account.people)
            .filter(|contact| !erased.0.contains(&contact.email))
            .collect()
    }

    /// The contact or lead with this id in the CRM.
    pub(crate) fn contact_by_crm_id(&self, crm_id: &str) -> Option<&Contact> {
        let mut contacts = self.contacts().into_iter();
        contacts.find(|contact| contact.crm_id == crm_id)
    }

    /// The contact or lead with this address, however it is spelt.
    pub(crate) fn contact_by_email(&self, email: &str) -> Option<&Contact> {
        let mut contacts = self.contacts().into_iter();
        contacts.find(|contact| contact.email.eq_ignore_ascii_case(email))
    }

    /// Whether this CRM id is of somebody who was erased.
    pub(crate) fn is_erased_prospect(&self, crm_id: &str) -> bool {
        let erased = self.state.privacy.lock();
        let mut people = self.company.accounts.iter().flat_map(|a| &a.people);
        people.any(|contact| contact.crm_id == crm_id && erased.0.contains(&contact.email))
    }

    /// The calls that are left, oldest first.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        let calls = self.company.calls.iter();
        calls.filter(|call| !self.is_erased_call(call))
    }

    /// Whether this is the address of somebody who was erased.
    pub(crate) fn is_erased(&self, email: &str) -> bool {
        self.state.privacy.lock().0.contains(&email.to_lowercase())
    }

    /// What was done with the calls that are left, oldest first.
    pub(crate) fn events(&self) -> Vec<&Event> {
        let calls = self.company.calls.iter();
        let gone: Vec<bool> = calls.map(|call| self.is_erased_call(call)).collect();
        let events = self.company.events.iter();
        events.filter(|event| !gone[event.call]).collect()
    }

    /// Whether the call is gone, because somebody on it was erased.
    pub(crate) fn is_erased_call(&self, call: &Call) -> bool {
        let erased = self.state.privacy.lock();
        call.parties.iter().any(|party| match party.who {
            Who::Contact(place) => call
                .account_of(&self.company)
                .is_some_and(|account| erased.0.contains(&account.people[place].email)),
            Who::User(_) | Who::Number => false,
        })
    }
}
