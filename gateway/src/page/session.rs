//! Who is signed in, and the forms that they submit.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;

use super::cookie::{self, MESSAGE, SESSION};
use super::fields::Fields;
use super::problem::Problem;
use super::respond::{html, redirect};
use super::session_secret::SessionSecret;
use super::state::PageState;
use super::view::{Frame, Message, NavItem, Tone};
use crate::config::{Admin, Config, TenantConfig};
use crate::store::{Actor, Via};

/// How long a session lasts.
pub(super) const SESSION_LIFE: Duration = Duration::from_secs(8 * 60 * 60);

/// The administrator who sent a request.
#[derive(Debug)]
pub(super) struct SignedIn {
    /// The administrator's name.
    pub(super) name: String,
    admin: Admin,
    pub(super) config: Arc<Config>,
    pub(super) secret: SessionSecret,
    message: Option<Message>,
}

impl SignedIn {
    /// The administrator, for the audit.
    pub(super) fn actor(&self) -> Actor {
        Actor::new(&self.name, Via::Page)
    }

    /// The tenants that this administrator manages, by name.
    pub(super) fn tenants(&self) -> impl Iterator<Item = (&String, &TenantConfig)> {
        let all = self.config.tenants.iter();
        all.filter(|(name, _)| self.admin.manages(name))
    }

    /// Whether this administrator manages all tenants, and the gateway as a whole.
    pub(super) fn manages_all(&self) -> bool {
        self.admin.tenants.is_none()
    }

    /// A tenant that they manage. Others do not exist for them.
    pub(super) fn tenant(&self, name: &str) -> Result<&TenantConfig, Problem> {
        let tenant = self.config.tenants.get(name);
        tenant
            .filter(|_| self.admin.manages(name))
            .ok_or_else(|| Problem::missing(format!("There is no tenant {name:?} here.")))
    }

    /// The frame of a page, with the message of the change before it.
    pub(super) fn frame(&self, at: NavItem, title: &str, tenant: Option<&str>) -> Frame {
        Frame {
            title: match tenant {
                Some(tenant) => format!("{title} · {tenant}"),
                None => title.to_owned(),
            },
            at,
            admin: self.name.clone(),
            tenant: tenant.map(str::to_owned),
            csrf: self.secret.csrf(),
            stand_in: self.config.stand_in,
            message: self.message.clone(),
        }
    }

    /// Answers with a page. Its message is shown once.
    pub(super) fn show(&self, page: &impl askama::Template) -> Response {
        let mut response = html(StatusCode::OK, page);
        if self.message.is_some() {
            cookie::set(&mut response, MESSAGE, "", Duration::ZERO, false);
        }
        response
    }

    /// Redirects to a page that shows a message. Reloading that page repeats no change.
    pub(super) fn redirect_with_message(&self, to: &str, tone: Tone, text: &str) -> Response {
        let mut response = redirect(to);
        let message = self.secret.sign(&format!("{}|{text}", tone.class()));
        // Cookies hold about 4 KB. A longer message is left out.
        if message.len() < 3_000 {
            let life = Duration::from_secs(60);
            cookie::set(&mut response, MESSAGE, &message, life, false);
        }
        response
    }
}

impl FromRequestParts<PageState> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &PageState) -> Result<Self, Response> {
        let signed_in = signed_in(&parts.headers, state).await;
        match signed_in.map_err(Problem::into_response)? {
            Some(signed_in) => Ok(signed_in),
            None => Err(redirect("/admin/sign-in")),
        }
    }
}

/// Who is signed in, by the session cookie.
async fn signed_in(headers: &HeaderMap, state: &PageState) -> Result<Option<SignedIn>, Problem> {
    let Some(secret) = cookie::get(headers, SESSION)
        .as_deref()
        .and_then(SessionSecret::parse)
    else {
        return Ok(None);
    };
    let hash = secret.hash();
    let now = state.now();
    let session = state.store(move |store| store.session(&hash, now)).await?;
    let config = state.config();
    // A session ends with the token with which it began.
    let admin = session.and_then(|session| {
        let admin = config.admins.get(&session.admin)?.clone();
        let token = session.admin_token.parse().ok()?;
        let valid = admin.tokens.has(&token, Timestamp::now());
        valid.then_some((session.admin, admin))
    });
    let Some((name, admin)) = admin else {
        return Ok(None);
    };
    let message = cookie::get(headers, MESSAGE)
        .and_then(|signed| secret.verify(&signed))
        .and_then(|text| {
            let (tone, text) = text.split_once('|')?;
            Some(Message {
                tone: Tone::of(tone),
                text: text.to_owned(),
            })
        });
    Ok(Some(SignedIn {
        name,
        admin,
        config,
        secret,
        message,
    }))
}

/// A form of somebody who is signed in. It must come from a page of the same session.
#[derive(Debug)]
pub(super) struct SubmittedForm {
    pub(super) by: SignedIn,
    pub(super) fields: Fields,
}

impl FromRequest<PageState> for SubmittedForm {
    type Rejection = Response;

    async fn from_request(request: Request, state: &PageState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let by = SignedIn::from_request_parts(&mut parts, state).await?;
        let fields = read_form(Request::from_parts(parts, body), state).await?;
        if !fields
            .get("csrf")
            .is_some_and(|csrf| by.secret.is_csrf(csrf))
        {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "Not done",
                "This form is not of your present session. Go back, reload the page and try again.",
            )
            .into_response());
        }
        Ok(Self { by, fields })
    }
}

/// The fields of a form, whoever submits it.
pub(super) async fn read_form(request: Request, state: &PageState) -> Result<Fields, Response> {
    let body = Bytes::from_request(request, state).await;
    let body = body.map_err(|error| {
        Problem::new(
            error.status(),
            "Not read",
            "The form is too large, or broke off.",
        )
        .into_response()
    })?;
    Ok(Fields::parse(&body))
}

/// The fields of an address's query.
pub(super) fn query(uri: &Uri) -> Fields {
    Fields::parse(uri.query().unwrap_or_default().as_bytes())
}
