//! What a client says of itself: in its metadata document, or when it registers.

use jiff::Timestamp;
use serde::Deserialize;
use url::{Host, Url};

use super::redirect::RedirectUri;
use crate::config::ClientRules;
use crate::cut::cut;
use crate::store::sign_in::{ClientKind, ClientRow, Registration};

/// Redirect URIs of one client.
const MOST_REDIRECTS: usize = 20;

/// Characters of a client's name that are kept.
const NAME: usize = 100;

/// The longest client id.
const LONGEST_ID: usize = 1024;

/// The members of a client's metadata that matter here (RFC 7591).
#[derive(Debug, Default, Deserialize)]
pub(super) struct ClientMetadata {
    client_id: Option<String>,
    client_name: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    grant_types: Option<Vec<String>>,
    response_types: Option<Vec<String>>,
    token_endpoint_auth_method: Option<String>,
    client_secret: Option<serde_json::Value>,
    client_secret_expires_at: Option<serde_json::Value>,
}

/// The address of a client's metadata document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DocumentUrl {
    pub(super) text: String,
    pub(super) host: String,
}

impl DocumentUrl {
    /// Whether a client id is meant to be such an address.
    pub(super) fn is_meant(client_id: &str) -> bool {
        client_id.contains("://")
    }

    /// Checks a client id that is an address. `any_port` is for stand-ins.
    ///
    /// # Errors
    ///
    /// No document may be read from there. The sentence says why.
    pub(super) fn parse(
        client_id: &str,
        rules: &ClientRules,
        any_port: bool,
    ) -> Result<Self, String> {
        if client_id.len() > LONGEST_ID {
            return Err(format!("a client id has at most {LONGEST_ID} characters"));
        }
        let url = Url::parse(client_id).map_err(|_| "the client id is no URL".to_owned())?;
        if url.scheme() != "https" {
            return Err("a client's metadata document is at an https address".to_owned());
        }
        // What a parser would change, such as dot segments, is another address for another parser.
        if url.as_str() != client_id {
            return Err("the client id is not in its plain form".to_owned());
        }
        let hidden = !url.username().is_empty() || url.password().is_some();
        if hidden || url.fragment().is_some() || url.query().is_some() {
            return Err("the client id must have no user name, query or fragment".to_owned());
        }
        if url.path().len() < 2 {
            return Err("the client id has no path".to_owned());
        }
        if url.port().is_some() && !any_port {
            return Err("the client id must not name a port".to_owned());
        }
        let Some(Host::Domain(host)) = url.host() else {
            return Err("the client id names an address in place of a host".to_owned());
        };
        if !rules.hosts.contains(host) && !rules.hosts.contains("*") {
            return Err(format!(
                "AI clients of {host} are not admitted here; who runs the gateway can admit them"
            ));
        }
        Ok(Self {
            text: client_id.to_owned(),
            host: host.to_owned(),
        })
    }
}

impl ClientMetadata {
    /// The client that a metadata document describes.
    ///
    /// # Errors
    ///
    /// The document can not be used. The sentence says why.
    pub(super) fn into_published(
        self,
        url: &DocumentUrl,
        rules: &ClientRules,
        now: Timestamp,
    ) -> Result<ClientRow, String> {
        if self.client_id.as_deref() != Some(&*url.text) {
            return Err("the document is of another client id".to_owned());
        }
        let method = self.token_endpoint_auth_method.as_deref();
        if self.client_secret.is_some()
            || self.client_secret_expires_at.is_some()
            || method.is_some_and(|method| method.starts_with("client_secret"))
        {
            return Err("a public document can not have a client secret".to_owned());
        }
        let name = self.name().ok_or("the document has no client_name")?;
        self.check_grants()?;
        let usable = self.redirect_uris.iter().filter(|text| {
            let uri = RedirectUri::parse(text);
            uri.is_ok_and(|uri| {
                // Its publisher vouches for web addresses. For an app's own scheme nobody does.
                uri.https_host().is_some() || rules.redirects.iter().any(|rule| rule.allows(&uri))
            })
        });
        let redirect_uris: Vec<String> = usable.take(MOST_REDIRECTS).cloned().collect();
        if redirect_uris.is_empty() {
            return Err("the document has no redirect URI that may be answered to".to_owned());
        }
        let (shared, document) = (ClientKind::Shared, Registration::Document);
        Ok(ClientRow {
            publisher: Some(url.host.clone()),
            redirect_uris,
            ..ClientRow::new(&url.text, document, shared, &name, now)
        })
    }

    /// The client that registers itself, under a new id.
    ///
    /// # Errors
    ///
    /// OAuth's code, and a sentence that says why it can not register.
    pub(super) fn register(
        self,
        id: &str,
        rules: &ClientRules,
        now: Timestamp,
    ) -> Result<ClientRow, (&'static str, String)> {
        let redirects = |why: String| ("invalid_redirect_uri", why);
        if self.redirect_uris.is_empty() || self.redirect_uris.len() > MOST_REDIRECTS {
            return Err(redirects(format!(
                "redirect_uris has between 1 and {MOST_REDIRECTS} addresses"
            )));
        }
        for text in &self.redirect_uris {
            let uri = RedirectUri::parse(text).map_err(redirects)?;
            if !rules.redirects.iter().any(|rule| rule.allows(&uri)) {
                return Err(redirects(format!(
                    "{} is not admitted here; who runs the gateway can admit it",
                    uri.shown()
                )));
            }
        }
        self.check_grants()
            .map_err(|why| ("invalid_client_metadata", why))?;
        let name = self.name();
        let name = name.as_deref().unwrap_or("A client without a name");
        let (personal, dynamic) = (ClientKind::Personal, Registration::Dynamic);
        Ok(ClientRow {
            redirect_uris: self.redirect_uris,
            ..ClientRow::new(id, dynamic, personal, name, now)
        })
    }

