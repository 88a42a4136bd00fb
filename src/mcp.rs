//! Listing the tools and calling one by name with JSON, as the world `gong-mcp` exports it.
#![cfg(any(feature = "mcp", not(target_family = "wasm")))]

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    bindings::mcp::exports::gong::tools::mcp_tools::{
        Annotations, Classification, Effect, Tool, ToolResult,
    },
    client::{Gong, request::Host},
    prelude::*,
    tools::{self, TOOLS},
};

/// A tool's definition without its input schema, as `testing/tool_definitions.rs` writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition<'a> {
    title: String,
    description: String,
    toolset: String,
    default: bool,
    effect: String,
    idempotent: bool,
    classification: Vec<String>,
    operations: Vec<String>,
    scopes: Vec<String>,
    #[serde(borrow)]
    output_schema: &'a RawValue,
}

/// All tools with their definitions.
pub(crate) fn list_tools() -> Vec<Tool> {
    TOOLS.iter().map(describe).collect()
}

fn describe(tool: &tools::Tool) -> Tool {
    let tools::Definition {
        input_schema,
        about,
        ..
    } = tools::definition(tool.name);
    let definition: Definition<'_> =
        serde_json::from_str(about).expect("a test writes the definitions");
    let effect = match definition.effect.as_str() {
        "read" => Effect::Read,
        "metered-read" => Effect::MeteredRead,
        "write" => Effect::Write,
        "outreach" => Effect::Outreach,
        // Tests allow no other word; if there were one, the worst is assumed.
        _ => Effect::Destructive,
    };
    let classes = definition.classification.iter();
    Tool {
        name: tool.name.to_owned(),
        annotations: annotations(effect, definition.idempotent),
        classification: classes.map(|class| classification(class)).collect(),
        effect,
        title: definition.title,
        description: definition.description,
        toolset: definition.toolset,
        default: definition.default,
        scopes: definition.scopes,
        operations: definition.operations,
        input_schema: (*input_schema).to_owned(),
        output_schema: definition.output_schema.get().to_owned(),
    }
}

fn classification(class: &str) -> Classification {
    match class {
        "read" => Classification::Read,
        "write" => Classification::Write,
        "destructive" => Classification::Destructive,
        "sensitive" => Classification::Sensitive,
        // Tests allow no other word; if there were one, the worst is assumed.
        _ => Classification::Dangerous,
    }
}

/// MCP's hints. Every tool talks to Gong, so all have an open world.
fn annotations(effect: Effect, idempotent: bool) -> Annotations {
    let reads = matches!(effect, Effect::Read | Effect::MeteredRead);
    Annotations {
        read_only_hint: reads,
        destructive_hint: matches!(effect, Effect::Destructive),
        idempotent_hint: idempotent,
        open_world_hint: true,
    }
}

/// Calls a tool.
pub(crate) fn call_tool(host: &dyn Host, name: &str, arguments: &str) -> ToolResult {
    let Some(tool) = TOOLS.iter().find(|tool| tool.name == name) else {
        let names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
        return error_result(format!(
            "There is no tool {name}. Tools: {}.",
            names.join(", ")
        ));
    };
    let gong = match Gong::open(host) {
        Ok(gong) => gong,
        Err(error) => return error_result(error.text().to_owned()),
    };
    let result = match (tool.call)(&gong, arguments) {
        Ok(answer) => ToolResult {
            text: answer.text,
            structured: Some(answer.structured),
            is_error: false,
            references: Vec::new(),
        },
        Err(error) => error_result(error.text().to_owned()),
    };
    ToolResult {
        references: gong.references(),
        ..result
    }
}

fn error_result(text: String) -> ToolResult {
    ToolResult {
        text,
        structured: None,
        is_error: true,
        references: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::list_tools;

    #[test]
    fn every_tool_is_listed() {
        assert_eq!(list_tools().len(), crate::tools::TOOLS.len());
    }
}
