//! The tools, prompts and resources of the component, listed once at the start.

use std::collections::BTreeMap;
use std::sync::Arc;

use host_harness::mcp::{self, guide};
use rmcp::model::{Prompt, Resource, Tool};
use sandbox::Effect;
use sandbox::Sandbox;

use crate::governance::Policy;

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
    /// Whether it changes nothing.
    pub reads: bool,
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
            let entry = CatalogTool {
                name: Arc::clone(&name),
                reads: matches!(tool.effect, Effect::Read | Effect::MeteredRead),
                tool: mcp::described(tool.clone())?,
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
