//! Checks every request of the page, and sets the headers of every answer.

use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::uri::Authority;
use axum::http::{Method, Uri};

/// Allows the page's own style sheet and forms, and nothing else. So even a text that was not
/// escaped could neither load nor send anything.
const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Headers of every answer, problems included.
///
/// `Referrer-Policy` is `same-origin`, which also tells other sites nothing. With `no-referrer`
/// browsers would send `Origin: null` with forms, and the page could not recognize its own.
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

/// Adds [`HEADERS`]. Browsers do not store an answer that does not allow it.
pub(super) fn set_headers(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
}

/// Why a request is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rejected {
    /// It is addressed to a host name that is not the gateway's, such as by a site that points
    /// its own name at the gateway's address.
    Host,
    /// It is a form of another site, or of an unknown one.
    Origin,
}

/// Names that always mean this machine.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Whether a request is addressed to the gateway and comes from its own page. `hosts` are the
/// gateway's names (or `name:port`), in addition to those of loopback.
///
/// A request that changes something must say where it comes from. Browsers do so by `Origin`,
/// `Sec-Fetch-Site` or both, and all that are sent must be right.
pub(crate) fn check(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    hosts: &[String],
) -> Result<(), Rejected> {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    // HTTP/2 has the host in the address.
    let host = match text(&header::HOST) {
        Some(host) => host.parse().ok(),
        None => uri.authority().cloned(),
    };
    let host: Authority = host.ok_or(Rejected::Host)?;
    let mut names = hosts.iter().map(String::as_str).chain(LOOPBACK);
    if !names.any(|name| is_host(name, &host)) {
        return Err(Rejected::Host);
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
        return Err(Rejected::Origin);
    }
    Ok(())
}

fn is_host(allowed: &str, host: &Authority) -> bool {
    let bare = |name: &str| name.trim_matches(['[', ']']).to_ascii_lowercase();
    allowed.eq_ignore_ascii_case(host.as_str()) || bare(allowed) == bare(host.host())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(method: Method, headers: &[(&'static str, &str)]) -> Result<(), Rejected> {
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
        assert_eq!(get("rebound.example"), Err(Rejected::Host));
        assert_eq!(get("gateway.example.rebound.example"), Err(Rejected::Host));
        assert_eq!(get(""), Err(Rejected::Host));
        assert_eq!(checked(Method::GET, &[]), Err(Rejected::Host));
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
            assert_eq!(post(headers), Err(Rejected::Origin), "{headers:?}");
        }
    }
}
