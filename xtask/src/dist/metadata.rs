//! The components' metadata: name, description, licence and the like.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use wasm_encoder::{ComponentSection as _, CustomSection};
use wasm_metadata::{AddMetadata, AddMetadataField};
use wit_parser::PackageMetadata;

use crate::cargo;
use crate::component::PACKAGE;

/// A component's package, from its manifest.
pub(super) struct About {
    pub(super) description: String,
    pub(super) version: String,
    /// An SPDX expression.
    pub(super) license: String,
    authors: String,
    repository: Option<String>,
    homepage: Option<String>,
}

impl About {
    pub(super) fn read(workspace: &Path, name: &str) -> anyhow::Result<Self> {
        let metadata = cargo::metadata(workspace)?;
        let packages = metadata["packages"].as_array();
        let package = packages
            .and_then(|packages| packages.iter().find(|one| one["name"] == name))
            .with_context(|| format!("the workspace has no package {name}"))?;
        let text = |key: &str| package[key].as_str().map(str::to_owned);
        let required =
            |key: &str| text(key).with_context(|| format!("the manifest of {name} has no {key}"));
        let authors = package["authors"].as_array().into_iter().flatten();
        let authors: Vec<&str> = authors.filter_map(Value::as_str).collect();
        ensure!(!authors.is_empty(), "the manifest of {name} has no authors");
        Ok(Self {
            description: required("description")?,
            version: required("version")?,
            license: required("license")?,
            authors: authors.join(", "),
            repository: text("repository"),
            homepage: text("homepage"),
        })
    }

    /// Adds metadata and documentation to a component.
    pub(super) fn add_to(
        &self,
        component: &[u8],
        name: &str,
        description: &str,
        docs: Option<Vec<u8>>,
    ) -> anyhow::Result<Vec<u8>> {
        let mut add = AddMetadata::default();
        add.name = AddMetadataField::Set(name.to_owned());
        add.language = vec![("Rust".to_owned(), String::new())];
        add.processed_by = vec![(PACKAGE.to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
        let mut component = add.to_wasm(component)?;

        // Sections that registries turn into annotations, named by WebAssembly's tool conventions.
        // wasm-metadata writes them too, but with seven more crates.
        let sections = [
            ("authors", Some(&*self.authors)),
            ("description", Some(description)),
            ("licenses", Some(&*self.license)),
            ("source", self.repository.as_deref()),
            ("homepage", self.homepage.as_deref()),
            ("version", Some(&*self.version)),
        ];
        let sections = sections
            .into_iter()
            .filter_map(|(name, text)| Some((name, text?.as_bytes())));
        let docs = docs.as_deref();
        let docs = docs.map(|docs| (PackageMetadata::SECTION_NAME, docs));
        for (name, data) in sections.chain(docs) {
            let section = CustomSection {
                name: name.into(),
                data: data.into(),
            };
            section.append_to_component(&mut component);
        }
        Ok(component)
    }
}
