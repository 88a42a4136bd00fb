//! `gong-gateway serve`: starts a gateway from its configuration, and shuts it down in order.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::http::StatusCode;
use anyhow::{Context as _, ensure};
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use sandbox::Sandbox;
use tokio_util::sync::CancellationToken;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use crate::admission::SMALL_REQUEST;
use crate::audit_push;
use crate::catalog::Catalog;
use crate::clock::SteadyClock;
use crate::component::Component;
use crate::config::{Config, Files, Listen, ListenBounds};
use crate::connections::Connections;
use crate::failed_tokens;
use crate::gateway::Gateway;
use crate::governance::Governance;
use crate::http;
use crate::index::watch;
use crate::metrics::Metrics;
use crate::page::{self, PageState};
use crate::schedule;
use crate::sign_in::administrators::Administrators;
use crate::store::{FileLock, ServeLock, Store, StoreError, SyncReport};
use crate::tenants::Tenants;

mod check;
mod reload;
mod tls;
mod upkeep;

pub use check::{Findings, check};
pub use reload::RELOAD_INTERVAL;
use reload::Reloader;

/// How long calls may go on when the gateway is shut down.
pub const DEFAULT_DRAIN: Duration = Duration::from_secs(30);

/// How long answers may take to leave after the last call has ended.
const FLUSH: Duration = Duration::from_secs(2);

/// Bytes of the head of a request.
const HEAD_BYTES: usize = 64 << 10;

/// How often an HTTP/2 client must show that it is there.
const PING_INTERVAL: Duration = Duration::from_secs(20);

/// Requests at a time on one HTTP/2 connection.
const HTTP2_STREAMS: u32 = 64;

/// How often a gateway that stands by looks whether it may begin.
const STAND_BY_INTERVAL: Duration = Duration::from_millis(500);

/// A gateway that listens.
#[derive(Debug)]
pub struct Server {
    /// The gateway.
    pub gateway: Arc<Gateway>,
    /// The address on which it listens.
    pub address: SocketAddr,
    handle: Handle<SocketAddr>,
    listening: tokio::task::JoinHandle<std::io::Result<()>>,
    /// Ends open streams.
    stop: CancellationToken,
    /// Ends reloading and pruning.
    background: CancellationToken,
    serve_lock: ServeLock,
}

impl Server {
    /// Starts, and reloads the configuration file whenever it changes.
    ///
    /// # Errors
    ///
    /// The configuration is wrong, the component can not be loaded, the state file can not be
    /// used or another process serves from it, or the address is in use.
    pub async fn start(path: &Path) -> anyhow::Result<Self> {
        let loaded = load(path).await?;
        let state = loaded.config.state.clone();
        let lock = tokio::task::spawn_blocking(move || FileLock::take(&state)).await??;
        Self::start_with(path, loaded, lock).await
    }

    /// As [`Server::start`]. While another process serves from the state file this one stands by,
    /// with its component compiled, and begins when the other one ends or dies.
    ///
    /// # Errors
    ///
    /// As of [`Server::start`], or the configuration names another state file by then.
    pub async fn stand_by(path: &Path) -> anyhow::Result<Self> {
        let loaded = load(path).await?;
        let state = loaded.config.state.clone();
        let warm = loaded.config;
        tokio::task::spawn_blocking(move || sandbox(&warm)).await??;
        let mut standing_by = false;
        let lock = loop {
            let file = state.clone();
            match tokio::task::spawn_blocking(move || FileLock::take(&file)).await? {
                Ok(lock) => break lock,
                Err(StoreError::Refused(why)) => {
                    if !standing_by {
                        tracing::info!("standing by: {why}");
                        standing_by = true;
                    }
                    tokio::time::sleep(STAND_BY_INTERVAL).await;
                }
                Err(error) => return Err(error.into()),
            }
        };
        let loaded = load(path).await?;
        ensure!(
            loaded.config.state == state,
            "the configuration names another state file, {}, than when this gateway began to stand by",
            loaded.config.state.display()
        );
        Self::start_with(path, loaded, lock).await
    }

