//! The company, its state and all that the endpoints share.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::company::actions::Event;
use crate::company::{Call, Company, random};
use crate::contract::Contract;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::limits::Limits;
use crate::options::Options;
use crate::paging::Cursors;
use crate::response_cache::ResponseCache;
use crate::shared::Shared;
use crate::state::State;
use crate::state::calls::AnyCall;
use crate::state::privacy::Remaining;

/// The company with its API.
pub(crate) struct Gong {
    pub(crate) options: Options,
    pub(crate) company: Company,
    pub(crate) contract: Contract,
    pub(crate) cursors: Cursors,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) limits: Limits,
    pub(crate) state: State,
    pub(crate) clock: Shared<Timestamp>,
    /// The responses that are kept, if they are.
    pub(crate) recorded: Option<ResponseCache>,
    answers: AtomicU64,
}

impl Gong {
    /// Founds the company.
    pub(crate) fn new(options: Options) -> anyhow::Result<Self> {
        let now = options.now.unwrap_or_else(Timestamp::now);
        let grown = options.grown.as_ref();
        let company = Company::founded(options.seed, now, options.calls, grown);
        Ok(Self {
            state: State::new(&company),
            clock: Shared::new(now),
            company,
            contract: Contract::load(options.openapi.file().as_deref())?,
            cursors: Cursors::default(),
            faults: Faults::default(),
            journal: Journal::default(),
            recorded: options.recorded.then(ResponseCache::default),
            limits: Limits::default(),
            answers: AtomicU64::new(0),
            options,
        })
    }

    /// The id of the next answer, e.g. `4al018gzaztcr8nbukw`.
    pub(crate) fn request_id(&self) -> String {
        let number = self.answers.fetch_add(1, Ordering::Relaxed);
        let mut rest = u128::from(random::hash(&format!("{} {number}", self.options.seed))) << 32;
        rest |= u128::from(number) & 0xffff_ffff;
        let mut id = Vec::new();
        while id.len() < 19 {
            let digit = u32::try_from(rest % 36).unwrap_or_default();
            id.push(char::from_digit(digit, 36).unwrap_or('0'));
            rest /= 36;
        }
        id.iter().rev().collect()
    }

    /// The company without the people who were erased.
    pub(crate) fn remaining(&self) -> Remaining<'_> {
        Remaining {
            company: &self.company,
            erased: &self.state.privacy,
        }
    }

    /// The moment at which the company stands now.
    pub(crate) fn now(&self) -> Timestamp {
        *self.clock.lock()
    }

    /// Today in the company's time zone.
    pub(crate) fn today(&self) -> Date {
        self.company.day(self.now())
    }

    /// The call with this id, unless it is gone.
    pub(crate) fn call(&self, id: &str) -> Option<AnyCall> {
        let index = self.state.calls.lock();
        let found = index.place(id).map(|place| index.find(place));
        drop(index);
        found.map(|found| found.make(&self.company))
    }

    /// The recorded calls of an account that are there, oldest first.
    pub(crate) fn calls_of(&self, account: usize) -> Vec<Call> {
        let found = self.state.calls.lock().of_account(account).into_iter();
        let calls = found.filter_map(|found| match found.make(&self.company) {
            AnyCall::Held(call) => Some(call),
            AnyCall::Added(_) => None,
        });
        calls.collect()
    }

    /// What was done with the calls that are there, oldest first.
    pub(crate) fn events(&self) -> Vec<&Event> {
        let events = self.company.events().iter();
        let index = self.state.calls.lock();
        events.filter(|event| !index.is_gone(event.call)).collect()
    }

    /// Erases a person with all calls and events.
    pub(crate) fn erase(&self, email: &str) {
        self.state.privacy.lock().erase(&self.company, email);
        self.state.events.lock().forget(email);
        let mut calls = self.state.calls.lock();
        calls.remove_person(&self.company, email);
    }
}
