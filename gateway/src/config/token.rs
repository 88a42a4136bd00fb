//! Bearer tokens, and their hashes.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use subtle::ConstantTimeEq as _;

use super::Secret;

const PREFIX: &str = "sha256:";

/// The SHA-256 of a token: `sha256:` and 64 hexadecimal digits.
///
/// Tokens are random ([`FreshToken`]), so a fast hash without salt is safe.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; SHA256_OUTPUT_LEN]);

impl TokenHash {
    /// The hash of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        let mut hash = [0; SHA256_OUTPUT_LEN];
        hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
        Self(hash)
    }

    /// Whether this is the token's hash. The comparison takes constant time.
    #[must_use]
    pub fn matches(&self, token: &str) -> bool {
        self.0.ct_eq(&Self::of(token).0).into()
    }
}

impl FromStr for TokenHash {
    type Err = String;

    /// Parses a hash. The error never quotes the text, which could be the token itself.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "the hash of a token is expected, sha256: and 64 hexadecimal digits, as `gong-gateway token` prints it";
        let Some(digits) = text.strip_prefix(PREFIX) else {
            return Err(format!(
                "{expected}; the token itself must not be in this file"
            ));
        };
        let hash = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok();
        let hash = hash.and_then(|hash| hash.try_into().ok());
        hash.map(Self).ok_or_else(|| expected.to_owned())
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A new token and its hash.
#[derive(Clone, Debug)]
pub struct FreshToken {
    /// The token, for its user. It is shown once.
    pub token: Secret,
    /// Its hash, for `gateway.toml`.
    pub hash: TokenHash,
}

impl FreshToken {
    /// A token: `gg_` and 256 random bits in 43 characters.
    ///
    /// # Panics
    ///
    /// The system has no random numbers.
    #[must_use]
    pub fn generate() -> Self {
        let mut bits = [0; 32];
        SystemRandom::new()
            .fill(&mut bits)
            .expect("the system has random numbers");
        let token = format!("gg_{}", URL_SAFE_NO_PAD.encode(bits));
        Self {
            hash: TokenHash::of(&token),
            token: Secret::new(token),
        }
    }
}
