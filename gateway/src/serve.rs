//! `gong-gateway serve`: from the configuration to a gateway at work, and to its orderly end.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use sandbox::Sandbox;
use tokio_util::sync::CancellationToken;
use xtask::component::{self, Artefact};

use crate::catalog::Catalog;
use crate::config::{Config, Tls};
use crate::gateway::Gateway;
use crate::governance::Governance;
use crate::http;
use crate::metrics::Metrics;
use crate::page::{self, PageState};
use crate::store::{Serving, Store};
use crate::tenants::{LOOK, Tenants, files, fingerprint, needs_restart};

/// How long calls may go on when the gateway is shut down.
pub const DRAIN: Duration = Duration::from_secs(30);

/// For answers to leave once the last call has ended.
const FLUSH: Duration = Duration::from_secs(2);

/// How often rows that are older than the audit is kept are taken out.
const PRUNE: Duration = Duration::from_secs(60 * 60);

/// A gateway that listens.
#[derive(Debug)]
pub struct Server {
    /// What it serves.
    pub gateway: Arc<Gateway>,
    /// Where it listens.
    pub address: SocketAddr,
    handle: Handle<SocketAddr>,
    listening: tokio::task::JoinHandle<std::io::Result<()>>,
    /// Ends open streams.
    stop: CancellationToken,
    /// Ends what goes on beside the calls.
    background: CancellationToken,
    serving: Serving,
}

impl Server {
    /// Starts, following the configuration file as it changes.
    ///
    /// # Errors
    ///
    /// The configuration is wrong, the component can not be loaded, the state file can not be
    /// used or is used by another, or the address is taken.
    pub async fn start(path: &Path) -> anyhow::Result<Self> {
        let file = path.to_owned();
        let config = tokio::task::spawn_blocking(move || Config::load(&file)).await??;
        let tls = tls(&config).await?;
        let sandbox = tokio::task::spawn_blocking({
            let config = config.clone();
            move || sandbox(&config)
        });
        let (sandbox, component) = sandbox.await??;
        let catalog = Catalog::new(&sandbox).await?;
        let listen = config.listen.clone();
        let tools = catalog.described.clone();
        let (store, serving, governance, tenants) =
            tokio::task::spawn_blocking(move || open(config, &tools)).await??;
        let metrics = Metrics::new(&component);
        let gateway = Gateway::new(
            Arc::new(sandbox),
            catalog,
            store,
            governance,
            tenants,
            metrics,
        );

        let stop = CancellationToken::new();
        let router = router(&gateway, &listen, stop.clone());
        let listener = std::net::TcpListener::bind(listen.address)
            .with_context(|| format!("cannot listen on {}", listen.address))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let handle = Handle::new();
        let listening = listen_on(listener, tls.clone(), handle.clone(), router)?;
        let background = CancellationToken::new();
        tokio::spawn(background.clone().run_until_cancelled_owned(follow(
            Arc::clone(&gateway),
            path.to_owned(),
            tls,
        )));
        tokio::spawn(
            background
                .clone()
                .run_until_cancelled_owned(prune(Arc::clone(&gateway))),
        );
        Ok(Self {
            gateway,
            address,
            handle,
            listening,
            stop,
            background,
            serving,
        })
    }

    /// Takes no new calls, lets those that run go on for `drain` at most, and ends with
    /// everything written down.
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
        // What is open now are answers that leave, and streams that nobody ends.
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
        gateway.tenants.close().await?;
        tokio::task::spawn_blocking(move || self.serving.finish()).await??;
        tracing::info!("shut down");
        Ok(())
    }
}

fn router(
    gateway: &Arc<Gateway>,
    listen: &crate::config::Listen,
    stop: CancellationToken,
) -> Router {
    let quota = Arc::clone(gateway);
    let page = PageState::new(
        gateway.store.clone(),
        Arc::clone(&gateway.governance),
        gateway.tenants.config(),
        move |tenant| quota.quota(tenant),
    );
    http::router(gateway, listen, stop)
        .nest("/admin", page::router(page))
        .route("/admin/", get(async || Redirect::permanent("/admin")))
}

fn listen_on(
    listener: std::net::TcpListener,
    tls: Option<RustlsConfig>,
    handle: Handle<SocketAddr>,
    router: Router,
) -> anyhow::Result<tokio::task::JoinHandle<std::io::Result<()>>> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(match tls {
        None => {
            let server = axum_server::from_tcp(listener)?.handle(handle);
            tokio::spawn(server.serve(service))
        }
        Some(tls) => {
            let server = axum_server::from_tcp_rustls(listener, tls)?.handle(handle);
            tokio::spawn(server.serve(service))
        }
    })
}

