//! Who is signed in, and the forms that they submit.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;

use super::company::{self, WholeUri};
use super::cookie::{self, MESSAGE, SESSION};
use super::fields::Fields;
use super::problem::Problem;
use super::respond::{html, redirect};
use super::session_secret::SessionSecret;
use super::state::PageState;
use super::view::{Frame, Message, NavItem, Tone};
use crate::config::{Config, TenantConfig};
use crate::store::{Actor, Via};

/// How long a session lasts.
pub(super) const SESSION_LIFE: Duration = Duration::from_secs(8 * 60 * 60);

/// The administrator who sent a request.
#[derive(Debug)]
pub(super) struct SignedIn {
    /// The administrator's name.
    pub(super) name: String,
    /// The tenants that they manage. `None` means all.
    tenants: Option<BTreeSet<String>>,
    /// When the provider last said who it is, if they have signed in with the company's account.
    confirmed_at: Option<Timestamp>,
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
        all.filter(|(name, _)| self.manages(name))
    }

    /// Whether this administrator manages all tenants, and the gateway as a whole.
    pub(super) fn manages_all(&self) -> bool {
        self.tenants.is_none()
    }

    fn manages(&self, tenant: &str) -> bool {
        let tenants = self.tenants.as_ref();
        tenants.is_none_or(|tenants| tenants.contains(tenant))
    }

    /// Whether they have signed in with the company's account.
    pub(super) fn is_of_company(&self) -> bool {
        self.confirmed_at.is_some()
    }

    /// Whether the provider has said who it is within so many of the periods after which it is asked
    /// anew.
    fn is_confirmed(&self, now: Timestamp, periods: u32) -> bool {
        let most = self.config.administrators.recheck * periods;
        self.confirmed_at.is_none_or(|at| now < at + most)
    }

    /// A tenant that they manage. Others do not exist for them.
    pub(super) fn tenant(&self, name: &str) -> Result<&TenantConfig, Problem> {
        let tenant = self.config.tenants.get(name);
        tenant
            .filter(|_| self.manages(name))
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
        let signed_in = signed_in.map_err(Problem::into_response)?;
        let is_get = [Method::GET, Method::HEAD].contains(&parts.method);
        let has_providers = state.administrators().is_some();
        let page = parts.extensions.get::<WholeUri>();
        let page = page.filter(|_| is_get && has_providers);
        let Some(signed_in) = signed_in else {
            return Err(redirect(&company::address(None, page)));
        };
        // Asking the provider anew needs a page to come back to, so a form may be late once more.
        let periods = if is_get { 1 } else { 2 };
        if !signed_in.is_confirmed(state.now(), periods) {
            let tenant = signed_in.tenants.iter().flatten().next();
            let tenant = tenant.map_or("", String::as_str);
            return Err(redirect(&company::address(Some(tenant), page)));
        }
        Ok(signed_in)
    }
}

/// Whoever has signed in with the company's account.
async fn of_company(headers: &HeaderMap, state: &PageState) -> Result<Option<SignedIn>, Problem> {
    let administrators = state.administrators();
    let Some(secret) = administrators.and_then(|them| them.session(headers)) else {
        return Ok(None);
    };
    let (hash, now) = (secret.hash(), state.now());
    let session = state
        .store(move |store| store.administrator_session(&hash, Via::Page, now))
        .await?;
    Ok(session.map(|session| SignedIn {
        name: session.name,
        tenants: session.tenant.map(|tenant| [tenant].into()),
        confirmed_at: Some(session.confirmed_at),
        config: state.config(),
        message: message(headers, &secret),
        secret,
    }))
}

/// Who is signed in, by the session cookie.
async fn signed_in(headers: &HeaderMap, state: &PageState) -> Result<Option<SignedIn>, Problem> {
    if let Some(signed_in) = of_company(headers, state).await? {
        return Ok(Some(signed_in));
    }
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
    let session = session.filter(|_| config.administrators.local);
    let admin = session.and_then(|session| {
        let admin = config.admins.get(&session.admin)?.clone();
        let token = session.admin_token.parse().ok()?;
        let valid = admin.tokens.has(&token, Timestamp::now());
        valid.then_some((session.admin, admin))
    });
    let Some((name, admin)) = admin else {
        return Ok(None);
    };
    Ok(Some(SignedIn {
        name,
        tenants: admin.tenants,
        confirmed_at: None,
        config,
        message: message(headers, &secret),
        secret,
    }))
}

/// The message of the change before, if this session has signed it.
fn message(headers: &HeaderMap, secret: &SessionSecret) -> Option<Message> {
    let signed = cookie::get(headers, MESSAGE)?;
    let text = secret.verify(&signed)?;
    let (tone, text) = text.split_once('|')?;
    Some(Message {
        tone: Tone::of(tone),
        text: text.to_owned(),
    })
}

/// A form of somebody who is signed in. It must come from a page of the same session.
#[derive(Debug)]
pub(super) struct SubmittedForm {
    pub(super) by: SignedIn,
    pub(super) fields: Fields,
}

impl SubmittedForm {
    /// Refuses, with this text, unless the box is ticked.
    pub(super) fn require_sure(&self, refused: &str) -> Result<(), Problem> {
        match self.fields.has("sure", "yes") {
            true => Ok(()),
            false => Err(Problem::refused(refused)),
        }
    }
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
