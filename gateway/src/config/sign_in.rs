//! Signing in to a tenant with the company's account.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::SecretRef;
use crate::sign_in::RedirectRule;
use crate::store::Effect;

/// Who somebody is by the claims of a provider, and what their groups give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeopleRules {
    /// The provider, to the byte as its own metadata names it.
    pub issuer: String,
    /// The claim with the e-mail address. Default: `email`.
    pub email_claim: String,
    /// The claim with the groups. Default: `groups`.
    pub groups_claim: String,
    /// Domains of the e-mail addresses that may sign in. Empty means all accounts of the provider.
    pub allowed_domains: BTreeSet<String>,
    /// Names of profiles that everybody has who may sign in.
    pub profiles: BTreeSet<String>,
    /// What groups give, by the value in the claim.
    pub groups: BTreeMap<String, GroupAccess>,
}

/// The gateway as a client of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderClient {
    /// The gateway's client id at the provider.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretRef,
    /// What is asked of the provider. Default: `openid`, `profile`, `email`; `offline_access` is
    /// added where the provider has it.
    pub scopes: Vec<String>,
    /// What the provider is asked to show, such as `consent`, without which some providers give no
    /// refresh tokens.
    pub prompt: Option<String>,
}

/// The company's OpenID provider, and what its accounts may do here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInConfig {
    /// Who somebody is.
    pub people: PeopleRules,
    /// The gateway at the provider.
    pub client: ProviderClient,
    /// The key of the provider's refresh tokens in the state file, 64 hexadecimal digits.
    pub key: SecretRef,
    /// The key before it, while tokens that it has encrypted are in use.
    pub previous_key: Option<SecretRef>,
    /// Which AI clients may be used.
    pub clients: ClientRules,
    /// How long things last.
    pub lifetimes: Lifetimes,
    /// The path at which static tokens are taken. Default: `/t/NAME/token/mcp`.
    pub static_tokens_path: String,
}

/// The gateway as a resource server alone: the provider's own access tokens are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceServerConfig {
    /// Who somebody is.
    pub people: PeopleRules,
    /// The audience of tokens for this tenant. Default: the address of its MCP endpoint.
    pub audience: Option<String>,
    /// The algorithms that signatures may have, all of them with a public and a private key.
    /// Default: all that are known.
    pub algorithms: Vec<String>,
    /// Which effects of tools the provider's scopes allow, by their names there. Default:
    /// `tools:read` and the others.
    pub scopes: BTreeMap<String, BTreeSet<Effect>>,
    /// The path at which static tokens are taken. Default: `/t/NAME/token/mcp`.
    pub static_tokens_path: String,
}

/// What a group of the provider gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupAccess {
    /// Names of profiles.
    pub profiles: BTreeSet<String>,
    /// Whether its members administrate the tenant.
    pub administrator: bool,
}

/// Which AI clients may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRules {
    /// Hosts whose client id metadata documents are accepted; `*` means any.
    pub hosts: BTreeSet<String>,
    /// Redirect URIs that clients may register.
    pub redirects: Vec<RedirectRule>,
    /// Whether clients may register themselves (RFC 7591). Default: yes.
    pub dcr: bool,
}

/// How long things of a sign-in last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Of an access token, and so the time after which the provider is asked again. Default: 15
    /// minutes.
    pub access: Duration,
    /// Of a refresh token that is not used. Default: 7 days.
    pub refresh: Duration,
    /// Of a sign-in, however much it is used. Default: 30 days.
    pub grant: Duration,
    /// How long a sign-in goes on of which the provider confirms nothing, because it is down or gives
    /// no refresh tokens. Default: 4 hours.
    pub unconfirmed: Duration,
    /// Of somebody who does not sign in, until they are deleted. Default: 90 days, or `grant` if that is
    /// longer.
    pub person: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const HOUR: Duration = Duration::from_secs(60 * 60);
        Self {
            access: HOUR / 4,
            refresh: 7 * 24 * HOUR,
            grant: 30 * 24 * HOUR,
            unconfirmed: 4 * HOUR,
            person: 90 * 24 * HOUR,
        }
    }
}

impl Default for ClientRules {
    /// Claude, ChatGPT, Cursor, VS Code, Copilot Studio, and programs on the user's machine.
    fn default() -> Self {
        let exact = |text: &str| RedirectRule::Exact(text.to_owned());
        let below = |text: &str| RedirectRule::Below(text.to_owned());
        Self {
            hosts: ["chatgpt.com", "claude.ai", "vscode.dev"]
                .map(str::to_owned)
                .into(),
            redirects: vec![
                RedirectRule::Loopback,
                exact("https://claude.ai/api/mcp/auth_callback"),
                exact("https://claude.com/api/mcp/auth_callback"),
                below("https://chatgpt.com/connector/oauth/"),
                exact("https://chatgpt.com/connector_platform_oauth_redirect"),
                exact("cursor://anysphere.cursor-mcp/oauth/callback"),
                exact("https://www.cursor.com/agents/mcp/oauth/callback"),
                exact("https://vscode.dev/redirect"),
                exact("https://insiders.vscode.dev/redirect"),
                below("https://global.consent.azure-apim.net/redirect/"),
            ],
            dcr: true,
        }
    }
}
