//! What has changed in the CRM behind Gong since the company was founded.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::company::deals::Moment;
use crate::company::{Account, Deal};

/// The new names of accounts and the new standings of deals, by their CRM ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moves {
    names: HashMap<String, String>,
    deals: HashMap<String, Vec<Moment>>,
}

impl Moves {
    /// Gives an account another name; titles of calls stay what they were.
    pub(crate) fn rename(&mut self, account: &Account, name: String) {
        self.names.insert(account.crm_id.clone(), name);
    }

    /// Notes how a deal stands from a moment on.
    pub(crate) fn set(&mut self, deal: &Deal, moment: Moment) {
        let moments = self.deals.entry(deal.crm_id.clone()).or_default();
        moments.push(moment);
        moments.sort_by_key(|moment| moment.since);
    }

    /// The name of an account.
    pub(crate) fn name<'a>(&'a self, account: &'a Account) -> &'a str {
        let name = self.names.get(&account.crm_id);
        name.map_or(account.name, String::as_str)
    }

    /// How a deal stood at an instant.
    pub(crate) fn at<'a>(&'a self, deal: &'a Deal, instant: Timestamp) -> &'a Moment {
        let moved = self.deals.get(&deal.crm_id);
        let mut moved = moved.into_iter().flatten().rev();
        moved
            .find(|moment| moment.since <= instant)
            .unwrap_or_else(|| deal.at(instant))
    }
}
