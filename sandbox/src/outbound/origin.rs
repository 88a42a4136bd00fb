//! The origin of a URL.

use std::fmt;
use std::net::IpAddr;

use anyhow::{Context as _, bail, ensure};
use http::Uri;
use http::uri::Scheme;

use super::addresses::Addresses;

/// Scheme, host and port, normalised so that equal origins are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: Scheme,
    host: String,
    port: u16,
}

impl Origin {
    pub(super) fn of(uri: &Uri) -> anyhow::Result<Self> {
        let scheme = uri.scheme().context("it has no scheme")?.clone();
        let authority = uri.authority().context("it has no host")?;
        // People and clients may disagree on which part of `user@host` is the host.
        ensure!(
            !authority.as_str().contains('@'),
            "it must not hold a user name"
        );
        let default_port = if scheme == Scheme::HTTPS {
            443
        } else if scheme == Scheme::HTTP {
            80
        } else {
            bail!("it must begin with https:// or http://");
        };
        Ok(Self {
            host: authority.host().to_ascii_lowercase(),
            port: authority.port_u16().unwrap_or(default_port),
            scheme,
        })
    }

    /// The origin itself, unless `addresses` rule it out. Only an address is checked here: a
    /// name is checked when it is looked up.
    pub(super) fn within(self, addresses: Addresses) -> anyhow::Result<Self> {
        if addresses != Addresses::Any {
            ensure!(
                self.scheme == Scheme::HTTPS,
                "it must begin with https://, such as https://acme.api.example.com"
            );
            let host = self.host.trim_start_matches('[').trim_end_matches(']');
            ensure!(
                host.parse().is_ok_and(|address| addresses.allow(address))
                    || host.parse::<IpAddr>().is_err(),
                "{host} is not an address of the public internet"
            );
        }
        Ok(self)
    }
}

impl Origin {
    /// Whether it is on this machine, by name or address.
    pub(super) fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let address: Result<IpAddr, _> = host.parse();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}:{}", self.scheme, self.host, self.port)
    }
}
