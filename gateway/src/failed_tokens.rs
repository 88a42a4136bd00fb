//! Requests and sign-ins with a wrong token, counted for the audit.
//!
//! Each address has one row a minute, however often it tries, so that nobody can fill the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::mem;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::client_address::network;
use crate::store::{RefusedTokens, Store, Via};

/// How often rows are written.
pub(crate) const INTERVAL: Duration = Duration::from_secs(60);

/// Addresses that are told apart within a minute. All further ones share a row.
const MAX_ADDRESSES: usize = 256;

/// What was refused since rows were written last. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct FailedTokens(Arc<Mutex<BTreeMap<Place, Counts>>>);

type Place = (&'static str, Option<IpAddr>);

#[derive(Debug)]
struct Counts {
    via: Via,
    wrong: u64,
    missing: u64,
    /// Administrators who exist, and whose names were claimed.
    names: BTreeSet<String>,
}

impl FailedTokens {
    /// Counts a request without a valid token. `missing` means that it had none at all.
    pub(crate) fn count(&self, via: Via, address: Option<IpAddr>, missing: bool) {
        self.add(via, address, missing, None);
    }

    /// Counts a failed sign-in. `name` is that of an administrator who exists.
    pub(crate) fn count_sign_in(&self, address: Option<IpAddr>, name: Option<&str>) {
        self.add(Via::Page, address, false, name);
    }

    fn add(&self, via: Via, address: Option<IpAddr>, missing: bool, name: Option<&str>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut place = (via.as_str(), address.map(network));
        if all.len() >= MAX_ADDRESSES && !all.contains_key(&place) {
            place.1 = None;
        }
        let counts = all.entry(place).or_insert_with(|| Counts {
            via,
            wrong: 0,
            missing: 0,
            names: BTreeSet::new(),
        });
        if missing {
            counts.missing += 1;
        } else {
            counts.wrong += 1;
        }
        counts.names.extend(name.map(str::to_owned));
    }

    /// Writes the rows, and begins anew. Blocks.
    pub(crate) fn write(&self, store: &Store) {
        let all = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if all.is_empty() {
            return;
        }
        let rows: Vec<RefusedTokens> = all
            .into_iter()
            .map(|((_, address), counts)| RefusedTokens {
                via: counts.via,
                address: address.map_or_else(|| "other addresses".to_owned(), |ip| ip.to_string()),
                detail: counts.sentence(),
            })
            .collect();
        if let Err(error) = store.tokens_refused(&rows) {
            tracing::error!("failed tokens can not be written to the audit: {error}");
        }
    }
}

impl Counts {
    fn sentence(&self) -> String {
        let mut text = format!("within a minute: {} with a wrong token", self.wrong);
        if self.missing > 0 {
            let _ = write!(text, ", {} without one", self.missing);
        }
        if !self.names.is_empty() {
            let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
            let _ = write!(text, "; as {}", names.join(", "));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::Folder;
    use crate::store::{AuditFilter, AuditRow};

    #[test]
    fn each_address_has_one_row_a_minute_and_all_together_have_a_bound() {
        let folder = Folder::new();
        let store = Store::open(&folder.0.join("gateway.db")).unwrap();
        let failed = FailedTokens::default();
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        for n in 0..10_000 {
            failed.count(Via::Mcp, Some(address), n % 2 == 0);
        }
        failed.count_sign_in(Some(address), Some("ada"));
        for n in 0..5_000_u32 {
            failed.count(Via::Mcp, Some(IpAddr::V4(n.into())), false);
        }
        failed.write(&store);
        failed.write(&store);
        let filter = AuditFilter {
            limit: Some(10_000),
            ..AuditFilter::default()
        };
        let mut rows: Vec<String> = store
            .query_audit(&filter)
            .unwrap()
            .into_iter()
            .filter_map(|row| match row {
                AuditRow::Act(act) => Some(format!(
                    "{} {} {}: {}",
                    act.via, act.act, act.subject?, act.detail?
                )),
                AuditRow::Call(_) => None,
            })
            .collect();
        assert_eq!(rows.len(), MAX_ADDRESSES + 1);
        rows.retain(|row| row.contains("192.0.2.1") || row.contains("other"));
        rows.sort();
        assert_eq!(
            rows,
            [
                "mcp token-refused 192.0.2.1: within a minute: 5000 with a wrong token, 5000 without one",
                "mcp token-refused other addresses: within a minute: 4746 with a wrong token",
                "page sign-in-refused 192.0.2.1: within a minute: 1 with a wrong token; as ada",
            ]
        );
    }
}
