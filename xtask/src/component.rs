//! The artefacts: building them from this workspace.

use std::fmt;
use std::fs;
#[cfg(feature = "dist")]
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
#[cfg(feature = "dist")]
use std::sync::{Mutex, PoisonError};
#[cfg(feature = "dist")]
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::cargo::{self, TARGET};

/// The package that the project is named after.
pub(crate) const PACKAGE: &str = "gong-tools";

/// The Cargo profile that components are compiled with.
const PROFILE: &str = "component";

/// A build that takes longer than this is reported with its time.
const WORTH_A_LINE: Duration = Duration::from_secs(2);

/// A component that this workspace builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artefact {
    /// World `gong`: one typed function for each tool.
    Gong,
    /// World `gong-mcp`: lists tools and calls them by name. The one that the sandbox runs.
    GongMcp,
    /// As [`Artefact::Gong`], without the tools that change anything: its exports prove it.
    GongReadOnly,
    /// As [`Artefact::GongMcp`], without the tools that change anything.
    GongMcpReadOnly,
    /// Serves MCP for any component like [`Artefact::GongMcp`], once it is composed with one.
    McpServer,
    /// [`Artefact::McpServer`] composed with [`Artefact::GongMcp`]: a whole server. The sandbox
    /// does not run it, because it imports standard streams.
    GongServer,
    /// Composed with a component, keeps the requests of all its replicas to one rate, on hosts
    /// with `wasi:keyvalue@0.2.0-draft`.
    HttpRateLimit,
    /// As [`Artefact::HttpRateLimit`], on hosts with `wasi:keyvalue@0.2.0-draft2`.
    HttpRateLimitDraft2,
    /// Composed with a component, keeps its objects for all replicas, on hosts with
    /// `wasi:keyvalue@0.2.0-draft`.
    HttpObjectStore,
    /// As [`Artefact::HttpObjectStore`], on hosts with `wasi:keyvalue@0.2.0-draft2`.
    HttpObjectStoreDraft2,
    /// A server for any number of replicas: [`Artefact::GongServer`] with
    /// [`Artefact::HttpObjectStore`] and [`Artefact::HttpRateLimit`].
    GongServerRateLimited,
    /// The same on hosts with `wasi:keyvalue@0.2.0-draft2`.
    GongServerRateLimitedDraft2,
}

impl Artefact {
    /// All.
    pub const ALL: [Self; 12] = [
        Self::Gong,
        Self::GongMcp,
        Self::GongReadOnly,
        Self::GongMcpReadOnly,
        Self::McpServer,
        Self::GongServer,
        Self::HttpRateLimit,
        Self::HttpRateLimitDraft2,
        Self::HttpObjectStore,
        Self::HttpObjectStoreDraft2,
        Self::GongServerRateLimited,
        Self::GongServerRateLimitedDraft2,
    ];

