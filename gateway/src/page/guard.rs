//! What holds for every request and every answer of the page.

use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::uri::Authority;
use axum::http::{Method, Uri};

/// The page needs its own style sheet and forms, and nothing else: no scripts, no images, no
/// frames, nothing of other sites. A text that slipped through the escaping could load and
/// send nothing.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Headers of every answer, problems included.
///
/// `Referrer-Policy` is `same-origin`, which tells other sites nothing, and not `no-referrer`:
/// under that, browsers send `Origin: null` with a form, and the page could not tell its own
/// forms from foreign ones.
const HEADERS: [(HeaderName, &str); 8] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

/// Adds [`HEADERS`]. What says nothing of being kept is not kept.
pub(super) fn protect(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// Why a request is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    /// Addressed to a host that this gateway is not: a web page that has bound its own host
    /// name to the gateway's address.
    Host,
    /// A form of another site, or of no known one.
    Origin,
}

/// This machine itself: its names are no other's.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Whether a request comes from the page itself, as far as its headers tell. `hosts` are the
/// names (or `name:port`) under which the gateway is reached, besides loopback's.
///
/// What changes something must say where it comes from. Browsers always do, by `Origin` or
/// `Sec-Fetch-Site`; both must agree where both are sent.
pub(super) fn check(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    hosts: &[String],
) -> Result<(), Foreign> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // HTTP/2 tells the host in the address.
    let host = match text(&header::HOST) {
        Some(host) => host.parse().ok(),
        None => uri.authority().cloned(),
    };
    let host: Authority = host.ok_or(Foreign::Host)?;
    let mut names = hosts.iter().map(String::as_str).chain(LOOPBACK);
    if !names.any(|one| is(one, &host)) {
        return Err(Foreign::Host);
    }
    if [Method::GET, Method::HEAD].contains(method) {
        return Ok(());
    }
    let origin = headers.get(header::ORIGIN);
    let site = headers.get(SEC_FETCH_SITE);
    let own_origin = |origin: &HeaderValue| {
        let authority = origin.to_str().ok().and_then(|origin| {
            let rest = origin.strip_prefix("https://");
            rest.or_else(|| origin.strip_prefix("http://"))
        });
        authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host.as_str()))
    };
    let own_site = |site: &HeaderValue| site == "same-origin";
    if (origin.is_none() && site.is_none())
        || !origin.is_none_or(own_origin)
        || !site.is_none_or(own_site)
    {
        return Err(Foreign::Origin);
    }
    Ok(())
}

fn is(allowed: &str, host: &Authority) -> bool {
    let bare = |name: &str| name.trim_matches(['[', ']']).to_ascii_lowercase();
    allowed.eq_ignore_ascii_case(host.as_str()) || bare(allowed) == bare(host.host())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(method: Method, headers: &[(&'static str, &str)]) -> Result<(), Foreign> {
        let hosts = ["gateway.example".to_owned()];
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        check(&method, &Uri::from_static("/t/acme"), &headers, &hosts)
    }

    #[test]
    fn only_the_gateways_own_names() {
        let get = |host| checked(Method::GET, &[("host", host)]);
        assert_eq!(get("gateway.example"), Ok(()));
        assert_eq!(get("Gateway.Example:8443"), Ok(()));
        assert_eq!(get("[::1]:8080"), Ok(()));
        assert_eq!(get("rebound.example"), Err(Foreign::Host));
        assert_eq!(get("gateway.example.rebound.example"), Err(Foreign::Host));
        assert_eq!(get(""), Err(Foreign::Host));
        assert_eq!(checked(Method::GET, &[]), Err(Foreign::Host));
    }

    #[test]
    fn changes_come_from_the_page_itself() {
        let post = |headers: &[(&'static str, &str)]| {
            let host = [("host", "gateway.example:8443")];
            checked(Method::POST, &[&host, headers].concat())
        };
        let own = ("origin", "https://gateway.example:8443");
        assert_eq!(post(&[own]), Ok(()));
        assert_eq!(post(&[("sec-fetch-site", "same-origin")]), Ok(()));
        assert_eq!(post(&[own, ("sec-fetch-site", "same-origin")]), Ok(()));
        let refused: [&[(&'static str, &str)]; 8] = [
            &[],
            &[("origin", "null")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://gateway.example")],
            &[("origin", "https://gateway.example:8443.evil.example")],
            &[("origin", "gateway.example:8443")],
            &[("sec-fetch-site", "same-site")],
            &[own, ("sec-fetch-site", "cross-site")],
        ];
        for headers in refused {
            assert_eq!(post(headers), Err(Foreign::Origin), "{headers:?}");
        }
    }
}
