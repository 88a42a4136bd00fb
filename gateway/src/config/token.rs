//! Bearer tokens, and their hashes.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use jiff::Timestamp;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use subtle::ConstantTimeEq as _;

use super::Secret;

const PREFIX: &str = "sha256:";

/// What every token begins with.
const TOKEN_PREFIX: &str = "gg_";

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// Different bytes that a token has at least. Of 32 random ones fewer are different once in 10^15
/// times.
const DIFFERENT_BYTES: usize = 16;

/// The SHA-256 of a token: `sha256:` and 64 hexadecimal digits.
///
/// Tokens are random ([`FreshToken`]), so a fast hash without salt is safe. Others are accepted
/// from nobody ([`presented`](Self::presented)).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash([u8; SHA256_OUTPUT_LEN]);

impl TokenHash {
    /// The hash of a text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut hash = [0; SHA256_OUTPUT_LEN];
        hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        Self(hash)
    }

    /// The hash of a token that somebody presents. `None` for a text that [`FreshToken`] does not
    /// make: it can be guessed, and so it opens nothing, whatever the configuration says.
    #[must_use]
    pub fn presented(token: &str) -> Option<Self> {
        is_random(token).then(|| Self::of(token))
    }

    /// Whether this is the hash of a token that somebody presents. The comparison takes constant
    /// time.
    #[must_use]
    pub fn matches(&self, token: &str) -> bool {
        Self::presented(token).is_some_and(|hash| self.0.ct_eq(&hash.0).into())
    }
}

/// Whether a text has the form of a token, and the entropy as far as that can be seen.
fn is_random(token: &str) -> bool {
    let Some(bits) = token.strip_prefix(TOKEN_PREFIX) else {
        return false;
    };
    let Ok(mut bytes) = URL_SAFE_NO_PAD.decode(bits) else {
        return false;
    };
    let whole = bytes.len() == TOKEN_BYTES;
    bytes.sort_unstable();
    bytes.dedup();
    whole && bytes.len() >= DIFFERENT_BYTES
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

/// A token that is accepted, by its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The hash.
    pub hash: TokenHash,
    /// From when on it is not accepted any more. `None` means never.
    pub expires: Option<Timestamp>,
}

impl Token {
    /// Whether it is still accepted at a time.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}

/// The tokens of one user or administrator: one, or two while one replaces the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens(Vec<Token>);

impl Tokens {
    /// How many there may be.
    pub const MAX: usize = 2;

    /// The first [`MAX`](Self::MAX) of these. `None` when there is none.
    #[must_use]
    pub fn new(mut tokens: Vec<Token>) -> Option<Self> {
        tokens.truncate(Self::MAX);
        (!tokens.is_empty()).then_some(Self(tokens))
    }

    /// All of them, expired ones too.
    pub fn iter(&self) -> impl Iterator<Item = &Token> {
        self.0.iter()
    }

    /// The one that was presented, if it is one of these and has not expired. All are compared, so
    /// that the time does not depend on which one it is.
    #[must_use]
    pub fn accept(&self, presented: &str, now: Timestamp) -> Option<Token> {
        let mut found = None;
        for token in &self.0 {
            if token.hash.matches(presented) {
                found = Some(*token);
            }
        }
        found.filter(|token| token.is_valid(now))
    }

    /// Whether one of these has this hash and has not expired.
    #[must_use]
    pub fn has(&self, hash: &TokenHash, now: Timestamp) -> bool {
        let mut all = self.0.iter();
        all.any(|token| token.hash == *hash && token.is_valid(now))
    }
}

impl From<TokenHash> for Tokens {
    fn from(hash: TokenHash) -> Self {
        Self(vec![Token {
            hash,
            expires: None,
        }])
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
        loop {
            let mut bits = [0; TOKEN_BYTES];
            SystemRandom::new()
                .fill(&mut bits)
                .expect("the system has random numbers");
            let token = format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bits));
            if is_random(&token) {
                return Self {
                    hash: TokenHash::of(&token),
                    token: Secret::new(token),
                };
            }
        }
    }
}

/// Hashes of texts that people choose and attackers try: common words, and these names.
pub(super) fn guessable<'n>(names: impl IntoIterator<Item = &'n str>) -> BTreeSet<TokenHash> {
    const WORDS: [&str; 44] = [
        "",
        "0",
        "1",
        "123",
        "1234",
        "12345",
        "123456",
        "12345678",
        "123456789",
        "1234567890",
        "abc",
        "abc123",
        "access",
        "access-token",
        "admin",
        "administrator",
        "apikey",
        "api-key",
        "bearer",
        "changeit",
        "changeme",
        "change-me",
        "default",
        "demo",
        "example",
        "foo",
        "foobar",
        "gateway",
        "gg",
        "gg_",
        "gong",
        "gong-gateway",
        "hunter2",
        "letmein",
        "password",
        "password1",
        "qwerty",
        "root",
        "secret",
        "test",
        "token",
        "user",
        "welcome",
        "xxx",
    ];
    let forms = |word: &str| {
        [
            word.to_owned(),
            word.to_uppercase(),
            format!("{word}\n"),
            format!("{TOKEN_PREFIX}{word}"),
        ]
    };
    let texts = WORDS.into_iter().chain(names).flat_map(forms);
    texts.map(|text| TokenHash::of(&text)).collect()
}

/// A token for tests, always the same for a name.
#[cfg(test)]
pub(crate) fn test_token(name: &str) -> String {
    let bits = TokenHash::of(&format!("a test's token of {name}")).0;
    let token = format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bits));
    assert!(is_random(&token), "choose another name than {name}");
    token
}

/// Its hash.
#[cfg(test)]
pub(crate) fn test_hash(name: &str) -> TokenHash {
    TokenHash::of(&test_token(name))
}