    /// Such as `gong.wasm`.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Gong => "gong.wasm",
            Self::GongMcp => "gong-mcp.wasm",
            Self::GongReadOnly => "gong-readonly.wasm",
            Self::GongMcpReadOnly => "gong-mcp-readonly.wasm",
            Self::McpServer => "mcp-server.wasm",
            Self::GongServer => "gong-server.wasm",
            Self::HttpRateLimit => "http-rate-limit.wasm",
            Self::HttpRateLimitDraft2 => "http-rate-limit-draft2.wasm",
            Self::HttpObjectStore => "http-object-store.wasm",
            Self::HttpObjectStoreDraft2 => "http-object-store-draft2.wasm",
            Self::GongServerRateLimited => "gong-server-rate-limited.wasm",
            Self::GongServerRateLimitedDraft2 => "gong-server-rate-limited-draft2.wasm",
        }
    }

    /// Such as `gong`: the file name without its ending.
    #[must_use]
    pub fn name(self) -> &'static str {
        let file_name = self.file_name();
        file_name.strip_suffix(".wasm").unwrap_or(file_name)
    }

    /// The crates that cargo compiles for it: one, or several when it is composed.
    #[cfg(feature = "dist")]
    pub(crate) fn crates(self) -> Vec<Crate> {
        self.source().crates()
    }

    /// When it is composed: the artefacts that it is composed of.
    #[must_use]
    pub fn parts(self) -> Option<Vec<Self>> {
        match self.source() {
            Source::Crate(_) => None,
            Source::Composed(composition) => Some(composition.parts()),
        }
    }

    fn source(self) -> Source {
        let gong = |features| Crate {
            package: PACKAGE,
            features,
            file_name: "gong_tools.wasm",
        };
        let http_rate_limit = |features| Crate {
            package: "http-rate-limit-component",
            features,
            file_name: "http_rate_limit_component.wasm",
        };
        let http_object_store = |features| Crate {
            package: "http-object-store-component",
            features,
            file_name: "http_object_store_component.wasm",
        };
        match self {
            Self::Gong => Source::Crate(gong("")),
            Self::GongMcp => Source::Crate(gong("mcp")),
            Self::GongReadOnly => Source::Crate(gong("read-only")),
            Self::GongMcpReadOnly => Source::Crate(gong("mcp,read-only")),
            Self::McpServer => Source::Crate(Crate {
                package: "mcp-server-component",
                features: "",
                file_name: "mcp_server_component.wasm",
            }),
            Self::GongServer => {
                Source::Composed(Composition::of(Self::McpServer).with(Self::GongMcp))
            }
            Self::HttpRateLimit => Source::Crate(http_rate_limit("")),
            Self::HttpRateLimitDraft2 => Source::Crate(http_rate_limit("draft2")),
            Self::HttpObjectStore => Source::Crate(http_object_store("")),
            Self::HttpObjectStoreDraft2 => Source::Crate(http_object_store("draft2")),
            Self::GongServerRateLimited => Source::Composed(Composition::for_replicas(
                Self::HttpObjectStore,
                Self::HttpRateLimit,
            )),
            Self::GongServerRateLimitedDraft2 => Source::Composed(Composition::for_replicas(
                Self::HttpObjectStoreDraft2,
                Self::HttpRateLimitDraft2,
            )),
        }
    }
}

/// A component as cargo compiles it.
#[derive(Clone, Copy)]
pub(crate) struct Crate {
    pub(crate) package: &'static str,
    /// Its features, separated by commas.
    features: &'static str,
    /// The file name that cargo gives to the component, the same for all features.
    file_name: &'static str,
}

impl Crate {
    /// Cargo's arguments that choose it.
    pub(crate) fn selection(&self) -> [&'static str; 4] {
        ["--package", self.package, "--features", self.features]
    }
}

/// What an artefact is made of.
enum Source {
    Crate(Crate),
    Composed(Composition),
}

impl Source {
    #[cfg(feature = "dist")]
    fn crates(self) -> Vec<Crate> {
        match self {
            Self::Crate(one) => vec![one],
            Self::Composed(composition) => {
                let parts = composition.parts().into_iter();
                parts.flat_map(Artefact::crates).collect()
            }
        }
    }
}

/// How an artefact is composed.
enum Composition {
    Artefact(Artefact),
    /// The component whose exports it has, and the one that satisfies imports of the first.
    Plugged(Box<[Composition; 2]>),
}

impl Composition {
    fn of(artefact: Artefact) -> Self {
        Self::Artefact(artefact)
    }

    fn with(self, plug: Artefact) -> Self {
        self.with_composition(Self::Artefact(plug))
    }

    fn with_composition(self, plug: Self) -> Self {
        Self::Plugged(Box::new([self, plug]))
    }

    /// Requests for objects are answered before any is counted.
    fn for_replicas(object_store: Artefact, rate_limit: Artefact) -> Self {
        Self::of(Artefact::McpServer)
            .with_composition(Self::of(Artefact::GongMcp).with(object_store))
            .with(rate_limit)
    }

    fn parts(&self) -> Vec<Artefact> {
        match self {
            Self::Artefact(one) => vec![*one],
            Self::Plugged(both) => both.iter().flat_map(Self::parts).collect(),
        }
    }

    #[cfg(feature = "dist")]
    fn build_in(&self, workspace: &Path, target: &Path) -> anyhow::Result<Vec<u8>> {
        match self {
            Self::Artefact(one) => Ok(fs::read(build_in(workspace, target, *one)?)?),
            Self::Plugged(both) => {
                let [socket, plug] = &**both;
                crate::compose::plug(
                    &socket.build_in(workspace, target)?,
                    &plug.build_in(workspace, target)?,
                )
            }
        }
    }
}

