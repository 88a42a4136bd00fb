//! The gateway as an MCP server: each user sees and calls what governance allows.

use std::sync::Arc;
use std::time::Instant;

use host_harness::mcp::client_label::ClientLabel;
use host_harness::mcp::{guide, misread, names, unknown};
use http::request::Parts;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CustomRequest, CustomResult, DiscoverResult,
    GetPromptRequestParams, GetPromptResponse, Implementation, InitializeRequestParams,
    InitializeResult, ListPromptsResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    ServerConfig, SubscriptionFilter, Tool,
};
use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};

use crate::call::{self, CallAnswer, CallRequest, CallTarget};
use crate::call_queue::RunningCall;
use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::governance::{DenialCode, Policy};
use crate::places::Place;
use crate::progress::Progress;
use crate::store::StoreError;
use crate::tenants::Identity;
use crate::tool_watch::{Seen, ToolWatch};
use crate::trace::TraceContext;

/// Answers MCP requests. Clones share everything.
#[derive(Clone, Debug)]
pub struct GatewayServer {
    gateway: Arc<Gateway>,
    config: ServerConfig,
}

impl GatewayServer {
    /// The MCP server of this gateway.
    #[must_use]
    pub fn new(gateway: &Arc<Gateway>) -> Self {
        let mut capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        capabilities.prompts = gateway.catalog.has_prompts().then(Default::default);
        capabilities.resources = gateway.catalog.has_resources().then(Default::default);
        let mut config = ServerConfig::new(capabilities);
        config.server_info = Implementation::new("gong-gateway", env!("CARGO_PKG_VERSION"))
            .with_title("Gong gateway");
        Self {
            gateway: Arc::clone(gateway),
            config,
        }
    }

    async fn policy(&self, context: &RequestContext<RoleServer>) -> Result<Arc<Policy>, ErrorData> {
        let caller = caller(context)?;
        let program = program(context);
        self.gateway.note_use(caller, program.as_ref());
        let client = caller.client(program.as_ref());
        let policy = self.gateway.policy(caller, &client).await;
        policy.map_err(|error| unreadable(&error))
    }

    /// The server's description, with instructions for the tools that this user sees.
    async fn config_with_instructions(
        &self,
        context: &RequestContext<RoleServer>,
    ) -> Result<ServerConfig, ErrorData> {
        let policy = self.policy(context).await?;
        let names: Vec<String> = policy.tools().map(str::to_owned).collect();
        let mut config = self.config.clone();
        config.instructions = Some(if names.is_empty() {
            // Without a reason, a model would look for a mistake of its own.
            "No tool may be used yet: an administrator of this gateway approves tools and gives \
             users access to them."
                .to_owned()
        } else {
            let tenant = &identity(context)?.tenant;
            let compute = |names: Vec<String>| async move {
                let _place = self.gateway.place(tenant).await;
                self.gateway.sandbox.instructions(&names).await
            };
            let text = self.gateway.instructions.get(names, compute).await;
            text.map_err(|stopped| ErrorData::internal_error(stopped.to_string(), None))?
        });
        Ok(config)
    }

    /// Counts an answer in the metrics. Calls are counted elsewhere.
    fn counted<T>(
        &self,
        method: &'static str,
        start: Instant,
        answer: Result<T, ErrorData>,
    ) -> Result<T, ErrorData> {
        let error = answer.as_ref().err().map(|_| "error");
        self.gateway
            .metrics
            .operation(method, None, error, start.elapsed());
        answer
    }

