//! A provider with tools that echo, fail and break their word.

use core::cell::{Cell, RefCell};

use crate::{
    bindings::gong::tools::{mcp_guide::PromptArgument, mcp_tools::Annotations},
    provider::{Effect, GuideError, Prompt, Provider, Resource, Tool, ToolResult},
};

pub(crate) fn tool(name: &str, effect: Effect) -> Tool {
    Tool {
        name: name.to_owned(),
        title: format!("Tool {name}"),
        description: format!("Does {name}."),
        input_schema: r#"{"type":"object","properties":{"z":{},"a":{}}}"#.to_owned(),
        output_schema: r#"{"type":"object"}"#.to_owned(),
        toolset: "other".to_owned(),
        effect,
        scopes: vec!["a:scope".to_owned()],
        annotations: Annotations {
            read_only_hint: effect == Effect::Read,
            destructive_hint: effect == Effect::Destructive,
            idempotent_hint: true,
            open_world_hint: true,
        },
        default: false,
        classification: Vec::new(),
        operations: Vec::new(),
    }
}

pub(crate) fn some_tools() -> Vec<Tool> {
    let mut echo = tool("echo", Effect::Read);
    echo.toolset = "first".to_owned();
    echo.default = true;
    vec![
        echo,
        tool("fail", Effect::MeteredRead),
        tool("wipe", Effect::Destructive),
    ]
}

/// Three tools, two prompts and three resources.
#[derive(Default)]
pub(crate) struct FakeProvider {
    /// The calls so far: names and arguments.
    pub(crate) called: RefCell<Vec<(String, String)>>,
    /// How often the tools were listed.
    pub(crate) listed: Cell<u32>,
}

impl Provider for &FakeProvider {
    fn list_tools(&self) -> Vec<Tool> {
        self.listed.set(self.listed.get() + 1);
        some_tools()
    }

    fn call_tool(&self, name: &str, arguments: &str) -> ToolResult {
        let call = (name.to_owned(), arguments.to_owned());
        self.called.borrow_mut().push(call);
        let is_error = name == "fail";
        ToolResult {
            text: format!("{name}: \"{arguments}\""),
            structured: Some(match name {
                "wipe" => "[1]".to_owned(),
                _ => r#"{"id":12345678901234567890123}"#.to_owned(),
            }),
            is_error,
            references: Vec::new(),
        }
    }

    fn instructions(&self, tools: &[String]) -> String {
        format!("Use {}.", tools.join(", "))
    }

    fn list_prompts(&self) -> Vec<Prompt> {
        let prompt = |name: &str, tool: &str| Prompt {
            name: name.to_owned(),
            title: name.to_uppercase(),
            description: "A job.".to_owned(),
            arguments: vec![PromptArgument {
                name: "topic".to_owned(),
                description: "Such as pricing.".to_owned(),
                required: true,
            }],
            tools: vec![tool.to_owned()],
        };
        vec![prompt("clean", "wipe"), prompt("say", "echo")]
    }

    fn get_prompt(&self, _: &str, arguments: &[(String, String)]) -> Result<String, GuideError> {
        match arguments {
            [(name, value)] if name == "topic" => Ok(format!("Talk of {value}.")),
            _ => Err(GuideError::BadRequest("topic is missing".to_owned())),
        }
    }

    fn list_resources(&self) -> Vec<Resource> {
        let resource = |uri: &str, tool: &str| Resource {
            uri: uri.to_owned(),
            name: "one".to_owned(),
            title: "One".to_owned(),
            description: "It is one.".to_owned(),
            mime_type: "text/markdown".to_owned(),
            tool: tool.to_owned(),
        };
        vec![
            resource("x://broken", "echo"),
            resource("x://one", "echo"),
            resource("x://two", "wipe"),
        ]
    }

    fn read_resource(&self, uri: &str) -> Result<String, GuideError> {
        match uri {
            "x://one" => Ok("# One".to_owned()),
            _ => Err(GuideError::Failed("not now".to_owned())),
        }
    }
}
