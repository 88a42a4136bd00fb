//! The artefacts: building them from this workspace.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::compose;

const TARGET: &str = "wasm32-wasip2";
const PROFILE: &str = "component";

/// A build that takes longer than this is worth a word.
const A_WHILE: Duration = Duration::from_secs(2);

/// A component that this workspace builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Artefact {
    /// World `gong`: one typed function for each tool. This crate cannot call it.
    Gong,
    /// World `gong-mcp`: lists tools and calls them by name. The one that a [`Sandbox`](crate::Sandbox) runs.
    GongMcp,
    /// As [`Artefact::Gong`], without the tools that change anything: its exports prove it.
    GongReadOnly,
    /// As [`Artefact::GongMcp`], without the tools that change anything.
    GongMcpReadOnly,
    /// Serves MCP for any component like [`Artefact::GongMcp`], once it is composed with one.
    McpServer,
    /// [`Artefact::McpServer`] composed with [`Artefact::GongMcp`]: a whole server, which no
    /// [`Sandbox`](crate::Sandbox) runs, for it wants standard streams.
    GongServer,
}

impl Artefact {
    /// All.
    pub const ALL: [Self; 6] = [
        Self::Gong,
        Self::GongMcp,
        Self::GongReadOnly,
        Self::GongMcpReadOnly,
        Self::McpServer,
        Self::GongServer,
    ];

    /// Those that want no more than a [`Sandbox`](crate::Sandbox) gives.
    pub const SANDBOXED: [Self; 4] = [
        Self::Gong,
        Self::GongMcp,
        Self::GongReadOnly,
        Self::GongMcpReadOnly,
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
        }
    }

    /// What cargo makes it of.
    fn source(self) -> Source {
        let gong = |features| Source::Crate {
            package: "gong-tools",
            features,
            built: "gong_tools.wasm",
        };
        match self {
            Self::Gong => gong(""),
            Self::GongMcp => gong("mcp"),
            Self::GongReadOnly => gong("read-only"),
            Self::GongMcpReadOnly => gong("mcp,read-only"),
            Self::McpServer => Source::Crate {
                package: "mcp-server-component",
                features: "",
                built: "mcp_server_component.wasm",
            },
            Self::GongServer => Source::Composed {
                socket: Self::McpServer,
                plug: Self::GongMcp,
            },
        }
    }
}

/// What an artefact is made of.
enum Source {
    Crate {
        package: &'static str,
        features: &'static str,
        /// What cargo names the component, whichever world it has.
        built: &'static str,
    },
    Composed {
        socket: Artefact,
        plug: Artefact,
    },
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
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("this crate is outside its workspace")?;
    let components = target_directory(workspace)?.join("components");
    let path = components.join(artefact.file_name());
    let bytes = match artefact.source() {
        Source::Crate {
            package,
            features,
            built,
        } => {
            // Cargo names the components of one crate alike, so that in one folder each build
            // would overwrite the other world's and have to be done again.
            let target = components.join("build").join(artefact.file_name());
            fs::create_dir_all(&target)?;
            // From here to the copy nobody else may build.
            let lock = fs::File::create(target.join(".lock"))?;
            lock.lock().context("cannot lock the build")?;
            let start = Instant::now();
            compile(workspace, &target, package, features)
                .with_context(|| format!("cannot build {artefact}"))?;
            if start.elapsed() > A_WHILE {
                anstream::eprintln!("Built {artefact} in {:.0?}.", start.elapsed());
            }
            let bytes = fs::read(target.join(TARGET).join(PROFILE).join(built))?;
            return publish(&bytes, path)
                .with_context(|| format!("cannot copy {artefact} into place"));
        }
        Source::Composed { socket, plug } => {
            compose::plug(&fs::read(build(socket)?)?, &fs::read(build(plug)?)?)
                .with_context(|| format!("cannot compose {artefact}"))?
        }
    };
    publish(&bytes, path).with_context(|| format!("cannot write {artefact}"))
}

/// Lets cargo build a component's crate.
fn compile(workspace: &Path, target: &Path, package: &str, features: &str) -> anyhow::Result<()> {
    install_target(workspace)?;
    let mut cargo = cargo(workspace);
    cargo
        .args(["build", "--package", package, "--lib"])
        .args(["--profile", PROFILE, "--target", TARGET])
        .args(["--features", features])
        .arg("--target-dir")
        .arg(target);
    let output = run(&mut cargo)?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    Ok(())
}

/// Writes so that nobody ever sees half a file, and leaves an equal one alone.
fn publish(bytes: &[u8], to: PathBuf) -> anyhow::Result<PathBuf> {
    if fs::read(&to).is_ok_and(|present| present == bytes) {
        return Ok(to);
    }
    // Of its own for each process: two may compose the same at once.
    let mut temporary = to.as_os_str().to_owned();
    temporary.push(format!(".{}", std::process::id()));
    fs::write(&temporary, bytes)?;
    fs::rename(&temporary, &to)?;
    Ok(to)
}

fn cargo(workspace: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace);
    command
}

fn run(command: &mut Command) -> anyhow::Result<Output> {
    command
        .output()
        .with_context(|| format!("cannot run {}", command.get_program().display()))
}

fn target_directory(workspace: &Path) -> anyhow::Result<PathBuf> {
    let output = run(cargo(workspace).args(["metadata", "--no-deps", "--format-version", "1"]))?;
    ensure!(
        output.status.success(),
        "cannot read the workspace:\n{}",
        String::from_utf8_lossy(&output.stderr).trim_end()
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let directory = metadata["target_directory"].as_str();
    Ok(directory.context("cargo names no target directory")?.into())
}

/// Installs the WebAssembly target when it is missing. rustup does so by itself from
/// `rust-toolchain.toml` in most of its versions, but not in all.
fn install_target(workspace: &Path) -> anyhow::Result<()> {
    let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let output =
        run(rustc
            .current_dir(workspace)
            .args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir() {
        return Ok(());
    }
    anstream::eprintln!("Installing the Rust target {TARGET}, once.");
    let output = run(Command::new("rustup")
        .current_dir(workspace)
        .args(["target", "add", TARGET]))
    .with_context(|| format!("the Rust target {TARGET} is missing, and only rustup can add it"))?;
    if !output.status.success() {
        bail!(
            "cannot install the Rust target {TARGET}:\n{}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(())
}
