//! What a client before MCP 2026-07-28 carries instead of a session.
//!
//! Such clients state their name once, in `initialize`, and send a session id with every later
//! request. The id that a server of ours gives them holds that name and a random number, and the
//! server keeps nothing: any process answers any request, and there is nothing to fill up. The
//! name is the client's own word, as it is in `initialize`, so the id is not signed.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue};
use rmcp::model::{Implementation, RequestId};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::cut::cut;
use super::names::MAX_NAME;

/// The header with the id of an MCP session.
pub const SESSION_HEADER: &str = "mcp-session-id";

/// Bytes of a session id that are looked at. Our own are shorter.
const MAX_LABEL: usize = 2048;

/// A client's session id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClientLabel(Arc<str>);

#[derive(Deserialize, Serialize)]
struct Contents {
    name: String,
    version: String,
    number: String,
}

impl ClientLabel {
    /// An id for a client that states this name and version.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        let contents = Contents {
            name: cut(name, MAX_NAME),
            version: cut(version, MAX_NAME),
            number: Uuid::now_v7().to_string(),
        };
        let json = serde_json::to_vec(&contents).expect("texts can be written");
        Self(URL_SAFE_NO_PAD.encode(json).into())
    }

    /// The id that a request carries, whoever made it.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(SESSION_HEADER)?.to_str().ok()?;
        (text.len() <= MAX_LABEL).then(|| Self(text.into()))
    }

    /// The id as a header's value.
    #[must_use]
    pub fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("base64 is ASCII")
    }

    /// The client's name and version. `None` if the id is not one of ours.
    #[must_use]
    pub fn client(&self) -> Option<Implementation> {
        let json = URL_SAFE_NO_PAD.decode(self.0.as_bytes()).ok()?;
        let contents: Contents = serde_json::from_slice(&json).ok()?;
        Some(Implementation::new(contents.name, contents.version))
    }
}

/// The calls that a client may cancel by `notifications/cancelled`, which arrives as a request of
/// its own. Newer clients close the stream of the call instead. `W` is who calls: nobody cancels
/// the calls of others.
#[derive(Debug)]
pub struct Cancellable<W>(Mutex<HashMap<Key<W>, CancellationToken>>);

type Key<W> = (W, ClientLabel, RequestId);

impl<W> Default for Cancellable<W> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// A call that may be cancelled, until this is dropped.
#[derive(Debug)]
pub struct CancellableCall<'a, W: Clone + Eq + Hash> {
    calls: &'a Cancellable<W>,
    key: Key<W>,
}

impl<W: Clone + Eq + Hash> Cancellable<W> {
    /// Lets the client cancel a call by its id.
    #[must_use]
    pub fn register(
        &self,
        who: &W,
        label: &ClientLabel,
        id: &RequestId,
        cancel: CancellationToken,
    ) -> CancellableCall<'_, W> {
        let key = (who.clone(), label.clone(), id.clone());
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.insert(key.clone(), cancel);
        CancellableCall { calls: self, key }
    }

    /// Cancels a call of this client, if it runs.
    pub fn cancel(&self, who: &W, label: &ClientLabel, id: &RequestId) {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cancel) = calls.get(&(who.clone(), label.clone(), id.clone())) {
            cancel.cancel();
        }
    }
}

impl<W: Clone + Eq + Hash> Drop for CancellableCall<'_, W> {
    fn drop(&mut self) {
        let mut calls = self.calls.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<ClientLabel> {
        let value = HeaderValue::from_str(text).unwrap();
        ClientLabel::of(&HeaderMap::from_iter([(
            SESSION_HEADER.parse().unwrap(),
            value,
        )]))
    }

    #[test]
    fn a_label_holds_the_clients_name_and_is_bounded() {
        let label = ClientLabel::new(&"ü".repeat(1 << 20), "1.0\n");
        let header = label.header();
        let read_back = read(header.to_str().unwrap()).unwrap();
        assert_eq!(read_back, label);
        let client = read_back.client().unwrap();
        assert_eq!(client.name.chars().count(), MAX_NAME + 1);
        assert_eq!(client.version, "1.0\u{fffd}");
        assert_ne!(ClientLabel::new("a", "1"), ClientLabel::new("a", "1"));
        assert!(read("no-label-of-ours").unwrap().client().is_none());
        assert!(read(&"x".repeat(MAX_LABEL + 1)).is_none());
    }

    #[test]
    fn only_the_client_itself_cancels_its_call() {
        let calls = Cancellable::default();
        let who = |user: &'static str| ("acme", user);
        let (label, id) = (ClientLabel::new("a", "1"), RequestId::Number(1));
        let token = CancellationToken::new();
        let registered = calls.register(&who("mia"), &label, &id, token.clone());
        calls.cancel(&who("noa"), &label, &id);
        calls.cancel(&who("mia"), &ClientLabel::new("a", "1"), &id);
        calls.cancel(&who("mia"), &label, &RequestId::Number(2));
        assert!(!token.is_cancelled());
        calls.cancel(&who("mia"), &label, &id);
        assert!(token.is_cancelled());
        drop(registered);
        assert!(calls.0.lock().unwrap().is_empty());
    }
}
