//! Asking the provider anew who somebody is, each time that a client refreshes its tokens.
//!
//! Whoever has left a group loses its tools by this, and whoever has left the company the sign-in.
//! While the provider can not say anything, a sign-in goes on for `lifetimes.unconfirmed`.

use jiff::Timestamp;

use super::oauth_error::OAuthError;
use super::person::{NoPerson, person};
use super::provider::{ProviderAnswer, ProviderError};
use super::state::{LiveSignIn, SignInState};
use crate::store::sign_in::{Confirmation, EndReason, Family, Person};

/// What the provider says of the person of a sign-in.
enum Verdict {
    /// Who it is.
    Confirmed(Box<Person>),
    /// It has ended the sign-in, or the account may not sign in any more.
    Ended(EndReason, String),
    /// Nothing.
    Silent(String),
}

/// Has the provider confirm who somebody is. Returns when it did so last.
///
/// # Errors
///
/// The sign-in has ended, or the provider has said nothing for too long.
pub(super) async fn confirm(
    state: &SignInState,
    live: &LiveSignIn,
    family: &Family,
) -> Result<Timestamp, OAuthError> {
    let now = state.now();
    let seal = &live.sign_in.seal;
    let sealed = family.provider_token.as_deref();
    let token = sealed.and_then(|sealed| seal.open(&family.id, sealed));
    let Some(token) = token else {
        return without_provider(state, live, family, now).await;
    };
    let answered = live.sign_in.provider.refresh(&token).await;
    let next = answered
        .as_ref()
        .ok()
        .and_then(|answered| answered.refresh_token.as_ref());
    let next = next.unwrap_or(&token);
    let sealed = seal.seal(&family.id, next);
    match verdict(live, family, answered.as_ref()) {
        Verdict::Confirmed(person) => {
            let confirmation = Confirmation {
                person: Some(*person),
                provider_token: sealed,
            };
            store(state, live, family, confirmation, now).await?;
            Ok(now)
        }
        Verdict::Ended(why, text) => {
            end(state, family, why, now).await?;
            Err(OAuthError::invalid_grant(text))
        }
        Verdict::Silent(why) => {
            let tenant = &*live.name;
            tracing::warn!(tenant, "a sign-in goes on unconfirmed: {why}");
            if answered.is_ok() {
                let confirmation = Confirmation {
                    person: None,
                    provider_token: sealed,
                };
                store(state, live, family, confirmation, now).await?;
            }
            if now < family.confirmed_at + live.sign_in.config.lifetimes.unconfirmed {
                return Ok(family.confirmed_at);
            }
            // The client keeps its refresh token for when the provider is back.
            let text = "the company's provider has not confirmed this sign-in for too long; try again \
                        when it can be reached";
            Err(OAuthError::new("temporarily_unavailable", text))
        }
    }
}

/// What an answer of the provider means for a sign-in.
fn verdict(
    live: &LiveSignIn,
    family: &Family,
    answered: Result<&ProviderAnswer, &ProviderError>,
) -> Verdict {
    let claims = match answered {
        Ok(answered) => answered.claims.as_ref(),
        Err(ProviderError::Refused(_)) => {
            let text = "the company's provider has ended this sign-in: sign in anew";
            return Verdict::Ended(EndReason::Provider, text.to_owned());
        }
        Err(error) => Err(error),
    };
    let claims = match claims {
        Ok(claims) => claims,
        Err(error) => return Verdict::Silent(error.text().to_owned()),
    };
    match person(&live.sign_in.config.people, claims) {
        Ok(person) if person.subject == family.subject => Verdict::Confirmed(Box::new(person)),
        Ok(_) => {
            let text = "the company's provider says that it is somebody else: sign in anew";
            Verdict::Ended(EndReason::Provider, text.to_owned())
        }
        Err(NoPerson::NotAllowed(text)) => Verdict::Ended(EndReason::NotAllowed, text),
        Err(NoPerson::Unknown(text)) => Verdict::Silent(text),
    }
}

/// A sign-in for which the provider gave no refresh token, or one that no key opens any more.
async fn without_provider(
    state: &SignInState,
    live: &LiveSignIn,
    family: &Family,
    now: Timestamp,
) -> Result<Timestamp, OAuthError> {
    if now < family.confirmed_at + live.sign_in.config.lifetimes.unconfirmed {
        return Ok(family.confirmed_at);
    }
    end(state, family, EndReason::Unconfirmed, now).await?;
    let text = "the company's provider can not be asked whether this sign-in goes on: sign in anew";
    Err(OAuthError::invalid_grant(text))
}

async fn store(
    state: &SignInState,
    live: &LiveSignIn,
    family: &Family,
    confirmation: Confirmation,
    now: Timestamp,
) -> Result<(), OAuthError> {
    let (id, tenant) = (family.id.clone(), live.name.to_string());
    let stored = state.store(move |store| store.confirm_sign_in(&id, &tenant, &confirmation, now));
    Ok(stored.await?)
}

async fn end(
    state: &SignInState,
    family: &Family,
    why: EndReason,
    now: Timestamp,
) -> Result<(), OAuthError> {
    let id = family.id.clone();
    let ended = state.store(move |store| store.end_sign_in(&id, why, now));
    Ok(ended.await?)
}
