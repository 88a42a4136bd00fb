//! The HTTP server, and the handle by which tests control it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context;
use axum::Router;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use jiff::Timestamp;
use rustls::HandshakeKind;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::changes::Change;
use crate::company::Company;
use crate::faults::Fault;
use crate::gong::Gong;
use crate::journal::{Counts, SeenRequest, Tally, Write};
use crate::options::Options;
use crate::router::router;
use crate::state::targets::TargetAssignment;
use crate::tls::Tls;

/// A running stand-in. It ends, with its connections, when this is dropped.
pub struct FakeGong {
    gong: Arc<Gong>,
    addr: SocketAddr,
    ca_pem: Option<String>,
    accepted: Arc<Accepted>,
    // Closing this channel is what ends the server.
    _alive: watch::Sender<()>,
}

impl FakeGong {
    /// Founds the company and serves its API at this address; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// When the address cannot be had, or the OpenAPI document is there but not readable as one.
    pub async fn start(addr: SocketAddr, options: Options) -> anyhow::Result<Self> {
        let tls = options.tls.then(Tls::new).transpose()?;
        let gong = Arc::new(Gong::new(options)?);
        let listener = TcpListener::bind(addr)
            .await
            .with_context(|| format!("listening at {addr}"))?;
        let (alive, ending) = watch::channel(());
        let accepted = Arc::new(Accepted::default());
        let started = Self {
            addr: listener.local_addr()?,
            ca_pem: tls.as_ref().map(|tls| tls.ca_pem.clone()),
            accepted: Arc::clone(&accepted),
            _alive: alive,
            gong: Arc::clone(&gong),
        };
        let server = Server {
            router: router(Arc::clone(&gong)),
            gong,
            tls: tls.map(Arc::new),
            ending,
        };
        tokio::spawn(server.run(listener, accepted));
        Ok(started)
    }

    /// The base URL to configure, `http://127.0.0.1:PORT` or `https://localhost:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        match self.ca_pem {
            Some(_) => format!("https://localhost:{}", self.addr.port()),
            None => format!("http://{}", self.addr),
        }
    }

    /// The CA of the certificate, in PEM, when HTTPS is served.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The requests so far, refused ones included, in the order in which they came.
    #[must_use]
    pub fn requests(&self) -> Vec<SeenRequest> {
        self.gong.journal.requests()
    }

    /// The requests so far that changed the company, without those that were refused.
    #[must_use]
    pub fn writes(&self) -> Vec<Write> {
        self.gong.journal.writes()
    }

    /// How many requests and writes there were since the start, forgotten ones included.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.gong.journal.tally()
    }

    /// How many requests there were since the start or since they were last cleared.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.gong.journal.counts()
    }

    /// Changes the company, as people do in Gong's application and in the CRM; the ids of the
    /// calls that appeared.
    ///
    /// # Errors
    ///
    /// When the change names something that is not there. Nothing has changed then.
    pub fn change(&self, change: &Change) -> anyhow::Result<Vec<String>> {
        self.gong.change(change)
    }

    /// The moment at which the company stands: the one it was founded at, until
    /// [`Change::SetClock`] sets another.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.gong.now()
    }

    /// Forgets the requests, their counts, the writes and the violations so far. What was
    /// written stays.
    pub fn clear_requests(&self) {
        self.gong.journal.clear();
    }

    /// Sets a fault for paths that begin with `path_prefix` (an empty one: for all), for so
    /// many requests or until it is cleared. Of several faults that fit, the first set goes first.
    pub fn fault(&self, path_prefix: &str, fault: Fault, times: Option<u32>) {
        self.gong.faults.set(path_prefix, fault, times);
    }

    /// Takes all faults back.
    pub fn clear_faults(&self) {
        self.gong.faults.clear();
    }

    /// Makes all cursors so far expire, as Gong does after about an hour.
    pub fn expire_cursors(&self) {
        self.gong.cursors.expire();
    }

    /// What requests said or did that Gong's API does not have, one line each.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.gong.journal.violations()
    }

    /// Whether requests are checked against Gong's OpenAPI document.
    #[must_use]
    pub fn contract_checked(&self) -> bool {
        self.gong.contract.is_checked()
    }

    /// How many requests were checked against Gong's OpenAPI document so far.
    #[must_use]
    pub fn checked_requests(&self) -> usize {
        self.gong.contract.checked()
    }

    /// How many credits questions and briefs have cost so far.
    #[must_use]
    pub fn credits_spent(&self) -> u32 {
        self.gong.limits.spent()
    }

    /// The company behind the API, as it was founded; what was written since is not in it.
    #[must_use]
    pub fn company(&self) -> &Company {
        &self.gong.company
    }

    /// The assignments of a target that were uploaded, which no operation reads back.
    #[must_use]
    pub fn target_assignments(&self, target_id: &str) -> Vec<TargetAssignment> {
        self.gong.state.targets.lock().of(target_id)
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.accepted.connections.load(Ordering::SeqCst)
    }

    /// How many of them went on with an earlier connection's TLS session.
    #[must_use]
    pub fn resumed(&self) -> usize {
        self.accepted.resumed.load(Ordering::SeqCst)
    }
}

/// How many connections there were.
#[derive(Default)]
struct Accepted {
    connections: AtomicUsize,
    resumed: AtomicUsize,
}

/// What accepts connections.
#[derive(Clone)]
struct Server {
    router: Router,
    gong: Arc<Gong>,
    tls: Option<Arc<Tls>>,
    ending: watch::Receiver<()>,
}

impl Server {
    async fn run(self, listener: TcpListener, accepted: Arc<Accepted>) {
        let mut ending = self.ending.clone();
        loop {
            let stream = tokio::select! {
                _ = ending.changed() => return,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // A client that left before it was accepted is no reason to end.
                    Err(_) => continue,
                },
            };
            accepted.connections.fetch_add(1, Ordering::SeqCst);
            let mut ending = self.ending.clone();
            let (server, accepted) = (self.clone(), Arc::clone(&accepted));
            tokio::spawn(async move {
                tokio::select! {
                    _ = ending.changed() => {}
                    () = server.connection(stream, &accepted) => {}
                }
            });
        }
    }
}

impl Server {
    /// Serves one connection until it ends. Its errors are the client's.
    async fn connection(self, stream: TcpStream, accepted: &Accepted) {
        // Small answers must not wait for one another.
        let _ = stream.set_nodelay(true);
        let Some(tls) = self.tls.clone() else {
            return self.serve(stream).await;
        };
        if let Ok(stream) = tls.acceptor.accept(stream).await {
            if stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed) {
                accepted.resumed.fetch_add(1, Ordering::SeqCst);
            }
            self.serve(stream).await;
        }
    }

    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) {
        let http = hyper::server::conn::http1::Builder::new();
        let stream = TokioIo::new(stream);
        let _ = match &self.gong.recorded {
            None => {
                let service = TowerToHyperService::new(self.router);
                http.serve_connection(stream, service).await
            }
            Some(recorded) => {
                let service = service_fn(|request| recorded.respond(self.router.clone(), request));
                http.serve_connection(stream, service).await
            }
        };
    }
}
