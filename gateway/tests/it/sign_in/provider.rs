//! An OpenID provider for the tests, that does everything right and, on demand, one thing wrong.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD as BASE64};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// The gateway's credentials here.
pub(crate) const CLIENT_ID: &str = "gong-gateway";
pub(crate) const CLIENT_SECRET: &str = "stand-in-access-key-secret";

/// One thing that it does wrong, or differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// It answers 503 to everything.
    Down,
    OtherNonce,
    OtherIssuer,
    OtherAudience,
    Expired,
    /// A token that nobody has signed.
    AlgNone,
    /// HMAC under the public key, which everybody has.
    HmacWithPublicKey,
    /// Signed with a key that it never published.
    ForeignKey,
    /// `iss` of another provider beside the code.
    OtherIssInAnswer,
    /// Answers to refreshes have no ID token.
    NoIdTokenAtRefresh,
    /// No refresh tokens.
    NoRefreshToken,
    /// Groups and addresses are at the UserInfo endpoint only.
    ClaimsAtUserInfo,
    /// As before, and it speaks of somebody else.
    OtherAtUserInfo,
}

/// How a token is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signed {
    Right,
    AsAccessToken,
    /// A token that nobody has signed.
    ByNobody,
    /// HMAC under the public key, which everybody has.
    ByPublicKey,
    /// A key that was never published, under the id of one that was.
    ByOtherKey,
    /// A key that was never published, under an id of its own.
    ByUnknownKey,
    /// A token for something else.
    AsOtherType,
}

struct Key {
    id: String,
    pair: EcdsaKeyPair,
}

impl Key {
    fn new(id: String) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key is made");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random);
        let pair = pair.expect("it is one");
        Self { id, pair }
    }

    fn public(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.id,
            "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..]),
        })
    }
}

/// A sign-in at the provider that waits for its code to be redeemed.
struct Issued {
    person: String,
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

struct Inner {
    issuer: String,
    key: Key,
    keys_made: u32,
    fault: Fault,
    /// Claims, by person. Who is not there has no account.
    people: BTreeMap<String, Value>,
    /// Who signs in next: the provider asks nobody.
    at_the_keyboard: String,
    codes: BTreeMap<String, Issued>,
    refresh_tokens: BTreeMap<String, String>,
    issued: u32,
    requests: BTreeMap<&'static str, u32>,
    /// The queries with which browsers came.
    authorizations: Vec<BTreeMap<String, String>>,
}

/// The provider. Clones share it.
#[derive(Clone)]
pub(crate) struct Provider(Arc<Mutex<Inner>>);

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let address: SocketAddr = listener.local_addr().expect("it has an address");
        let provider = Self(Arc::new(Mutex::new(Inner {
            issuer: format!("http://{address}"),
            key: Key::new("key-1".to_owned()),
            keys_made: 1,
            fault: Fault::None,
            people: BTreeMap::new(),
            at_the_keyboard: String::new(),
            codes: BTreeMap::new(),
            refresh_tokens: BTreeMap::new(),
            issued: 0,
            requests: BTreeMap::new(),
            authorizations: Vec::new(),
        })));
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/user-info", get(user_info))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        provider
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn issuer(&self) -> String {
        self.lock().issuer.clone()
    }

    /// Adds somebody, or changes them. They sign in next.
    pub(crate) fn person(&self, name: &str, groups: &[&str]) {
        self.claims(
            name,
            json!({ "email": format!("{name}@acme.example"), "email_verified": true, "groups": groups }),
        );
    }

    pub(crate) fn claims(&self, name: &str, claims: Value) {
        let mut inner = self.lock();
        inner.people.insert(name.to_owned(), claims);
        name.clone_into(&mut inner.at_the_keyboard);
    }

    /// Somebody leaves the company.
    pub(crate) fn leaves(&self, name: &str) {
        self.lock().people.remove(name);
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.lock().fault = fault;
    }

    /// Signs with another key from now on. The one before is not published any more.
    pub(crate) fn rotate_keys(&self) {
        let mut inner = self.lock();
        inner.keys_made += 1;
        inner.key = Key::new(format!("key-{}", inner.keys_made));
    }

