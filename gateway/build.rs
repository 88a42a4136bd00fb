//! Puts the component that GONG_GATEWAY_COMPONENT names beside the generated code, for the feature
//! `embedded`.

use std::env;
use std::fs;
use std::path::PathBuf;

const VARIABLE: &str = "GONG_GATEWAY_COMPONENT";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    if env::var_os("CARGO_FEATURE_EMBEDDED").is_none() {
        return;
    }
    let Some(component) = env::var_os(VARIABLE).map(PathBuf::from) else {
        println!(
            "cargo::error=the feature `embedded` needs the component: {VARIABLE}=/path/to/gong-mcp.wasm, which `cargo xtask gateway` sets"
        );
        return;
    };
    println!("cargo::rerun-if-changed={}", component.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("component.wasm");
    if let Err(error) = fs::copy(&component, out) {
        println!(
            "cargo::error=cannot read {VARIABLE}={}: {error}",
            component.display()
        );
    }
}
