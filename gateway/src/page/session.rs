//! Who is signed in, and what they post.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use super::fields::Fields;
use super::problem::Problem;
use super::secret::Secret;
use super::view::{At, Frame, Message, Tone};
use super::{PageState, html, redirect};
use crate::config::{Admin, Config, Tenant};
use crate::store::{Actor, Via};

/// How long one stays signed in.
pub(super) const LIFE: Duration = Duration::from_secs(8 * 60 * 60);

/// The cookie that holds the session's secret.
pub(super) const COOKIE: &str = "gong-gateway-admin";

/// The cookie that takes a message to the page after a change.
const MESSAGE: &str = "gong-gateway-message";

/// A request of somebody who is signed in.
#[derive(Debug)]
pub(super) struct Signed {
    /// The administrator's name.
    pub(super) name: String,
    admin: Admin,
    pub(super) config: Arc<Config>,
    pub(super) secret: Secret,
    message: Option<Message>,
}

impl Signed {
    /// For the store's record.
    pub(super) fn actor(&self) -> Actor {
        Actor::new(&self.name, Via::Page)
    }

    /// The tenants that this administrator manages, by name.
    pub(super) fn tenants(&self) -> impl Iterator<Item = (&String, &Tenant)> {
        let all = self.config.tenants.iter();
        all.filter(|(name, _)| self.admin.manages(name))
    }

    /// Whether this administrator manages all tenants, and the gateway as a whole.
    pub(super) fn manages_all(&self) -> bool {
        self.admin.tenants.is_none()
    }

    /// A tenant of theirs. Others are answered as those that do not exist.
    pub(super) fn tenant(&self, name: &str) -> Result<&Tenant, Problem> {
        let tenant = self.config.tenants.get(name);
        tenant
            .filter(|_| self.admin.manages(name))
            .ok_or_else(|| Problem::missing(format!("There is no tenant {name:?} here.")))
    }

    /// The frame of a page, with the message that waits for it.
    pub(super) fn frame(&self, at: At, title: &str, tenant: Option<&str>) -> Frame {
        Frame {
            title: match tenant {
                Some(tenant) => format!("{title} · {tenant}"),
                None => title.to_owned(),
            },
            at,
            admin: self.name.clone(),
            tenant: tenant.map(str::to_owned),
            csrf: self.secret.csrf(),
            message: self.message.clone(),
        }
    }

    /// A page. Its message is told once.
    pub(super) fn show(&self, page: &impl askama::Template) -> Response {
        let mut response = html(StatusCode::OK, page);
        if self.message.is_some() {
            set(&mut response, &cookie(MESSAGE, "", Duration::ZERO, false));
        }
        response
    }

    /// On to a page, which tells the message: reloading it repeats nothing.
    pub(super) fn go(&self, to: &str, tone: Tone, text: &str) -> Response {
        let mut response = redirect(to);
        let message = self.secret.sign(&format!("{}|{text}", tone.class()));
        // Cookies hold about 4 KB; a text that long is not to be read in a line anyhow.
        if message.len() < 3_000 {
            let life = Duration::from_secs(60);
            set(&mut response, &cookie(MESSAGE, &message, life, false));
        }
        response
    }
}

impl FromRequestParts<PageState> for Signed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &PageState) -> Result<Self, Response> {
        let signed = read(&parts.headers, state).await;
        match signed.map_err(Problem::into_response)? {
            Some(signed) => Ok(signed),
            None => Err(redirect("/admin/sign-in")),
        }
    }
}

async fn read(headers: &HeaderMap, state: &PageState) -> Result<Option<Signed>, Problem> {
    let Some(secret) = sent(headers, COOKIE).as_deref().and_then(Secret::read) else {
        return Ok(None);
    };
    let stored = secret.stored();
    let session = state.store(move |store| store.session(&stored)).await?;
    let config = state.config();
    // `Store::declare` ends the sessions of a token that the file has no more.
    let admin = session.and_then(|session| {
        let admin = config.admins.get(&session.admin)?.clone();
        Some((session.admin, admin))
    });
    let Some((name, admin)) = admin else {
        return Ok(None);
    };
    let message = sent(headers, MESSAGE)
        .and_then(|signed| secret.signed(&signed))
        .and_then(|text| {
            let (tone, text) = text.split_once('|')?;
            Some(Message {
                tone: Tone::of(tone),
                text: text.to_owned(),
            })
        });
    Ok(Some(Signed {
        name,
        admin,
        config,
        secret,
        message,
    }))
}

/// A form that somebody posts who is signed in: from the session's own page, or it is refused.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) by: Signed,
    pub(super) fields: Fields,
}

impl FromRequest<PageState> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, state: &PageState) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let by = Signed::from_request_parts(&mut parts, state).await?;
        let fields = posted(Request::from_parts(parts, body), state).await?;
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

/// The fields of a form, whoever posts it.
pub(super) async fn posted(request: Request, state: &PageState) -> Result<Fields, Response> {
    let body = Bytes::from_request(request, state).await;
    let body = body.map_err(|error| {
        Problem::new(
            error.status(),
            "Not read",
            "The form is too large, or broke off.",
        )
        .into_response()
    })?;
    Ok(Fields::read(&body))
}

/// What an address asks.
pub(super) fn asked(uri: &Uri) -> Fields {
    Fields::read(uri.query().unwrap_or_default().as_bytes())
}

/// A cookie that the browser sends.
pub(super) fn sent(headers: &HeaderMap, name: &str) -> Option<String> {
    let texts = headers.get_all(header::COOKIE).into_iter();
    texts
        .filter_map(|text| text.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(one, _)| *one == name)
        .map(|(_, value)| value.to_owned())
}

/// No script reads it, no other site has it sent, no other path sees it.
pub(super) fn cookie(name: &str, value: &str, life: Duration, secure: bool) -> String {
    let life = life.as_secs();
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path=/admin; Max-Age={life}; HttpOnly; SameSite=Strict{secure}")
}

/// Adds a cookie to an answer.
pub(super) fn set(response: &mut Response, cookie: &str) {
    let cookie = HeaderValue::try_from(cookie).expect("cookies are made of base64url");
    response.headers_mut().append(header::SET_COOKIE, cookie);
}
