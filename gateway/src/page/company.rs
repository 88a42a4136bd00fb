//! Signing in with the company's account.
//!
//! The provider is reached, and left again, by a page that goes on by itself: browsers hold
//! `form-action` against redirections, and would not send the session's cookie, which is
//! `SameSite=Strict`, while the provider redirects.

use askama::Template;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use super::problem::{Problem, sentence};
use super::respond::html;
use super::session::{SESSION_LIFE, query};
use super::session_secret::SessionSecret;
use super::state::PageState;
use super::view::Style;
use crate::client_address::{client_address, network};
use crate::sign_in::administrators::{Administrators, NotSignedIn};
use crate::store::administrators::{NewSession, Opened};
use crate::store::sign_in::Person;

#[derive(Template)]
#[template(path = "continue.html")]
struct Continue<'a> {
    style: Style,
    title: &'a str,
    to: &'a str,
}

/// A page that goes on to an address by itself.
pub(super) fn go_on(title: &str, to: &str) -> Response {
    let style = Style;
    html(StatusCode::OK, &Continue { style, title, to })
}

/// The page that somebody asked for, if it is one of this gateway's, to come back to it.
pub(super) fn own_page(to: Option<&str>) -> Option<String> {
    let to = to?;
    let below = to.strip_prefix("/admin")?;
    let fits = (below.is_empty() || below.starts_with(['/', '?']))
        && to
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && to.len() <= 2_000;
    fits.then(|| to.to_owned())
}

/// The address of a request below `/admin`.
#[derive(Clone, Debug)]
pub(super) struct WholeUri(pub(super) Uri);

/// Where somebody signs in who has asked for a page, or is asked for anew. The address is below
/// `/admin`.
pub(super) fn address(tenant: Option<&str>, uri: Option<&WholeUri>) -> String {
    let page = uri
        .and_then(|whole| whole.0.path_and_query())
        .and_then(|below| {
            let below = below.as_str();
            let page = format!("/admin{}", below.strip_suffix('/').unwrap_or(below));
            own_page(Some(&page))
        });
    let mut fields = form_urlencoded::Serializer::new(String::new());
    if let Some(tenant) = tenant {
        fields.append_pair("tenant", tenant);
    }
    if let Some(page) = page.filter(|page| page != "/admin") {
        fields.append_pair("to", &page);
    }
    let path = match tenant {
        Some(_) => "/admin/sign-in/company",
        None => "/admin/sign-in",
    };
    let fields = fields.finish();
    match fields.is_empty() {
        true => path.to_owned(),
        false => format!("{path}?{fields}"),
    }
}

fn administrators(state: &PageState) -> Result<&Administrators, Problem> {
    let none = || problem(NotSignedIn::NoProvider);
    state.administrators().ok_or_else(none)
}

/// Sends the browser to the provider.
pub(super) async fn begin(
    State(state): State<PageState>,
    request: Request,
) -> Result<Response, Problem> {
    let administrators = administrators(&state)?;
    let config = state.config();
    let (headers, extensions) = (request.headers(), request.extensions());
    let address = client_address(headers, extensions, &config.listen.trusted_proxies);
    let fields = query(request.uri());
    let tenant = fields.get("tenant").unwrap_or_default();
    let to = own_page(fields.get("to")).unwrap_or_else(|| "/admin".to_owned());
    let begun = administrators.begin(tenant, to, address.map(network)).await;
    let begun = begun.map_err(problem)?;
    let mut response = go_on("On to the company's provider", &begun.url);
    administrators.remember(&mut response, &begun);
    Ok(response)
}

/// Takes what the provider of the whole gateway answers.
pub(super) async fn callback(
    State(state): State<PageState>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    finish(&state, "", &uri, &headers).await
}

/// Takes what a tenant's provider answers.
pub(super) async fn tenants_callback(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    finish(&state, &tenant, &uri, &headers).await
}