    /// The name that it gives itself, as it may be shown.
    pub(super) fn name(&self) -> Option<String> {
        let name = self.client_name.as_deref()?.trim();
        (!name.is_empty()).then(|| cut(&visible(name), NAME))
    }

    fn check_grants(&self) -> Result<(), String> {
        let has = |list: &Option<Vec<String>>, value: &str| {
            list.as_ref()
                .is_none_or(|list| list.iter().any(|one| one == value))
        };
        if !has(&self.grant_types, "authorization_code") || !has(&self.response_types, "code") {
            return Err("only the authorization code flow is served".to_owned());
        }
        Ok(())
    }
}

/// The text without characters that change the direction or the place of others: a name is shown
/// beside what the gateway says.
pub(crate) fn visible(text: &str) -> String {
    let invisible = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    text.chars().filter(|c| !invisible(*c)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "https://claude.ai/oauth/client.json";

    fn rules() -> ClientRules {
        ClientRules::default()
    }

    fn read(value: serde_json::Value) -> ClientMetadata {
        serde_json::from_value(value).unwrap()
    }

    fn document(value: serde_json::Value) -> Result<ClientRow, String> {
        let url = DocumentUrl::parse(ID, &rules(), false).unwrap();
        read(value).into_published(&url, &rules(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_client_id_is_a_plain_address_of_an_admitted_host() {
        assert!(DocumentUrl::parse(ID, &rules(), false).is_ok());
        for bad in [
            "http://claude.ai/client.json",
            "https://claude.ai",
            "https://claude.ai/",
            "https://claude.ai/a/../client.json",
            "https://claude.ai/%2e%2e/client.json",
            "https://Claude.ai/client.json",
            "https://claude.ai:443/client.json",
            "https://claude.ai:8443/client.json",
            "https://claude.ai/client.json?x",
            "https://claude.ai/client.json#x",
            "https://claude.ai@evil.example/client.json",
            "https://claude.ai.evil.example/client.json",
            "https://evil.example/claude.ai/client.json",
            "https://169.254.169.254/latest/meta-data",
            "https://2852039166/latest",
            "https://[::1]/client.json",
        ] {
            assert!(DocumentUrl::parse(bad, &rules(), false).is_err(), "{bad}");
        }
        let any = ClientRules {
            hosts: ["*".to_owned()].into(),
            ..rules()
        };
        assert!(DocumentUrl::parse("https://evil.example/x", &any, false).is_ok());
        assert!(DocumentUrl::parse("https://10.0.0.1/x", &any, false).is_err());
    }

    #[test]
    fn a_document_is_its_own_and_has_what_is_needed() {
        let good = json!({
            "client_id": ID,
            "client_name": " Claude\u{202e}\n ",
            "redirect_uris": ["https://claude.ai/cb", "http://localhost/callback", "evil://x/y", "javascript:alert(1)"],
            "token_endpoint_auth_method": "none",
        });
        let client = document(good.clone()).unwrap();
        assert_eq!(client.name, "Claude");
        assert_eq!(client.publisher.as_deref(), Some("claude.ai"));
        assert_eq!(
            client.redirect_uris,
            ["https://claude.ai/cb", "http://localhost/callback"]
        );
        for (member, value) in [
            ("client_id", json!("https://claude.ai/oauth/Client.json")),
            ("client_id", json!(null)),
            ("client_name", json!("")),
            ("client_secret", json!("s")),
            ("token_endpoint_auth_method", json!("client_secret_post")),
            ("redirect_uris", json!([])),
            ("redirect_uris", json!(["evil://x/y"])),
            ("grant_types", json!(["client_credentials"])),
        ] {
            let mut bad = good.clone();
            bad[member] = value;
            assert!(document(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn who_registers_is_answered_only_where_the_rules_say() {
        let register = |value| {
            let metadata = read(value);
            let client = metadata.register("id", &rules(), Timestamp::UNIX_EPOCH);
            client.map_err(|(code, _)| code)
        };
        // Cursor registers all of its addresses at once.
        let cursor = json!([
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "https://www.cursor.com/agents/mcp/oauth/callback",
            "http://localhost:8787/callback"
        ]);
        let client = register(json!({ "client_name": "Cursor", "redirect_uris": cursor })).unwrap();
        assert_eq!(client.redirect_uris.len(), 3);
        assert_eq!(client.kind, ClientKind::Personal);
        for bad in [
            "https://evil.example/cb",
            "https://claude.ai/other",
            "cursor://evil/oauth/callback",
            "http://localhost/cb#x",
        ] {
            let registered = register(json!({ "redirect_uris": ["http://localhost/cb", bad] }));
            assert_eq!(registered.unwrap_err(), "invalid_redirect_uri", "{bad}");
        }
        assert!(register(json!({})).is_err());
        let many: Vec<String> = (0..21).map(|n| format!("http://localhost/{n}")).collect();
        assert!(register(json!({ "redirect_uris": many })).is_err());
        let other =
            json!({ "redirect_uris": ["http://localhost/cb"], "response_types": ["token"] });
        assert_eq!(register(other).unwrap_err(), "invalid_client_metadata");
    }
}
