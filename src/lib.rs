//! Gong's API as tools in a sandboxed component.
//!
//! A good tool answers the question that a user has, not the one that Gong's
//! endpoint has: names beside ids, links, times with zone, nothing that is empty,
//! and honesty about what was read and what was left out. It fails in whole
//! sentences that say who can act and how. See `tools.rs` for the list, `wit/`
//! for what each one takes and gives.
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

mod abi;
mod arguments;
mod bindings;
#[cfg(test)]
mod contract;
mod contracts;
#[cfg(test)]
mod conversations;
mod error;
mod gong;
mod guide;
mod json;
mod list;
mod lower;
mod mcp;
mod memory;
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
pub mod native;
#[cfg(test)]
mod operations;
#[cfg(any(target_family = "wasm", test))]
mod region;
mod render;
#[cfg(target_family = "wasm")]
mod runtime;
mod settings;
mod sorted;
mod tools;
#[cfg(target_family = "wasm")]
mod transport;

use bindings::gong::gong::tools as wit;
use gong_tools_records as record;

#[cfg(all(target_family = "wasm", not(feature = "mcp")))]
#[expect(
    unsafe_code,
    reason = "exports are called with raw memory, as the canonical ABI says"
)]
mod exports {
    use super::{
        abi::{self, Place},
        error::Error,
        gong::Gong,
        record::{Json, Record},
        runtime,
        tools::{self, every_tool},
        transport::Wasi,
    };
    use core::mem;

    /// Calls a tool for a host.
    ///
    /// # Safety
    /// Its arguments lie there, and are the tool's from now on.
    unsafe fn call<A: Record + Default, R: Json + Record>(
        given: Place,
        run: fn(&Gong<'_>, A) -> Result<R, Error>,
    ) -> *mut u8 {
        with_gong(&move |gong| {
            let mut args = A::default();
            // SAFETY: the caller's promise; `with_gong` calls once.
            unsafe { abi::lift_record(args.object(), given) };
            let mut answer = match gong {
                Ok(gong) => run(gong, args),
                Err(error) => Err(error),
            };
            let result = match &mut answer {
                Ok(answer) => Ok(answer.object()),
                Err(error) => Err(&*error),
            };
            // SAFETY: the answer is not dropped, so its texts stay.
            let place = unsafe { abi::give(result, const { &R::LAYOUT }) };
            mem::forget(answer);
            place
        })
    }

    /// Calls a tool, once, with what it asks Gong by, or with what is wrong with the settings.
    fn with_gong(tool: &dyn Fn(Result<&Gong<'_>, Error>) -> *mut u8) -> *mut u8 {
        wit_bindgen::rt::run_ctors_once();
        runtime::call(|| {
            let wasi = Wasi::default();
            match Gong::open(&wasi) {
                Ok(gong) => tool(Ok(&gong)),
                Err(error) => tool(Err(error)),
            }
        })
    }

    macro_rules! exports {
        ($($export:ident => $module:ident($($arguments:ident)::+) -> $($answer:ident)::+ $(, unless $feature:tt)?;)*) => {
            gong_tools_macros::exports! {
                $($(#[cfg(not(feature = $feature))])? $export => tools::$module::run;)*
            }
        };
    }
    every_tool!(exports);
}

#[cfg(all(target_family = "wasm", feature = "mcp"))]
#[expect(unsafe_code, reason = "what wit-bindgen's export macro writes")]
mod exports {
    use super::{
        bindings::mcp::{
            self as world,
            exports::gong::tools::{mcp_guide, mcp_tools},
        },
        guide, mcp, runtime,
        transport::Wasi,
    };
    use alloc::{string::String, vec::Vec};

    struct Component;

    impl mcp_tools::Guest for Component {
        fn list_tools() -> Vec<mcp_tools::Tool> {
            runtime::call(mcp::list_tools)
        }

        fn call_tool(name: String, arguments_json: String) -> mcp_tools::ToolResult {
            runtime::call(|| mcp::call_tool(&Wasi::default(), &name, &arguments_json))
        }
    }

    impl mcp_guide::Guest for Component {
        fn instructions(tools: Vec<String>) -> String {
            runtime::call(|| guide::instructions(&tools))
        }

        fn list_prompts() -> Vec<mcp_guide::Prompt> {
            runtime::call(guide::list_prompts)
        }

        fn get_prompt(
            name: String,
            arguments: Vec<(String, String)>,
        ) -> Result<String, mcp_guide::GuideError> {
            runtime::call(|| guide::get_prompt(&name, &arguments))
        }

        fn list_resources() -> Vec<mcp_guide::Resource> {
            runtime::call(guide::list_resources)
        }

        fn read_resource(uri: String) -> Result<String, mcp_guide::GuideError> {
            runtime::call(|| guide::read_resource(&Wasi::default(), &uri))
        }
    }

    world::export_mcp!(Component with_types_in world);
}
