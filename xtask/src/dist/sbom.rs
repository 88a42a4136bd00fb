//! A software bill of materials of the components, as CycloneDX 1.6 in JSON.
//!
//! CycloneDX's own library, `cyclonedx-bom`, supports 1.5 at most, and writes the time and a
//! random number into each document.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::json;

use super::Component;
use super::metadata::About;
use crate::cargo::{self, TARGET};
use crate::component::{self, PACKAGE};

/// wasi-libc's own, of the allocator and the libraries that it is made of.
const LIBC_LICENSE: &str =
    "(Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT) AND BSD-2-Clause AND CC0-1.0 AND MIT";

/// What cargo links into one WebAssembly module.
pub(super) struct Part {
    crates: BTreeMap<Id, Crate>,
}

/// A crate's name and version.
type Id = (String, String);

#[derive(Clone, Default)]
struct Crate {
    /// An SPDX expression.
    license: String,
    repository: String,
    needs: BTreeSet<Id>,
}

impl Part {
    /// Reads from `cargo tree` which crates are linked into a component, without those that only
    /// run in the compiler.
    pub(super) fn read(workspace: &Path, root: &component::Crate) -> anyhow::Result<Self> {
        let mut cargo = cargo::cargo(workspace);
        cargo
            .args(["tree", "--locked", "--target", TARGET])
            .args(root.selection())
            .args(["--edges", "normal,no-proc-macro", "--no-dedupe"])
            .args(["--prefix", "depth", "--format", "\t{p}\t{l}\t{r}"]);
        Self::parse(&String::from_utf8(cargo::output(&mut cargo)?)?)
    }

    /// Lines of depth, package, licence and repository; each package stands under the one that
    /// needs it.
    fn parse(tree: &str) -> anyhow::Result<Self> {
        let mut crates: BTreeMap<Id, Crate> = BTreeMap::new();
        let mut above: Vec<Id> = Vec::new();
        for line in tree.lines().filter(|line| !line.is_empty()) {
            let words: Vec<&str> = line.split('\t').collect();
            let parsed = || {
                let [depth, package, license, repository] = words[..] else {
                    return None;
                };
                let (name, rest) = package.split_once(" v")?;
                let version = rest.split(' ').next()?;
                let id = (name.to_owned(), version.to_owned());
                Some((depth.parse::<usize>().ok()?, id, license, repository))
            };
            let (depth, id, license, repository) =
                parsed().with_context(|| format!("cannot read what cargo tree says: {line:?}"))?;
            ensure!(
                depth <= above.len(),
                "cargo tree leaves out who needs {}",
                id.0
            );
            above.truncate(depth);
            if let Some(parent) = above.last() {
                let needs = &mut crates.entry(parent.clone()).or_default().needs;
                needs.insert(id.clone());
            }
            let known = crates.entry(id.clone()).or_default();
            // Some old manifests separate licences with a slash.
            known.license = license.replace('/', " OR ");
            known.repository = repository.to_owned();
            above.push(id);
        }
        ensure!(!crates.is_empty(), "cargo tree says nothing");
        Ok(Self { crates })
    }
}

