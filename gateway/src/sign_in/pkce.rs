//! Proof Key for Code Exchange (RFC 7636), with SHA-256 only.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

/// Whether a text can be a challenge: a SHA-256 in base64url.
pub(super) fn is_challenge(text: &str) -> bool {
    BASE64
        .decode(text)
        .is_ok_and(|hash| hash.len() == SHA256_OUTPUT_LEN)
}

/// The challenge that a verifier makes. `None` for what is no verifier.
pub(crate) fn challenge_of(verifier: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    let is_verifier = (43..=128).contains(&verifier.len()) && verifier.chars().all(plain);
    is_verifier.then(|| BASE64.encode(digest(&SHA256, verifier.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge_of(verifier).as_deref(), Some(challenge));
        assert!(is_challenge(challenge));
        assert!(!is_challenge(&challenge[1..]) && !is_challenge(verifier.get(1..).unwrap()));
        for bad in ["", "short", &"x".repeat(129), &format!("{verifier} ")] {
            assert_eq!(challenge_of(bad), None, "{bad}");
        }
    }
}
