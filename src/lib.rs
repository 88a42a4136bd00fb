//! Gong's API as tools in a sandboxed component.
//!
//! A good tool answers the question that a user has, not the one that Gong's
//! endpoint has: names beside ids, links, times with zone, nothing that is empty,
//! and honesty about what was read and what was left out. It fails in whole
//! sentences that say who can act and how. See `tools.rs` for the list, `wit/`
//! for what each one takes and gives.
//!
//! Two components come from this crate: `gong.wasm` (world `gong`, one typed
//! export per tool) and, with the feature `mcp`, `gong-mcp.wasm` (world
//! `gong-mcp`: `list-tools` and `call-tool`).
#![cfg_attr(target_family = "wasm", no_std)]
#![cfg_attr(
    not(test),
    allow(
        dead_code,
        reason = "each component uses a part of the crate, a native build none; the tests use all"
    )
)]

extern crate alloc;

mod bindings;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod conversations;
mod error;
mod gong;
mod mcp;
mod render;
#[cfg(target_family = "wasm")]
mod runtime;
mod settings;
mod tools;
#[cfg(target_family = "wasm")]
mod transport;

use bindings::gong::gong::tools as wit;

#[cfg(all(target_family = "wasm", not(feature = "mcp")))]
#[expect(unsafe_code, reason = "what wit-bindgen's export macro writes")]
mod exports {
    use super::{bindings::gong as world, error::Error, gong::Gong, tools, transport::Wasi, wit};

    struct Component;

    macro_rules! exports {
        ($($export:ident => $tool:ident($arguments:ty) -> $answer:ty),* $(,)?) => {
            impl world::Guest for Component {
                $(fn $export(args: $arguments) -> Result<$answer, Error> {
                    tools::$tool::run(&Gong::open(&Wasi)?, args)
                })*
            }
        };
    }

    exports! {
        gong_get_call => get_call(wit::calls::GetCall) -> wit::calls::CallDigest,
        gong_get_flow_steps => get_flow_steps(wit::flows::GetFlowSteps) -> wit::flows::FlowSteps,
        gong_get_permission_profile => get_permission_profile(wit::permission_profiles::ProfileQuery) -> wit::permission_profiles::Profile,
        gong_get_transcript => get_transcript(wit::transcripts::GetTranscript) -> wit::transcripts::Transcript,
        gong_get_user => get_user(wit::users::GetUser) -> wit::users::User,
        gong_list_answered_scorecards => list_answered_scorecards(wit::scorecards::ListAnsweredScorecards) -> wit::scorecards::AnsweredList,
        gong_list_deals => list_deals(wit::deals::ListDeals) -> wit::deals::DealPage,
        gong_list_flow_folders => list_flow_folders(wit::flows::ListFlowFolders) -> wit::flows::FlowFolderList,
        gong_list_flows => list_flows(wit::flows::ListFlows) -> wit::flows::FlowList,
        gong_list_permission_profile_users => list_permission_profile_users(wit::permission_profiles::ProfileQuery) -> wit::permission_profiles::ProfileUsers,
        gong_list_permission_profiles => list_permission_profiles(wit::permission_profiles::ListPermissionProfiles) -> wit::permission_profiles::ProfileList,
        gong_list_prospect_flows => list_prospect_flows(wit::flows::ListProspectFlows) -> wit::flows::ProspectFlowList,
        gong_list_scorecards => list_scorecards(wit::scorecards::ListScorecards) -> wit::scorecards::ScorecardList,
        gong_list_users => list_users(wit::users::ListUsers) -> wit::users::UserPage,
        gong_list_workspaces => list_workspaces(wit::users::ListWorkspaces) -> wit::users::WorkspaceList,
        gong_search_calls => search_calls(wit::calls::SearchCalls) -> wit::calls::CallPage,
    }

    world::export_gong!(Component with_types_in world);
}

#[cfg(all(target_family = "wasm", feature = "mcp"))]
#[expect(unsafe_code, reason = "what wit-bindgen's export macro writes")]
mod exports {
    use super::{
        bindings::mcp::{self as world, exports::gong::tools::mcp_tools},
        mcp,
        transport::Wasi,
    };
    use alloc::{string::String, vec::Vec};

    struct Component;

    impl mcp_tools::Guest for Component {
        fn list_tools() -> Vec<mcp_tools::Tool> {
            mcp::list_tools()
        }

        fn call_tool(name: String, arguments_json: String) -> mcp_tools::ToolResult {
            mcp::call_tool(&Wasi, &name, &arguments_json)
        }
    }

    world::export_mcp!(Component with_types_in world);
}
