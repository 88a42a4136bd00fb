//! The company, its state and all that the endpoints share.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::civil::Date;

use crate::company::{Company, random};
use crate::contract::Contract;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::limits::Limits;
use crate::options::Options;
use crate::paging::Cursors;
use crate::state::State;
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
    answers: AtomicU64,
}

impl Gong {
    /// Founds the company.
    pub(crate) fn new(options: Options) -> anyhow::Result<Self> {
        let now = options.now.unwrap_or_else(jiff::Timestamp::now);
        Ok(Self {
            company: Company::new(options.seed, now, options.calls),
            contract: Contract::load(options.openapi.file().as_deref())?,
            cursors: Cursors::default(),
            faults: Faults::default(),
            journal: Journal::default(),
            limits: Limits::default(),
            state: State::default(),
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

    /// Today in the company's time zone.
    pub(crate) fn today(&self) -> Date {
        self.company.day(self.company.now())
    }
}
