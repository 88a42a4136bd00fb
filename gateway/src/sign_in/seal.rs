//! The provider's refresh tokens, encrypted in the state file with a key of their own.

use std::fmt;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use ring::rand::{SecureRandom as _, SystemRandom};

/// Encrypts texts of one tenant with AES-256-GCM: a nonce, and what is sealed.
pub(crate) struct Seal {
    key: LessSafeKey,
    previous: Option<LessSafeKey>,
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Seal {
    /// Seals with `key`, and opens what `previous` has sealed too.
    pub(crate) fn new(tenant: &str, key: &[u8; 32], previous: Option<&[u8; 32]>) -> Self {
        Self {
            key: derive(tenant, key),
            previous: previous.map(|key| derive(tenant, key)),
        }
    }

    /// Encrypts a text for one place, of which only that place can be opened.
    pub(crate) fn seal(&self, place: &str, text: &str) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut sealed = text.as_bytes().to_vec();
        let nonce_of_it = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(nonce_of_it, Aad::from(place), &mut sealed)
            .ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// Decrypts it. `None` if it was altered, or is of another place, tenant or key.
    pub(crate) fn open(&self, place: &str, sealed: &[u8]) -> Option<String> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let keys = [Some(&self.key), self.previous.as_ref()];
        keys.into_iter().flatten().find_map(|key| {
            let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
            let mut text = sealed.to_vec();
            let opened = key.open_in_place(nonce, Aad::from(place), &mut text).ok()?;
            String::from_utf8(opened.to_vec()).ok()
        })
    }
}

fn derive(tenant: &str, key: &[u8; 32]) -> LessSafeKey {
    let secret = Salt::new(HKDF_SHA256, b"sign-in at a provider").extract(key);
    let info = [tenant.as_bytes()];
    let derived = secret.expand(&info, &AES_256_GCM);
    let derived = derived.expect("the key is short enough for HKDF");
    LessSafeKey::new(UnboundKey::from(derived))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_place_tenant_and_key_open_it() {
        let (old, new) = ([1; 32], [2; 32]);
        let seal = Seal::new("acme", &old, None);
        let sealed = seal.seal("one", "refresh-token").unwrap();
        assert_eq!(seal.open("one", &sealed).as_deref(), Some("refresh-token"));
        assert_eq!(seal.open("two", &sealed), None);
        assert_eq!(Seal::new("globex", &old, None).open("one", &sealed), None);
        assert_eq!(Seal::new("acme", &new, None).open("one", &sealed), None);
        let rotated = Seal::new("acme", &new, Some(&old));
        assert_eq!(
            rotated.open("one", &sealed).as_deref(),
            Some("refresh-token")
        );
        let mut altered = sealed.clone();
        *altered.last_mut().unwrap() ^= 1;
        assert_eq!(seal.open("one", &altered), None);
        assert_eq!(seal.open("one", &sealed[..5]), None);
        assert!(!sealed.windows(7).any(|part| part == b"refresh"));
        assert_ne!(seal.seal("one", "refresh-token").unwrap(), sealed);
    }
}
