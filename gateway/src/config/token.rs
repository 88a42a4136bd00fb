//! Bearer tokens, and their hashes.

use std::fmt;
use std::fmt::Write as _;
use std::hint::black_box;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use ring::rand::{SecureRandom as _, SystemRandom};

use super::Secret;

const PREFIX: &str = "sha256:";

/// The SHA-256 of a token: `sha256:` and 64 hexadecimal digits.
///
/// Tokens are random ([`FreshToken`]), so a fast hash without salt gives nothing away.
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

    /// Whether this is the token's hash, in a time that does not tell how much of it is right.
    #[must_use]
    pub fn matches(&self, token: &str) -> bool {
        let other = Self::of(token);
        let pairs = self.0.iter().zip(other.0);
        black_box(pairs.fold(0, |differing, (one, two)| differing | (one ^ two))) == 0
    }
}

impl FromStr for TokenHash {
    type Err = String;

    /// Reads a hash. The error never repeats the text: it could be the token itself.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "the hash of a token is expected, sha256: and 64 hexadecimal digits, as `gong-gateway token` prints it";
        let Some(digits) = text.strip_prefix(PREFIX) else {
            return Err(format!(
                "{expected}; the token itself must not be in this file"
            ));
        };
        let mut hash = [0; SHA256_OUTPUT_LEN];
        if digits.len() != 2 * hash.len() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(expected.to_owned());
        }
        for (byte, pair) in hash.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).expect("the digits are ASCII");
            *byte = u8::from_str_radix(pair, 16).expect("the digits are hexadecimal");
        }
        Ok(Self(hash))
    }
}

impl fmt::Display for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::from(PREFIX);
        for byte in self.0 {
            write!(text, "{byte:02x}")?;
        }
        f.write_str(&text)
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A new token and its hash, for `gong-gateway token` and for sessions.
#[derive(Clone, Debug)]
pub struct FreshToken {
    /// For the one who is to use it; shown once.
    pub token: Secret,
    /// For `gateway.toml`.
    pub hash: TokenHash,
}

impl FreshToken {
    /// `gg_` and 43 characters that hold 256 random bits.
    ///
    /// # Panics
    ///
    /// The system has no random numbers, and nothing can be done safely.
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