    async fn call(
        &self,
        tool: Arc<str>,
        target: CallTarget,
        context: RequestContext<RoleServer>,
    ) -> Result<CallAnswer, ErrorData> {
        if self.gateway.draining() {
            let text = "The gateway is being shut down; try again in a moment.";
            return Err(ErrorData::internal_error(text, None));
        }
        let caller = caller(&context)?.clone();
        let client = program(&context);
        self.gateway.note_use(&caller, client.as_ref());
        let label = label(&context);
        let cancellable = label.map(|label| {
            let calls = &self.gateway.cancellable;
            calls.register(&caller.identity, label, &context.id, context.ct.clone())
        });
        let request = CallRequest {
            client,
            caller,
            tool,
            target,
            trace: TraceContext::first([context.meta.get_traceparent(), header(&context)]),
        };
        let token = context.meta.get_progress_token();
        let (progress, progress_task) = Progress::new(context.peer.clone(), token);
        let answer = call::run(&self.gateway, request, progress, context.ct.clone()).await;
        progress_task.done().await;
        drop(cancellable);
        Ok(answer)
    }

    /// Waits for a turn among the calls of the user's tenant, for what is no call but needs an
    /// instance of the component as well.
    async fn turn(&self, identity: &Identity) -> Result<(RunningCall, Place), ErrorData> {
        let Some(tenant) = self.gateway.tenants.live().tenant(&identity.tenant) else {
            let text = "This tenant is not served any more.";
            return Err(ErrorData::internal_error(text, None));
        };
        let running = tenant.queue.enter(&identity.user, |_| ()).await;
        let running = running.map_err(|full| {
            ErrorData::internal_error(call::queue_full(full, &tenant.name), None)
        })?;
        Ok((running, self.gateway.place(&tenant.name).await))
    }
}

/// What a client before MCP 2026-07-28 sent as its session.
fn label(context: &RequestContext<RoleServer>) -> Option<&ClientLabel> {
    context.extensions.get::<Parts>()?.extensions.get()
}

/// The client program, as it names itself in this request or in its first one.
fn program(context: &RequestContext<RoleServer>) -> Option<Implementation> {
    let client = context.meta.client_info();
    client.or_else(|| label(context).and_then(ClientLabel::client))
}

/// Who sent the request, as [`crate::http`] found out.
fn caller(context: &RequestContext<RoleServer>) -> Result<&Caller, ErrorData> {
    let parts = context.extensions.get::<Parts>();
    let caller = parts.and_then(|parts| parts.extensions.get());
    caller.ok_or_else(|| ErrorData::internal_error("nobody has signed in", None))
}

fn identity(context: &RequestContext<RoleServer>) -> Result<&Identity, ErrorData> {
    caller(context).map(|caller| &caller.identity)
}

/// The header `traceparent`.
fn header(context: &RequestContext<RoleServer>) -> Option<&str> {
    let parts = context.extensions.get::<Parts>()?;
    parts.headers.get("traceparent")?.to_str().ok()
}

impl ServerHandler for GatewayServer {
    fn accepted_subscription_filter(
        &self,
        _requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(SubscriptionFilter::builder().tools_list_changed().build())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let caller = caller(context.request_context())?;
        let client = caller.client(program(context.request_context()).as_ref());
        let mut watch = ToolWatch::new(&self.gateway, caller, client).await;
        loop {
            tokio::select! {
                seen = watch.next() => match seen {
                    Seen::Same => {}
                    Seen::Stopped => break,
                    Seen::Changed => {
                        if context.sink().notify_tool_list_changed().await.is_err() {
                            break;
                        }
                    }
                },
                () = context.cancelled() => break,
            }
        }
        Ok(())
    }

    fn get_info(&self) -> ServerConfig {
        self.config.clone()
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        let start = Instant::now();
        context.peer.set_peer_info(request.clone());
        let caller = caller(&context)?;
        self.gateway.note_use(caller, Some(&request.client_info));
        let answer = async {
            let mut answer = self.negotiate_initialize(&request)?;
            answer.instructions = self.config_with_instructions(&context).await?.instructions;
            Ok(answer)
        };
        self.counted("initialize", start, answer.await)
    }

