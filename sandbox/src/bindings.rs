//! What `bindgen!` makes of `wit/mcp.wit`: the calls into the component.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "gong-mcp",
    exports: { default: async },
});