    async fn start_with(path: &Path, loaded: Loaded, lock: FileLock) -> anyhow::Result<Self> {
        let Loaded { config, tls, files } = loaded;
        let sandbox = tokio::task::spawn_blocking({
            let config = config.clone();
            move || sandbox(&config)
        });
        let (sandbox, component) = sandbox.await??;
        let catalog = Catalog::new(&sandbox).await?;
        let listen = config.listen.clone();
        let tools = catalog.component_tools.clone();
        for warning in check::warnings(&config) {
            tracing::warn!("{warning}");
        }
        let digest = sandbox.digest().to_owned();
        let opened =
            tokio::task::spawn_blocking(move || open(config, files, lock, &tools, &digest))
                .await??;
        let Opened {
            store,
            serve_lock,
            governance,
            tenants,
            files,
            clock,
        } = opened;
        let reloader = Reloader::new(path.to_owned(), files.fingerprint());
        let metrics = Metrics::new(&component);
        let gateway = Gateway::new(
            Arc::new(sandbox),
            catalog,
            store,
            governance,
            tenants,
            metrics,
            clock,
        )?;

        let stop = CancellationToken::new();
        let router = router(&gateway, &listen, stop.clone());
        let listener = std::net::TcpListener::bind(listen.address)
            .with_context(|| format!("cannot listen on {}", listen.address))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let handle = Handle::new();
        let bounds = listen.bounds;
        let connections = Connections::new(
            bounds.connections,
            bounds.connections_per_address,
            gateway.metrics.clone(),
        );
        let listening = listen_on(
            listener,
            tls.clone(),
            handle.clone(),
            router,
            bounds,
            connections,
        )?;
        let background = CancellationToken::new();
        let shared = || Arc::clone(&gateway);
        in_background(&background, reload::watch(shared(), reloader, tls));
        in_background(&background, upkeep::heartbeats(shared()));
        in_background(&background, upkeep::prune(shared()));
        in_background(&background, upkeep::prune_sign_ins(shared()));
        in_background(&background, watch::run(shared()));
        in_background(&background, watch::tidy(shared()));
        in_background(&background, schedule::run(shared()));
        in_background(&background, audit_push::run(shared()));
        in_background(&background, write_failed_tokens(shared()));
        Ok(Self {
            gateway,
            address,
            handle,
            listening,
            stop,
            background,
            serve_lock,
        })
    }

    /// Refuses new calls, lets running ones go on for `drain` at most, and stores what must
    /// survive.
    ///
    /// # Errors
    ///
    /// The state file can not be written.
    pub async fn shut_down(self, drain: Duration) -> anyhow::Result<()> {
        let gateway = &self.gateway;
        let calls = gateway.running.len();
        tracing::info!(calls, "shutting down");
        gateway.drain();
        self.handle.graceful_shutdown(None);
        if tokio::time::timeout(drain, gateway.running.wait())
            .await
            .is_err()
        {
            let calls = gateway.running.len();
            tracing::warn!(
                calls,
                "calls are interrupted: they took longer than {drain:?}"
            );
            gateway.abort.cancel();
            gateway.running.wait().await;
        }
        // The connections that are still open send answers, or are streams without an end.
        let flushed = async {
            while self.handle.connection_count() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let _ = tokio::time::timeout(FLUSH, flushed).await;
        self.stop.cancel();
        self.background.cancel();
        self.handle.shutdown();
        let _ = self.listening.await;
        let refused = Arc::clone(&self.gateway);
        tokio::task::spawn_blocking(move || refused.failed_tokens.write(&refused.store)).await?;
        gateway.tenants.close().await?;
        let gateway = Arc::clone(gateway);
        tokio::task::spawn_blocking(move || {
            if let Some(traces) = &gateway.traces {
                traces.shut_down();
            }
            gateway.tenants.store_user_requests()?;
            gateway.client_activity.write(&gateway.store)?;
            self.serve_lock.finish()
        })
        .await??;
        tracing::info!("shut down");
        Ok(())
    }
}

async fn load(path: &Path) -> anyhow::Result<Loaded> {
    let file = path.to_owned();
    let read = tokio::task::spawn_blocking(move || -> anyhow::Result<_> {
        let mut files = Files::default();
        let config = Config::read(&file, &mut files)?;
        let tls = config.listen.tls.as_ref();
        let tls = tls.map(|tls| tls::server_config(tls, &mut files));
        let tls = tls.transpose().context("listen.tls")?;
        let tls = tls.map(RustlsConfig::from_config);
        Ok(Loaded { config, tls, files })
    });
    read.await?
}

/// A configuration, and the files that were read for it.
struct Loaded {
    config: Config,
    tls: Option<RustlsConfig>,
    files: Files,
}

fn router(gateway: &Arc<Gateway>, listen: &Listen, stop: CancellationToken) -> Router {
    let quota = Arc::clone(gateway);
    let page = PageState::new(
        gateway.store.clone(),
        Arc::clone(&gateway.governance),
        gateway.tenants.config(),
        move |tenant| quota.quota(tenant),
        Arc::clone(&gateway.clock),
    )
    .count_failed_tokens(gateway.failed_tokens.clone())
    .sign_in(
        gateway
            .urls
            .as_ref()
            .map(|urls| Administrators::new(gateway, urls)),
    );
    let page = page::router(page)
        .layer(RequestBodyLimitLayer::new(SMALL_REQUEST))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::REQUEST_TIMEOUT,
            listen.bounds.body_timeout,
        ));
    http::router(gateway, listen, stop)
        .nest("/admin", page)
        .route("/admin/", get(async || Redirect::permanent("/admin")))
}

