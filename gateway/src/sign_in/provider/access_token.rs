//! Whether an access token is the provider's and for this gateway (RFC 9068), and what it says.

use std::time::SystemTime;

use jiff::Timestamp;
use openidconnect::core::{CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm};
use openidconnect::{
    ClaimsVerificationError, ClientId, JsonWebTokenType, Nonce, NormalizedJsonWebTokenType,
};
use serde_json::{Map, Value};

use super::id_token::{SKEW, payload};
use super::metadata::Metadata;
use super::{Provider, ProviderError};

/// Types that an access token may state. ID tokens of many providers are `JWT` as well; they are for
/// another audience.
const TYPES: [&str; 2] = ["at+jwt", "jwt"];

/// Why an access token is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotAccepted {
    /// It was one, and has ended.
    Expired,
    /// It is none, or for somebody else. The reason does not quote it.
    Invalid(String),
    /// The provider's keys are not known, because it can not be reached.
    Unavailable(String),
}

impl Provider {
    /// The claims of an access token, whose audience is this provider's client id.
    pub(crate) async fn access_token(
        &self,
        token: &str,
        algorithms: &[CoreJwsSigningAlgorithm],
    ) -> Result<Map<String, Value>, NotAccepted> {
        let token: CoreIdToken = token
            .parse()
            .map_err(|_| NotAccepted::Invalid("it is no signed JWT".to_owned()))?;
        let metadata = self.metadata().await;
        let metadata = metadata
            .map_err(|error: ProviderError| NotAccepted::Unavailable(error.text().to_owned()))?;
        let verify = |metadata: &Metadata| self.verify_access(metadata, &token, algorithms);
        let verified = self.with_new_keys(&metadata, verify).await;
        verified.map_err(|error| match error {
            ClaimsVerificationError::Expired(_) => NotAccepted::Expired,
            error => NotAccepted::Invalid(crate::https_client::describe(&error)),
        })?;
        let claims = payload(&token);
        let claims = claims.ok_or_else(|| NotAccepted::Invalid("it can not be read".to_owned()))?;
        match begins_later(&claims, Timestamp::now()) {
            true => Err(NotAccepted::Invalid("it is not valid yet (nbf)".to_owned())),
            false => Ok(claims),
        }
    }

    fn verify_access(
        &self,
        metadata: &Metadata,
        token: &CoreIdToken,
        algorithms: &[CoreJwsSigningAlgorithm],
    ) -> Result<(), ClaimsVerificationError> {
        let types = TYPES.map(|name| JsonWebTokenType::new(name.to_owned()).normalize());
        let types: Vec<NormalizedJsonWebTokenType> = types.into_iter().flatten().collect();
        let verifier = CoreIdTokenVerifier::new_public_client(
            ClientId::new(self.client_id.clone()),
            metadata.issuer().clone(),
            metadata.jwks().clone(),
        )
        .set_allowed_algs(algorithms.iter().cloned())
        .set_allowed_jose_types(types)
        // It may be for other services too.
        .set_other_audience_verifier_fn(|_| true)
        .set_time_fn(|| (SystemTime::now() - SKEW).into());
        let claims = token.claims(&verifier, |_: Option<&Nonce>| Ok(()))?;
        match claims.subject().as_str().is_empty() {
            true => Err(ClaimsVerificationError::InvalidSubject(
                "it is empty".to_owned(),
            )),
            false => Ok(()),
        }
    }
}

/// Whether a token is for later. A malformed time is.
fn begins_later(claims: &Map<String, Value>, now: Timestamp) -> bool {
    let Some(nbf) = claims.get("nbf") else {
        return false;
    };
    let seconds = nbf.as_f64();
    seconds.is_none_or(|nbf| nbf > now.as_second() as f64 + SKEW.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_for_later_or_at_no_time_is_not_valid_yet() {
        let now = Timestamp::from_second(1_000).unwrap();
        let later = |claims: Value| begins_later(claims.as_object().unwrap(), now);
        assert!(!later(json!({})));
        assert!(!later(json!({"nbf": 1_000})) && !later(json!({"nbf": 1_060.0})));
        assert!(later(json!({"nbf": 1_061})));
        for malformed in [json!("999"), json!(null), json!([1]), json!({})] {
            assert!(later(json!({"nbf": malformed})));
        }
    }
}
