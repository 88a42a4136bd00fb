//! A generated company of any size, with its side of Gong's API and its index.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    index::made,
    testing::company::{Company, NOW, Size},
};

/// A generated company, the same in every run.
pub struct MadeCompany(Company);

impl MadeCompany {
    /// When questions are asked: 2026-11-23T12:00:00Z, in seconds since 1970.
    pub const NOW: i64 = NOW;

    /// A company with this many calls in these days before [`Self::NOW`], 5,000 accounts, 40,000
    /// people outside and 100 sellers.
    #[must_use]
    pub fn new(calls: usize, days: i64) -> Self {
        Self(Company::new(Size {
            calls,
            days,
            ..Size::ORDINARY
        }))
    }

    /// The CRM's id of one of the accounts.
    #[must_use]
    pub fn account_id(account: usize) -> String {
        Company::account_id(account)
    }

    /// The name of one of the accounts.
    #[must_use]
    pub fn account_name(&self, account: usize) -> String {
        self.0.account_names.borrow()[account].clone()
    }

    /// The whole index by name of object, for calls read at [`Self::NOW`] from this authority
    /// (`127.0.0.1:80`) with this access key.
    #[must_use]
    pub fn index(&self, authority: &str, access_key: &str) -> BTreeMap<String, Vec<u8>> {
        let selector = json!({
            "context": "Extended", "contextTiming": ["Now", "TimeOfCall"],
            "exposedFields": { "parties": true, "content": {} },
        });
        let calls = (0..self.0.size.calls).map(|index| {
            let call = self.0.call(index, &selector).to_string();
            let call = serde_json::from_str(&call).expect("a call");
            (self.0.calls.borrow()[index].at, call)
        });
        made::objects(calls, NOW, authority, access_key)
    }

    /// The body of Gong's answer to a request with this path, with the query, and body.
    #[must_use]
    pub fn answer(&self, path: &str, body: &[u8]) -> Vec<u8> {
        self.0.answer(path, body).to_string().into_bytes()
    }
}
