//! The artefacts: building them from this workspace.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::compose;

/// The package that the project is named after.
pub(crate) const PACKAGE: &str = "gong-tools";
pub(crate) const TARGET: &str = "wasm32-wasip2";
/// Compiled to be small.
const SMALL: &str = "component";
/// What LLVM is told beside it: a copy of more than one word is one instruction, loops keep their
/// own counters, and a value is loaded again where keeping it would take more code. A thirtieth
/// of the component; what it costs in time, `component-fast` does without.
const SMALLER: [&str; 3] = [
    "-Cllvm-args=-max-store-memcpy=1",
    "-Cllvm-args=-disable-lsr",
    "-Cllvm-args=-enable-load-pre=false",
];
/// Compiled to be fast.
const FAST: &str = "component-fast";

/// A build that takes longer than this is worth a word.
const A_WHILE: Duration = Duration::from_secs(2);

/// A component that this workspace builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artefact {
    /// World `gong`: one typed function for each tool. This crate cannot call it.
    Gong,
    /// World `gong-mcp`: lists tools and calls them by name. The one that a [`Sandbox`](crate::Sandbox) runs.
    GongMcp,
    /// As [`Artefact::GongMcp`], compiled to be fast and not to be small: for hosts that call it
    /// a thousand times a second.
    GongMcpFast,
    /// As [`Artefact::Gong`], without the tools that change anything: its exports prove it.
    GongReadOnly,
    /// As [`Artefact::GongMcp`], without the tools that change anything.
    GongMcpReadOnly,
    /// Serves MCP for any component like [`Artefact::GongMcp`], once it is composed with one.
    McpServer,
    /// [`Artefact::McpServer`] composed with [`Artefact::GongMcp`]: a whole server, which no
    /// [`Sandbox`](crate::Sandbox) runs, for it wants standard streams.
    GongServer,
    /// Keeps the requests of all replicas of a component to one rate, once it is composed with
    /// it, on hosts with `wasi:keyvalue@0.2.0-draft`.
    HttpRateLimit,
    /// As [`Artefact::HttpRateLimit`], on hosts with `wasi:keyvalue@0.2.0-draft2`.
    HttpRateLimitDraft2,
    /// [`Artefact::GongServer`] composed with [`Artefact::HttpRateLimit`]: any number of replicas.
    GongServerRateLimited,
    /// [`Artefact::GongServer`] composed with [`Artefact::HttpRateLimitDraft2`].
    GongServerRateLimitedDraft2,
}

impl Artefact {
    /// All.
    pub const ALL: [Self; 11] = [
        Self::Gong,
        Self::GongMcp,
        Self::GongMcpFast,
        Self::GongReadOnly,
        Self::GongMcpReadOnly,
        Self::McpServer,
        Self::GongServer,
        Self::HttpRateLimit,
        Self::HttpRateLimitDraft2,
        Self::GongServerRateLimited,
        Self::GongServerRateLimitedDraft2,
    ];

