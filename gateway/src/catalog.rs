//! What the component has, listed once: tools, prompts and resources, as MCP shows them.

use std::collections::BTreeMap;
use std::sync::Arc;

use host_harness::mcp::{self, guide};
use rmcp::model::{Prompt, Resource, Tool};
use sandbox::Effect;
use sandbox::Sandbox;

use crate::governance::Policy;

/// Everything the component has, whoever may see it.
#[derive(Debug)]
pub struct Catalog {
    /// As the component describes them.
    pub described: Vec<sandbox::Tool>,
    /// By name, which is the component's order too.
    tools: BTreeMap<Arc<str>, Entry>,
    prompts: Vec<(Prompt, Vec<String>)>,
    resources: Vec<(Resource, Arc<str>)>,
}

/// One tool.
#[derive(Debug)]
pub struct Entry {
    /// Its name.
    pub name: Arc<str>,
    /// As MCP lists it.
    pub tool: Tool,
    /// Whether it changes nothing.
    pub reads: bool,
}

impl Catalog {
    /// Asks the component.
    ///
    /// # Errors
    ///
    /// The component can not list what it has, or a schema of it is none.
    pub async fn new(sandbox: &Sandbox) -> anyhow::Result<Self> {
        let described = sandbox.list_tools().await?;
        let (prompts, resources) = sandbox.list_guide().await?;
        let mut tools = BTreeMap::new();
        for tool in &described {
            let name: Arc<str> = tool.name.as_str().into();
            let entry = Entry {
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
            described,
            tools,
        })
    }

    /// A tool by its name.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&Entry> {
        self.tools.get(name)
    }

    /// The tools that may be called, by name.
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

    /// A resource by its address, and the tool that it belongs to.
    #[must_use]
    pub fn resource(&self, uri: &str) -> Option<(&Resource, &Arc<str>)> {
        let found = self.resources.iter().find(|(one, _)| one.uri == uri)?;
        Some((&found.0, &found.1))
    }

    /// Whether there is anything of that sort at all.
    #[must_use]
    pub fn has(&self) -> (bool, bool) {
        (!self.prompts.is_empty(), !self.resources.is_empty())
    }
}
