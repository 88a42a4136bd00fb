//! The component's exports as Rust functions, which `bindgen!` generates from `wit/`.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "gong-mcp",
    exports: { default: async },
});
