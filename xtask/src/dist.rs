//! The distribution: the components with what other hosts need to run them, in one folder.
//!
//! Equal sources give equal bytes, on any path and at any time: no file holds a time or a path.

mod docs;
mod metadata;
mod names;
mod sbom;
mod wit;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::rc::Rc;

use anyhow::Context as _;

use crate::cargo;
use crate::component::{self, Artefact, PACKAGE};
use metadata::About;
use sbom::Part;
use wit::Wit;

/// What Wassette permits to `gong.wasm`, with an example for the host. Wassette finds the file
/// by the component's name.
const POLICY: (&str, &str) = ("gong.policy.yaml", include_str!("dist/gong.policy.yaml"));

/// What `wkg` publishes, and what binding generators read as well as a folder of WIT.
const WIT_PACKAGE: &str = "gong-tools.wit.wasm";
/// The same as text, for people and for generators that read only that.
const WIT_TEXT: &str = "gong-tools.wit";

/// CycloneDX tools recognise the ending.
const SBOM: &str = "gong-tools.cdx.json";

/// For `sha256sum --check`.
const CHECKSUMS: &str = "SHA256SUMS";

/// A file of the distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name in the folder.
    pub name: &'static str,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl File {
    fn new(name: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self { name, bytes }
    }

    /// SHA-256 in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        let digest = ring::digest::digest(&ring::digest::SHA256, &self.bytes);
        let mut text = String::new();
        for byte in digest.as_ref() {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// A component of the distribution.
struct Component {
    file: File,
    /// A sentence on it.
    description: String,
    /// What was linked or composed into it.
    parts: Vec<Rc<Part>>,
}

/// Makes the distribution and writes it into a folder, which is created when it is missing.
/// Files of the same names are replaced, others left alone. Returns what was written, the
/// components first.
///
/// # Errors
///
/// A component cannot be built, the workspace cannot be read, or the folder cannot be written.
pub fn write(folder: &Path) -> anyhow::Result<Vec<File>> {
    let workspace = cargo::workspace()?;
    let target = cargo::target_directory(workspace)?;
    write_of(workspace, &target, folder)
}

/// As [`write`], of the sources in `workspace`, compiled in the target directory `target`.
///
/// # Errors
///
/// As of [`write`].
pub fn write_of(workspace: &Path, target: &Path, folder: &Path) -> anyhow::Result<Vec<File>> {
    let files = files(workspace, target)?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for file in &files {
        let path = folder.join(file.name);
        component::write(&path, &file.bytes)
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(files)
}

fn files(workspace: &Path, target: &Path) -> anyhow::Result<Vec<File>> {
    let wit = Wit::read(&workspace.join("wit"))?;
    let about = About::read(workspace, PACKAGE)?;
    let components = components(workspace, target, &wit, &about)?;
    let sbom = sbom::sbom(workspace, &about, &components)?;

    let mut files: Vec<File> = components.into_iter().map(|one| one.file).collect();
    files.push(File::new(POLICY.0, POLICY.1));
    files.push(File::new(WIT_TEXT, wit.text()?));
    files.push(File::new(WIT_PACKAGE, wit.package()?));
    files.push(File::new(SBOM, sbom));
    files.push(File::new(CHECKSUMS, checksums(&files)));
    Ok(files)
}

/// Every component of the distribution.
fn components(
    workspace: &Path,
    target: &Path,
    wit: &Wit,
    about: &About,
) -> anyhow::Result<Vec<Component>> {
    component::build_all_in(workspace, target)?;
    let mut components = Vec::new();
    // One `cargo tree` for each: several artefacts are made of the same crates.
    let mut parts: BTreeMap<[&str; 4], Rc<Part>> = BTreeMap::new();
    for artefact in Artefact::ALL {
        let path = component::build_in(workspace, target, artefact)?;
        let built = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let docs = match artefact {
            Artefact::Gong => Some(wit.docs("gong")?),
            Artefact::GongReadOnly => Some(wit.docs("gong-read-only")?),
            // Those with tools list them with descriptions at run time.
            Artefact::GongMcp
            | Artefact::GongMcpReadOnly
            | Artefact::McpServer
            | Artefact::GongServer
            | Artefact::HttpRateLimit
            | Artefact::HttpRateLimitDraft2
            | Artefact::HttpObjectStore
            | Artefact::HttpObjectStoreDraft2
            | Artefact::GongServerRateLimited
            | Artefact::GongServerRateLimitedDraft2 => None,
        };
        let crates = artefact.crates();
        let mut description = match &crates[..] {
            [one] if one.package != PACKAGE => About::read(workspace, one.package)?.description,
            // What is composed is composed with Gong.
            _ => about.description.clone(),
        };
        if let Some(world) = world(artefact) {
            let _ = write!(description, ": {world}");
        }
        let name = artefact.file_name();
        let bytes = names::without(&built).with_context(|| format!("cannot read {artefact}"))?;
        let bytes = about.add_to(&bytes, artefact.name(), &description, docs)?;
        let parts = crates.iter().map(|one| {
            anyhow::Ok(match parts.entry(one.selection()) {
                Entry::Occupied(known) => Rc::clone(known.get()),
                Entry::Vacant(new) => Rc::clone(new.insert(Rc::new(Part::read(workspace, one)?))),
            })
        });
        components.push(Component {
            file: File::new(name, bytes),
            description,
            parts: parts.collect::<anyhow::Result<_>>()?,
        });
    }
    Ok(components)
}

/// What distinguishes an artefact from others with the same description.
fn world(artefact: Artefact) -> Option<&'static str> {
    match artefact {
        Artefact::Gong => Some("one typed function for each tool"),
        Artefact::GongMcp => Some("tools by name and JSON, for hosts that speak MCP"),
        Artefact::GongReadOnly => {
            Some("one typed function for each tool, without those that change anything")
        }
        Artefact::GongMcpReadOnly => Some(
            "tools by name and JSON, for hosts that speak MCP, without those that change anything",
        ),
        Artefact::McpServer => None,
        Artefact::GongServer => Some("a whole server, over stdio and Streamable HTTP"),
        Artefact::HttpRateLimit | Artefact::HttpObjectStore => Some("wasi:keyvalue 0.2.0-draft"),
        Artefact::HttpRateLimitDraft2 | Artefact::HttpObjectStoreDraft2 => {
            Some("wasi:keyvalue 0.2.0-draft2")
        }
        Artefact::GongServerRateLimited => Some(
            "a whole server, whose replicas share one limit and one index by wasi:keyvalue 0.2.0-draft",
        ),
        Artefact::GongServerRateLimitedDraft2 => Some(
            "a whole server, whose replicas share one limit and one index by wasi:keyvalue 0.2.0-draft2",
        ),
    }
}

fn checksums(files: &[File]) -> String {
    let mut lines: Vec<(&str, String)> = files
        .iter()
        .map(|file| (file.name, file.sha256()))
        .collect();
    lines.sort();
    let line = |(name, sum): (&str, String)| format!("{sum}  {name}\n");
    lines.into_iter().map(line).collect()
}
