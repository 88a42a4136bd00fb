//! Makes one component of two, as `wac plug` does.

use anyhow::Context as _;
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, PackageId};

/// Gives the component `socket` the exports of the component `plug` for its imports of the same
/// names, as `wac plug SOCKET --plug PLUG` does. Has the exports of `socket`, and the imports of
/// both that nobody gives. Equal components give equal bytes.
///
/// # Errors
///
/// One of them is not a component, `plug` exports nothing that `socket` imports, or their other
/// imports can not be one.
pub fn plug(socket: &[u8], plug: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let socket = register(&mut graph, "socket", socket)?;
    let plug = register(&mut graph, "plug", plug)?;
    wac_graph::plug(&mut graph, vec![plug], socket).context("the components do not fit")?;
    graph
        .encode(EncodeOptions::default())
        .context("the components can not be one")
}

fn register(graph: &mut CompositionGraph, name: &str, bytes: &[u8]) -> anyhow::Result<PackageId> {
    let package = Package::from_bytes(name, None, bytes, graph.types_mut())
        .with_context(|| format!("the {name} is not a component"))?;
    Ok(graph.register_package(package)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_component_is_told() {
        let error = plug(b"", b"").unwrap_err();
        assert!(error.to_string().contains("socket"), "{error}");
        // The smallest component.
        let empty = b"\0asm\x0d\0\x01\0";
        let error = plug(empty, b"text").unwrap_err();
        assert!(error.to_string().contains("plug"), "{error}");
        let error = plug(empty, empty).unwrap_err();
        assert!(error.to_string().contains("fit"), "{error}");
    }
}
