//! The company's OpenID provider, at which people sign in.
//!
//! | module | concern |
//! |---|---|
//! | `http_client` | requests to it |
//! | `metadata` | its metadata and keys, which are read regularly |
//! | `access_token` | whether an access token is its own, where the gateway is a resource server alone |
//! | `id_token`, `user_info` | whether an ID token is its own, and what it says; what it leaves out |

use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreErrorResponseType,
    CoreTokenResponse,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError, Scope, StandardErrorResponse,
    TokenResponse as _,
};
use serde_json::{Map, Value};

use crate::config::{PeopleRules, ProviderClient, Secret};

mod access_token;
mod http_client;
mod id_token;
mod metadata;
mod user_info;

pub(crate) use access_token::NotAccepted;
use http_client::HttpError;
pub(crate) use http_client::ProviderHttp;
pub(crate) use id_token::ALGORITHMS;
use metadata::{Known, Metadata};

/// Google gives refresh tokens for other parameters than everybody else.
const GOOGLE: &str = "https://accounts.google.com";

/// Asks for a refresh token, at providers that have it.
const OFFLINE_ACCESS: &str = "offline_access";

/// The provider of a tenant.
#[derive(Debug)]
pub(crate) struct Provider {
    issuer: String,
    client_id: String,
    secret: Secret,
    scopes: Vec<String>,
    prompt: Option<String>,
    /// The claims that are needed besides who it is.
    needed: Vec<String>,
    http: ProviderHttp,
    known: Known,
}

/// What the provider says of somebody.
#[derive(Debug)]
pub(crate) struct ProviderAnswer {
    /// The claims of a verified ID token, or why there are none.
    pub(crate) claims: Result<Map<String, Value>, ProviderError>,
    /// The refresh token from now on, if there is a new one: the one before is used up, whatever
    /// became of the claims.
    pub(crate) refresh_token: Option<String>,
}

/// Why the provider says nothing of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProviderError {
    /// It can not be reached, is disturbed, or does not know the gateway. It says nothing of the
    /// person.
    Unavailable(String),
    /// It does not accept the code or the refresh token: the person has to sign in anew, if they can.
    Refused(String),
    /// What it sent can not be trusted.
    Untrusted(String),
}

impl ProviderError {
    /// What happened, for the log.
    pub(crate) fn text(&self) -> &str {
        let (Self::Unavailable(text) | Self::Refused(text) | Self::Untrusted(text)) = self;
        text
    }
}

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

type TokenError = RequestTokenError<HttpError, StandardErrorResponse<CoreErrorResponseType>>;

impl Provider {
    /// The provider of people, with the gateway as its client.
    pub(crate) fn new(
        people: &PeopleRules,
        client: &ProviderClient,
        secret: Secret,
        http: ProviderHttp,
    ) -> Self {
        Self {
            issuer: people.issuer.clone(),
            client_id: client.client_id.clone(),
            secret,
            scopes: client.scopes.clone(),
            prompt: client.prompt.clone(),
            needed: needed_claims(people),
            http,
            known: Known::default(),
        }
    }

    /// The provider of access tokens for an audience, at which the gateway is no client.
    pub(crate) fn of_access_tokens(issuer: &str, audience: &str, http: ProviderHttp) -> Self {
        Self {
            issuer: issuer.to_owned(),
            client_id: audience.to_owned(),
            secret: Secret::new(String::new()),
            scopes: Vec::new(),
            prompt: None,
            needed: Vec::new(),
            http,
            known: Known::default(),
        }
    }

