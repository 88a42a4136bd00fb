//! Administrators who sign in with the company's account: to the provider and back.
//!
//! The page has its own callback and its own session. Which groups make an administrator is the
//! configuration's to say, and the store's to look up.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::response::Response;
use http::HeaderMap;

use super::parameters::Parameters;
use super::pending::{LIFE, PendingSignIns, Transaction};
use super::person::person;
use super::provider::{Provider, ProviderError};
use super::urls::Urls;
use super::{answer, cookies};
use crate::config::{FreshToken, TokenHash};
use crate::gateway::Gateway;
use crate::page::session_secret::SessionSecret;
use crate::store::sign_in::Person;

/// The way of administrators to the providers. Clones share it.
#[derive(Clone)]
pub(crate) struct Administrators(Arc<Inner>);

struct Inner {
    gateway: Arc<Gateway>,
    urls: Urls,
    /// With the page to go to afterwards.
    pending: PendingSignIns<String>,
}

/// Why somebody is not signed in.
#[derive(Debug)]
pub(crate) enum NotSignedIn {
    /// Nobody can sign in for this tenant.
    NoProvider,
    /// Too many have begun.
    Full,
    /// The provider can not be used at the moment.
    Unavailable,
    /// This sign-in has ended, or was used.
    Over,
    /// It has begun in another browser.
    OtherBrowser,
    /// The provider does not identify anybody, for this reason.
    NotIdentified(String),
    /// This account may not sign in, for this reason.
    NotAllowed {
        /// Who it is for the provider.
        who: String,
        /// The reason.
        why: String,
    },
}

/// Where a browser is sent to sign in.
pub(crate) struct Beginning {
    /// The address at the provider.
    pub(crate) url: String,
    state: TokenHash,
    secret: String,
}

impl fmt::Debug for Administrators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Administrators")
    }
}

impl Administrators {
    /// The administrators of a gateway whose address is known.
    pub(crate) fn new(gateway: &Arc<Gateway>, urls: &Urls) -> Self {
        Self(Arc::new(Inner {
            gateway: Arc::clone(gateway),
            urls: urls.clone(),
            pending: PendingSignIns::default(),
        }))
    }

    /// The provider of a tenant's administrators, or for an empty name of the whole gateway's.
    fn provider(&self, tenant: &str) -> Option<Arc<Provider>> {
        let live = self.0.gateway.tenants.live();
        live.config.administrators_of(tenant)?;
        if tenant.is_empty() {
            return live.administrators.clone();
        }
        let sign_in = live.tenant(tenant)?.sign_in.clone()?;
        Some(Arc::clone(&sign_in.provider))
    }

    /// Begins a sign-in that leads to a page.
    pub(crate) async fn begin(
        &self,
        tenant: &str,
        to: String,
        network: Option<IpAddr>,
    ) -> Result<Beginning, NotSignedIn> {
        let provider = self.provider(tenant).ok_or(NotSignedIn::NoProvider)?;
        let random = || FreshToken::generate().token.reveal().to_owned();
        let (state, nonce, verifier, secret) = (random(), random(), random(), random());
        let callback = self.0.urls.administrators_callback(tenant);
        let url = provider
            .authorization_url(&callback, &state, &nonce, &verifier)
            .await;
        let url = url.map_err(|error| unavailable(tenant, &error))?;
        let state = TokenHash::of(&state);
        let transaction = Transaction {
            tenant: tenant.into(),
            authorization: to,
            issuer: provider.issuer().to_owned(),
            nonce,
            verifier,
            browser: TokenHash::of(&secret),
        };
        let pending = &self.0.pending;
        if !pending.begin(state, transaction, network, Instant::now()) {
            return Err(NotSignedIn::Full);
        }
        Ok(Beginning { url, state, secret })
    }

    /// Has the browser remember that it has begun.
    pub(crate) fn remember(&self, response: &mut Response, begun: &Beginning) {
        let (state, secret) = (&begun.state, &begun.secret);
        cookies::set_transaction(response, &self.0.urls, state, secret, LIFE);
    }

    /// Takes what the provider answers: who it is, and the page to go to.
    pub(crate) async fn finish(
        &self,
        tenant: &str,
        query: &str,
        headers: &HeaderMap,
    ) -> Result<(Person, String), NotSignedIn> {
        let provider = self.provider(tenant).ok_or(NotSignedIn::NoProvider)?;
        let answer = Parameters::parse(query.as_bytes());
        let state = TokenHash::of(answer.get("state").ok().flatten().unwrap_or_default());
        let transaction = self.0.pending.take(&state, Instant::now());
        let transaction = transaction.filter(|one| *one.tenant == *tenant);
        let transaction = transaction.ok_or(NotSignedIn::Over)?;
        let cookie = cookies::transaction(headers, &self.0.urls, &state);
        if cookie.is_none_or(|secret| TokenHash::of(&secret) != transaction.browser) {
            return Err(NotSignedIn::OtherBrowser);
        }
        let callback = self.0.urls.administrators_callback(tenant);
        let answered = answer::redeem(&provider, &callback, &transaction, &answer).await;
        let claims = answered.and_then(|answered| answered.claims);
        let claims = claims.map_err(|error| match error {
            ProviderError::Unavailable(_) => unavailable(tenant, &error),
            ProviderError::Refused(text) | ProviderError::Untrusted(text) => {
                NotSignedIn::NotIdentified(text)
            }
        })?;
        let live = self.0.gateway.tenants.live();
        let rules = live.config.administrators_of(tenant);
        let rules = rules.ok_or(NotSignedIn::NoProvider)?;
        let person = person(rules, &claims).map_err(|error| {
            let who = claims.get("sub").and_then(|sub| sub.as_str());
            NotSignedIn::NotAllowed {
                who: format!("sub:{}", who.unwrap_or_default()),
                why: error.text().to_owned(),
            }
        })?;
        Ok((person, transaction.authorization))
    }

    /// The secret of the session that a browser has.
    pub(crate) fn session(&self, headers: &HeaderMap) -> Option<SessionSecret> {
        cookies::administrator(headers, &self.0.urls)
    }

    /// Gives the browser a session's secret, or takes it away.
    pub(crate) fn set_session(
        &self,
        response: &mut Response,
        secret: Option<&SessionSecret>,
        life: Duration,
    ) {
        cookies::set_administrator(response, &self.0.urls, secret, life);
    }
}

fn unavailable(tenant: &str, error: &ProviderError) -> NotSignedIn {
    tracing::error!(tenant, "no administrator can sign in: {}", error.text());
    NotSignedIn::Unavailable
}
