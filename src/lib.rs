//! Gong's API as tools in a sandboxed component.
//!
//! A good tool answers the question that a user has, not the one that Gong's
//! endpoint answers: names beside ids, links, times with their zone, no empty
//! members, and a statement of what was read and what was left out. Its errors are whole
//! sentences that say who can act and how. `tools.rs` has the list, `wit/` the
//! arguments and results.
//!
//! Four components come from this crate: `gong.wasm` (world `gong`, one typed
//! export per tool) and, with the feature `mcp`, `gong-mcp.wasm` (world
//! `gong-mcp`: `list-tools` and `call-tool`); and with the feature `read-only`
//! each of the two without the tools that change anything.
#![cfg_attr(target_family = "wasm", no_std)]
#![cfg_attr(
    not(test),
    allow(
        dead_code,
        reason = "each component uses a part of the crate, a native build none; the tests use all"
    )
)]

extern crate alloc;

mod arguments;
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
pub mod bench_api;
mod bindings;
mod client;
mod domain;
mod error;
mod gong;
mod guide;
mod index;
mod json_ext;
mod mcp;
mod names;
mod prelude;
mod render;
mod resume;
mod settings;
#[cfg(not(target_family = "wasm"))]
mod testing;
mod text;
mod time;
mod tools;
#[cfg(target_family = "wasm")]
mod transport;

use bindings::gong::gong::tools as wit;
#[cfg(target_family = "wasm")]
use component_runtime as _;

#[cfg(all(target_family = "wasm", not(feature = "mcp")))]
#[expect(unsafe_code, reason = "what wit-bindgen's export macro writes")]
mod exports {
    use super::{
        bindings::gong as world,
        client::Gong,
        tools::{self, every_tool},
        transport::Wasi,
        wit,
    };

    struct Component;

    macro_rules! exports {
        ($($export:ident => $module:ident($($arguments:ident)::+) -> $($answer:ident)::+ $(, with $resume:ident)? $(, unless $feature:tt)?;)*) => {
            impl world::Guest for Component {
                $(
                    $(#[cfg(not(feature = $feature))])?
                    fn $export(
                        args: wit::$($arguments)::+,
                    ) -> Result<wit::$($answer)::+, wit::types::Error> {
                        let wasi = Wasi::default();
                        let gong = Gong::open(&wasi)?;
                        $(
                            #[cfg(not(feature = $feature))]
                            gong.require_whole_names();
                        )?
                        $(let args = super::$resume::open_record(&gong, stringify!($export), args)?;)?
                        Ok(tools::$module::run(&gong, args)?)
                    }
                )*
            }
        };
    }
    every_tool!(exports);

    world::export_gong!(Component with_types_in world);
}

#[cfg(all(target_family = "wasm", feature = "mcp"))]
#[expect(unsafe_code, reason = "what wit-bindgen's export macro writes")]
mod exports {
    use super::{
        bindings::mcp::{
            self as world,
            exports::gong::tools::{mcp_guide, mcp_tools},
        },
        guide, mcp,
        transport::Wasi,
    };
    use crate::prelude::*;

    struct Component;

    impl mcp_tools::Guest for Component {
        fn list_tools() -> Vec<mcp_tools::Tool> {
            mcp::list_tools()
        }

        fn call_tool(name: String, arguments_json: String) -> mcp_tools::ToolResult {
            mcp::call_tool(&Wasi::default(), &name, &arguments_json)
        }
    }

    impl mcp_guide::Guest for Component {
        fn instructions(tools: Vec<String>) -> String {
            guide::instructions(&tools)
        }

        fn list_prompts() -> Vec<mcp_guide::Prompt> {
            guide::list_prompts()
        }

        fn get_prompt(
            name: String,
            arguments: Vec<(String, String)>,
        ) -> Result<String, mcp_guide::GuideError> {
            guide::get_prompt(&name, &arguments)
        }

        fn list_resources() -> Vec<mcp_guide::Resource> {
            guide::list_resources()
        }

        fn read_resource(uri: String) -> mcp_guide::ResourceResult {
            guide::read_resource(&Wasi::default(), &uri)
        }
    }

    world::export_mcp!(Component with_types_in world);
}
