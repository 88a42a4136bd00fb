//! A session's secret, and what is derived from it.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::config::TokenHash;

/// Bytes of a session's secret.
const BYTES: usize = 32;

/// What makes one tag of a secret differ from another.
const FORM: &[u8] = b"form\0";
const MESSAGE: &[u8] = b"message\0";

/// A session's secret: known to the browser's cookie alone. The store holds a hash of it.
#[derive(Clone)]
pub(super) struct Secret([u8; BYTES]);

impl Secret {
    /// A fresh one; `None` when the system has no random numbers.
    pub(super) fn fresh() -> Option<Self> {
        let mut bytes = [0; BYTES];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// Reads what [`Secret::cookie`] wrote.
    pub(super) fn read(cookie: &str) -> Option<Self> {
        let bytes = BASE64.decode(cookie).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// As the cookie carries it.
    pub(super) fn cookie(&self) -> String {
        BASE64.encode(self.0)
    }

    /// As the store holds it.
    pub(super) fn stored(&self) -> TokenHash {
        TokenHash::of(&self.cookie())
    }

    /// What each form of the session carries. Nobody gets from it to the secret.
    pub(super) fn csrf(&self) -> String {
        BASE64.encode(self.tag(FORM, &[]))
    }

    /// Whether a form is of this session. Takes equally long for every wrong one.
    pub(super) fn is_csrf(&self, text: &str) -> bool {
        self.verifies(FORM, &[], text)
    }

    /// A text that this session alone can have written.
    pub(super) fn sign(&self, text: &str) -> String {
        let tag = BASE64.encode(self.tag(MESSAGE, text.as_bytes()));
        format!("{}.{tag}", BASE64.encode(text))
    }

    /// The text, when [`Secret::sign`] has written it.
    pub(super) fn signed(&self, signed: &str) -> Option<String> {
        let (text, tag) = signed.split_once('.')?;
        let text = BASE64.decode(text).ok()?;
        let right = self.verifies(MESSAGE, &text, tag);
        right.then(|| String::from_utf8(text).ok()).flatten()
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.0)
    }

    fn tag(&self, purpose: &[u8], text: &[u8]) -> hmac::Tag {
        hmac::sign(&self.key(), &[purpose, text].concat())
    }

    fn verifies(&self, purpose: &[u8], text: &[u8], tag: &str) -> bool {
        BASE64
            .decode(tag)
            .is_ok_and(|tag| hmac::verify(&self.key(), &[purpose, text].concat(), &tag).is_ok())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_of_one_session() {
        let (mine, other) = (Secret::fresh().unwrap(), Secret::fresh().unwrap());
        let again = Secret::read(&mine.cookie()).unwrap();
        assert!(mine.is_csrf(&again.csrf()));
        assert!(!mine.is_csrf(&other.csrf()));
        assert!(!mine.is_csrf(""));
        assert!(!mine.is_csrf(&mine.cookie()));
    }

    #[test]
    fn a_message_is_signed() {
        let (mine, other) = (Secret::fresh().unwrap(), Secret::fresh().unwrap());
        let signed = mine.sign("Approved 3 tools. ✓");
        assert_eq!(mine.signed(&signed).as_deref(), Some("Approved 3 tools. ✓"));
        assert_eq!(other.signed(&signed), None);
        assert_eq!(mine.signed("QQ."), None);
        assert_eq!(mine.signed(&mine.csrf()), None);
    }

    #[test]
    fn nothing_shows_a_secret() {
        assert_eq!(format!("{:?}", Secret([7; BYTES])), "Secret");
        for bad in ["", "AAAA", "%%%", &"A".repeat(44)] {
            assert!(Secret::read(bad).is_none());
        }
    }
}
