//! The administrator's page, `/admin`: server-rendered HTML, one style sheet, no script.
//!
//! | module | concern |
//! |---|---|
//! | `guard` | checks the host and the origin of requests; sets the headers of every answer |
//! | `session`, `session_secret`, `cookie` | who is signed in, and that a form is theirs |
//! | `sign_in` | signing in with a token, and signing out |
//! | `company`, `command_line` | signing in with the company's account, here and on the command line |
//! | `tenants`, `tools`, `tool`, `users`, `audit`, `quota`, `index` | the pages |
//! | `clients`, `client`, `connections`, `kinds` | AI clients, sign-ins with them, and which may call |
//! | `accounts`, `account` | service accounts and their tokens |
//! | `review`, `kill_switches` | decisions on tools, and kill switches |
//! | `toolsets`, `profiles`, `sets` | toolsets and profiles, and what their pages share |
//! | `view`, `chart`, `diff`, `paths`, `fields` | parts of pages, addresses, form fields |
//! | `state`, `respond`, `problem` | what handlers share, answers, error pages |
//!
//! **Signing in.** A form posts an administrator's token, whose hash is in `gateway.toml`.
//! The session's secret is 256 random bits in a cookie that is `HttpOnly`, `SameSite=Strict`,
//! for `/admin` only, and `Secure` if the page was loaded by HTTPS. The store has its hash and
//! its end, after 8 hours. It ends earlier when the administrator signs out, is removed from the
//! file, or has another token there. A failed sign-in is answered after a second and is counted
//! in the audit, without the token that was tried. After ten failures of one name in a minute from
//! one address, further attempts of that name from there are refused until the minute is over.
//!
//! **With the company's account.** The browser is sent to the provider and back with a `state` that
//! only it has, and gets a new session, whose cookie is `__Host-` where the page is HTTPS. What makes an
//! administrator is looked up for each request. After `administrators.recheck` the next page is reached
//! by the provider, which says anew who it is; a form is accepted for twice as long.
//!
//! **Forms.** Changes are POSTs, and each must have three things: the cookie; the form's own
//! token, an HMAC under the session's secret, compared in constant time; and `Origin` or
//! `Sec-Fetch-Site`, which must not name another site. The `Host` of every request must be the
//! gateway's, so that no site reaches it by pointing a name of its own at the gateway's address. A
//! POST is answered with a redirection, and the page after it says what was done.
//!
//! **Contents.** Descriptions, reasons and names are written by others. The templates escape all
//! of it, and the Content-Security-Policy allows only the page's own style sheet and forms: no
//! scripts, images or frames. Browsers do not store pages.
//!
//! Every change goes through the [`Store`](crate::store::Store) in the administrator's name, and
//! so into the audit. For an administrator of some tenants, other tenants do not exist.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

mod account;
mod accounts;
mod audit;
mod chart;
mod client;
mod clients;
pub(crate) mod command_line;
mod company;
mod connections;
pub(crate) mod cookie;
mod diff;
mod fields;
pub(crate) mod guard;
mod index;
mod kill_switches;
mod kinds;
mod paths;
pub(crate) mod problem;
mod profiles;
mod quota;
pub(crate) mod respond;
mod review;
mod session;
pub(crate) mod session_secret;
mod sets;
mod sign_in;
mod state;
mod tenants;
mod tool;
mod tools;
mod toolsets;
mod users;
pub(crate) mod view;

use guard::Rejected;
use problem::Problem;
pub use state::PageState;

/// Bytes of a form. A toolset of a thousand tools fits.
const MAX_FORM: usize = 256 << 10;

