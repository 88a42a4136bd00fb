//! A client over HTTP.

use serde_json::{Value, json};

use super::{fake_provider::FakeProvider, settings};
use crate::{
    http::{self, BodyError, Headers, HttpRequest, HttpResponse},
    server::Server,
    settings::Settings,
};

/// A valid request without a body.
pub(super) fn valid_request() -> HttpRequest {
    HttpRequest {
        method: "POST".to_owned(),
        path: "/mcp".to_owned(),
        authority: Some("localhost:8080".to_owned()),
        headers: headers(&[]),
    }
}

/// The headers of a valid request, with these added or replaced.
pub(super) fn headers(more: &[(&str, &str)]) -> Headers {
    let mut all = vec![
        ("Accept", "application/json, text/event-stream"),
        ("Content-Type", "application/json; charset=utf-8"),
    ];
    all.retain(|(name, _)| !more.iter().any(|(other, _)| name == other));
    all.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    let owned = all
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    Headers::new(owned.collect())
}

/// The response to a request with this body.
pub(super) fn send(settings: &Settings, request: &HttpRequest, body: &[u8]) -> HttpResponse {
    send_to_provider(&FakeProvider::default(), settings, request, body)
}

/// The same with another provider.
pub(super) fn send_to_provider(
    provider: &FakeProvider,
    settings: &Settings,
    request: &HttpRequest,
    body: &[u8],
) -> HttpResponse {
    http::handle(
        &Ok(settings.clone()),
        |settings| Server::new(provider, settings),
        request,
        |max| {
            if body.len() > max {
                return Err(BodyError::TooLong);
            }
            Ok(body.to_vec())
        },
    )
}

/// The status and the JSON of the response to a POST.
pub(super) fn post(more: &[(&str, &str)], body: &Value) -> (u16, Value) {
    let request = HttpRequest {
        headers: headers(more),
        ..valid_request()
    };
    let response = send(&settings(&[]), &request, body.to_string().as_bytes());
    let body = match &*response.body {
        "" => Value::Null,
        body => serde_json::from_str(body).unwrap_or_else(|_| json!(body)),
    };
    (response.status, body)
}

/// The response's header with this name, which must not be there twice.
pub(super) fn header<'a>(response: &'a HttpResponse, name: &str) -> Option<&'a str> {
    let mut found = response.headers.iter().filter(|(one, _)| *one == name);
    let value = found.next().map(|(_, value)| &**value);
    assert!(found.next().is_none(), "{name} twice");
    value
}
