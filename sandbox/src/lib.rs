//! Runs a component that exports `gong:tools/mcp-tools`: one fresh instance a call, within
//! [`Limits`], with one origin to send requests to.

mod bindings;
mod exchanges;
pub mod gate;
pub mod outbound;
mod sandbox;

pub use gate::{Gate, Refused};
pub use outbound::Outbound;
pub use sandbox::{
    Annotations, Classification, Effect, Env, GuideError, Limits, Prompt, PromptArgument, Run,
    Sandbox, SandboxError, Stopped, Tool, ToolResource as Resource, ToolResult, Usage, imports,
};