    /// An access token for an audience that lasts five minutes, with these claims too. A claim that is
    /// null is left out.
    pub(crate) fn access_token(&self, audience: &str, claims: &Value, how: Signed) -> String {
        let now = Timestamp::now().as_second();
        let inner = self.lock();
        let mut all = json!({
            "iss": inner.issuer, "aud": audience, "iat": now, "exp": now + 300,
            "sub": "subject-of-mia", "email": "mia@acme.example", "client_id": "an-ai-client",
        });
        for (name, value) in claims.as_object().expect("an object") {
            all[name] = value.clone();
        }
        let kept = all.as_object_mut().expect("an object");
        kept.retain(|_, value| !value.is_null());
        inner.signed(&all, how)
    }

    /// How often an endpoint was asked.
    pub(crate) fn requests(&self, endpoint: &str) -> u32 {
        self.lock().requests.get(endpoint).copied().unwrap_or(0)
    }

    /// The queries with which browsers came, the last one last.
    pub(crate) fn authorizations(&self) -> Vec<BTreeMap<String, String>> {
        self.lock().authorizations.clone()
    }
}

impl Inner {
    /// Counts a request. Returns the answer to all of them while the provider is down.
    fn count(&mut self, endpoint: &'static str) -> Option<Response> {
        *self.requests.entry(endpoint).or_default() += 1;
        (self.fault == Fault::Down).then(|| StatusCode::SERVICE_UNAVAILABLE.into_response())
    }

    fn fresh(&mut self, what: &str) -> String {
        self.issued += 1;
        format!("{what}-{}", self.issued)
    }

    fn tokens(&mut self, person: &str, nonce: Option<&str>) -> Response {
        let refreshing = nonce.is_none();
        let mut answer = json!({ "access_token": format!("opaque-{person}"), "token_type": "Bearer", "expires_in": 60 });
        if !(refreshing && self.fault == Fault::NoIdTokenAtRefresh) {
            answer["id_token"] = self.id_token(person, nonce).into();
        }
        if self.fault != Fault::NoRefreshToken {
            let token = self.fresh("provider-refresh");
            self.refresh_tokens.insert(token.clone(), person.to_owned());
            answer["refresh_token"] = token.into();
        }
        Json(answer).into_response()
    }

    fn id_token(&self, person: &str, nonce: Option<&str>) -> String {
        let now = Timestamp::now().as_second();
        let fault = self.fault;
        let mut claims = match fault {
            Fault::ClaimsAtUserInfo | Fault::OtherAtUserInfo => json!({}),
            _ => self.people[person].clone(),
        };
        let mut put = |name: &str, value: Value| {
            if claims.get(name).is_none() {
                claims[name] = value;
            }
        };
        put("sub", format!("subject-of-{person}").into());
        put(
            "iss",
            match fault {
                Fault::OtherIssuer => "https://evil.example".into(),
                _ => self.issuer.clone().into(),
            },
        );
        put(
            "aud",
            match fault {
                Fault::OtherAudience => json!(["another-program"]),
                _ => CLIENT_ID.into(),
            },
        );
        put("iat", now.into());
        put(
            "exp",
            match fault {
                Fault::Expired => (now - 120).into(),
                _ => (now + 300).into(),
            },
        );
        if let Some(nonce) = nonce {
            put(
                "nonce",
                match fault {
                    Fault::OtherNonce => "another-nonce".into(),
                    _ => nonce.into(),
                },
            );
        }
        self.signed(
            &claims,
            match fault {
                Fault::AlgNone => Signed::ByNobody,
                Fault::HmacWithPublicKey => Signed::ByPublicKey,
                Fault::ForeignKey => Signed::ByOtherKey,
                _ => Signed::Right,
            },
        )
    }

    fn signed(&self, claims: &Value, how: Signed) -> String {
        let mut header = json!({ "alg": "ES256", "typ": "JWT", "kid": self.key.id });
        match how {
            Signed::Right | Signed::ByOtherKey => {}
            Signed::ByNobody => header["alg"] = "none".into(),
            Signed::ByPublicKey => header["alg"] = "HS256".into(),
            Signed::ByUnknownKey => header["kid"] = "nobody's".into(),
            Signed::AsOtherType => header["typ"] = "logout+jwt".into(),
            Signed::AsAccessToken => header["typ"] = "at+jwt".into(),
        }
        let text = format!(
            "{}.{}",
            BASE64.encode(header.to_string()),
            BASE64.encode(claims.to_string())
        );
        let foreign = Key::new(self.key.id.clone());
        let signature = match how {
            Signed::ByNobody => Vec::new(),
            Signed::ByPublicKey => {
                let key = self.key.pair.public_key().as_ref();
                let key = hmac::Key::new(hmac::HMAC_SHA256, key);
                hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
            }
            _ => {
                let key = match how {
                    Signed::ByOtherKey | Signed::ByUnknownKey => &foreign,
                    _ => &self.key,
                };
                let signed = key.pair.sign(&SystemRandom::new(), text.as_bytes());
                signed.expect("it is signed").as_ref().to_vec()
            }
        };
        format!("{text}.{}", BASE64.encode(signature))
    }
}