/// The component that the configuration names, or the one that this workspace builds; and its
/// name.
///
/// # Errors
///
/// It can not be built, read or loaded.
pub fn sandbox(config: &Config) -> anyhow::Result<(Sandbox, String)> {
    let path: PathBuf = match &config.component {
        Some(path) => path.clone(),
        None => component::build(Artefact::GongMcp)?,
    };
    let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let sandbox = Sandbox::load_cached(&bytes, config.limits, &config.cache)
        .with_context(|| format!("cannot load {}", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok((sandbox, name.into_owned()))
}

/// Opens the state file, tells it what is declared and what tools there are, and takes up the
/// tenants' work.
fn open(
    config: Config,
    tools: &[sandbox::Tool],
) -> anyhow::Result<(Store, Serving, Governance, Tenants)> {
    let store = Store::open(&config.state)?;
    let serving = store.lock_for_serving()?;
    if serving.interrupted > 0 {
        tracing::warn!(
            calls = serving.interrupted,
            "the last gateway died during calls; the audit has them as interrupted"
        );
    }
    store.declare(&config)?;
    discover(&store, tools)?;
    let governance = Governance::new(&store)?;
    let tenants = Tenants::start(config, &store, serving.after_crash)?;
    Ok((store, serving, governance, tenants))
}

fn discover(store: &Store, tools: &[sandbox::Tool]) -> anyhow::Result<()> {
    for (tenant, report) in store.discover(tools)? {
        if !report.is_quiet() {
            tracing::info!(tenant, "{report}");
        }
    }
    Ok(())
}

async fn tls(config: &Config) -> anyhow::Result<Option<RustlsConfig>> {
    let Some(Tls { certificate, key }) = &config.listen.tls else {
        return Ok(None);
    };
    // Two providers may be compiled in; this one is meant. A second time changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = RustlsConfig::from_pem_file(certificate, key).await;
    let files = || format!("{} and {}", certificate.display(), key.display());
    Ok(Some(tls.with_context(|| {
        format!("cannot serve HTTPS with {}", files())
    })?))
}

/// Looks for changes of the file and of what it refers to, until cancelled.
async fn follow(gateway: Arc<Gateway>, path: PathBuf, tls: Option<RustlsConfig>) {
    let mut seen = look(&gateway, &path).await;
    loop {
        tokio::time::sleep(LOOK).await;
        let now = look(&gateway, &path).await;
        if now == seen {
            continue;
        }
        let read = tokio::task::spawn_blocking({
            let (gateway, path) = (Arc::clone(&gateway), path.clone());
            move || reload(&gateway, &path)
        });
        let outcome = match read.await.unwrap_or_else(|error| Err(error.into())) {
            Ok(()) => renew_certificate(&gateway, tls.as_ref()).await,
            Err(error) => Err(error),
        };
        gateway.metrics.reloaded(outcome.is_ok());
        match outcome {
            Ok(()) => tracing::info!("the configuration was read anew"),
            Err(error) => tracing::error!(
                "the new configuration is not used, and the one before stays in force:\n{error:#}"
            ),
        }
        // What a new file refers to.
        seen = look(&gateway, &path).await;
    }
}

async fn look(gateway: &Arc<Gateway>, path: &Path) -> Vec<u8> {
    let config = Arc::clone(&gateway.tenants.live().config);
    let path = path.to_owned();
    let look = move || {
        let files = files(&config);
        fingerprint(std::iter::once(&*path).chain(files.iter().map(PathBuf::as_path)))
    };
    tokio::task::spawn_blocking(look).await.unwrap_or_default()
}

fn reload(gateway: &Gateway, path: &Path) -> anyhow::Result<()> {
    let config = Config::load(path)?;
    let restart = needs_restart(&gateway.tenants.live().config, &config);
    if !restart.is_empty() {
        tracing::warn!("a restart is needed to change {}", restart.join(", "));
    }
    // First the store: a tenant that is live has its row there.
    if gateway.store.declare(&config)? {
        discover(&gateway.store, &gateway.catalog.described)?;
    }
    gateway.tenants.follow(config)
}

async fn renew_certificate(gateway: &Gateway, tls: Option<&RustlsConfig>) -> anyhow::Result<()> {
    let live = gateway.tenants.live();
    if let (Some(tls), Some(files)) = (tls, &live.config.listen.tls) {
        tls.reload_from_pem_file(&files.certificate, &files.key)
            .await
            .context("the new certificate is not used, and the one before stays in force")?;
    }
    Ok(())
}

/// Takes rows out of the audit that are older than it is kept, until cancelled.
async fn prune(gateway: Arc<Gateway>) {
    loop {
        let store = gateway.store.clone();
        let keep = gateway.tenants.live().config.audit.keep;
        match tokio::task::spawn_blocking(move || store.prune(keep)).await {
            Ok(Ok(0)) => {}
            Ok(Ok(rows)) => tracing::info!(rows, "old rows were taken out of the audit"),
            Ok(Err(error)) => tracing::error!("the audit can not be pruned: {error}"),
            Err(error) => tracing::error!("the audit can not be pruned: {error}"),
        }
        tokio::time::sleep(PRUNE).await;
    }
}

/// Checks a configuration as `serve` would, secrets included, without serving.
///
/// # Errors
///
/// Everything that is wrong, one line each.
pub fn check(path: &Path) -> anyhow::Result<()> {
    let config = Config::load(path)?;
    let mut complaints = Vec::new();
    for (name, tenant) in &config.tenants {
        if let Err(error) = crate::tenant::authorization(&tenant.credentials) {
            complaints.push(format!(
                "{}: tenants.{name}.credentials: {error}",
                path.display()
            ));
        }
    }
    if !complaints.is_empty() {
        bail!(complaints.join("\n"));
    }
    Ok(())
}
