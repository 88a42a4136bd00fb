//! The tools, prompts and resources of the component, listed once at the start.

use std::collections::BTreeMap;
use std::sync::Arc;

use host_harness::mcp::{self, guide};
use rmcp::model::{JsonObject, Prompt, Resource, Tool};
use sandbox::Sandbox;
use serde_json::Value;

use crate::admission::SMALL_REQUEST;
use crate::governance::Policy;
use crate::store::Effect;

/// Bytes of large arguments that a schema may ask for: a call's text is in the component's memory
/// more than once.
const MOST_ARGUMENTS: usize = 16 << 20;

/// Everything that the component has, before governance filters it.
#[derive(Debug)]
pub struct Catalog {
    /// The tools as the component describes them.
    pub component_tools: Vec<sandbox::Tool>,
    /// By name, which is also the component's order.
    tools: BTreeMap<Arc<str>, CatalogTool>,
    /// Each with the tools that it needs.
    prompts: Vec<(Prompt, Vec<String>)>,
    /// Each with the tool that reads it.
    resources: Vec<(Resource, Arc<str>)>,
}

/// A tool as MCP clients see it.
#[derive(Debug)]
pub struct CatalogTool {
    /// Its name.
    pub name: Arc<str>,
    /// Its entry in `tools/list`.
    pub tool: Tool,
    /// What it does, as the component states it.
    pub effect: Effect,
    /// Bytes of the arguments that may be larger than a small request, as the schema states them.
    pub large_arguments: usize,
}

impl Catalog {
    /// Lists what the component has.
    ///
    /// # Errors
    ///
    /// The component can not list what it has, or a schema is not valid.
    pub async fn new(sandbox: &Sandbox) -> anyhow::Result<Self> {
        let component_tools = sandbox.list_tools().await?;
        let (prompts, resources) = sandbox.list_guide().await?;
        let mut tools = BTreeMap::new();
        for tool in &component_tools {
            let name: Arc<str> = tool.name.as_str().into();
            let described = mcp::described(tool.clone())?;
            let entry = CatalogTool {
                name: Arc::clone(&name),
                effect: mcp::effect_name(tool.effect)
                    .parse()
                    .map_err(anyhow::Error::msg)?,
                large_arguments: large_arguments(&described.input_schema),
                tool: described,
            };
            tools.insert(name, entry);
        }
        let prompts = prompts.into_iter().map(|prompt| {
            let tools = prompt.tools.clone();
            (guide::prompt(prompt), tools)
        });
        let resources = resources.into_iter().map(|resource| {
            let tool = resource.tool.as_str().into();
            (guide::resource(resource), tool)
        });
        Ok(Self {
            prompts: prompts.collect(),
            resources: resources.collect(),
            component_tools,
            tools,
        })
    }

    /// A tool by its name.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&CatalogTool> {
        self.tools.get(name)
    }

    /// The tools that may be called, sorted by name.
    #[must_use]
    pub fn tools(&self, policy: &Policy) -> Vec<Tool> {
        let tools = self.tools.values();
        let allowed = tools.filter(|entry| policy.allows(&entry.name));
        allowed.map(|entry| entry.tool.clone()).collect()
    }

    /// The prompts all of whose tools may be called.
    #[must_use]
    pub fn prompts(&self, policy: &Policy) -> Vec<Prompt> {
        let shown = self
            .prompts
            .iter()
            .filter(|(_, tools)| tools.iter().all(|tool| policy.allows(tool)));
        shown.map(|(prompt, _)| prompt.clone()).collect()
    }

    /// The resources whose tool may be called.
    #[must_use]
    pub fn resources(&self, policy: &Policy) -> Vec<Resource> {
        let shown = self
            .resources
            .iter()
            .filter(|(_, tool)| policy.allows(tool));
        shown.map(|(resource, _)| resource.clone()).collect()
    }

    /// A resource by its URI, and the tool that reads it.
    #[must_use]
    pub fn resource(&self, uri: &str) -> Option<(&Resource, &Arc<str>)> {
        let found = self.resources.iter().find(|(one, _)| one.uri == uri)?;
        Some((&found.0, &found.1))
    }

    /// Whether the component has prompts.
    #[must_use]
    pub fn has_prompts(&self) -> bool {
        !self.prompts.is_empty()
    }

    /// Whether the component has resources.
    #[must_use]
    pub fn has_resources(&self) -> bool {
        !self.resources.is_empty()
    }
}

/// The sum of `maxLength` of the members that may have more bytes than a small request.
fn large_arguments(schema: &JsonObject) -> usize {
    let members = schema.get("properties").and_then(Value::as_object);
    let lengths = members.into_iter().flatten();
    let lengths = lengths.filter_map(|(_, member)| member.get("maxLength")?.as_u64());
    let lengths = lengths.map(|length| usize::try_from(length).unwrap_or(usize::MAX));
    lengths
        .filter(|length| *length > SMALL_REQUEST)
        .fold(0, usize::saturating_add)
        .min(MOST_ARGUMENTS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_schema_says_is_how_large_a_call_may_be() {
        let large = |schema: Value| large_arguments(schema.as_object().unwrap());
        let media = json!({"type": "string", "maxLength": 11_650_841});
        let name = json!({"type": "string", "maxLength": 100});
        let plain = json!({"type": "string"});
        let schema = json!({"properties": {"media": media, "name": name, "other": plain}});
        assert_eq!(large(schema), 11_650_841);
        assert_eq!(large(json!({"properties": {"name": name}})), 0);
        let endless = json!({"type": "string", "maxLength": u64::MAX});
        assert_eq!(large(json!({"properties": {"a": endless}})), MOST_ARGUMENTS);
        assert_eq!(large(json!({})), 0);
    }
}
