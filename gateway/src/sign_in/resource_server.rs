//! The gateway as a resource server alone: it takes access tokens of the company's provider, which
//! does all of the sign-in.
//!
//! What was verified is remembered for some minutes, so that a call costs no signature. Keys are
//! those of [`Provider`]: read hourly and when a token names one that is not known, and those that are
//! known go on while the provider is down.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use openidconnect::core::CoreJwsSigningAlgorithm;
use serde_json::{Map, Value};

use super::Urls;
use super::person::person;
use super::provider::{ALGORITHMS, NotAccepted, Provider, ProviderHttp};
use super::scope::{EFFECTS, Scopes};
use crate::config::{ResourceServerConfig, TokenHash};
use crate::gateway::Gateway;
use crate::store::StoreError;
use crate::store::sign_in::{ClientKind, Seen, SignInSession};
use crate::tenant::Network;

/// How long a token counts as verified: also one whose key was withdrawn, and the groups in it.
const REMEMBERED_FOR: Duration = Duration::from_secs(5 * 60);

/// Tokens that are remembered at a time. When there are more, all are verified anew.
const REMEMBERED: usize = 65_536;

/// Checks the access tokens of a tenant's provider.
#[derive(Debug)]
pub struct ResourceServer {
    config: ResourceServerConfig,
    tenant: Arc<str>,
    resource: Arc<str>,
    provider: Arc<Provider>,
    algorithms: Vec<CoreJwsSigningAlgorithm>,
    known: Mutex<HashMap<TokenHash, Known>>,
}

#[derive(Debug)]
struct Known {
    session: Arc<SignInSession>,
    until: Timestamp,
}

/// What an access token is worth.
#[derive(Debug)]
pub(crate) enum Checked {
    /// It is somebody's who has access.
    Valid(Arc<SignInSession>),
    /// It was valid, and has ended.
    Expired,
    /// It is not valid here. The log says why.
    Invalid,
    /// Whose it is may do nothing here, for this reason.
    NoAccess(String),
    /// It can not be checked now.
    Unavailable,
}

/// The name of an algorithm, such as `RS256`.
fn name(algorithm: &CoreJwsSigningAlgorithm) -> String {
    let name = serde_json::to_value(algorithm).ok();
    let name = name.as_ref().and_then(Value::as_str);
    name.unwrap_or_default().to_owned()
}

/// The names of all algorithms that are accepted.
pub(crate) fn algorithms() -> Vec<String> {
    ALGORITHMS.iter().map(name).collect()
}

impl ResourceServer {
    /// The one of a tenant. It keeps what the one `before` knows of the provider's keys.
    ///
    /// # Errors
    ///
    /// The cryptography has no safe version of TLS, which does not happen.
    pub(crate) fn new(
        tenant: &Arc<str>,
        config: &ResourceServerConfig,
        urls: &Urls,
        network: &Network,
        before: Option<&Self>,
    ) -> anyhow::Result<Self> {
        let resource = urls.resource(tenant);
        let audience = config.audience.as_deref().unwrap_or(&resource);
        let http = ProviderHttp::new(network)?;
        let provider = Provider::of_access_tokens(&config.people.issuer, audience, http);
        let known = before.filter(|before| before.provider.is_same(&provider));
        let allowed = ALGORITHMS.into_iter();
        let allowed = allowed.filter(|algorithm| config.algorithms.contains(&name(algorithm)));
        Ok(Self {
            config: config.clone(),
            tenant: Arc::clone(tenant),
            provider: known.map_or_else(|| Arc::new(provider), |one| Arc::clone(&one.provider)),
            algorithms: allowed.collect(),
            resource: resource.into(),
            known: Mutex::default(),
        })
    }

    /// The provider, to the byte as its own metadata names it.
    pub(crate) fn issuer(&self) -> &str {
        self.provider.issuer()
    }

    /// Names of the provider's scopes that allow these, as far as there are any.
    pub(crate) fn scope_names(&self, scopes: &Scopes) -> String {
        let narrowest = |effect| {
            let names = self.config.scopes.iter();
            let names = names.filter(|(_, effects)| effects.contains(&effect));
            names.min_by_key(|(_, effects)| effects.len())
        };
        let names: BTreeSet<&str> = scopes
            .effects()
            .filter_map(|effect| Some(&**narrowest(effect)?.0))
            .collect();
        names.into_iter().collect::<Vec<_>>().join(" ")
    }