    /// Such as `gong.wasm`.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Gong => "gong.wasm",
            Self::GongMcp => "gong-mcp.wasm",
            Self::GongMcpFast => "gong-mcp-fast.wasm",
            Self::GongReadOnly => "gong-readonly.wasm",
            Self::GongMcpReadOnly => "gong-mcp-readonly.wasm",
            Self::McpServer => "mcp-server.wasm",
            Self::GongServer => "gong-server.wasm",
            Self::HttpRateLimit => "http-rate-limit.wasm",
            Self::HttpRateLimitDraft2 => "http-rate-limit-draft2.wasm",
            Self::GongServerRateLimited => "gong-server-rate-limited.wasm",
            Self::GongServerRateLimitedDraft2 => "gong-server-rate-limited-draft2.wasm",
        }
    }

    /// The crates that cargo compiles for it: one, or one for each component that it is composed
    /// of.
    pub(crate) fn crates(self) -> Vec<Crate> {
        match self.source() {
            Source::Crate(one) => vec![one],
            Source::Composed { socket, plug } => [socket.crates(), plug.crates()].concat(),
        }
    }

    /// What it is composed of, if it is: the component that has the exports, and the one that
    /// gives it imports.
    #[must_use]
    pub fn parts(self) -> Option<[Self; 2]> {
        match self.source() {
            Source::Crate(_) => None,
            Source::Composed { socket, plug } => Some([socket, plug]),
        }
    }

    /// What it is made of.
    fn source(self) -> Source {
        let gong = |features| Crate {
            package: PACKAGE,
            features,
            built: "gong_tools.wasm",
            profile: SMALL,
        };
        let pace = |features| Crate {
            package: "http-rate-limit-component",
            features,
            built: "http_rate_limit_component.wasm",
            profile: SMALL,
        };
        match self {
            Self::Gong => Source::Crate(gong("")),
            Self::GongMcp => Source::Crate(gong("mcp")),
            Self::GongMcpFast => Source::Crate(Crate {
                profile: FAST,
                ..gong("mcp")
            }),
            Self::GongReadOnly => Source::Crate(gong("read-only")),
            Self::GongMcpReadOnly => Source::Crate(gong("mcp,read-only")),
            Self::McpServer => Source::Crate(Crate {
                package: "mcp-server-component",
                features: "",
                built: "mcp_server_component.wasm",
                profile: SMALL,
            }),
            Self::GongServer => Source::Composed {
                socket: Self::McpServer,
                plug: Self::GongMcp,
            },
            Self::HttpRateLimit => Source::Crate(pace("")),
            Self::HttpRateLimitDraft2 => Source::Crate(pace("draft2")),
            Self::GongServerRateLimited => Source::Composed {
                socket: Self::GongServer,
                plug: Self::HttpRateLimit,
            },
            Self::GongServerRateLimitedDraft2 => Source::Composed {
                socket: Self::GongServer,
                plug: Self::HttpRateLimitDraft2,
            },
        }
    }
}

/// A component as cargo compiles it.
#[derive(Clone, Copy)]
pub(crate) struct Crate {
    /// The package's name.
    pub(crate) package: &'static str,
    /// Separated by commas.
    features: &'static str,
    /// What cargo names the component, whichever world it has.
    built: &'static str,
    /// Cargo's profile.
    profile: &'static str,
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
    Composed { socket: Artefact, plug: Artefact },
}

impl fmt::Display for Artefact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file_name())
    }
}

/// Builds an artefact and returns its path, `components/` in cargo's target directory. Quick
/// when nothing has changed. Installs the WebAssembly target when the toolchain lacks it.
///
/// Says on standard error what it does when that takes a while.
///
/// # Errors
///
/// The build fails (the error holds the compiler's words), or cargo or rustup cannot be run.
pub fn build(artefact: Artefact) -> anyhow::Result<PathBuf> {
    let workspace = workspace()?;
    build_in(workspace, &target_directory(workspace)?, artefact)
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
            // Cargo names the components of one crate alike, so that in one folder each build
            // would overwrite the other world's and have to be done again.
            let target = components.join("build").join(artefact.file_name());
            fs::create_dir_all(&target)?;
            // From here to the copy nobody else may build.
            let lock = fs::File::create(target.join(".lock"))?;
            lock.lock().context("cannot lock the build")?;
            let start = Instant::now();
            compile(workspace, &target, &source)
                .with_context(|| format!("cannot build {artefact}"))?;
            if start.elapsed() > A_WHILE {
                anstream::eprintln!("Built {artefact} in {:.0?}.", start.elapsed());
            }
            let bytes = fs::read(target.join(TARGET).join(source.profile).join(source.built))?;
            write(&path, &bytes).with_context(|| format!("cannot copy {artefact} into place"))?;
        }
        Source::Composed { socket, plug } => {
            let part = |part| anyhow::Ok(fs::read(build_in(workspace, target, part)?)?);
            let bytes = compose::plug(&part(socket)?, &part(plug)?)
                .with_context(|| format!("cannot compose {artefact}"))?;
            write(&path, &bytes).with_context(|| format!("cannot write {artefact}"))?;
        }
    }
    Ok(path)
}