impl fmt::Display for Artefact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file_name())
    }
}

/// Builds an artefact and returns its path, `components/` in cargo's target directory. Quick
/// when nothing has changed. Installs the WebAssembly target when the toolchain lacks it.
///
/// Cargo's own messages go to standard error.
///
/// # Errors
///
/// The build fails, or cargo or rustup cannot be run.
pub fn build(artefact: Artefact) -> anyhow::Result<PathBuf> {
    let workspace = cargo::workspace()?;
    build_in(workspace, &cargo::target_directory(workspace)?, artefact)
}

/// As [`build`], of the sources in `workspace`, in the target directory `target`. Equal sources
/// give equal bytes, wherever they are.
///
/// # Errors
///
/// As of [`build`].
pub fn build_in(workspace: &Path, target: &Path, artefact: Artefact) -> anyhow::Result<PathBuf> {
    let components = target.join("components");
    let path = components.join(artefact.file_name());
    match artefact.source() {
        Source::Crate(source) => {
            let start = Instant::now();
            let built = compile(workspace, &components.join("build"), artefact, &source)
                .with_context(|| format!("cannot build {artefact}"))?;
            if start.elapsed() > WORTH_A_LINE {
                anstream::eprintln!("Built {artefact} in {:.0?}.", start.elapsed());
            }
            write(&path, &built).with_context(|| format!("cannot copy {artefact} into place"))?;
        }
        #[cfg(feature = "dist")]
        Source::Composed(composition) => {
            let bytes = composition
                .build_in(workspace, target)
                .with_context(|| format!("cannot compose {artefact}"))?;
            write(&path, &bytes).with_context(|| format!("cannot write {artefact}"))?;
        }
        #[cfg(not(feature = "dist"))]
        Source::Composed(_) => {
            anyhow::bail!("{artefact} is composed, which takes the feature `dist` of xtask")
        }
    }
    Ok(path)
}

/// Builds every artefact that cargo compiles, as many at the same time as there are processors:
/// most of a build is the link-time optimisation, which uses one.
///
/// # Errors
///
/// As of [`build`], of the first that fails.
#[cfg(feature = "dist")]
pub fn build_all_in(workspace: &Path, target: &Path) -> anyhow::Result<()> {
    let compiled = Artefact::ALL
        .into_iter()
        .filter(|one| one.parts().is_none());
    let next = Mutex::new(compiled);
    let work = || {
        loop {
            let artefact = next.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some(artefact) = artefact else {
                return Ok(());
            };
            build_in(workspace, target, artefact)?;
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// Builds a component's crate with cargo and returns the component's bytes.
///
/// Each artefact has a target directory of its own: cargo gives those of one package one file name,
/// and would take the component of other features for the one to build.
fn compile(
    workspace: &Path,
    build: &Path,
    artefact: Artefact,
    source: &Crate,
) -> anyhow::Result<Vec<u8>> {
    cargo::install_target(workspace)?;
    let target = build.join(artefact.name());
    let status = cargo::cargo(workspace)
        .args(["rustc", "--lib", "--crate-type", "cdylib"])
        .args(source.selection())
        .args(["--profile", PROFILE, "--target", TARGET])
        .arg("--config")
        .arg(cargo::remap_paths(workspace)?)
        .arg("--target-dir")
        .arg(&target)
        // They would replace the flags in .cargo/config.toml.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        // Standard output may be a protocol's.
        .stdout(std::io::stderr())
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "cargo failed");
    Ok(fs::read(
        target.join(TARGET).join(PROFILE).join(source.file_name),
    )?)
}

/// Writes atomically, so that nobody sees half a file, and leaves an equal file alone.
pub(crate) fn write(to: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if fs::read(to).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    // Two processes may write the same file at once, each through its own.
    let mut temporary = to.as_os_str().to_owned();
    temporary.push(format!(".{}", std::process::id()));
    fs::write(&temporary, bytes)?;
    fs::rename(&temporary, to)?;
    Ok(())
}
