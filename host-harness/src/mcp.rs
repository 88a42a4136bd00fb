//! A sandboxed component's tools as an MCP server.
//!
//! Speaks what the official Rust SDK speaks: MCP 2026-07-28 and back to 2024-11-05, over standard
//! streams through [`stdio`] and over Streamable HTTP through [`router`], and what clients send instead.

use std::sync::Arc;

use anyhow::Context as _;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, CustomRequest,
    CustomResult, GetPromptRequestParams, GetPromptResponse, Implementation,
    InitializeRequestParams, InitializeResult, JsonObject, ListPromptsResult, ListResourcesResult,
    ListToolsResult, MetaObject, PaginatedRequestParams, Prompt, ReadResourceRequestParams,
    ReadResourceResponse, Resource, ServerCapabilities, ServerConfig, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use sandbox::{Classification, Effect, Run, Sandbox, SandboxError, Tool, ToolResult};
use serde_json::Value;

use crate::selection::Selection;

pub mod client_label;
pub mod compat;
pub mod cors;
pub mod cut;
pub mod guide;
mod http;
pub mod misread;
pub mod names;
pub mod stdio;

pub use http::{Access, router};

use client_label::{Cancellable, ClientLabel};

/// The key of a tool's `_meta` for its group.
pub const TOOLSET: &str = "gong-tools/toolset";

/// The key of a tool's `_meta` for its effect, such as `read`.
pub const EFFECT: &str = "gong-tools/effect";

/// The key of a tool's `_meta` for the OAuth scopes that it needs.
pub const SCOPES: &str = "gong-tools/scopes";

/// The key of a tool's `_meta` for how a gateway would class it, such as `["READ", "SENSITIVE"]`.
pub const CLASSIFICATION: &str = "gong-tools/classification";

/// The key of a tool's `_meta` for the operations of Gong's API that it may send.
pub const OPERATIONS: &str = "gong-tools/operations";

/// Serves a sandbox's tools to one user: each call runs with the same [`Run`]. Clones share
/// everything.
#[derive(Clone, Debug)]
pub struct McpServer {
    sandbox: Arc<Sandbox>,
    run: Arc<Run>,
    tools: Arc<[rmcp::model::Tool]>,
    prompts: Arc<[Prompt]>,
    resources: Arc<[Resource]>,
    config: ServerConfig,
    cancellable: Arc<Cancellable<()>>,
}

impl McpServer {
    /// Lists the selected tools, once for the server's life, with the prompts and resources
    /// that these tools carry, and presents itself as `implementation`.
    ///
    /// # Errors
    ///
    /// The component cannot list its tools, or one of its schemas is not a JSON object; or
    /// nothing of that selection is there.
    pub async fn new(
        sandbox: Arc<Sandbox>,
        run: Run,
        implementation: Implementation,
        selection: &Selection,
    ) -> anyhow::Result<Self> {
        let tools = selection.select(sandbox.list_tools().await?)?;
        let names: Vec<String> = tools.iter().map(|tool| tool.name.clone()).collect();
        let (prompts, resources) = sandbox.list_guide().await?;
        let shown = |name: &String| names.contains(name);
        let prompts: Arc<[Prompt]> = prompts
            .into_iter()
            .filter(|prompt| prompt.tools.iter().all(shown))
            .map(guide::prompt)
            .collect();
        let resources: Arc<[Resource]> = resources
            .into_iter()
            .filter(|resource| shown(&resource.tool))
            .map(guide::resource)
            .collect();
        let mut capabilities = ServerCapabilities::builder().enable_tools().build();
        capabilities.prompts = (!prompts.is_empty()).then(Default::default);
        capabilities.resources = (!resources.is_empty()).then(Default::default);
        let mut config = ServerConfig::new(capabilities);
        config.server_info = implementation;
        let instructions = sandbox.instructions(&names).await?;
        config.instructions = (!instructions.is_empty()).then_some(instructions);
        let tools = tools.into_iter().map(described);
        Ok(Self {
            sandbox,
            run: Arc::new(run),
            tools: tools.collect::<anyhow::Result<_>>()?,
            prompts,
            resources,
            config,
            cancellable: Arc::default(),
        })
    }

    /// The tools as MCP lists them.
    #[must_use]
    pub fn tools(&self) -> &[rmcp::model::Tool] {
        &self.tools
    }

    async fn call(&self, name: &str, arguments: &JsonObject) -> CallToolResult {
        let arguments = serde_json::to_string(arguments).expect("JSON objects can be written");
        match self.sandbox.call_tool(&self.run, name, &arguments).await {
            Ok(result) => {
                tracing::info!(
                    tool = name,
                    error = result.is_error,
                    requests = result.usage.requests,
                    "answered in {:.0?}",
                    result.usage.wall_time,
                );
                answered(result)
            }
            Err(stopped) => {
                tracing::warn!(tool = name, "{stopped}");
                failed(&stopped.error)
            }
        }
    }
}

impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        self.config.clone()
    }

    async fn initialize(
        &self,
        mut request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let answer = self.negotiate_initialize(&request)?;
        // Later requests are answered in the revision that was agreed on.
        request.protocol_version = answer.protocol_version.clone();
        context.peer.set_peer_info(request);
        Ok(answer)
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools.to_vec()))
    }

    async fn list_prompts(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(self.prompts.to_vec()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let prompt = self.prompts.iter().find(|one| one.name == request.name);
        guide::get_prompt(&self.sandbox, prompt, request).await
    }

    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(self.resources.to_vec()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let resource = self.resources.iter().find(|one| one.uri == request.uri);
        guide::read_resource(&self.sandbox, &self.run, resource, &request.uri).await
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let example = match &*request.method {
            "tools/call" => self.tools.first().map(|tool| &*tool.name),
            "prompts/get" => self.prompts.first().map(|prompt| &*prompt.name),
            "resources/read" => self.resources.first().map(|resource| &*resource.uri),
            _ => None,
        };
        Err(misread::error(request, example))
    }

    fn get_tool(&self, name: &str) -> Option<rmcp::model::Tool> {
        self.tools.iter().find(|tool| tool.name == name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let name = &*request.name;
        names::check("tool", name)?;
        if !self.tools.iter().any(|tool| tool.name == name) {
            let names = self.tools.iter().map(|tool| &*tool.name);
            return Err(ErrorData::invalid_params(unknown(name, names), None));
        }
        let arguments = request.arguments.unwrap_or_default();
        let parts = context.extensions.get::<::http::request::Parts>();
        let label = parts.and_then(|parts| parts.extensions.get::<ClientLabel>());
        let _cancellable = label.map(|label| {
            self.cancellable
                .register(&(), label, &context.id, context.ct.clone())
        });
        tokio::select! {
            result = self.call(name, &arguments) => Ok(result.into()),
            // Dropping the call drops its instance and its connections.
            () = context.ct.cancelled() => {
                tracing::info!(tool = name, "cancelled");
                Err(ErrorData::internal_error("the call was cancelled", None))
            }
        }
    }
}

/// The error for a tool that is not among `names`, with those of similar names.
#[must_use]
pub fn unknown<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names = names::similar(name, names);
    if names.is_empty() {
        format!("There is no tool {name:?}. tools/list names all.")
    } else {
        let names = names.join(", ");
        format!("There is no tool {name:?}. Did you mean one of: {names}?")
    }
}

/// A tool as MCP lists it.
///
/// # Errors
///
/// One of its schemas is not a JSON object.
pub fn described(tool: Tool) -> anyhow::Result<rmcp::model::Tool> {
    let schema = |which, json: &str| -> anyhow::Result<JsonObject> {
        serde_json::from_str(json)
            .with_context(|| format!("the {which} schema of {} is not a JSON object", tool.name))
    };
    let input = schema("input", &tool.input_schema)?;
    let output = schema("output", &tool.output_schema)?;
    let hints = ToolAnnotations::with_title(tool.title.clone())
        .read_only(tool.annotations.read_only_hint)
        .destructive(tool.annotations.destructive_hint)
        .idempotent(tool.annotations.idempotent_hint)
        .open_world(tool.annotations.open_world_hint);
    let meta = JsonObject::from_iter([
        (TOOLSET.to_owned(), Value::from(tool.toolset)),
        (EFFECT.to_owned(), Value::from(effect_name(tool.effect))),
        (SCOPES.to_owned(), Value::from(tool.scopes)),
        (
            CLASSIFICATION.to_owned(),
            tool.classification
                .into_iter()
                .map(classification_name)
                .collect(),
        ),
        (OPERATIONS.to_owned(), Value::from(tool.operations)),
    ]);
    Ok(rmcp::model::Tool::new(tool.name, tool.description, input)
        .with_title(tool.title)
        .with_raw_output_schema(Arc::new(output))
        .with_annotations(hints)
        .with_meta(MetaObject(meta)))
}

/// An effect's name in the WIT.
#[must_use]
pub fn effect_name(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::MeteredRead => "metered-read",
        Effect::Write => "write",
        Effect::Outreach => "outreach",
        Effect::Destructive => "destructive",
    }
}

/// A classification's name, as gateways write it.
#[must_use]
pub fn classification_name(classification: Classification) -> &'static str {
    match classification {
        Classification::Read => "READ",
        Classification::Write => "WRITE",
        Classification::Destructive => "DESTRUCTIVE",
        Classification::Sensitive => "SENSITIVE",
        Classification::Dangerous => "DANGEROUS",
    }
}

/// A tool's answer as an MCP result.
#[must_use]
pub fn answered(result: ToolResult) -> CallToolResult {
    let content = vec![ContentBlock::text(result.text)];
    if result.is_error {
        return CallToolResult::error(content);
    }
    let mut answer = CallToolResult::success(content);
    answer.structured_content = result
        .structured
        .map(|json| serde_json::from_str(json.get()).expect("the sandbox has checked it"));
    answer
}

/// A stopped call as an MCP result: an error for the model to read.
#[must_use]
pub fn failed(error: &SandboxError) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(error.to_string())])
}
