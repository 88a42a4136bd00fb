//! Lets web pages of some origins use `/mcp` from a browser. For all hosts on this library.
//!
//! A browser asks before it sends a request with a token (`OPTIONS`, without the token), and lets
//! the page read only the headers that the answer exposes. Answers without a known token have these
//! headers too: by `WWW-Authenticate` the page learns what it lacks.

use std::time::Duration;

use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

/// How long browsers may remember the answer.
const MAX_AGE: Duration = Duration::from_secs(60 * 60);

/// The layer for `/mcp`, outside of whatever asks for a token. `None` without origins: then no
/// answer says anything about other pages, and browsers let none in.
#[must_use]
pub fn layer(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let origins = origins.to_vec();
    let allowed = move |origin: &HeaderValue| {
        let origin = origin.to_str().unwrap_or_default();
        origins.iter().any(|allowed| is_same(allowed, origin))
    };
    let layer = CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| allowed(origin)))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        // Clients send `Mcp-Param-…` headers, named by the arguments of a tool, so there is no
        // list. What a page may send matters less than which page it is.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([
            HeaderName::from_static("mcp-session-id"),
            HeaderName::from_static("mcp-protocol-version"),
            header::WWW_AUTHENTICATE,
            header::RETRY_AFTER,
        ])
        .max_age(MAX_AGE);
    Some(layer)
}

/// Whether a browser's `Origin` is the one of the configuration, whose port may be `*`.
fn is_same(allowed: &str, origin: &str) -> bool {
    let (allowed, any_port) = match allowed.strip_suffix(":*") {
        Some(allowed) => (allowed, true),
        None => (allowed, false),
    };
    match (parts(allowed), parts(origin)) {
        (Some(allowed), Some(origin)) => {
            allowed.0 == origin.0 && allowed.1 == origin.1 && (any_port || allowed.2 == origin.2)
        }
        _ => false,
    }
}

/// Scheme, host in lower case, and port.
fn parts(origin: &str) -> Option<(Scheme, String, u16)> {
    let uri: Uri = origin.parse().ok()?;
    let scheme = uri.scheme()?.clone();
    let usual = if scheme == Scheme::HTTP { 80 } else { 443 };
    let port = uri.port_u16().unwrap_or(usual);
    Some((scheme, uri.host()?.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_as_browsers_write_them() {
        for (allowed, origin) in [
            ("https://chat.acme.example", "https://chat.acme.example"),
            (
                "https://Chat.acme.example:443/",
                "https://chat.acme.example",
            ),
            ("http://localhost:*", "http://localhost:5173"),
            ("http://localhost:*", "http://localhost"),
        ] {
            assert!(is_same(allowed, origin), "{allowed} {origin}");
        }
        for (allowed, origin) in [
            ("https://chat.acme.example", "http://chat.acme.example"),
            (
                "https://chat.acme.example",
                "https://chat.acme.example:8443",
            ),
            (
                "https://chat.acme.example",
                "https://chat.acme.example.evil.example",
            ),
            ("http://localhost:*", "https://localhost:5173"),
            ("https://chat.acme.example", "null"),
            ("https://chat.acme.example", ""),
        ] {
            assert!(!is_same(allowed, origin), "{allowed} {origin}");
        }
        assert!(layer(&[]).is_none());
    }
}