    /// What an access token is worth.
    pub(crate) async fn check(&self, gateway: &Arc<Gateway>, token: &str) -> Checked {
        let (hash, now) = (TokenHash::of(token), gateway.clock.now());
        if let Some(session) = self.remembered(&hash, now) {
            return Checked::Valid(session);
        }
        let tenant = &*self.tenant;
        let claims = match self.provider.access_token(token, &self.algorithms).await {
            Ok(claims) => claims,
            Err(NotAccepted::Expired) => return Checked::Expired,
            Err(NotAccepted::Invalid(why)) => {
                tracing::warn!(tenant, "an access token is not accepted: {why}");
                return Checked::Invalid;
            }
            Err(NotAccepted::Unavailable(why)) => {
                tracing::error!(tenant, "access tokens can not be checked: {why}");
                return Checked::Unavailable;
            }
        };
        let person = match person(&self.config.people, &claims) {
            Ok(person) => person,
            Err(error) => return Checked::NoAccess(super::sentence(error.text())),
        };
        let (store, tenant) = (gateway.store.clone(), self.tenant.to_string());
        let seen = tokio::task::spawn_blocking(move || store.person_seen(&tenant, &person, now));
        let seen = seen
            .await
            .unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())));
        match seen {
            Ok(Seen::As(user)) => {
                let session = Arc::new(self.session(&hash, &user, &claims));
                let until = session.expires_at.min(now + REMEMBERED_FOR);
                self.remember(hash, Arc::clone(&session), until);
                Checked::Valid(session)
            }
            Ok(Seen::NoAccess) => Checked::NoAccess(
                "No group of this account gives access here; an administrator can change that."
                    .to_owned(),
            ),
            Err(error) => {
                tracing::error!("people can not be read or stored: {error}");
                Checked::Unavailable
            }
        }
    }

    fn session(&self, hash: &TokenHash, user: &str, claims: &Map<String, Value>) -> SignInSession {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let client = ["client_id", "azp", "cid", "appid"]
            .into_iter()
            .find_map(text);
        let client: Arc<str> = crate::cut::cut(client.unwrap_or_default(), 200).into();
        let hash = hash.to_string();
        let digits = hash.rsplit(':').next().unwrap_or_default();
        let ends = claims.get("exp").and_then(Value::as_f64);
        let ends = ends.and_then(|seconds| Timestamp::from_second(seconds as i64).ok());
        SignInSession {
            id: format!("jwt-{}", &digits[..16]).into(),
            tenant: Arc::clone(&self.tenant),
            user: user.into(),
            client_name: Arc::clone(&client),
            client,
            // The provider does not say whose it is.
            kind: ClientKind::Shared,
            resource: Arc::clone(&self.resource),
            scopes: self.scopes(claims),
            expires_at: ends.unwrap_or(Timestamp::MIN),
        }
    }

    /// What the scopes of a token allow: `scope` of RFC 9068, or `scp` of Entra ID and Okta.
    fn scopes(&self, claims: &Map<String, Value>) -> Scopes {
        let named = ["scope", "scp"]
            .into_iter()
            .filter_map(|name| claims.get(name));
        let names: Vec<&str> = named
            .flat_map(|value| match value {
                Value::String(text) => text.split_ascii_whitespace().collect(),
                Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                _ => Vec::new(),
            })
            .collect();
        let allowed = |effect: &_| {
            let effects = names
                .iter()
                .filter_map(|name| self.config.scopes.get(*name));
            effects.into_iter().any(|effects| effects.contains(effect))
        };
        EFFECTS.into_iter().filter(allowed).collect()
    }

    fn remembered(&self, hash: &TokenHash, now: Timestamp) -> Option<Arc<SignInSession>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let one = known.get(hash).filter(|one| now < one.until)?;
        Some(Arc::clone(&one.session))
    }

    fn remember(&self, hash: TokenHash, session: Arc<SignInSession>, until: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(hash, Known { session, until });
    }
}