/// The document.
pub(super) fn sbom(
    workspace: &Path,
    about: &About,
    components: &[Component],
) -> anyhow::Result<String> {
    let checksums = checksums(&fs::read_to_string(workspace.join("Cargo.lock"))?)?;
    let rust = rust_version(workspace)?;
    let toolchain = [
        json!({
            "type": "library",
            "bom-ref": format!("pkg:generic/rust@{rust}"),
            "name": "rust",
            "version": rust,
            "description": "Rust's libraries core and alloc",
            "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            "purl": format!("pkg:generic/rust@{rust}"),
        }),
        json!({
            "type": "library",
            "bom-ref": "pkg:generic/wasi-libc",
            "name": "wasi-libc",
            "description": format!("The C library that comes with Rust {rust} for {TARGET}"),
            "licenses": [{ "expression": LIBC_LICENSE }],
            "purl": "pkg:generic/wasi-libc",
        }),
    ];

    let mut listed = Vec::new();
    let mut dependencies = Vec::new();
    let mut crates: BTreeMap<&Id, Crate> = BTreeMap::new();
    for component in components {
        let mut inside = BTreeSet::new();
        for (id, one) in component.parts.iter().flat_map(|part| &part.crates) {
            inside.insert(purl(id, &checksums));
            // With other features it may need more.
            let known = crates.entry(id).or_insert_with(|| one.clone());
            known.needs.extend(one.needs.iter().cloned());
        }
        let toolchain = toolchain.iter().filter_map(|one| one["purl"].as_str());
        inside.extend(toolchain.map(str::to_owned));
        let name = component.file.name;
        dependencies.push(json!({ "ref": name, "dependsOn": inside }));
        listed.push(json!({
            "type": "application",
            "bom-ref": name,
            "name": name,
            "version": about.version,
            "description": component.description,
            "hashes": [{ "alg": "SHA-256", "content": component.file.sha256() }],
            "licenses": [{ "expression": about.license }],
            "purl": format!("pkg:generic/{name}@{}", about.version),
        }));
    }

    listed.extend(toolchain);
    for (&id, found) in &crates {
        let purl = purl(id, &checksums);
        let mut entry = json!({
            "type": "library",
            "bom-ref": purl,
            "name": id.0,
            "version": id.1,
            "licenses": [{ "expression": found.license }],
            "purl": purl,
        });
        if let Some(checksum) = checksums.get(id) {
            entry["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
        }
        if !found.repository.is_empty() {
            entry["externalReferences"] = json!([{ "type": "vcs", "url": found.repository }]);
        }
        listed.push(entry);
        let needs: Vec<String> = found
            .needs
            .iter()
            .map(|id| self::purl(id, &checksums))
            .collect();
        dependencies.push(json!({ "ref": purl, "dependsOn": needs }));
    }

    let files: Vec<&str> = components.iter().map(|one| one.file.name).collect();
    dependencies.insert(0, json!({ "ref": PACKAGE, "dependsOn": files }));
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "lifecycles": [{ "phase": "build" }],
            "tools": { "components": [{
                "type": "application",
                "name": PACKAGE,
                "version": env!("CARGO_PKG_VERSION"),
            }] },
            "component": {
                "type": "application",
                "bom-ref": PACKAGE,
                "name": PACKAGE,
                "version": about.version,
                "description": about.description,
                "licenses": [{ "expression": about.license }],
            },
        },
        "components": listed,
        "dependencies": dependencies,
    });
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// The package's URL, which scanners look up: crates.io's where it comes from there.
fn purl((name, version): &Id, checksums: &BTreeMap<Id, String>) -> String {
    let registry = checksums.contains_key(&(name.clone(), version.clone()));
    let kind = if registry { "cargo" } else { "generic" };
    format!("pkg:{kind}/{name}@{}", version.replace('+', "%2B"))
}

/// The checksums in a lock file, of the packages that come from a registry.
fn checksums(lock: &str) -> anyhow::Result<BTreeMap<Id, String>> {
    let lock: toml::Table = toml::from_str(lock).context("cannot read Cargo.lock")?;
    let packages = lock.get("package").and_then(toml::Value::as_array);
    let packages = packages.context("Cargo.lock lists no packages")?;
    Ok(packages
        .iter()
        .filter_map(|package| {
            let text = |key: &str| Some(package.get(key)?.as_str()?.to_owned());
            Some(((text("name")?, text("version")?), text("checksum")?))
        })
        .collect())
}

/// The compiler's version, such as `1.95.0`, which is that of its libraries.
fn rust_version(workspace: &Path) -> anyhow::Result<String> {
    let mut rustc = cargo::rustc(workspace);
    let said = String::from_utf8(cargo::output(rustc.arg("-vV"))?)?;
    let version = said.lines().find_map(|line| line.strip_prefix("release: "));
    let version = version.context("rustc does not say its version")?;
    Ok(version.to_owned())
}
