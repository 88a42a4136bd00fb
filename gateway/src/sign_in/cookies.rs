//! Cookies of a browser in which somebody signs in. They are for the whole origin and nobody else's:
//! `__Host-` keeps other hosts of the same domain from setting them.

use std::time::Duration;

use axum::response::Response;
use http::{HeaderMap, HeaderValue, header};

use super::urls::Urls;
use crate::config::TokenHash;
use crate::page::cookie;
use crate::page::session_secret::SessionSecret;

/// How long the cookie of consent pages lasts.
const CONSENT_LIFE: Duration = Duration::from_secs(60 * 60);

/// From where browsers send a cookie along.
#[derive(Clone, Copy)]
enum SameSite {
    /// Only from the gateway's own pages.
    Strict,
    /// Also when another site sends the browser here, as the provider does.
    Lax,
}

/// The cookie by which forms of the consent page are this browser's.
pub(super) fn consent(headers: &HeaderMap, urls: &Urls) -> Option<SessionSecret> {
    let text = cookie::get(headers, &name(urls, "gong-consent"))?;
    SessionSecret::parse(&text)
}

/// Sets the cookie of the consent page.
pub(super) fn set_consent(response: &mut Response, urls: &Urls, secret: &SessionSecret) {
    let name = name(urls, "gong-consent");
    let value = secret.cookie();
    set(
        response,
        urls,
        &name,
        &value,
        CONSENT_LIFE,
        SameSite::Strict,
    );
}

/// The cookie by which the provider's answer is of the browser that began.
pub(super) fn transaction(headers: &HeaderMap, urls: &Urls, state: &TokenHash) -> Option<String> {
    cookie::get(headers, &transaction_name(urls, state))
}

/// Sets that cookie, or removes it for an empty value.
pub(super) fn set_transaction(
    response: &mut Response,
    urls: &Urls,
    state: &TokenHash,
    value: &str,
    life: Duration,
) {
    let name = transaction_name(urls, state);
    set(response, urls, &name, value, life, SameSite::Lax);
}

/// The secret of an administrator's session.
pub(super) fn administrator(headers: &HeaderMap, urls: &Urls) -> Option<SessionSecret> {
    let text = cookie::get(headers, &name(urls, "gong-administrator"))?;
    SessionSecret::parse(&text)
}

/// Sets the cookie of an administrator's session, or removes it.
pub(super) fn set_administrator(
    response: &mut Response,
    urls: &Urls,
    secret: Option<&SessionSecret>,
    life: Duration,
) {
    let name = name(urls, "gong-administrator");
    let value = secret.map(SessionSecret::cookie).unwrap_or_default();
    set(response, urls, &name, &value, life, SameSite::Strict);
}

/// Sign-ins in two tabs do not share a cookie.
fn transaction_name(urls: &Urls, state: &TokenHash) -> String {
    let state = state.to_string();
    let digits = state.rsplit(':').next().unwrap_or_default();
    name(urls, &format!("gong-sign-in-{}", &digits[..16]))
}

fn name(urls: &Urls, name: &str) -> String {
    match urls.is_https() {
        true => format!("__Host-{name}"),
        // Browsers take the prefix by HTTPS only.
        false => name.to_owned(),
    }
}

fn set(
    response: &mut Response,
    urls: &Urls,
    name: &str,
    value: &str,
    life: Duration,
    same_site: SameSite,
) {
    let same_site = match same_site {
        SameSite::Strict => "Strict",
        SameSite::Lax => "Lax",
    };
    let secure = if urls.is_https() { "; Secure" } else { "" };
    let life = life.as_secs();
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={life}; HttpOnly; SameSite={same_site}{secure}");
    let cookie = HeaderValue::try_from(cookie).expect("cookies are made of base64url");
    response.headers_mut().append(header::SET_COOKIE, cookie);
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use http::StatusCode;

    use super::*;

    #[test]
    fn cookies_are_this_hosts_alone_by_https() {
        let secret = SessionSecret::generate().unwrap();
        let state = TokenHash::of("state");
        for (url, prefix, secure) in [
            ("https://gw.example", "__Host-", true),
            ("http://127.0.0.1:8080", "", false),
        ] {
            let urls = Urls::new(url);
            let mut response = StatusCode::OK.into_response();
            set_consent(&mut response, &urls, &secret);
            set_transaction(&mut response, &urls, &state, "x", Duration::from_secs(600));
            let eight_hours = Duration::from_secs(28_800);
            set_administrator(&mut response, &urls, Some(&secret), eight_hours);
            let set: Vec<&str> = response
                .headers()
                .get_all(header::SET_COOKIE)
                .iter()
                .map(|value| value.to_str().unwrap())
                .collect();
            assert!(set[0].starts_with(&format!("{prefix}gong-consent=")));
            assert!(set[0].contains("; Path=/; Max-Age=3600; HttpOnly; SameSite=Strict"));
            assert!(set[1].contains("=x; Path=/; Max-Age=600; HttpOnly; SameSite=Lax"));
            assert!(set[2].starts_with(&format!("{prefix}gong-administrator=")));
            assert!(set[2].contains("; Path=/; Max-Age=28800; HttpOnly; SameSite=Strict"));
            assert!(set.iter().all(|one| one.ends_with("; Secure") == secure));
            let sent = set.iter().map(|one| one.split(';').next().unwrap());
            let sent = sent.collect::<Vec<_>>().join("; ");
            let headers = HeaderMap::from_iter([(header::COOKIE, sent.parse().unwrap())]);
            let mine = consent(&headers, &urls).unwrap();
            assert_eq!(mine.cookie(), secret.cookie());
            let mine = administrator(&headers, &urls).unwrap();
            assert_eq!(mine.cookie(), secret.cookie());
            assert_eq!(transaction(&headers, &urls, &state).as_deref(), Some("x"));
            let other = TokenHash::of("other");
            assert_eq!(transaction(&headers, &urls, &other), None);
        }
    }
}
