//! The component that is served.

use alloc::{string::String, vec::Vec};

use crate::bindings::gong::tools::{mcp_guide, mcp_tools};

pub use mcp_guide::{GuideError, Prompt, Resource};
pub use mcp_tools::{Classification, Effect, Tool, ToolResult};

/// What a component that can be served does, as `wit/mcp.wit` says.
pub trait Plug {
    /// All tools.
    fn list_tools(&self) -> Vec<Tool>;
    /// Calls one tool with its arguments as a JSON object.
    fn call_tool(&self, name: &str, arguments: &str) -> ToolResult;
    /// How to use the tools of these names.
    fn instructions(&self, tools: &[String]) -> String;
    /// All prompts.
    fn list_prompts(&self) -> Vec<Prompt>;
    /// The text of a prompt's one message.
    ///
    /// # Errors
    ///
    /// There is no such prompt, or its arguments are not what it takes.
    fn get_prompt(&self, name: &str, arguments: &[(String, String)]) -> Result<String, GuideError>;
    /// All resources.
    fn list_resources(&self) -> Vec<Resource>;
    /// The text of a resource.
    ///
    /// # Errors
    ///
    /// There is no such resource, or it can not be read now.
    fn read_resource(&self, uri: &str) -> Result<String, GuideError>;
}

/// The component whose exports are this one's imports.
#[derive(Clone, Copy, Debug)]
pub struct Plugged;

impl Plug for Plugged {
    fn list_tools(&self) -> Vec<Tool> {
        mcp_tools::list_tools()
    }

    fn call_tool(&self, name: &str, arguments: &str) -> ToolResult {
        mcp_tools::call_tool(name, arguments)
    }

    fn instructions(&self, tools: &[String]) -> String {
        mcp_guide::instructions(tools)
    }

    fn list_prompts(&self) -> Vec<Prompt> {
        mcp_guide::list_prompts()
    }

    fn get_prompt(&self, name: &str, arguments: &[(String, String)]) -> Result<String, GuideError> {
        mcp_guide::get_prompt(name, arguments)
    }

    fn list_resources(&self) -> Vec<Resource> {
        mcp_guide::list_resources()
    }

    fn read_resource(&self, uri: &str) -> Result<String, GuideError> {
        mcp_guide::read_resource(uri)
    }
}