    async fn discover(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<DiscoverResult, ErrorData> {
        let start = Instant::now();
        let versions = self.supported_protocol_versions().into_owned();
        let answer = self.config_with_instructions(&context).await;
        let answer = answer.map(|config| DiscoverResult::from_server_info(versions, config));
        self.counted("server/discover", start, answer)
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let start = Instant::now();
        let policy = self.policy(&context).await;
        let answer = policy.map(|policy| self.gateway.catalog.tools(&policy));
        self.counted(
            "tools/list",
            start,
            answer.map(ListToolsResult::with_all_items),
        )
    }

    async fn list_prompts(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let start = Instant::now();
        let policy = self.policy(&context).await;
        let answer = policy.map(|policy| self.gateway.catalog.prompts(&policy));
        self.counted(
            "prompts/list",
            start,
            answer.map(ListPromptsResult::with_all_items),
        )
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let start = Instant::now();
        let answer = async {
            names::check("prompt", &request.name)?;
            let policy = self.policy(&context).await?;
            let prompts = self.gateway.catalog.prompts(&policy);
            let prompt = prompts.iter().find(|one| one.name == request.name);
            let _turn = match prompt {
                Some(_) => Some(self.turn(identity(&context)?).await?),
                None => None,
            };
            guide::get_prompt(&self.gateway.sandbox, prompt, request).await
        };
        self.counted("prompts/get", start, answer.await)
    }

    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let start = Instant::now();
        let policy = self.policy(&context).await;
        let answer = policy.map(|policy| self.gateway.catalog.resources(&policy));
        self.counted(
            "resources/list",
            start,
            answer.map(ListResourcesResult::with_all_items),
        )
    }

    /// Reading a resource is governed, limited and audited as a call of the tool that reads it.
    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let start = Instant::now();
        if let Err(error) = names::check("resource", &request.uri) {
            return self.counted("resources/read", start, Err(error));
        }
        let Some((_, tool)) = self.gateway.catalog.resource(&request.uri) else {
            return Err(guide::no_resource(&request.uri));
        };
        let target = CallTarget::Resource(request.uri);
        match self.call(Arc::clone(tool), target, context).await? {
            CallAnswer::Resource(answer) => answer,
            CallAnswer::Tool(_) => Err(ErrorData::internal_error("the resource is none", None)),
        }
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let policy = self.policy(&context).await?;
        let catalog = &self.gateway.catalog;
        let example = match &*request.method {
            "tools/call" => policy.tools().next().map(str::to_owned),
            "prompts/get" => catalog
                .prompts(&policy)
                .into_iter()
                .next()
                .map(|one| one.name),
            "resources/read" => catalog
                .resources(&policy)
                .into_iter()
                .next()
                .map(|one| one.uri),
            _ => None,
        };
        Err(misread::error(request, example.as_deref()))
    }

    /// rmcp compares headers with arguments by this, whatever the user may call.
    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.gateway
            .catalog
            .tool(name)
            .map(|tool| tool.tool.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let start = Instant::now();
        if let Err(error) = names::check("tool", &request.name) {
            return self.counted("tools/call", start, Err(error));
        }
        let arguments = request.arguments.unwrap_or_default();
        let unknown = match self.gateway.catalog.tool(&request.name) {
            Some(_) => None,
            None => Some(self.unknown_tool(&request.name, &context).await?),
        };
        let name: Arc<str> = (&*request.name).into();
        let answer = self
            .call(name, CallTarget::Tool(arguments), context)
            .await?;
        if let Some(text) = unknown {
            return Err(ErrorData::invalid_params(text, None));
        }
        match answer {
            CallAnswer::Tool(result) => Ok(result.into()),
            CallAnswer::Resource(_) => Err(ErrorData::internal_error("the call is none", None)),
        }
    }
}

impl GatewayServer {
    /// The error for a tool that does not exist. The call is still run, so that it is audited.
    async fn unknown_tool(
        &self,
        name: &str,
        context: &RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        let policy = self.policy(context).await?;
        Ok(match policy.decide(name) {
            Err(denial) if denial.code != DenialCode::UnknownTool => denial.sentence,
            _ => unknown(name, policy.tools()),
        })
    }
}

/// The error when governance can not be read.
fn unreadable(error: &StoreError) -> ErrorData {
    tracing::error!("governance can not be read: {error}");
    ErrorData::internal_error(
        "The gateway can not read who may call what at the moment.",
        None,
    )
}
