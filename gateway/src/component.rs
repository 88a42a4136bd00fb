//! The component that is served: the one that the configuration names, or else the one in this
//! binary, or else, in this workspace, the one that cargo builds.

use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

use anyhow::Context as _;
use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

/// The file name of the component in this binary.
#[cfg(feature = "embedded")]
const EMBEDDED_NAME: &str = "gong-mcp.wasm";

#[cfg(feature = "embedded")]
static EMBEDDED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/component.wasm"));

/// A component's bytes.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its file name.
    pub name: String,
    /// The component itself.
    pub bytes: Cow<'static, [u8]>,
}

impl Component {
    /// Reads the file at `path`, or else takes the component of this binary or workspace.
    ///
    /// # Errors
    ///
    /// The file can not be read, there is no component in this binary, or cargo fails.
    pub fn load(path: Option<&Path>) -> anyhow::Result<Self> {
        match path {
            Some(path) => Self::read(path),
            None => Self::own(),
        }
    }

    fn read(path: &Path) -> anyhow::Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().unwrap_or_default();
        Ok(Self {
            name: name.to_string_lossy().into_owned(),
            bytes: bytes.into(),
        })
    }

    #[cfg(feature = "embedded")]
    #[expect(clippy::unnecessary_wraps, reason = "other builds have no component")]
    fn own() -> anyhow::Result<Self> {
        Ok(Self {
            name: EMBEDDED_NAME.to_owned(),
            bytes: EMBEDDED.into(),
        })
    }

    #[cfg(all(feature = "demo", not(feature = "embedded")))]
    fn own() -> anyhow::Result<Self> {
        use xtask::component::{Artefact, build};
        Self::read(&build(Artefact::GongMcp)?)
    }

    #[cfg(not(any(feature = "demo", feature = "embedded")))]
    fn own() -> anyhow::Result<Self> {
        anyhow::bail!(
            "this gateway was built without a component; name one, such as component = \"gong-mcp.wasm\""
        )
    }

    /// The SHA-256 of the bytes, in hexadecimal.
    #[must_use]
    pub fn digest(&self) -> String {
        HEXLOWER.encode(digest(&SHA256, &self.bytes).as_ref())
    }
}

/// What `gong-gateway --version` says: the version, and which component is in this binary.
#[must_use]
pub fn version() -> &'static str {
    static VERSION: LazyLock<String> = LazyLock::new(|| {
        let version = env!("CARGO_PKG_VERSION");
        if cfg!(feature = "embedded")
            && let Ok(component) = Component::load(None)
        {
            let digest = component.digest();
            return format!("{version}\n{}, sha256:{digest}", component.name);
        }
        version.to_owned()
    });
    &VERSION
}
