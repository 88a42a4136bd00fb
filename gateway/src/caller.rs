//! Who calls, and through what: a sign-in, a token of the configuration or of a service account, or the
//! schedule.

use std::sync::Arc;

use rmcp::model::Implementation;

use crate::cut::cut;
use crate::sign_in::visible;
use crate::store::accounts::ServiceSession;
use crate::store::sign_in::{ClientKind, SignInSession, UsedClient};
use crate::tenants::Identity;

/// Characters of a program's name in the registry.
const PROGRAM: usize = 100;

/// Who sent a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user.
    pub identity: Identity,
    /// Through what.
    pub through: Through,
}

/// What the caller has shown to be who it is.
#[derive(Clone, Debug)]
pub enum Through {
    /// The token of a sign-in.
    SignIn(Arc<SignInSession>),
    /// An access token of the company's provider. The registry has no client of it.
    AccessToken(Arc<SignInSession>),
    /// The token of a service account.
    Account(Arc<ServiceSession>),
    /// A token of the configuration, whose user's programs are of this kind.
    Token(ClientKind),
    /// Nothing: the gateway itself calls what is on the schedule.
    Schedule,
}

/// The client that a caller uses, as far as governance decides on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallingClient {
    /// Its id in the registry. `None` for a program that does not say its name.
    pub id: Option<String>,
    /// Whose it is. `None` for calls on the schedule, which are nobody's.
    pub kind: Option<ClientKind>,
}

impl Caller {
    /// The sign-in, for people who sign in.
    #[must_use]
    pub fn sign_in(&self) -> Option<&Arc<SignInSession>> {
        match &self.through {
            Through::SignIn(session) | Through::AccessToken(session) => Some(session),
            Through::Account(_) | Through::Token(_) | Through::Schedule => None,
        }
    }

    /// Who answers for the caller, which is a service account.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        match &self.through {
            Through::Account(session) => session.owner.as_deref(),
            Through::SignIn(_)
            | Through::AccessToken(_)
            | Through::Token(_)
            | Through::Schedule => None,
        }
    }

    /// The id of a client that has shown to be it, for the audit. Programs with a user's token only say
    /// so.
    #[must_use]
    pub fn registered_client(&self) -> Option<String> {
        match &self.through {
            Through::SignIn(session) | Through::AccessToken(session) => {
                Some(session.client.to_string())
            }
            Through::Account(session) => Some(session.user.to_string()),
            Through::Token(_) | Through::Schedule => None,
        }
    }

    /// The client. `program` is what the client program says of itself, which tells programs with one
    /// token apart.
    #[must_use]
    pub fn client(&self, program: Option<&Implementation>) -> CallingClient {
        match &self.through {
            Through::SignIn(session) | Through::AccessToken(session) => CallingClient {
                id: Some(session.client.to_string()),
                kind: Some(session.kind),
            },
            Through::Account(session) => CallingClient {
                id: Some(session.user.to_string()),
                kind: Some(ClientKind::Service),
            },
            Through::Token(kind) => CallingClient {
                id: self.program(program).map(|(id, _)| id),
                kind: Some(*kind),
            },
            Through::Schedule => CallingClient::default(),
        }
    }

    /// What the registry notes of a request.
    #[must_use]
    pub fn used(&self, program: Option<&Implementation>) -> Option<UsedClient> {
        match &self.through {
            Through::SignIn(session) => Some(UsedClient::Known {
                id: session.client.to_string(),
                sign_in: Some(session.id.to_string()),
            }),
            Through::Account(session) => Some(UsedClient::Known {
                id: session.user.to_string(),
                sign_in: None,
            }),
            Through::Token(kind) => {
                let (id, name) = self.program(program)?;
                Some(UsedClient::Program {
                    id,
                    name,
                    user: self.identity.user.to_string(),
                    kind: *kind,
                })
            }
            Through::AccessToken(_) | Through::Schedule => None,
        }
    }

    /// The id and the name of a program.
    fn program(&self, program: Option<&Implementation>) -> Option<(String, String)> {
        let name = visible(&program?.name);
        let name = cut(name.trim(), PROGRAM);
        if name.is_empty() {
            return None;
        }
        let id = format!("token:{}:{name}", self.identity.user);
        Some((id, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_with_one_token_are_told_apart_by_name() {
        let caller = |user: &str| Caller {
            identity: Identity {
                tenant: "acme".into(),
                user: user.into(),
            },
            through: Through::Token(ClientKind::Personal),
        };
        let program = |name: &str| Implementation::new(name, "1.0");
        let id = |user: &str, name: &str| caller(user).client(Some(&program(name))).id;
        assert_eq!(id("mia", "claude").as_deref(), Some("token:mia:claude"));
        assert_ne!(id("mia", "claude"), id("noa", "claude"));
        assert_eq!(id("mia", " cl\u{200b}aude\u{202e} "), id("mia", "claude"));
        assert_eq!(id("mia", "\u{200b}"), None);
        assert_eq!(caller("mia").used(None), None);
        let long = id("mia", &"x".repeat(1000)).unwrap();
        assert!(long.chars().count() < 120, "{long}");
    }
}
