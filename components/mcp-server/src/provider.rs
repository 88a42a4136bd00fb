//! The component that has the tools, prompts and resources.

use alloc::{string::String, vec::Vec};

use crate::bindings::gong::tools::{mcp_guide, mcp_tools};

pub use mcp_guide::{GuideError, Prompt, Resource};
pub use mcp_tools::{Classification, Effect, Tool, ToolResult};

/// The functions of `wit/mcp.wit`. Tests have a provider of their own.
pub trait Provider {
    /// All tools.
    fn list_tools(&self) -> Vec<Tool>;
    /// Calls one tool with its arguments as a JSON object.
    fn call_tool(&self, name: &str, arguments: &str) -> ToolResult;
    /// How to use the tools with these names.
    fn instructions(&self, tools: &[String]) -> String;
    /// All prompts.
    fn list_prompts(&self) -> Vec<Prompt>;
    /// The text of a prompt's one message.
    ///
    /// # Errors
    ///
    /// There is no such prompt, or its arguments are wrong.
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

/// The component that wac composes with this one.
#[derive(Clone, Copy, Debug)]
pub struct ImportedProvider;

impl Provider for ImportedProvider {
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
        mcp_guide::read_resource(uri).content
    }
}
