//! Whether an ID token is the provider's, for this gateway and this sign-in, and what it says.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm};
use openidconnect::{ClaimsVerificationError, ClientId, Nonce, SignatureVerificationError};
use serde_json::{Map, Value};

use super::metadata::Metadata;
use super::{Provider, ProviderError};

/// How much clocks may differ.
pub(super) const SKEW: Duration = Duration::from_secs(60);

/// Algorithms that are accepted: those with a public and a private key. Which one is used follows from
/// the key, never from what the token says alone.
pub(crate) const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

impl Provider {
    /// The claims of an ID token. With a nonce it must have that one.
    pub(super) async fn claims(
        &self,
        metadata: &Metadata,
        token: &CoreIdToken,
        nonce: Option<&str>,
    ) -> Result<Map<String, Value>, ProviderError> {
        let verify = |metadata: &Metadata| self.verify(metadata, token, nonce);
        let verified = self.with_new_keys(metadata, verify).await;
        verified.map_err(|error| {
            let why = crate::https_client::describe(&error);
            ProviderError::Untrusted(format!("the provider's ID token is not accepted: {why}"))
        })?;
        payload(token).ok_or_else(|| {
            ProviderError::Untrusted("the provider's ID token can not be read".to_owned())
        })
    }

    /// Verifies, and once more with keys that are read anew if the token names one that is not known.
    pub(super) async fn with_new_keys(
        &self,
        metadata: &Metadata,
        verify: impl Fn(&Metadata) -> Result<(), ClaimsVerificationError>,
    ) -> Result<(), ClaimsVerificationError> {
        let verified = verify(metadata);
        if let Err(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey,
        )) = verified
            && let Some(metadata) = self.metadata_with_new_keys().await
        {
            return verify(&metadata);
        }
        verified
    }

    fn verify(
        &self,
        metadata: &Metadata,
        token: &CoreIdToken,
        nonce: Option<&str>,
    ) -> Result<(), ClaimsVerificationError> {
        // As a public client's, so that the client secret verifies nothing.
        let verifier = CoreIdTokenVerifier::new_public_client(
            ClientId::new(self.client_id.clone()),
            metadata.issuer().clone(),
            metadata.jwks().clone(),
        )
        .set_allowed_algs(ALGORITHMS)
        .set_time_fn(|| (SystemTime::now() - SKEW).into());
        let claims = match nonce {
            Some(nonce) => token.claims(&verifier, &Nonce::new(nonce.to_owned())),
            // A refreshed token has the nonce of the first one, or none.
            None => token.claims(&verifier, |_: Option<&Nonce>| Ok(())),
        }?;
        if claims.subject().as_str().is_empty() {
            return Err(ClaimsVerificationError::InvalidSubject(
                "it is empty".to_owned(),
            ));
        }
        Ok(())
    }
}

/// All claims, whose names are the operator's to choose.
pub(super) fn payload(token: &CoreIdToken) -> Option<Map<String, Value>> {
    let text = serde_json::to_value(token).ok()?;
    let payload = text.as_str()?.split('.').nth(1)?;
    serde_json::from_slice(&BASE64.decode(payload).ok()?).ok()
}
