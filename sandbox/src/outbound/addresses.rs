//! Which addresses may be connected to.
//!
//! A name is no address: whoever owns it may point it at the host's own network, and at
//! another place at each look-up. So what a look-up gives is checked, and what was checked is
//! connected to.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

/// Which addresses may be connected to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Addresses {
    /// Those of the public internet.
    #[default]
    Public,
    /// These, and those by which VPNs and DNS filters carry requests: carrier-grade NAT and
    /// benchmarks, which are no machine's own network.
    PublicAndVpn,
    /// Every address: for stand-ins on this machine.
    Any,
}

impl Addresses {
    /// Whether a connection to it may be made.
    #[must_use]
    pub fn allow(self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::Any, _) => true,
            (Self::PublicAndVpn, address) if is_of_vpn(address) => true,
            (_, IpAddr::V4(address)) => is_public_v4(address),
            (_, IpAddr::V6(address)) => is_public_v6(address),
        }
    }
}

/// Whether VPNs (100.64.0.0/10) or DNS filters (198.18.0.0/15) use the address in place of a
/// server's own.
pub(super) fn is_of_vpn(address: IpAddr) -> bool {
    let IpAddr::V4(address) = address else {
        return false;
    };
    let [a, b, ..] = address.octets();
    matches!((a, b), (100, 64..=127) | (198, 18 | 19))
}

/// What the IANA registry of special IPv4 addresses leaves, without multicast and what is
/// reserved.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !matches!(
        (a, b, c),
        // "This" network, private, loopback.
        (0 | 10 | 127, ..)
            // Carrier-grade NAT.
            | (100, 64..=127, _)
            // Link-local: where clouds tell a machine its credentials.
            | (169, 254, _)
            | (172, 16..=31, _)
            // Protocol assignments, documentation, 6to4 relays, private.
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            // Benchmarks, documentation.
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            // Multicast, reserved, broadcast.
            | (224.., ..)
    )
}

/// Global unicast, `2000::/3`, without what is special in there; and what NAT64 makes of a
/// public IPv4 address. So none that is unspecified, loopback, IPv4-mapped, unique-local,
/// link-local or multicast.
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
        }
        // Protocol assignments, Teredo among them; documentation twice; 6to4.
        [0x2001, ..0x200, ..] | [0x2001, 0x0db8, ..] | [0x3fff, ..0x1000, ..] | [0x2002, ..] => {
            false
        }
        [first, ..] => matches!(first, 0x2000..=0x3fff),
    }
}

/// Every address that the host's name may be connected at is one that is not allowed.
#[derive(Debug)]
pub(super) struct Prohibited {
    name: String,
    pub(super) address: IpAddr,
}

impl fmt::Display for Prohibited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, address } = self;
        write!(
            f,
            "{name} leads to {address}, which is not an address of the public internet"
        )
    }
}

impl std::error::Error for Prohibited {}

/// A resolver of names, without the addresses that are not allowed. A host that is an address by
/// itself is never looked up: whoever connects by this refuses such hosts, or checks them.
#[derive(Clone, Debug)]
pub struct Checked<R> {
    resolver: R,
    allowed: Addresses,
}

impl<R> Checked<R> {
    /// Looks names up by `resolver`.
    pub fn new(resolver: R, allowed: Addresses) -> Self {
        Self { resolver, allowed }
    }
}

impl<R, I> Service<Name> for Checked<R>
where
    R: Service<Name, Response = I, Error = io::Error, Future: Send + 'static>,
    I: Iterator<Item = SocketAddr>,
{
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.resolver.poll_ready(context))?;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let text = name.to_string();
        let (found, allowed) = (self.resolver.call(name), self.allowed);
        Box::pin(async move {
            let (allowed, refused): (Vec<_>, Vec<_>) =
                found.await?.partition(|found| allowed.allow(found.ip()));
            match refused.first() {
                Some(refused) if allowed.is_empty() => {
                    let address = refused.ip();
                    let prohibited = Prohibited {
                        name: text,
                        address,
                    };
                    Err(io::Error::new(io::ErrorKind::PermissionDenied, prohibited))
                }
                _ => Ok(allowed.into_iter()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use wasmtime_wasi_http::Error;

    use super::*;
    use crate::outbound::error_code::error_code;

    #[test]
    fn only_the_public_internet_is_public() {
        for public in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "52.13.10.7",
            "100.63.255.255",
            "100.128.0.0",
            "128.0.0.1",
            "169.253.0.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:4860:4860::8888",
            "2a05:d018::1",
            "64:ff9b::101:101",
        ] {
            assert!(Addresses::Public.allow(public.parse().unwrap()), "{public}");
        }
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:1.1.1.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::101:101",
            "100::1",
            "2001::1",
            "2001:1ff::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "4000::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            let address = special.parse().unwrap();
            assert!(!Addresses::Public.allow(address), "{special}");
            let is_of_vpn =
                special.starts_with("100.") && special != "100::1" || special.starts_with("198.1");
            assert_eq!(
                Addresses::PublicAndVpn.allow(address),
                is_of_vpn,
                "{special}"
            );
            assert!(Addresses::Any.allow(address), "{special}");
        }
    }

    /// A resolver that gives the same addresses for every name.
    #[derive(Clone)]
    struct Always(&'static [&'static str]);

    impl Service<Name> for Always {
        type Response = std::vec::IntoIter<SocketAddr>;
        type Error = io::Error;
        type Future = std::future::Ready<io::Result<Self::Response>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            let found: Vec<SocketAddr> = self.0.iter().map(|one| one.parse().unwrap()).collect();
            std::future::ready(Ok(found.into_iter()))
        }
    }

    async fn found(addresses: &'static [&'static str]) -> Result<Vec<String>, io::Error> {
        let mut checked = Checked::new(Always(addresses), Addresses::Public);
        let found = checked.call("acme.api.gong.io".parse().unwrap()).await?;
        Ok(found.map(|address| address.to_string()).collect())
    }

    #[tokio::test]
    async fn a_public_name_does_not_lead_to_this_machine() {
        let rebound = found(&["127.0.0.1:0", "[::ffff:10.0.0.1]:0"]).await;
        let rebound = rebound.unwrap_err();
        assert_eq!(
            rebound.get_ref().unwrap().to_string(),
            "acme.api.gong.io leads to 127.0.0.1, which is not an address of the public internet"
        );
        let mixed = found(&["169.254.169.254:0", "1.1.1.1:0"]).await.unwrap();
        assert_eq!(mixed, ["1.1.1.1:0"]);
        assert!(found(&[]).await.unwrap().is_empty());
        let filtered = found(&["198.18.0.12:0"]).await.unwrap_err();
        match error_code(&filtered, Error::ConnectionTerminated) {
            Error::InternalError(Some(text)) => {
                assert!(
                    text.starts_with("network-denied: acme.api.gong.io leads to 198.18.0.12, ")
                );
                assert!(
                    text.contains("VPN") && text.contains("`vpn_addresses`"),
                    "{text}"
                );
            }
            other => panic!("{other:?}"),
        }
    }
}
