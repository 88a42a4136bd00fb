//! A session's secret, and what is derived from it.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::config::TokenHash;

/// Bytes of a session's secret.
const BYTES: usize = 32;

/// The purposes of tags, so that a tag for one is not valid for the other.
const FORM: &[u8] = b"form\0";
const MESSAGE: &[u8] = b"message\0";

/// A session's secret. Only the browser's cookie has it; the store has a hash.
#[derive(Clone)]
pub(crate) struct SessionSecret([u8; BYTES]);

impl SessionSecret {
    /// A new secret. `None` when the system has no random numbers.
    pub(crate) fn generate() -> Option<Self> {
        let mut bytes = [0; BYTES];
        SystemRandom::new().fill(&mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// Parses the result of [`SessionSecret::cookie`].
    pub(crate) fn parse(cookie: &str) -> Option<Self> {
        let bytes = BASE64.decode(cookie).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The value of the cookie.
    pub(crate) fn cookie(&self) -> String {
        BASE64.encode(self.0)
    }

    /// The hash, which the store has.
    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash::of(&self.cookie())
    }

    /// The token in each form of the session. The secret can not be derived from it.
    pub(super) fn csrf(&self) -> String {
        BASE64.encode(self.tag(FORM, &[]))
    }

    /// Whether a form has this session's token. The comparison takes constant time.
    pub(super) fn is_csrf(&self, text: &str) -> bool {
        self.verifies(FORM, &[], text)
    }

    /// A text with a tag that only this session can make.
    pub(crate) fn sign(&self, text: &str) -> String {
        let tag = BASE64.encode(self.tag(MESSAGE, text.as_bytes()));
        format!("{}.{tag}", BASE64.encode(text))
    }

    /// The text of a result of [`SessionSecret::sign`], if its tag is right.
    pub(crate) fn verify(&self, signed: &str) -> Option<String> {
        let (text, tag) = signed.split_once('.')?;
        let text = BASE64.decode(text).ok()?;
        let is_right = self.verifies(MESSAGE, &text, tag);
        is_right.then(|| String::from_utf8(text).ok()).flatten()
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

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_of_one_session() {
        let (mine, other) = (
            SessionSecret::generate().unwrap(),
            SessionSecret::generate().unwrap(),
        );
        let again = SessionSecret::parse(&mine.cookie()).unwrap();
        assert!(mine.is_csrf(&again.csrf()));
        assert!(!mine.is_csrf(&other.csrf()));
        assert!(!mine.is_csrf(""));
        assert!(!mine.is_csrf(&mine.cookie()));
    }

    #[test]
    fn a_message_is_signed() {
        let (mine, other) = (
            SessionSecret::generate().unwrap(),
            SessionSecret::generate().unwrap(),
        );
        let signed = mine.sign("Approved 3 tools. ✓");
        assert_eq!(mine.verify(&signed).as_deref(), Some("Approved 3 tools. ✓"));
        assert_eq!(other.verify(&signed), None);
        assert_eq!(mine.verify("QQ."), None);
        assert_eq!(mine.verify(&mine.csrf()), None);
    }

    #[test]
    fn nothing_shows_a_secret() {
        assert_eq!(format!("{:?}", SessionSecret([7; BYTES])), "Secret");
        for bad in ["", "AAAA", "%%%", &"A".repeat(44)] {
            assert!(SessionSecret::parse(bad).is_none());
        }
    }
}
