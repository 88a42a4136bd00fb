//! The gateway as it is deployed: a release build with the component in it, without the demo.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

use crate::cargo;
use crate::component::{self, Artefact};

/// The features of the gateway that is deployed.
const FEATURES: &str = "embedded";

/// Builds the component and the gateway around it, and returns the binary's path.
///
/// Cargo's own messages go to standard error.
///
/// # Errors
///
/// A build fails, or cargo can not be run.
pub fn build() -> anyhow::Result<PathBuf> {
    let workspace = cargo::workspace()?;
    let component = component::build(Artefact::GongMcp)?;
    let target = cargo::target_directory(workspace)?;
    compile(workspace, &component)?;
    let binary = target.join("release").join("gong-gateway");
    ensure!(
        binary.exists(),
        "cargo has not written {}",
        binary.display()
    );
    Ok(binary)
}

fn compile(workspace: &Path, component: &Path) -> anyhow::Result<()> {
    let status = cargo::cargo(workspace)
        .args(["build", "--release", "--locked", "--package", "gateway"])
        .args([
            "--bin",
            "gong-gateway",
            "--no-default-features",
            "--features",
            FEATURES,
        ])
        .env("GONG_GATEWAY_COMPONENT", component)
        .stdout(std::io::stderr())
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "cargo failed");
    Ok(())
}