fn parsed(text: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(text).into_owned().collect()
}

async fn metadata(State(provider): State<Provider>) -> Response {
    let mut inner = provider.lock();
    if let Some(down) = inner.count("metadata") {
        return down;
    }
    let issuer = &inner.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "userinfo_endpoint": format!("{issuer}/user-info"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "authorization_response_iss_parameter_supported": true,
    }))
    .into_response()
}

async fn keys(State(provider): State<Provider>) -> Response {
    let mut inner = provider.lock();
    if let Some(down) = inner.count("keys") {
        return down;
    }
    Json(json!({ "keys": [inner.key.public()] })).into_response()
}

async fn authorize(State(provider): State<Provider>, RawQuery(query): RawQuery) -> Response {
    let mut inner = provider.lock();
    if let Some(down) = inner.count("authorize") {
        return down;
    }
    let query = parsed(query.unwrap_or_default().as_bytes());
    inner.authorizations.push(query.clone());
    assert_eq!(query["client_id"], CLIENT_ID);
    assert_eq!(query["code_challenge_method"], "S256");
    let code = inner.fresh("code");
    let issued = Issued {
        person: inner.at_the_keyboard.clone(),
        nonce: query["nonce"].clone(),
        challenge: query["code_challenge"].clone(),
        redirect_uri: query["redirect_uri"].clone(),
    };
    let iss = match inner.fault {
        Fault::OtherIssInAnswer => "https://evil.example".to_owned(),
        _ => inner.issuer.clone(),
    };
    let back: String = form_urlencoded::Serializer::new(format!("{}?", issued.redirect_uri))
        .append_pair("code", &code)
        .append_pair("state", &query["state"])
        .append_pair("iss", &iss)
        .finish();
    inner.codes.insert(code, issued);
    (StatusCode::SEE_OTHER, [(header::LOCATION, back)]).into_response()
}

/// The access token names the person.
async fn user_info(State(provider): State<Provider>, headers: HeaderMap) -> Response {
    let mut inner = provider.lock();
    if let Some(down) = inner.count("user-info") {
        return down;
    }
    let bearer = headers[header::AUTHORIZATION].to_str().expect("ASCII");
    let person = bearer.strip_prefix("Bearer opaque-").expect("a token");
    let mut claims = inner.people[person].clone();
    if inner.fault == Fault::OtherAtUserInfo {
        claims["sub"] = "somebody-else".into();
    } else if claims.get("sub").is_none() {
        claims["sub"] = format!("subject-of-{person}").into();
    }
    Json(claims).into_response()
}

async fn token(State(provider): State<Provider>, headers: HeaderMap, body: Bytes) -> Response {
    let mut inner = provider.lock();
    if let Some(down) = inner.count("token") {
        return down;
    }
    let pair = BASE64_STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
    if headers[header::AUTHORIZATION] != format!("Basic {pair}") {
        let body = Json(json!({ "error": "invalid_client" }));
        return (StatusCode::UNAUTHORIZED, body).into_response();
    }
    let form = parsed(&body);
    let invalid = || {
        let body = Json(json!({ "error": "invalid_grant" }));
        (StatusCode::BAD_REQUEST, body).into_response()
    };
    if form["grant_type"] == "refresh_token" {
        let person = inner.refresh_tokens.remove(&form["refresh_token"]);
        return match person.filter(|person| inner.people.contains_key(person)) {
            Some(person) => inner.tokens(&person, None),
            None => invalid(),
        };
    }
    let Some(issued) = inner.codes.remove(&form["code"]) else {
        return invalid();
    };
    let challenge = BASE64.encode(digest(&SHA256, form["code_verifier"].as_bytes()));
    if challenge != issued.challenge || form["redirect_uri"] != issued.redirect_uri {
        return invalid();
    }
    match inner.people.contains_key(&issued.person) {
        true => inner.tokens(&issued.person, Some(&issued.nonce)),
        false => invalid(),
    }
}