    /// Whether it is the same provider with the same credentials, whose metadata may be kept.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.issuer == other.issuer
            && self.client_id == other.client_id
            && self.secret == other.secret
            && self.scopes == other.scopes
            && self.prompt == other.prompt
            && self.needed == other.needed
            && self.http.is_same(&other.http)
    }

    /// The issuer.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where a browser is sent to sign in.
    pub(crate) async fn authorization_url(
        &self,
        callback: &str,
        state: &str,
        nonce: &str,
        verifier: &str,
    ) -> Result<String, ProviderError> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata, callback)?;
        let verifier = PkceCodeVerifier::new(verifier.to_owned());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let (state, nonce) = (state.to_owned(), nonce.to_owned());
        let mut request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            move || CsrfToken::new(state),
            move || Nonce::new(nonce),
        );
        for scope in self.scopes_at(&metadata) {
            request = request.add_scope(Scope::new(scope));
        }
        let mut prompt = self.prompt.as_deref();
        if self.issuer == GOOGLE {
            request = request.add_extra_param("access_type", "offline");
            prompt = prompt.or(Some("consent"));
        }
        if let Some(prompt) = prompt {
            request = request.add_extra_param("prompt", prompt);
        }
        let (url, _, _) = request.set_pkce_challenge(challenge).url();
        Ok(url.into())
    }

    /// Checks the `iss` of an answer (RFC 9207), which must be there where the provider says that it
    /// sends one.
    pub(crate) async fn check_iss(&self, iss: Option<&str>) -> Result<(), ProviderError> {
        let sends = async || {
            let metadata = self.metadata().await?;
            Ok(metadata.additional_metadata().sends_iss())
        };
        let right = match iss {
            Some(iss) => iss == self.issuer,
            None => !sends().await?,
        };
        right.then_some(()).ok_or_else(|| {
            ProviderError::Untrusted("the answer is not of the tenant's provider".to_owned())
        })
    }

    /// Exchanges a code for what the provider says of somebody.
    pub(crate) async fn redeem(
        &self,
        callback: &str,
        code: &str,
        verifier: &str,
        nonce: &str,
    ) -> Result<ProviderAnswer, ProviderError> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata, callback)?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| no_token_endpoint())?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()));
        let response = request.request_async(&self.http).await.map_err(failed)?;
        Ok(self.answer_of(&metadata, &response, Some(nonce)).await)
    }

    /// Asks anew who somebody is.
    pub(crate) async fn refresh(&self, token: &str) -> Result<ProviderAnswer, ProviderError> {
        let metadata = self.metadata().await?;
        let client = self.client(&metadata, &self.issuer)?;
        let token = RefreshToken::new(token.to_owned());
        let request = client.exchange_refresh_token(&token);
        let request = request.map_err(|_| no_token_endpoint())?;
        let response = request.request_async(&self.http).await.map_err(failed)?;
        Ok(self.answer_of(&metadata, &response, None).await)
    }

    async fn answer_of(
        &self,
        metadata: &Metadata,
        response: &CoreTokenResponse,
        nonce: Option<&str>,
    ) -> ProviderAnswer {
        let claims = async {
            let token = response.id_token().ok_or_else(|| {
                ProviderError::Untrusted("the provider's answer has no ID token".to_owned())
            })?;
            let mut claims = self.claims(metadata, token, nonce).await?;
            let access_token = response.access_token().secret();
            self.complete(metadata, access_token, &mut claims).await?;
            Ok(claims)
        };
        ProviderAnswer {
            claims: claims.await,
            refresh_token: response.refresh_token().map(|token| token.secret().clone()),
        }
    }

    fn client(&self, metadata: &Metadata, callback: &str) -> Result<Client, ProviderError> {
        let callback = RedirectUrl::new(callback.to_owned())
            .map_err(|error| ProviderError::Unavailable(error.to_string()))?;
        let secret = ClientSecret::new(self.secret.reveal().to_owned());
        let id = ClientId::new(self.client_id.clone());
        let client = CoreClient::from_provider_metadata(metadata.clone(), id, Some(secret))
            .set_redirect_uri(callback);
        let methods = metadata.token_endpoint_auth_methods_supported();
        let in_body = methods.is_some_and(|methods| {
            methods.contains(&CoreClientAuthMethod::ClientSecretPost)
                && !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        Ok(match in_body {
            true => client.set_auth_type(AuthType::RequestBody),
            false => client,
        })
    }

    /// The scopes to ask for. `openid` is always asked for.
    fn scopes_at(&self, metadata: &Metadata) -> Vec<String> {
        let mut scopes: Vec<String> = self.scopes.clone();
        let has = |name: &str| {
            let supported = metadata.scopes_supported();
            supported.is_some_and(|all| all.iter().any(|scope| scope.as_str() == name))
        };
        let asks = scopes.iter().any(|scope| scope == OFFLINE_ACCESS);
        if !asks && has(OFFLINE_ACCESS) {
            scopes.push(OFFLINE_ACCESS.to_owned());
        }
        scopes.retain(|scope| scope != "openid");
        scopes
    }
}

/// The claims that are needed besides who it is.
fn needed_claims(people: &PeopleRules) -> Vec<String> {
    let groups = (!people.groups.is_empty()).then(|| people.groups_claim.clone());
    groups
        .into_iter()
        .chain([people.email_claim.clone()])
        .collect()
}

fn no_token_endpoint() -> ProviderError {
    ProviderError::Unavailable("the provider's metadata has no token_endpoint".to_owned())
}

/// What a failed request for tokens says of the person.
fn failed(error: TokenError) -> ProviderError {
    match error {
        RequestTokenError::ServerResponse(response) => {
            let code = response.error();
            let text = format!("the provider answered {}", code.as_ref());
            match code.as_ref() {
                "invalid_grant"
                | "interaction_required"
                | "login_required"
                | "consent_required"
                | "account_selection_required"
                | "access_denied" => ProviderError::Refused(text),
                _ => ProviderError::Unavailable(text),
            }
        }
        RequestTokenError::Request(error) => ProviderError::Unavailable(error.to_string()),
        // The answer itself could hold a token.
        RequestTokenError::Parse(..) => {
            ProviderError::Unavailable("the provider's answer can not be read".to_owned())
        }
        RequestTokenError::Other(text) => ProviderError::Unavailable(text),
    }
}
