//! The address of a client, which may come through proxies.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, header};
use ipnet::IpNet;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// Proxies that are followed at most.
const MAX_PROXIES: usize = 32;

/// The address that a request comes from: that of the connection, or what `trusted` proxies say
/// in `X-Forwarded-For` or `Forwarded`. `None` when the server knows no address.
///
/// Each proxy adds the address that it was connected from, so the list is read from its end up to
/// the first address that is no trusted proxy: what is before that may be the client's invention.
/// Where both headers are there and differ, one of them may be, and the proxy's own address holds.
pub(crate) fn client_address(
    headers: &HeaderMap,
    extensions: &Extensions,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let connected = extensions.get::<ConnectInfo<SocketAddr>>()?.0.ip();
    Some(behind(headers, connected.to_canonical(), trusted))
}

fn behind(headers: &HeaderMap, connected: IpAddr, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    if !is_trusted(connected) {
        return connected;
    }
    let follow = |name: &str, read: fn(&str) -> Option<IpAddr>| {
        let values: Vec<&str> = headers
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap_or_default())
            .collect();
        if values.is_empty() {
            return None;
        }
        let mut last = connected;
        let hops = values.iter().rev().flat_map(|value| value.rsplit(','));
        for hop in hops.take(MAX_PROXIES) {
            // What is not an address was not written by a proxy that names its client.
            let Some(address) = read(hop.trim()) else {
                break;
            };
            last = address.to_canonical();
            if !is_trusted(last) {
                break;
            }
        }
        Some(last)
    };
    let plain = follow(X_FORWARDED_FOR, address);
    let standard = follow(header::FORWARDED.as_str(), forwarded);
    match (plain, standard) {
        (Some(plain), Some(standard)) if plain != standard => connected,
        (plain, standard) => plain.or(standard).unwrap_or(connected),
    }
}

/// An address, perhaps with a port.
fn address(text: &str) -> Option<IpAddr> {
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Some(socket.ip());
    }
    let plain = text.trim_start_matches('[').trim_end_matches(']');
    plain.parse().ok()
}

/// The client of one element of `Forwarded` (RFC 7239): `for="[2001:db8::1]:4711";proto=https`.
fn forwarded(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').map(str::trim);
    let client = pairs.find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    })?;
    address(client.trim_matches('"'))
}

/// The network of a client: one has up to 2⁶⁴ IPv6 addresses, which count as one.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            [a, b, c, d, 0, 0, 0, 0].into()
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn shows(headers: &[(&'static str, &str)], connected: &str, expected: &str) {
        let headers = headers.iter().map(|(name, value)| {
            let value = HeaderValue::from_str(value).unwrap();
            (http::HeaderName::from_static(name), value)
        });
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.append(name, value);
        }
        let trusted = ["10.0.0.0/8", "2001:db8:ffff::/48"].map(|text| text.parse().unwrap());
        let found = behind(&all, connected.parse().unwrap(), &trusted);
        assert_eq!(found.to_string(), expected);
    }

    #[test]
    fn only_trusted_proxies_say_who_is_behind_them() {
        let plain = X_FORWARDED_FOR;
        shows(&[(plain, "192.0.2.1")], "198.51.100.9", "198.51.100.9");
        shows(&[], "10.1.2.3", "10.1.2.3");
        shows(&[(plain, "192.0.2.1")], "10.1.2.3", "192.0.2.1");
        shows(&[(plain, "192.0.2.1:4711")], "10.1.2.3", "192.0.2.1");
        // What the client itself wrote is before what the proxies wrote.
        shows(
            &[(plain, "1.1.1.1, 192.0.2.1, 10.9.9.9")],
            "10.1.2.3",
            "192.0.2.1",
        );
        shows(
            &[(plain, "1.1.1.1"), (plain, "192.0.2.1")],
            "10.1.2.3",
            "192.0.2.1",
        );
        shows(&[(plain, "192.0.2.1, nonsense")], "10.1.2.3", "10.1.2.3");
        shows(&[(plain, "nonsense, 10.9.9.9")], "10.1.2.3", "10.9.9.9");
        let standard = "forwarded";
        shows(
            &[(
                standard,
                "for=1.1.1.1, For=\"[2001:db8::7]:4711\";proto=https",
            )],
            "2001:db8:ffff::1",
            "2001:db8::7",
        );
        shows(&[(standard, "for=unknown")], "10.1.2.3", "10.1.2.3");
        // A client can add the header that the proxy does not know.
        shows(
            &[(plain, "192.0.2.1"), (standard, "for=1.1.1.1")],
            "10.1.2.3",
            "10.1.2.3",
        );
    }
}
