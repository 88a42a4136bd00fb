//! Signing in on the command line with the company's account.
//!
//! The browser signs in at the administrator's page and is sent to a port of this computer with a
//! code. Only the program that has the verifier of its challenge (PKCE) can use it, and only by the
//! state file, which it has to be able to open anyway.

use std::time::Duration;

use jiff::Timestamp;

use crate::config::{FreshToken, Secret, TokenHash};
use crate::page::command_line::number;
use crate::sign_in::challenge_of;
use crate::store::administrators::AdministratorSession;
use crate::store::{Store, StoreError};

/// How long a session of the command line lasts.
const LIFE: Duration = Duration::from_secs(8 * 60 * 60);

/// A sign-in that has begun.
#[derive(Debug)]
pub struct CommandLineSignIn {
    state: String,
    verifier: Secret,
}

impl CommandLineSignIn {
    /// Begins.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            state: FreshToken::generate().token.reveal().to_owned(),
            verifier: FreshToken::generate().token,
        }
    }

    /// Where the browser goes, at a gateway with this public address. The answer comes to `port`.
    #[must_use]
    pub fn url(&self, public_url: &str, port: u16) -> String {
        let challenge = challenge_of(self.verifier.reveal()).unwrap_or_default();
        let fields = form_urlencoded::Serializer::new(String::new())
            .append_pair("port", &port.to_string())
            .append_pair("state", &self.state)
            .append_pair("challenge", &challenge)
            .finish();
        format!("{public_url}/admin/command-line?{fields}")
    }

    /// The number that the page shows too, so that a person recognizes what they have begun.
    #[must_use]
    pub fn number(&self) -> String {
        number(&self.state)
    }

    /// The code in the query of an answer, if the answer is to this sign-in.
    #[must_use]
    pub fn code(&self, query: &str) -> Option<String> {
        let fields = || form_urlencoded::parse(query.as_bytes());
        let get = |name: &str| {
            fields()
                .find(|(one, _)| one == name)
                .map(|(_, value)| value)
        };
        (get("state")? == self.state.as_str()).then_some(())?;
        Some(get("code")?.into_owned())
    }

    /// Exchanges the code for a session, in the state file. `None` for a code that is of no use.
    ///
    /// # Errors
    ///
    /// The file could not be written.
    pub fn redeem(
        &self,
        store: &Store,
        code: &str,
        now: Timestamp,
        os_user: &str,
    ) -> Result<Option<(Secret, AdministratorSession)>, StoreError> {
        let challenge = challenge_of(self.verifier.reveal()).unwrap_or_default();
        let fresh = FreshToken::generate();
        let session = store.redeem_administrator_code(
            &TokenHash::of(code),
            &challenge,
            &fresh.hash,
            now,
            now + LIFE,
            os_user,
        )?;
        Ok(session.map(|session| (fresh.token, session)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_answer_is_taken() {
        let sign_in = CommandLineSignIn::begin();
        let url = sign_in.url("https://gw.example", 5151);
        assert!(url.starts_with("https://gw.example/admin/command-line?port=5151&state=gg_"));
        assert!(!url.contains(sign_in.verifier.reveal()));
        let answer = format!("code=gg_x&state={}", sign_in.state);
        assert_eq!(sign_in.code(&answer).as_deref(), Some("gg_x"));
        for other in ["", "code=gg_x", "code=gg_x&state=", "code=gg_x&state=other"] {
            assert_eq!(sign_in.code(other), None, "{other}");
        }
        assert_eq!(sign_in.number().len(), 6);
        assert_ne!(sign_in.number(), CommandLineSignIn::begin().number());
    }
}
