//! The administrator's page, `/admin`: server-rendered HTML, one style sheet, no script.
//!
//! | module | concern |
//! |---|---|
//! | `guard` | whom requests are addressed to and where they come from; headers of every answer |
//! | `session`, `secret` | who is signed in, and what their forms prove |
//! | `sign_in`, `attempts` | signing in and out, and how often it may fail |
//! | `tenants`, `tools`, `tool`, `sets`, `users`, `audit`, `quota`, `switches` | the pages |
//! | `view`, `chart`, `diff`, `fields`, `problem` | what they are made of |
//!
//! **Signing in.** A form posts an administrator's token, whose hash stands in `gateway.toml`.
//! The session's secret is 256 random bits in a cookie that is `HttpOnly`, `SameSite=Strict`,
//! for `/admin` only, and `Secure` where the page came by HTTPS; the store has its hash and
//! when it ends, after 8 hours. It ends earlier when the administrator signs out, or leaves
//! the file, or has another token there. A failed sign-in is answered after a second and is in
//! the audit, without what was posted; after ten in a minute from one place nothing is read
//! from there until the minute is over.
//!
//! **Forms.** What changes something is a POST, and three things must be right: the cookie;
//! the form's own token, an HMAC under the session's secret and so of no other session,
//! compared in constant time; and `Origin` or `Sec-Fetch-Site`, of which one must be sent and
//! none may tell of another site. The `Host` must be the gateway's for every request, so that
//! no page reaches it by binding its own name to the gateway's address. A POST answers with a
//! redirection, and the page after it tells what was done.
//!
//! **What is shown.** Descriptions, reasons and names come from outsiders. The templates
//! escape all of it, and the Content-Security-Policy allows nothing but the page's own style
//! sheet and forms: no script, inline or other, no image, no frame. Pages are never kept.
//!
//! Every change goes through the [`Store`] in the administrator's name, and so into the audit.
//! An administrator of some tenants sees these only; others are answered as if they were not.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwap;
use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use crate::config::Config;
use crate::governance::Governance;
use crate::store::{Quota, Store, StoreError};

mod attempts;
mod audit;
mod chart;
mod diff;
mod fields;
mod guard;
mod problem;
mod quota;
mod secret;
mod session;
mod sets;
mod sign_in;
mod switches;
mod tenants;
mod tool;
mod tools;
mod users;
mod view;

use attempts::Attempts;
use guard::Foreign;
use problem::Problem;

/// Bytes of a form: a toolset of a thousand tools fits.
const FORM: usize = 256 << 10;

/// What the page shows and changes. Clones share all.
#[derive(Clone)]
pub struct PageState(Arc<Inner>);

struct Inner {
    store: Store,
    config: Arc<ArcSwap<Config>>,
    governance: Arc<Governance>,
    quota: Box<ReadQuota>,
    attempts: Attempts,
}

/// Reads a tenant's quota of today. Called where waiting for the disk is allowed.
type ReadQuota = dyn Fn(&str) -> Result<Quota, StoreError> + Send + Sync;

impl fmt::Debug for PageState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PageState").field(&self.0.store).finish()
    }
}

impl PageState {
    /// `config` is the one that counts at each moment. `quota` tells what a tenant has used
    /// today, as the one who counts knows it; [`Store::quota`] does for a start.
    pub fn new(
        store: Store,
        governance: Arc<Governance>,
        config: Arc<ArcSwap<Config>>,
        quota: impl Fn(&str) -> Result<Quota, StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Inner {
            store,
            config,
            governance,
            quota: Box::new(quota),
            attempts: Attempts::default(),
        }))
    }

    fn config(&self) -> Arc<Config> {
        self.0.config.load_full()
    }

    fn governance(&self) -> Arc<Governance> {
        Arc::clone(&self.0.governance)
    }

    /// Reads or writes, where waiting harms nobody.
    async fn store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let state = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&state.0.store)).await;
        done.unwrap_or_else(|error| Err(StoreError::Failed(error.to_string())))
            .map_err(Problem::from)
    }

    async fn quota(&self, tenant: &str) -> Result<Quota, Problem> {
        let state = self.clone();
        let tenant = tenant.to_owned();
        self.store(move |_| (state.0.quota)(&tenant)).await
    }
}

/// The page, to be nested at `/admin`. A router that is nested there does not have `/admin/`:
/// who serves it may lead from there to `/admin`.
///
/// Where the server tells who connects ([`axum::extract::ConnectInfo`] of a `SocketAddr`),
/// failed sign-ins are counted by that; otherwise all together.
pub fn router(state: PageState) -> Router {
    let tenant = Router::new()
        .route("/tools", get(tools::show).post(tools::review))
        .route("/tools/{tool}", get(tool::show))
        .route("/tools/{tool}/classify", post(tool::classify))
        .route("/tools/{tool}/switch", post(switches::tool))
        .route("/toolsets", get(sets::toolsets).post(sets::put_toolset))
        .route("/toolsets/new", get(sets::new_toolset))
        .route("/toolsets/one/{name}", get(sets::toolset))
        .route("/toolsets/delete", post(sets::remove_toolset))
        .route("/profiles", get(sets::profiles).post(sets::put_profile))
        .route("/profiles/new", get(sets::new_profile))
        .route("/profiles/one/{name}", get(sets::profile))
        .route("/profiles/delete", post(sets::remove_profile))
        .route("/users", get(users::all))
        .route("/users/{user}", get(users::one))
        .route("/quota", get(quota::show))
        .route("/switch", post(switches::tenant));
    Router::new()
        .route("/", get(tenants::show))
        .route("/style.css", get(style))
        .route("/sign-in", get(sign_in::show).post(sign_in::enter))
        .route("/sign-out", post(sign_in::leave))
        .route("/switch", post(switches::everything))
        .route("/audit", get(audit::show))
        .route("/audit.jsonl", get(audit::download))
        .nest("/t/{tenant}", tenant)
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .layer(DefaultBodyLimit::max(FORM))
        .layer(middleware::from_fn_with_state(state.clone(), guarded))
        .with_state(state)
}

async fn guarded(State(state): State<PageState>, request: Request, next: Next) -> Response {
    let config = state.config();
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let checked = guard::check(method, uri, headers, &config.listen.hosts);
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(foreign) => refused(foreign).into_response(),
    };
    guard::protect(response.headers_mut());
    response
}

fn refused(foreign: Foreign) -> Problem {
    match foreign {
        Foreign::Host => Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "Not here",
            "This gateway has no such host name. listen.hosts in gateway.toml lists its names.",
        ),
        Foreign::Origin => Problem::new(
            StatusCode::FORBIDDEN,
            "Not done",
            "This form does not come from the administrator's page.",
        ),
    }
}

async fn nowhere() -> Problem {
    Problem::missing("There is no such page.")
}

async fn not_so() -> Problem {
    let text = "This address does something else. Begin anew from the tenants.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Not done", text)
}

async fn style() -> Response {
    // Its address changes with its text.
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, view::STYLE).into_response()
}

fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => {
            let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            (status, headers, html).into_response()
        }
        Err(error) => {
            tracing::error!("the administrator's page: {error}");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// To another page, by GET.
fn redirect(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let to = HeaderValue::try_from(to).unwrap_or(HeaderValue::from_static("/admin"));
    response.headers_mut().insert(header::LOCATION, to);
    response
}

#[cfg(test)]
mod tests;
