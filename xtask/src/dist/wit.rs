//! The WIT package: to distribute, and as the source of documentation.

use std::path::Path;

use anyhow::Context as _;
use wit_component::WitPrinter;
use wit_parser::{PackageId, Resolve};

/// The package that the components' worlds are in.
pub(super) struct Wit {
    pub(super) resolve: Resolve,
    pub(super) package: PackageId,
}

impl Wit {
    /// Reads a folder of WIT.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut resolve = Resolve::default();
        let (package, _) = resolve
            .push_dir(folder)
            .with_context(|| format!("cannot read the WIT in {}", folder.display()))?;
        Ok(Self { resolve, package })
    }

    /// As one text.
    pub(super) fn text(&self) -> anyhow::Result<String> {
        let mut printer = WitPrinter::default();
        printer.print(&self.resolve, self.package, &[])?;
        Ok(printer.output.to_string())
    }

    /// As a WebAssembly binary, documentation included.
    pub(super) fn package(&self) -> anyhow::Result<Vec<u8>> {
        wit_component::encode(&self.resolve, self.package, false)
    }
}
