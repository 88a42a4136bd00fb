//! What tests change about the company behind Gong's back: what in a real company people do in
//! Gong's application or in the CRM, which Gong's API has no operation for.

use anyhow::{Context, bail, ensure};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::company::calls::grown::{self, Late};
use crate::company::deals::STAGES;
use crate::company::{Account, Deal};
use crate::gong::Gong;

/// A change. As JSON it is an object whose `change` names the variant, such as
/// `{"change": "delete_call", "call": "7100…"}`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Change {
    /// A call appears that Gong has processed late.
    AddCall {
        /// How many hours before now it began, at most 100,000.
        hours_ago: f64,
        /// The customer, by name, domain or CRM id; without it one is drawn, or none.
        #[serde(default)]
        account: Option<String>,
        /// The id of the user who hosts it; without it one is drawn.
        #[serde(default)]
        host: Option<String>,
        /// Whether it is private.
        #[serde(default)]
        is_private: bool,
    },
    /// A call is deleted.
    DeleteCall {
        /// Its id.
        call: String,
    },
    /// A call is made private, or public again.
    SetPrivate {
        /// Its id.
        call: String,
        /// Which of the two.
        is_private: bool,
    },
    /// A call gets another title.
    SetTitle {
        /// Its id.
        call: String,
        /// The title.
        title: String,
    },
    /// A call gets another host, who takes the place of the one before among its parties.
    SetHost {
        /// Its id.
        call: String,
        /// The id of the user.
        host: String,
    },
    /// A deal stands differently from now on; what is not named stays.
    MoveDeal {
        /// Its CRM id.
        deal: String,
        /// The stage by its name, such as `Negotiation`.
        #[serde(default)]
        stage: Option<String>,
        /// The amount.
        #[serde(default)]
        amount: Option<i64>,
        /// The close date.
        #[serde(default)]
        close: Option<Date>,
    },
    /// An account gets another name in the CRM. Titles of calls stay what they were.
    RenameAccount {
        /// The customer, by the name or domain it was founded with, or by CRM id.
        account: String,
        /// The new name.
        name: String,
    },
    /// A person is erased with all calls, as by Gong's own operation.
    ErasePerson {
        /// The address.
        email: String,
    },
    /// It becomes another moment. Calls that were planned up to it and have been processed
    /// appear; another day has a quota of its own. Going back hides no call again.
    SetClock {
        /// The moment.
        now: Timestamp,
    },
}

impl Gong {
    /// Makes a change; the ids of the calls that appeared.
    pub(crate) fn change(&self, change: &Change) -> anyhow::Result<Vec<String>> {
        let appeared = self.apply(change)?;
        // Responses that were kept are out of date.
        if let Some(recorded) = &self.recorded {
            recorded.clear();
        }
        Ok(appeared)
    }

    fn apply(&self, change: &Change) -> anyhow::Result<Vec<String>> {
        let mut calls = self.state.calls.lock();
        let place = |calls: &crate::state::call_index::CallIndex, call: &str| {
            let place = calls.place(call);
            place.with_context(|| format!("call: there is none with the id {call:?}"))
        };
        match change {
            Change::AddCall {
                hours_ago,
                account,
                host,
                is_private,
            } => {
                ensure!(
                    (0.0..=100_000.0).contains(hours_ago),
                    "hours_ago: {hours_ago} is not between 0 and 100000"
                );
                let ago = SignedDuration::from_secs((hours_ago * 3600.0) as i64);
                let account = account.as_deref().map(|name| self.account(name));
                let late = Late {
                    started: self.now() - ago,
                    account: account.transpose()?.map(|(place, _)| place),
                    host: host.as_deref().map(|id| self.user(id)).transpose()?,
                    is_private: *is_private,
                };
                let number = calls.later(&self.company);
                let head = grown::late(&self.company, number, &late);
                calls.insert(head);
                return Ok(vec![head.id.to_string()]);
            }
            Change::DeleteCall { call } => {
                let place = place(&calls, call)?;
                calls.remove(place);
            }
            Change::SetPrivate { call, is_private } => {
                let place = place(&calls, call)?;
                calls.set_private(place, *is_private);
            }
            Change::SetTitle { call, title } => {
                let place = place(&calls, call)?;
                calls.set_title(place, title.clone());
            }
            Change::SetHost { call, host } => {
                let place = place(&calls, call)?;
                calls.set_host(place, self.user(host)?);
            }
            Change::MoveDeal {
                deal,
                stage,
                amount,
                close,
            } => {
                let deal = self.deal(deal)?;
                let stage = stage.as_deref().map(stage_named).transpose()?;
                let mut moves = self.state.moves.lock();
                let before = moves.at(deal, self.now());
                let after = before.moved(self.now(), stage, *amount, *close);
                moves.set(deal, after);
            }
            Change::RenameAccount { account, name } => {
                let (_, account) = self.account(account)?;
                self.state.moves.lock().rename(account, name.clone());
            }
            Change::ErasePerson { email } => {
                drop(calls);
                self.erase(email);
            }
            Change::SetClock { now } => {
                *self.clock.lock() = *now;
                return Ok(calls.appear(&self.company, *now));
            }
        }
        Ok(Vec::new())
    }

    fn user(&self, id: &str) -> anyhow::Result<usize> {
        let mut users = self.company.users.iter();
        users
            .position(|user| user.id == id)
            .with_context(|| format!("host: there is no user with the id {id:?}"))
    }

    fn account(&self, name: &str) -> anyhow::Result<(usize, &Account)> {
        let mut accounts = self.company.accounts.iter().enumerate();
        accounts
            .find(|(_, one)| [one.name, one.domain, &one.crm_id].contains(&name))
            .with_context(|| {
                format!("account: no customer has the name, domain or CRM id {name:?}")
            })
    }

    fn deal(&self, crm_id: &str) -> anyhow::Result<&Deal> {
        let mut deals = self.company.accounts.iter().flat_map(|one| &one.deals);
        deals
            .find(|deal| deal.crm_id == crm_id)
            .with_context(|| format!("deal: there is none with the CRM id {crm_id:?}"))
    }
}

fn stage_named(name: &str) -> anyhow::Result<usize> {
    let names = STAGES.map(|(name, _)| name);
    match names.iter().position(|known| *known == name) {
        Some(stage) => Ok(stage),
        None => bail!("stage: {name:?} is not one of {}", names.join(", ")),
    }
}
