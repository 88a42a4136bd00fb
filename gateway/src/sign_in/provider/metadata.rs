//! The provider's metadata and keys: read hourly, and the keys anew when a token names one that is
//! not known. While they can not be read, those that are known are used.

use std::sync::Arc;
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType,
    CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, DiscoveryError, IssuerUrl, ProviderMetadata};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::http_client::HttpError;
use super::{Provider, ProviderError};

/// How long metadata and keys are used.
const AGE: Duration = Duration::from_secs(60 * 60);

/// How long to wait before what failed is tried again, and before keys are read once more.
const PAUSE: Duration = Duration::from_secs(60);

/// What is read of the metadata besides what OpenID Connect has.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct MoreMetadata {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AdditionalProviderMetadata for MoreMetadata {}

impl MoreMetadata {
    /// Whether answers name the issuer.
    pub(super) fn sends_iss(&self) -> bool {
        self.authorization_response_iss_parameter_supported
    }
}

/// The provider's metadata, with its keys.
pub(super) type Metadata = ProviderMetadata<
    MoreMetadata,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What is known of the provider.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    metadata: Option<Arc<Metadata>>,
    /// When it was read, or reading it failed last.
    tried: Option<(Instant, Result<(), String>)>,
    /// When keys were read because of a token.
    keys_read: Option<Instant>,
}

impl Provider {
    /// The metadata with the keys.
    pub(super) async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        let mut state = self.known.0.lock().await;
        let fresh = state
            .tried
            .as_ref()
            .is_some_and(|(at, read)| at.elapsed() < if read.is_ok() { AGE } else { PAUSE });
        if !fresh {
            let read = self.discover().await;
            let outcome = read.as_ref().map(|_| ()).map_err(Clone::clone);
            match read {
                Ok(metadata) => state.metadata = Some(Arc::new(metadata)),
                Err(error) => tracing::warn!(
                    issuer = self.issuer,
                    "the provider's metadata can not be read: {error}"
                ),
            }
            state.tried = Some((Instant::now(), outcome));
        }
        let known = state.metadata.clone();
        known.ok_or_else(|| {
            let why = match &state.tried {
                Some((_, Err(error))) => error.clone(),
                _ => String::new(),
            };
            ProviderError::Unavailable(format!("the provider's metadata can not be read: {why}"))
        })
    }

    /// The metadata with keys that are read anew, unless that was done a moment ago.
    pub(super) async fn metadata_with_new_keys(&self) -> Option<Arc<Metadata>> {
        let mut state = self.known.0.lock().await;
        let known = state.metadata.clone()?;
        if state.keys_read.is_some_and(|at| at.elapsed() < PAUSE) {
            // Another token may have led to them meanwhile.
            return Some(known);
        }
        state.keys_read = Some(Instant::now());
        match CoreJsonWebKeySet::fetch_async(known.jwks_uri(), &self.http).await {
            Ok(keys) => {
                let renewed = Arc::new(Metadata::clone(&known).set_jwks(keys));
                state.metadata = Some(Arc::clone(&renewed));
                Some(renewed)
            }
            Err(error) => {
                let error = describe(&error);
                tracing::warn!(
                    issuer = self.issuer,
                    "the provider's keys can not be read: {error}"
                );
                None
            }
        }
    }

    async fn discover(&self) -> Result<Metadata, String> {
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(|error| error.to_string())?;
        let read = Metadata::discover_async(issuer, &self.http).await;
        read.map_err(|error| describe(&error))
    }
}

/// What failed, without what was answered.
fn describe(error: &DiscoveryError<HttpError>) -> String {
    match error {
        DiscoveryError::Request(error) => error.to_string(),
        DiscoveryError::Response(status, _, text) => format!("{status}: {text}"),
        DiscoveryError::Parse(error) => format!("its answer is not as expected: {error}"),
        other => other.to_string(),
    }
}
