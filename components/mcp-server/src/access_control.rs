//! Which HTTP requests are allowed, by their host, origin and token.

use alloc::{string::String, vec::Vec};

use subtle::ConstantTimeEq as _;

/// What the settings allow.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AccessControl {
    /// Host names, with or without port, that requests may name beside those of this machine; `*`
    /// is any.
    pub hosts: Vec<String>,
    /// Origins of web pages that may send requests; `*` is any, and `:*` any port.
    pub origins: Vec<String>,
    /// The bearer token that requests must have.
    pub token: Option<String>,
}

impl core::fmt::Debug for AccessControl {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("AccessControl")
            .field("hosts", &self.hosts)
            .field("origins", &self.origins)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .finish()
    }
}

impl AccessControl {
    /// Whether requests may name this host. A web page whose own host name resolves to this
    /// machine (DNS rebinding) sends that name, and is refused.
    #[must_use]
    pub fn allows_host(&self, authority: &str) -> bool {
        let Some(requested) = Authority::read(authority) else {
            return false;
        };
        requested.is_loopback()
            || self.hosts.iter().any(|allowed| {
                allowed == "*"
                    || Authority::read(allowed).is_some_and(|allowed| {
                        allowed.host.eq_ignore_ascii_case(requested.host)
                            && (allowed.port.is_none() || allowed.port == requested.port)
                    })
            })
    }

    /// Whether web pages of this origin may send requests to this authority: pages of this
    /// machine to a server on it, and those that the settings name.
    #[must_use]
    pub fn allows_origin(&self, origin: &str, authority: &str) -> bool {
        if self
            .origins
            .iter()
            .any(|allowed| is_origin(allowed, origin))
        {
            return true;
        }
        let local = |authority| Authority::read(authority).is_some_and(|one| one.is_loopback());
        let page = origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"));
        page.is_some_and(local) && local(authority)
    }

    /// Whether an `Authorization` header has the token, if the settings have one. The comparison
    /// takes the same time for every token of the same length.
    #[must_use]
    pub fn allows_authorization(&self, authorization: Option<&str>) -> bool {
        let Some(token) = &self.token else {
            return true;
        };
        let Some((scheme, sent)) = authorization.and_then(|value| value.split_once(' ')) else {
            return false;
        };
        scheme.eq_ignore_ascii_case("bearer")
            && bool::from(sent.trim().as_bytes().ct_eq(token.as_bytes()))
    }
}

/// Whether a configured origin is this one.
fn is_origin(allowed: &str, origin: &str) -> bool {
    if allowed == "*" {
        return true;
    }
    let Some(any_port) = allowed.strip_suffix(":*") else {
        return allowed.eq_ignore_ascii_case(origin);
    };
    // After the host only a port may follow.
    let same = origin
        .get(..any_port.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(any_port));
    let rest = origin.get(any_port.len()..).unwrap_or_default();
    let port = rest.strip_prefix(':');
    same && (rest.is_empty() || port.is_some_and(|port| port.parse::<u16>().is_ok()))
}

/// A host, perhaps with a port. An IPv6 address is without its brackets.
struct Authority<'a> {
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Authority<'a> {
    fn read(text: &'a str) -> Option<Self> {
        if text.contains(['/', '@', ' ', ',']) {
            return None;
        }
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']')?;
            match rest {
                "" => (host, None),
                rest => (host, Some(rest.strip_prefix(':')?)),
            }
        } else if text.matches(':').count() > 1 {
            // An IPv6 address without brackets, as people write it in settings.
            (text, None)
        } else {
            match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            }
        };
        let port = match port {
            Some(port) => Some(port.parse().ok()?),
            None => None,
        };
        (!host.is_empty()).then_some(Self { host, port })
    }

    fn is_loopback(&self) -> bool {
        // A name such as 127.example.com does not parse as an address.
        let address = self.host.parse::<core::net::IpAddr>();
        self.host.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|address| address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::ToOwned;

    use super::*;

    fn access(hosts: &[&str], origins: &[&str]) -> AccessControl {
        let owned = |texts: &[&str]| -> Vec<String> {
            texts.iter().map(|text| (*text).to_owned()).collect()
        };
        AccessControl {
            hosts: owned(hosts),
            origins: owned(origins),
            token: None,
        }
    }

    #[test]
    fn hosts() {
        let none = access(&[], &[]);
        for good in [
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1:8080",
            "[::1]:1",
            "[::1]",
            "127.9.9.9",
        ] {
            assert!(none.allows_host(good), "{good}");
        }
        for bad in [
            "evil.example.com",
            "localhost.evil.example.com",
            "127.0.0.1.evil.example.com",
            "evil@localhost",
            "localhost:port",
            "localhost:99999",
            "0.0.0.0",
            "[::1",
            "[::1]x",
            "",
            ":80",
        ] {
            assert!(!none.allows_host(bad), "{bad}");
        }
        let some = access(&["mcp.example.com", "other.example.com:8443"], &[]);
        assert!(some.allows_host("MCP.example.com:1234"));
        assert!(some.allows_host("other.example.com:8443"));
        assert!(!some.allows_host("other.example.com"));
        assert!(!some.allows_host("evil.example.com"));
        assert!(access(&["*"], &[]).allows_host("anything.example.com:1"));
    }

    #[test]
    fn origins() {
        let none = access(&["mcp.example.com"], &[]);
        for good in [
            "http://localhost:6274",
            "http://127.0.0.1",
            "http://[::1]:3000",
        ] {
            assert!(none.allows_origin(good, "127.0.0.1:8080"), "{good}");
            // The page's localhost is another machine than the server's.
            assert!(!none.allows_origin(good, "mcp.example.com"), "{good}");
        }
        for bad in [
            "https://evil.example.com",
            "null",
            "",
            "localhost",
            "file://localhost",
            "https://mcp.example.com",
        ] {
            assert!(!none.allows_origin(bad, "localhost"), "{bad}");
            assert!(!none.allows_origin(bad, "mcp.example.com"), "{bad}");
        }
        let some = access(
            &[],
            &[
                "https://app.example.com",
                "https://dev.example.com:*",
                "null",
            ],
        );
        for good in [
            "https://app.example.com",
            "https://dev.example.com",
            "https://dev.example.com:8443",
            "null",
        ] {
            assert!(some.allows_origin(good, "mcp.example.com"), "{good}");
        }
        for bad in [
            "http://app.example.com",
            "https://app.example.com:8443",
            "https://dev.example.com.evil.example.com",
            "https://dev.example.com:80.evil.example.com",
        ] {
            assert!(!some.allows_origin(bad, "mcp.example.com"), "{bad}");
        }
    }

    #[test]
    fn tokens() {
        let mut access = access(&[], &[]);
        assert!(access.allows_authorization(None));
        access.token = Some("geheim".to_owned());
        assert!(access.allows_authorization(Some("Bearer geheim")));
        assert!(access.allows_authorization(Some("bearer  geheim")));
        for bad in [
            "geheim",
            "Basic geheim",
            "Bearer geheim2",
            "Bearer geheiM",
            "Bearer ",
            "",
        ] {
            assert!(!access.allows_authorization(Some(bad)), "{bad}");
        }
        assert!(!access.allows_authorization(None));
    }
}
