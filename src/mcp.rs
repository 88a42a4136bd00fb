//! The tools by name and JSON: the world `gong-mcp`.
#![cfg(any(feature = "mcp", not(target_family = "wasm")))]

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

use crate::{
    bindings::mcp::exports::gong::tools::mcp_tools::{
        Annotations, Classification, Effect, Tool, ToolResult,
    },
    contracts,
    gong::{Gong, Wire},
    list::ToList as _,
    record::{self, Raw, Record},
    tools::TOOLS,
};

/// A contract file, as `contract.rs` writes it.
#[derive(Record)]
#[serde(rename_all = "camelCase")]
struct Contract {
    title: String,
    description: String,
    toolset: String,
    default: bool,
    effect: String,
    idempotent: bool,
    classification: Vec<String>,
    operations: Vec<String>,
    scopes: Vec<String>,
    input_schema: Raw,
    output_schema: Raw,
}

/// All tools with everything that MCP knows of them.
pub(crate) fn list_tools() -> Vec<Tool> {
    let contracts = contracts::all();
    let contracts = contracts.lines().filter_map(|line| line.split_once(' '));
    contracts
        .filter(|(name, _)| TOOLS.iter().any(|tool| tool.name == *name))
        .filter_map(|(name, contract)| Some(listed(name, record::from_str(contract).ok()?)))
        .list()
}

fn listed(name: &str, contract: Contract) -> Tool {
    let effect = match contract.effect.as_str() {
        "read" => Effect::Read,
        "metered-read" => Effect::MeteredRead,
        "write" => Effect::Write,
        "outreach" => Effect::Outreach,
        // A test holds the words; anything else is taken for the worst.
        _ => Effect::Destructive,
    };
    Tool {
        annotations: annotations(effect, contract.idempotent),
        classification: contract
            .classification
            .iter()
            .map(|class| classification(class))
            .list(),
        default: contract.default,
        operations: contract.operations,
        effect,
        input_schema: contract.input_schema.0,
        output_schema: contract.output_schema.0,
        name: name.to_owned(),
        title: contract.title,
        description: contract.description,
        toolset: contract.toolset,
        scopes: contract.scopes,
    }
}

fn classification(class: &str) -> Classification {
    match class {
        "read" => Classification::Read,
        "write" => Classification::Write,
        "destructive" => Classification::Destructive,
        "sensitive" => Classification::Sensitive,
        // A test holds the words; anything else is taken for the worst.
        _ => Classification::Dangerous,
    }
}

/// MCP's hints follow from the effect. Every tool reaches Gong, so the world is open.
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
pub(crate) fn call_tool(wire: &dyn Wire, name: &str, arguments: &str) -> ToolResult {
    let Some(tool) = TOOLS.iter().find(|tool| tool.name == name) else {
        let names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).list();
        return failed(format!(
            "There is no tool {name}. Tools: {}.",
            names.join(", ")
        ));
    };
    let gong = match Gong::open(wire) {
        Ok(gong) => gong,
        Err(error) => return failed(error.text().to_owned()),
    };
    let result = match (tool.call)(&gong, arguments) {
        Ok(answered) => ToolResult {
            text: answered.text,
            structured: Some(answered.structured),
            is_error: false,
            references: Vec::new(),
        },
        Err(error) => failed(error.text().to_owned()),
    };
    ToolResult {
        references: gong.references(),
        ..result
    }
}

fn failed(text: String) -> ToolResult {
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
