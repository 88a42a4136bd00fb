//! Running cargo, rustc and rustup.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, ensure};

/// The target that the components are compiled for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// The workspace's folder.
pub(crate) fn workspace() -> anyhow::Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("this crate is outside its workspace")
}

pub(crate) fn target_directory(workspace: &Path) -> anyhow::Result<PathBuf> {
    let metadata = metadata(workspace)?;
    let directory = metadata["target_directory"].as_str();
    Ok(directory.context("cargo names no target directory")?.into())
}

/// `cargo metadata` of the workspace's own packages.
pub(crate) fn metadata(workspace: &Path) -> anyhow::Result<serde_json::Value> {
    let output = output(cargo(workspace).args(["metadata", "--no-deps", "--format-version", "1"]))
        .context("cannot read the workspace")?;
    Ok(serde_json::from_slice(&output)?)
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

/// Runs a command and returns its standard output.
///
/// # Errors
///
/// It cannot be run; or it fails, and the error holds its standard error.
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

fn run(command: &mut Command) -> anyhow::Result<Output> {
    command
        .output()
        .with_context(|| format!("cannot run {}", command.get_program().display()))
}

/// Cargo's setting that keeps this machine's paths out of a component. Panics name source files,
/// so without it the bytes would differ from folder to folder.
pub(crate) fn remap_paths(workspace: &Path) -> anyhow::Result<String> {
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

/// Installs the WebAssembly target when it is missing. Most versions of rustup do so by
/// themselves, because of `rust-toolchain.toml`, but not all.
pub(crate) fn install_target(workspace: &Path) -> anyhow::Result<()> {
    let libraries = run(rustc(workspace).args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(String::from_utf8_lossy(&libraries.stdout).trim()).is_dir() {
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
