//! How many connections there may be: in all, and from one address.
//!
//! A connection beyond a bound is closed at once and counted. The bound in all leaves file
//! descriptors for the state file, for the configuration and for connections to Gong, so that
//! whoever opens connections stops neither calls nor a reload.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpStream;
use tower::Layer as _;

use crate::metrics::Metrics;

/// File descriptors that are kept back at least, and at most. In between it is a quarter.
const KEPT_BACK: (usize, usize) = (128, 2048);

/// Accepts connections within bounds. Clones share the count.
#[derive(Clone, Debug)]
pub struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// Connections at a time.
    all: usize,
    /// Connections at a time from one address.
    each: usize,
    open: Mutex<Open>,
    metrics: Metrics,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    /// Addresses without a connection are removed.
    each: HashMap<IpAddr, usize>,
}

/// A connection that counts until it is dropped.
#[derive(Debug)]
pub struct OpenConnection {
    connections: Connections,
    address: IpAddr,
}

impl Connections {
    /// `all` connections at a time, of which one address has `each` at most. `all` is lowered to
    /// what the limit of open files allows, which is raised as far as the system lets.
    #[must_use]
    pub fn new(all: u32, each: u32, metrics: Metrics) -> Self {
        let files = raised_file_limit();
        let allowed = files.saturating_sub(kept_back(files)).max(1);
        let all = all as usize;
        if allowed < all {
            tracing::warn!(
                "{allowed} connections at a time are accepted and not {all}, because the limit of \
                 open files is {files}; raise it, such as with ulimit -n or LimitNOFILE="
            );
        }
        Self(Arc::new(Shared {
            all: all.min(allowed),
            each: each as usize,
            open: Mutex::default(),
            metrics,
        }))
    }

    /// Counts a connection from this address, or counts that it is refused.
    ///
    /// # Errors
    ///
    /// There are as many as may be, in all or from this address.
    pub fn open(&self, address: IpAddr) -> io::Result<OpenConnection> {
        let address = counted_as(address);
        let mut open = self.lock();
        let from_it = open.each.get(&address).copied().unwrap_or_default();
        let full = if from_it >= self.0.each {
            Some("address")
        } else if open.all >= self.0.all {
            Some("all")
        } else {
            None
        };
        if let Some(bound) = full {
            drop(open);
            self.0.metrics.connection_refused(bound);
            return Err(io::Error::other("there are too many connections"));
        }
        open.all += 1;
        open.each.insert(address, from_it + 1);
        self.0.metrics.connections(open.all);
        Ok(OpenConnection {
            connections: self.clone(),
            address,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.all -= 1;
        if let Some(count) = open.each.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.each.remove(&self.address);
            }
        }
        self.connections.0.metrics.connections(open.all);
    }
}

/// The connection's service holds the [`OpenConnection`].
impl<S> Accept<TcpStream, S> for Connections {
    type Stream = TcpStream;
    type Service = AddExtension<S, Arc<OpenConnection>>;
    type Future = Ready<io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        // The end of an answer does not wait until the client has acknowledged its begin, 40 ms later.
        let _ = stream.set_nodelay(true);
        let opened = stream.peer_addr().and_then(|peer| self.open(peer.ip()));
        ready(opened.map(|open| (stream, Extension(Arc::new(open)).layer(service))))
    }
}

/// One customer commonly has a whole /64 of IPv6, so that counts as one address.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        v4 => v4,
    }
}

fn kept_back(files: usize) -> usize {
    (files / 4).clamp(KEPT_BACK.0, KEPT_BACK.1)
}

/// Raises the limit of open files to what the system allows the process, and returns it.
fn raised_file_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let limit = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => raised,
        Err(_) => limit,
    };
    let files = limit.current.unwrap_or(u64::MAX);
    usize::try_from(files).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn connections_are_bounded_in_all_and_for_each_address() {
        let metrics = Metrics::new("gong-mcp.wasm");
        let connections = Connections::new(3, 2, metrics.clone());
        let first = connections.open(address("192.0.2.1")).unwrap();
        let _second = connections.open(address("192.0.2.1")).unwrap();
        assert!(connections.open(address("::ffff:192.0.2.1")).is_err());
        let _third = connections.open(address("192.0.2.2")).unwrap();
        assert!(connections.open(address("192.0.2.3")).is_err());
        drop(first);
        let _fourth = connections.open(address("192.0.2.1")).unwrap();
        let text = metrics.text();
        for line in [
            r#"gong_gateway_connections_refused_total{bound="address"} 1"#,
            r#"gong_gateway_connections_refused_total{bound="all"} 1"#,
            "gong_gateway_connections 3",
        ] {
            assert!(
                text.lines().any(|one| one == line),
                "{line} is not in\n{text}"
            );
        }
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let connections = Connections::new(9, 1, Metrics::new("gong-mcp.wasm"));
        let _open = connections.open(address("2001:db8::1")).unwrap();
        assert!(connections.open(address("2001:db8::2")).is_err());
        assert!(connections.open(address("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn descriptors_are_kept_back() {
        assert_eq!(kept_back(256), 128);
        assert_eq!(kept_back(1024), 256);
        assert_eq!(kept_back(1 << 20), 2048);
    }
}
