//! Erased people, and what remains without them.
//!
//! Gong takes hours to erase somebody and has no endpoint that says when it is done. The stand-in
//! erases at once.

use std::collections::BTreeSet;

use crate::company::actions::Event;
use crate::company::calls::Identity;
use crate::company::{Call, Company, Contact};
use crate::shared::Shared;

/// The addresses of those who were erased, in lower case.
#[derive(Debug, Default)]
pub(crate) struct Erased(BTreeSet<String>);

impl Erased {
    /// Erases the person with this address.
    pub(crate) fn erase(&mut self, email: &str) {
        self.0.insert(email.to_lowercase());
    }
}

/// The company without the people who were erased, and without the calls that they were on.
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
            .filter(|contact| !erased.0.contains(&contact.email))
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
        let erased = self.erased.lock();
        let mut people = self.company.accounts.iter().flat_map(|a| &a.people);
        people.any(|contact| contact.crm_id == crm_id && erased.0.contains(&contact.email))
    }

    /// The calls that remain, oldest first.
    pub(crate) fn calls(self) -> impl Iterator<Item = &'a Call> {
        let calls = self.company.calls.iter();
        calls.filter(move |call| !self.is_erased_call(call))
    }

    /// Whether this is the address of somebody who was erased.
    pub(crate) fn is_erased(self, email: &str) -> bool {
        self.erased.lock().0.contains(&email.to_lowercase())
    }

    /// What was done with the calls that remain, oldest first.
    pub(crate) fn events(self) -> Vec<&'a Event> {
        let calls = self.company.calls.iter();
        let gone: Vec<bool> = calls.map(|call| self.is_erased_call(call)).collect();
        let events = self.company.events.iter();
        events.filter(|event| !gone[event.call]).collect()
    }

    /// Whether somebody on the call was erased.
    pub(crate) fn is_erased_call(self, call: &Call) -> bool {
        let erased = self.erased.lock();
        call.parties.iter().any(|party| match party.identity {
            Identity::Contact(place) => call
                .account_of(self.company)
                .is_some_and(|account| erased.0.contains(&account.people[place].email)),
            Identity::User(_) | Identity::Number => false,
        })
    }
}
