//! An OpenID provider for the demo only: it asks nobody for a password, and forgets everything when
//! the demo ends.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use gateway::config::FreshToken;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// The gateway's client id here.
pub(super) const CLIENT_ID: &str = "gong-gateway";

/// Who signs in, and their group.
pub(super) const PERSON: &str = "olga@acme.example";
pub(super) const GROUP: &str = "sellers";

struct Inner {
    issuer: String,
    key: EcdsaKeyPair,
    /// Who has an account.
    people: BTreeSet<&'static str>,
    /// Nonces, by the code.
    codes: BTreeMap<String, String>,
}

/// The provider. Clones share it.
#[derive(Clone)]
pub(super) struct Provider(Arc<Mutex<Inner>>);

impl Provider {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
        let failed = |_| anyhow::anyhow!("the system has no random numbers");
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(failed)?;
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let provider = Self(Arc::new(Mutex::new(Inner {
            issuer: format!("http://{}", listener.local_addr()?),
            key: key.map_err(|error| anyhow::anyhow!("a key can not be made: {error}"))?,
            people: [PERSON].into(),
            codes: BTreeMap::new(),
        })));
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .with_state(provider.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(provider)
    }

    pub(super) fn issuer(&self) -> String {
        self.lock().issuer.clone()
    }

    /// Deletes the account of somebody who leaves.
    pub(super) fn leaves(&self, person: &str) {
        self.lock().people.remove(person);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn id_token(&self, nonce: Option<&str>) -> Option<String> {
        let now = Timestamp::now().as_second();
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "sub": "1",
            "email": PERSON, "email_verified": true, "groups": [GROUP],
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        let header = json!({ "alg": "ES256", "kid": "demo" });
        let encoded = |value: Value| BASE64.encode(value.to_string());
        let text = format!("{}.{}", encoded(header), encoded(claims));
        let signed = self.key.sign(&SystemRandom::new(), text.as_bytes()).ok()?;
        Some(format!("{text}.{}", BASE64.encode(signed)))
    }
}

async fn metadata(State(provider): State<Provider>) -> Json<Value> {
    let issuer = provider.issuer();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

async fn keys(State(provider): State<Provider>) -> Json<Value> {
    let inner = provider.lock();
    let point = inner.key.public_key().as_ref();
    Json(json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "demo",
        "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..]),
    }] }))
}

fn fields(text: &str) -> BTreeMap<String, String> {
    form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

/// A real provider would have the person sign in here.
async fn authorize(State(provider): State<Provider>, RawQuery(query): RawQuery) -> Response {
    let query = fields(&query.unwrap_or_default());
    let get = |name: &str| query.get(name).cloned().unwrap_or_default();
    let code = FreshToken::generate().token.reveal().to_owned();
    let answer = form_urlencoded::Serializer::new(String::new())
        .append_pair("code", &code)
        .append_pair("state", &get("state"))
        .finish();
    provider.lock().codes.insert(code, get("nonce"));
    Redirect::to(&format!("{}?{answer}", get("redirect_uri"))).into_response()
}

async fn token(State(provider): State<Provider>, body: String) -> Response {
    let form = fields(&body);
    let mut inner = provider.lock();
    let nonce = form.get("code").and_then(|code| inner.codes.remove(code));
    let refreshes = form.contains_key("refresh_token");
    let known = inner.people.contains(PERSON) && (nonce.is_some() || refreshes);
    match known.then(|| inner.id_token(nonce.as_deref())).flatten() {
        Some(token) => Json(json!({
            "access_token": "none", "token_type": "Bearer", "expires_in": 60,
            "id_token": token, "refresh_token": "demo",
        }))
        .into_response(),
        None => {
            let body = Json(json!({ "error": "invalid_grant" }));
            (StatusCode::BAD_REQUEST, body).into_response()
        }
    }
}