/// Lets cargo build a component's crate.
fn compile(workspace: &Path, target: &Path, source: &Crate) -> anyhow::Result<()> {
    install_target(workspace)?;
    let mut cargo = cargo(workspace);
    cargo
        .args(["rustc", "--lib", "--crate-type", "cdylib"])
        .args(source.selection())
        .args(["--profile", source.profile, "--target", TARGET])
        .arg("--config")
        .arg(path_independent(workspace)?)
        .arg("--target-dir")
        .arg(target)
        // They would replace the flags in .cargo/config.toml.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    if source.profile == SMALL {
        cargo.arg("--").args(SMALLER);
    }
    output(&mut cargo)?;
    Ok(())
}

/// Writes so that nobody ever sees half a file, and leaves an equal one alone.
pub(crate) fn write(to: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if fs::read(to).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    // Of its own for each process: two may compose the same at once.
    let mut temporary = to.as_os_str().to_owned();
    temporary.push(format!(".{}", std::process::id()));
    fs::write(&temporary, bytes)?;
    fs::rename(&temporary, to)?;
    Ok(())
}

/// The workspace's folder.
pub(crate) fn workspace() -> anyhow::Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("this crate is outside its workspace")
}

/// Cargo's setting that keeps this machine's paths out of a component, which names source files
/// where it may panic: with them its bytes would differ from folder to folder.
fn path_independent(workspace: &Path) -> anyhow::Result<String> {
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let cargo_home = cargo_home.context("cargo's folder is unknown: set CARGO_HOME")?;
    let flags = [(workspace, "."), (&cargo_home, "cargo")]
        .map(|(from, to)| format!("--remap-path-prefix={}={to}", from.display()));
    Ok(format!(
        "target.{TARGET}.rustflags={}",
        serde_json::to_string(&flags)?
    ))
}

pub(crate) fn cargo(workspace: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace);
    command
}

pub(crate) fn rustc(workspace: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    command.current_dir(workspace);
    command
}

fn run(command: &mut Command) -> anyhow::Result<Output> {
    command
        .output()
        .with_context(|| format!("cannot run {}", command.get_program().display()))
}

/// What a command says on standard output.
///
/// # Errors
///
/// It can not be run; or it fails, and the error holds its words.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<Vec<u8>> {
    let output = run(command)?;
    ensure!(
        output.status.success(),
        "{} failed:\n{}",
        command.get_program().display(),
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(output.stdout)
}

pub(crate) fn target_directory(workspace: &Path) -> anyhow::Result<PathBuf> {
    let metadata = metadata(workspace)?;
    let directory = metadata["target_directory"].as_str();
    Ok(directory.context("cargo names no target directory")?.into())
}

/// What cargo says of the workspace and its packages.
pub(crate) fn metadata(workspace: &Path) -> anyhow::Result<serde_json::Value> {
    let output = output(cargo(workspace).args(["metadata", "--no-deps", "--format-version", "1"]))
        .context("cannot read the workspace")?;
    Ok(serde_json::from_slice(&output)?)
}

/// Installs the WebAssembly target when it is missing. rustup does so by itself from
/// `rust-toolchain.toml` in most of its versions, but not in all.
fn install_target(workspace: &Path) -> anyhow::Result<()> {
    let asked = run(rustc(workspace).args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(String::from_utf8_lossy(&asked.stdout).trim()).is_dir() {
        return Ok(());
    }
    anstream::eprintln!("Installing the Rust target {TARGET}, once.");
    output(
        Command::new("rustup")
            .current_dir(workspace)
            .args(["target", "add", TARGET]),
    )
    .with_context(|| format!("the Rust target {TARGET} is missing, and only rustup can add it"))?;
    Ok(())
}
