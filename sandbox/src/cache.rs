//! Compiled components, kept in a folder so that the next start need not compile.
//!
//! The files run as native code, unchecked, so folder and files must belong to the user and be
//! closed to everybody else. A file that this build of wasmtime cannot use is compiled again:
//! all of the cache may be deleted at any time.

use std::fs::{self, Metadata, OpenOptions};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use ring::digest::{SHA256, digest};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::engine::compile;

/// Loads from the cache in `folder`, or compiles and stores the result there. A file that is
/// unusable or cannot be written is logged and costs only time.
///
/// # Errors
///
/// The folder is one that others may write to, or the bytes are not a component.
pub(crate) fn component(engine: &Engine, bytes: &[u8], folder: &Path) -> anyhow::Result<Component> {
    prepare(folder)
        .with_context(|| format!("cannot keep compiled code in {}", folder.display()))?;
    let path = folder.join(file_name(engine, bytes));
    match load(engine, &path) {
        Ok(Some(component)) => return Ok(component),
        Ok(None) => {}
        Err(error) => tracing::warn!("compiling: {} is of no use: {error:#}", path.display()),
    }
    let component = compile(engine, bytes)?;
    if let Err(error) = store(&component, &path) {
        tracing::warn!("cannot write {}: {error:#}", path.display());
    }
    Ok(component)
}

/// The hash of the component, and of what else compiled code depends on: wasmtime's version
/// and settings, and the processor's features.
fn file_name(engine: &Engine, bytes: &[u8]) -> String {
    let mut environment = DefaultHasher::new();
    engine
        .precompile_compatibility_hash()
        .hash(&mut environment);
    let component: String = digest(&SHA256, bytes)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{component}-{:016x}.cwasm", environment.finish())
}

/// Creates the folder when it is missing.
fn prepare(folder: &Path) -> anyhow::Result<()> {
    let mut new = fs::DirBuilder::new();
    new.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut new, 0o700);
    new.create(folder)?;
    only_ours(&fs::metadata(folder)?)
}

/// Checks that only this process's user, or root, can have written it.
fn only_ours(found: &Metadata) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let user = rustix::process::geteuid().as_raw();
        ensure!(
            [user, 0].contains(&found.uid()),
            "it belongs to another user, and what is in it is run"
        );
        ensure!(
            found.mode() & 0o022 == 0,
            "others may write to it (mode {:o}), and what is in it is run: chmod go-w",
            found.mode() & 0o7777
        );
    }
    #[cfg(not(unix))]
    let _ = found;
    Ok(())
}

#[expect(
    unsafe_code,
    reason = "compiled code is run as it is; only this user can have written it"
)]
fn load(engine: &Engine, path: &Path) -> anyhow::Result<Option<Component>> {
    match fs::symlink_metadata(path) {
        Ok(found) => only_ours(&found)?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    // SAFETY: `store` of this user wrote it in one piece, in a folder and a file that others
    // can not write to; wasmtime checks that it is from the same version and settings.
    let component = unsafe { Component::deserialize_file(engine, path) };
    Ok(Some(component?))
}

/// Writes atomically: neither another process nor one after a crash sees half a file.
fn store(component: &Component, path: &Path) -> anyhow::Result<()> {
    let code = component.serialize()?;
    let temporary: PathBuf = path.with_extension(format!("{}.new", std::process::id()));
    let mut new = OpenOptions::new();
    new.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    let mut file = new.open(&temporary)?;
    let written = file.write_all(&code).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
        let _ = fs::remove_file(&temporary);
        return Err(error.into());
    }
    Ok(())
}
