//! Cookies of the page.

use std::time::Duration;

use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::Response;

/// The cookie with the session's secret.
pub(super) const SESSION: &str = "gong-gateway-admin";

/// The cookie that takes a message to the page after a change.
pub(super) const MESSAGE: &str = "gong-gateway-message";

/// The value of a cookie that the browser sent.
pub(crate) fn get(headers: &HeaderMap, name: &str) -> Option<String> {
    let texts = headers.get_all(header::COOKIE).into_iter();
    texts
        .filter_map(|text| text.to_str().ok())
        .flat_map(|text| text.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(one, _)| *one == name)
        .map(|(_, value)| value.to_owned())
}

/// Adds a cookie to an answer. Scripts can not read it, and browsers send it only to `/admin` and
/// only from the gateway's own pages.
pub(super) fn set(response: &mut Response, name: &str, value: &str, life: Duration, secure: bool) {
    let life = life.as_secs();
    let secure = if secure { "; Secure" } else { "" };
    let cookie =
        format!("{name}={value}; Path=/admin; Max-Age={life}; HttpOnly; SameSite=Strict{secure}");
    let cookie = HeaderValue::try_from(cookie).expect("cookies are made of base64url");
    response.headers_mut().append(header::SET_COOKIE, cookie);
}
