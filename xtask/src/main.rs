//! `cargo xtask`: builds the components and the distribution.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use xtask::component::{self, Artefact};
use xtask::{dist, gateway};

/// Builds the components of this workspace, and what other hosts need to run them.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the components and say where they are.
    Build,
    /// Build the gateway as it is deployed, and say where it is: in release, with the component in
    /// it, and without the demo.
    Gateway,
    /// Write what other hosts need into a folder.
    ///
    /// The components with their documentation, name and licence; Wassette's policy for
    /// gong.wasm; the WIT package as text and as a binary; an SBOM (CycloneDX 1.6); and
    /// SHA256SUMS, which `sha256sum --check` reads. Equal sources give equal bytes on any
    /// machine with this toolchain. Files of the same names are replaced, others left alone.
    Dist {
        /// The folder; made where there is none.
        #[arg(value_name = "DIR", default_value = "dist")]
        folder: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Build => {
            for artefact in Artefact::ALL {
                anstream::println!("{}", component::build(artefact)?.display());
            }
        }
        Command::Gateway => anstream::println!("{}", gateway::build()?.display()),
        Command::Dist { folder } => {
            for file in dist::write(&folder)? {
                anstream::println!(
                    "{} ({} kB)\n    sha256 {}",
                    folder.join(file.name).display(),
                    file.bytes.len().div_ceil(1000),
                    file.sha256(),
                );
            }
        }
    }
    Ok(())
}