async fn finish(
    state: &PageState,
    tenant: &str,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let administrators = administrators(state)?;
    let query = uri.query().unwrap_or_default();
    let finished = administrators.finish(tenant, query, headers).await;
    let (person, to) = match finished {
        Ok(finished) => finished,
        Err(error) => {
            if let NotSignedIn::NotAllowed { who, why } = &error {
                refuse(state, tenant, who, why).await?;
            }
            return Err(problem(error));
        }
    };
    // A secret that the browser had before is worth nothing for the new session.
    let secret = SessionSecret::generate().ok_or_else(Problem::no_random_numbers)?;
    let before = administrators.session(headers);
    let opened = open(state, tenant, &person, &secret, before.as_ref()).await?;
    let why = match opened {
        Opened::Yes(_) => {
            let mut response = go_on("Signed in", &to);
            administrators.set_session(&mut response, Some(&secret), SESSION_LIFE);
            return Ok(response);
        }
        Opened::NotAdministrator => "no group of this account makes an administrator here",
        Opened::Off => "an administrator has switched this account off",
    };
    let who = person.email.clone();
    let who = who.unwrap_or_else(|| format!("sub:{}", person.subject));
    refuse(state, tenant, &who, why).await?;
    Err(problem(NotSignedIn::NotAllowed {
        who,
        why: why.to_owned(),
    }))
}

async fn open(
    state: &PageState,
    tenant: &str,
    person: &Person,
    secret: &SessionSecret,
    before: Option<&SessionSecret>,
) -> Result<Opened, Problem> {
    let (hash, replaces) = (secret.hash(), before.map(SessionSecret::hash));
    let (tenant, person, now) = (tenant.to_owned(), person.clone(), state.now());
    let opened = state.store(move |store| {
        let new = NewSession {
            hash: &hash,
            replaces: replaces.as_ref(),
            tenant: &tenant,
            expires_at: now + SESSION_LIFE,
        };
        store.open_administrator_session(new, &person, now)
    });
    opened.await
}

async fn refuse(state: &PageState, tenant: &str, who: &str, why: &str) -> Result<(), Problem> {
    let (tenant, who, why) = (tenant.to_owned(), crate::cut::cut(who, 200), why.to_owned());
    let refused = state.store(move |store| store.administrator_refused(&tenant, &who, &why));
    refused.await
}

/// The page for somebody who is not signed in.
fn problem(error: NotSignedIn) -> Problem {
    let (status, text) = match error {
        NotSignedIn::NoProvider => (
            StatusCode::NOT_FOUND,
            "No company's account makes an administrator there. gateway.toml says whose does: \
             [administrators.sign_in], or a tenant's group with administrator = true."
                .to_owned(),
        ),
        NotSignedIn::Full => (
            StatusCode::TOO_MANY_REQUESTS,
            "Too many sign-ins have begun and not ended. Try again in some minutes.".to_owned(),
        ),
        NotSignedIn::Unavailable => (
            StatusCode::SERVICE_UNAVAILABLE,
            "The company's provider can not be used at the moment. The gateway's log says why."
                .to_owned(),
        ),
        NotSignedIn::Over => (
            StatusCode::BAD_REQUEST,
            "This sign-in has ended already, or has taken more than ten minutes. Begin anew at \
             /admin."
                .to_owned(),
        ),
        NotSignedIn::OtherBrowser => (
            StatusCode::FORBIDDEN,
            "This sign-in has begun in another browser. If you were sent here by a link, close this \
             page. Otherwise begin anew at /admin."
                .to_owned(),
        ),
        NotSignedIn::NotIdentified(why) | NotSignedIn::NotAllowed { why, .. } => {
            (StatusCode::FORBIDDEN, sentence(&why))
        }
    };
    Problem::new(status, "Not signed in", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_gateways_own_pages_are_gone_to() {
        for own in ["/admin", "/admin/t/acme/tools?is=pending", "/admin?x=1"] {
            assert_eq!(own_page(Some(own)).as_deref(), Some(own));
        }
        for other in [
            "",
            "/",
            "//evil.example",
            "/administrator",
            "/admin\\@evil.example",
            "/admin/\r\nx",
            "https://evil.example/admin",
            "/t/acme/mcp",
        ] {
            assert_eq!(own_page(Some(other)), None, "{other}");
        }
        let uri = |text: &str| WholeUri(text.parse().unwrap());
        assert_eq!(address(None, Some(&uri("/"))), "/admin/sign-in");
        assert_eq!(
            address(Some("acme"), Some(&uri("/audit?user=mia"))),
            "/admin/sign-in/company?tenant=acme&to=%2Fadmin%2Faudit%3Fuser%3Dmia"
        );
    }
}
