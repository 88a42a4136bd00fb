//! Sign-ins that have begun in a browser and are not back from the provider yet.
//!
//! They are in memory only: a restart ends them, and the person begins anew.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::redirect::RedirectUri;
use super::scope::Scopes;
use crate::config::TokenHash;
use crate::store::sign_in::ClientRow;

/// How long somebody may take at the provider.
pub(super) const LIFE: Duration = Duration::from_secs(10 * 60);

/// Sign-ins that may be pending at a time: in all, and from one network.
const MOST: usize = 20_000;
const MOST_EACH: usize = 200;

/// What a client wants, after the person has consented.
#[derive(Clone, Debug)]
pub(super) struct Authorization {
    pub(super) client: ClientRow,
    pub(super) redirect_uri: RedirectUri,
    /// The client's own `state`.
    pub(super) state: Option<String>,
    pub(super) scopes: Scopes,
    /// The client's PKCE challenge.
    pub(super) challenge: String,
}

/// A sign-in that is at the provider.
#[derive(Debug)]
pub(super) struct Transaction<T> {
    /// Empty for the gateway as a whole.
    pub(super) tenant: Arc<str>,
    /// What it is for.
    pub(super) authorization: T,
    /// The provider to which the person was sent.
    pub(super) issuer: String,
    pub(super) nonce: String,
    /// The verifier of our own PKCE challenge.
    pub(super) verifier: String,
    /// The hash of the secret in the browser's cookie.
    pub(super) browser: TokenHash,
}

#[derive(Debug)]
struct Pending<T> {
    transaction: Transaction<T>,
    since: Instant,
    network: Option<IpAddr>,
}

/// All of them, by the hash of the `state` that the provider brings back.
#[derive(Debug)]
pub(super) struct PendingSignIns<T>(Mutex<HashMap<TokenHash, Pending<T>>>);

impl<T> Default for PendingSignIns<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> PendingSignIns<T> {
    /// Notes one that begins. Returns whether there is room.
    pub(super) fn begin(
        &self,
        state: TokenHash,
        transaction: Transaction<T>,
        network: Option<IpAddr>,
        now: Instant,
    ) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, one| now.duration_since(one.since) < LIFE);
        let from_there = all.values().filter(|one| one.network == network).count();
        if all.len() >= MOST || from_there >= MOST_EACH {
            return false;
        }
        let since = now;
        all.insert(
            state,
            Pending {
                transaction,
                since,
                network,
            },
        );
        true
    }

    /// Takes the one with this state, which nobody can take again.
    pub(super) fn take(&self, state: &TokenHash, now: Instant) -> Option<Transaction<T>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = all.remove(state)?;
        (now.duration_since(one.since) < LIFE).then_some(one.transaction)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::store::sign_in::{ClientKind, Registration};

    fn transaction() -> Transaction<Authorization> {
        Transaction {
            tenant: "acme".into(),
            authorization: Authorization {
                client: ClientRow::new(
                    "id",
                    Registration::Dynamic,
                    ClientKind::Personal,
                    "A client",
                    Timestamp::UNIX_EPOCH,
                ),
                redirect_uri: RedirectUri::parse("http://localhost/cb").unwrap(),
                state: None,
                scopes: Scopes::first(),
                challenge: String::new(),
            },
            issuer: "https://login.example".to_owned(),
            nonce: "n".to_owned(),
            verifier: "v".to_owned(),
            browser: TokenHash::of("b"),
        }
    }

    #[test]
    fn each_is_taken_once_and_in_time() {
        let pending = PendingSignIns::default();
        let now = Instant::now();
        let state = TokenHash::of("state");
        assert!(pending.begin(state, transaction(), None, now));
        assert!(pending.take(&TokenHash::of("other"), now).is_none());
        assert!(pending.take(&state, now).is_some());
        assert!(pending.take(&state, now).is_none());
        assert!(pending.begin(state, transaction(), None, now));
        assert!(pending.take(&state, now + LIFE).is_none());
    }

    #[test]
    fn one_network_does_not_take_all_the_room() {
        let pending = PendingSignIns::default();
        let now = Instant::now();
        let begin = |n: usize, network: &str, now| {
            let state = TokenHash::of(&format!("{network} {n}"));
            pending.begin(state, transaction(), Some(network.parse().unwrap()), now)
        };
        for n in 0..MOST_EACH {
            assert!(begin(n, "192.0.2.1", now));
        }
        assert!(!begin(MOST_EACH, "192.0.2.1", now));
        assert!(begin(0, "192.0.2.2", now));
        assert!(begin(MOST_EACH, "192.0.2.1", now + LIFE));
    }
}