fn listen_on(
    listener: std::net::TcpListener,
    tls: Option<RustlsConfig>,
    handle: Handle<SocketAddr>,
    router: Router,
    bounds: ListenBounds,
    connections: Connections,
) -> anyhow::Result<tokio::task::JoinHandle<std::io::Result<()>>> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(match tls {
        None => {
            let server = axum_server::from_tcp(listener)?
                .handle(handle)
                .acceptor(connections);
            tokio::spawn(within(bounds, server).serve(service))
        }
        Some(tls) => {
            let server = axum_server::from_tcp_rustls(listener, tls)?
                .handle(handle)
                .map(|tls| tls.acceptor(connections));
            tokio::spawn(within(bounds, server).serve(service))
        }
    })
}

/// Bounds the time that a client may take for requests.
fn within<A>(
    bounds: ListenBounds,
    mut server: axum_server::Server<SocketAddr, A>,
) -> axum_server::Server<SocketAddr, A> {
    let builder = server.http_builder();
    // This is also how long a connection may be idle.
    builder
        .http1()
        .header_read_timeout(bounds.idle_timeout)
        .max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .keep_alive_interval(PING_INTERVAL)
        .max_concurrent_streams(HTTP2_STREAMS)
        .max_header_list_size(HEAD_BYTES as u32);
    server.first_request_timeout(bounds.request_timeout)
}

/// Loads the component that the configuration names, or else the gateway's own. Returns its file
/// name too.
///
/// # Errors
///
/// It can not be built, read or loaded.
pub fn sandbox(config: &Config) -> anyhow::Result<(Sandbox, String)> {
    let component = Component::load(config.component.as_deref())?;
    let sandbox = Sandbox::load_cached(&component.bytes, config.limits, &config.cache)
        .with_context(|| match &config.component {
            Some(path) => format!("cannot load {}", path.display()),
            None => format!("cannot load {}", component.name),
        })?;
    Ok((sandbox, component.name))
}

struct Opened {
    store: Store,
    serve_lock: ServeLock,
    governance: Governance,
    tenants: Tenants,
    files: Files,
    clock: Arc<SteadyClock>,
}

/// Opens the state file, starts the tenants, and stores what is declared and which tools there
/// are, which comes last: a configuration that can not be served changes nothing.
fn open(
    config: Config,
    mut files: Files,
    lock: FileLock,
    tools: &[sandbox::Tool],
    digest: &str,
) -> anyhow::Result<Opened> {
    let store = Store::open(&config.state)?;
    let serve_lock = store.serve_with(lock)?;
    if serve_lock.interrupted > 0 {
        tracing::warn!(
            calls = serve_lock.interrupted,
            "the last gateway died during calls; the audit has them as interrupted"
        );
    }
    let governance = Governance::new(&store)?;
    let clock = Arc::new(SteadyClock::start(store.last_heartbeat()?));
    let after_crash = serve_lock.after_crash;
    let tenants = Tenants::start(config, &mut files, &store, &clock, after_crash)?;
    let config = Arc::clone(&tenants.live().config);
    log_discovery(&store.declare_and_discover(&config, &mut files, tools, digest)?);
    store.heartbeat(clock.now())?;
    tenants.live().tidy_indexes();
    Ok(Opened {
        store,
        serve_lock,
        governance,
        tenants,
        files,
        clock,
    })
}

/// Logs what discovery has changed.
fn log_discovery(reports: &BTreeMap<String, SyncReport>) {
    for (tenant, report) in reports {
        if !report.is_unchanged() {
            tracing::info!(tenant, "{report}");
        }
    }
}

/// Starts a task that ends when `background` is cancelled.
fn in_background(background: &CancellationToken, task: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(background.clone().run_until_cancelled_owned(task));
}

/// Writes rows about wrong tokens regularly. Runs until cancelled.
async fn write_failed_tokens(gateway: Arc<Gateway>) {
    loop {
        tokio::time::sleep(failed_tokens::INTERVAL).await;
        let gateway = Arc::clone(&gateway);
        let write = move || gateway.failed_tokens.write(&gateway.store);
        if let Err(error) = tokio::task::spawn_blocking(write).await {
            tracing::error!("failed tokens can not be written to the audit: {error}");
        }
    }
}