/// The routes, to be nested at `/admin`. They do not include `/admin/`, which the server may
/// redirect.
///
/// Failed sign-ins are counted by the client's address if the server provides it as
/// [`axum::extract::ConnectInfo`] of a `SocketAddr`, otherwise all together.
pub fn router(state: PageState) -> Router {
    let tenant = Router::new()
        .route("/tools", get(tools::show).post(review::submit))
        .route("/tools/{tool}", get(tool::show))
        .route("/tools/{tool}/classify", post(tool::classify))
        .route("/tools/{tool}/switch", post(kill_switches::tool))
        .route("/toolsets", get(toolsets::all).post(toolsets::put))
        .route("/toolsets/new", get(toolsets::new))
        .route("/toolsets/one/{name}", get(toolsets::one))
        .route("/toolsets/delete", post(toolsets::remove))
        .route("/profiles", get(profiles::all).post(profiles::put))
        .route("/profiles/new", get(profiles::new))
        .route("/profiles/one/{name}", get(profiles::one))
        .route("/profiles/delete", post(profiles::remove))
        .route("/users", get(users::all))
        .route("/users/{user}", get(users::one))
        .route("/users/{user}/switch", post(kill_switches::user))
        .route("/users/{user}/remove", post(users::remove))
        .route("/accounts", get(accounts::all).post(accounts::create))
        .route("/accounts/{name}", get(account::one))
        .route("/accounts/{name}/rotate", post(account::rotate))
        .route("/accounts/{name}/revoke", post(account::revoke))
        .route("/accounts/{name}/change", post(account::change))
        .route("/accounts/{name}/remove", post(account::remove))
        .route("/clients", get(clients::all))
        .route("/clients/kinds", post(kinds::tenant))
        .route("/tools/{tool}/kinds", post(kinds::tool))
        .route("/clients/one", get(client::one))
        .route("/clients/change", post(client::change))
        .route("/clients/switch", post(kill_switches::client))
        .route("/clients/remove", post(client::remove))
        .route("/clients/revoke", post(connections::revoke))
        .route("/quota", get(quota::show))
        .route("/index", get(index::show))
        .route("/index/clear", post(index::clear))
        .route("/index/refill", post(index::refill))
        .route("/switch", post(kill_switches::tenant));
    Router::new()
        .route("/", get(tenants::show))
        .route("/style.css", get(style))
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-in/company", get(company::begin))
        .route("/oauth/callback", get(company::callback))
        .route("/oauth/callback/{tenant}", get(company::tenants_callback))
        .route(
            "/command-line",
            get(command_line::show).post(command_line::allow),
        )
        .route("/sign-out", post(sign_in::sign_out))
        .route("/switch", post(kill_switches::everything))
        .route("/audit", get(audit::show))
        .route("/audit.jsonl", get(audit::download))
        .nest("/t/{tenant}", tenant)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(middleware::from_fn_with_state(state.clone(), guarded))
        .with_state(state)
}

async fn guarded(State(state): State<PageState>, mut request: Request, next: Next) -> Response {
    let config = state.config();
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let checked = guard::check(method, uri, headers, &config.listen.hosts);
    // Routers within this one take off what they have matched.
    let whole = company::WholeUri(uri.clone());
    request.extensions_mut().insert(whole);
    let mut response = match checked {
        Ok(()) => next.run(request).await,
        Err(rejected) => problem_of(rejected).into_response(),
    };
    guard::set_headers(response.headers_mut());
    response
}

fn problem_of(rejected: Rejected) -> Problem {
    match rejected {
        Rejected::Host => Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "Not here",
            "This gateway has no such host name. listen.hosts in gateway.toml lists its names.",
        ),
        Rejected::Origin => Problem::new(
            StatusCode::FORBIDDEN,
            "Not done",
            "This form does not come from the administrator's page.",
        ),
    }
}

async fn not_found() -> Problem {
    Problem::missing("There is no such page.")
}

async fn method_not_allowed() -> Problem {
    let text = "This address does something else. Begin anew from the tenants.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "Not done", text)
}

async fn style() -> Response {
    // Its address changes with its text, so browsers may keep it.
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, view::STYLE).into_response()
}

#[cfg(test)]
mod tests;
