//! The gateway as an MCP server: each user sees and calls what governance lets through.

use std::sync::Arc;
use std::time::{Duration, Instant};

use host_harness::mcp::{guide, unknown};
use http::request::Parts;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, DiscoverResult, Extensions, GetPromptRequestParams,
    GetPromptResponse, Implementation, InitializeRequestParams, InitializeResult,
    ListPromptsResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
    ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities, ServerConfig,
    SubscriptionFilter, Tool,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};

use crate::call::{self, Answer, Asked, Wish, unreadable};
use crate::gateway::Gateway;
use crate::governance::{Code, Policy};
use crate::progress::Progress;
use crate::tenants::Identity;

/// How often open sessions look whether their user's tools are others.
const WATCH: Duration = Duration::from_secs(2);

/// One party's end of the protocol. Clones share all.
#[derive(Clone, Debug)]
pub struct GatewayServer {
    gateway: Arc<Gateway>,
    config: ServerConfig,
}

impl GatewayServer {
    /// Of this gateway.
    #[must_use]
    pub fn new(gateway: &Arc<Gateway>) -> Self {
        let (prompts, resources) = gateway.catalog.has();
        let mut capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        capabilities.prompts = prompts.then(Default::default);
        capabilities.resources = resources.then(Default::default);
        let mut config = ServerConfig::new(capabilities);
        config.server_info = Implementation::new("gong-gateway", env!("CARGO_PKG_VERSION"))
            .with_title("Gong gateway");
        Self {
            gateway: Arc::clone(gateway),
            config,
        }
    }

    async fn policy(&self, context: &RequestContext<RoleServer>) -> Result<Arc<Policy>, ErrorData> {
        let identity = identity(context)?;
        let policy = self.gateway.policy(identity).await;
        policy.map_err(|error| unreadable(&error))
    }

    /// With how to use the tools that this user sees.
    async fn instructed(
        &self,
        context: &RequestContext<RoleServer>,
    ) -> Result<ServerConfig, ErrorData> {
        let policy = self.policy(context).await?;
        let names: Vec<String> = policy.tools().map(str::to_owned).collect();
        let mut config = self.config.clone();
        config.instructions = Some(if names.is_empty() {
            // A model that is told nothing would look for its own mistake.
            "No tool may be used yet: an administrator of this gateway approves tools and gives \
             users access to them."
                .to_owned()
        } else {
            let text = self.gateway.sandbox.instructions(&names).await;
            text.map_err(|stopped| ErrorData::internal_error(stopped.to_string(), None))?
        });
        Ok(config)
    }

    /// Counts an answer that is no call's.
    fn answered<T>(
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
        wish: Wish,
        context: RequestContext<RoleServer>,
    ) -> Result<Answer, ErrorData> {
        if self.gateway.draining() {
            let text = "The gateway is being shut down; try again in a moment.";
            return Err(ErrorData::internal_error(text, None));
        }
        let asked = Asked {
            identity: identity(&context)?.clone(),
            client: context.client_info(),
            tool,
            wish,
        };
        let token = context.meta.get_progress_token();
        let (progress, sending) = Progress::new(context.peer.clone(), token);
        let answer = call::run(&self.gateway, asked, progress, context.ct.clone()).await;
        sending.done().await;
        Ok(answer)
    }
}

/// Who sent the request: [`crate::http`] has put it there.
fn identity(context: &RequestContext<RoleServer>) -> Result<&Identity, ErrorData> {
    let identity = sender(&context.extensions);
    identity.ok_or_else(|| ErrorData::internal_error("nobody has signed in", None))
}

fn sender(extensions: &Extensions) -> Option<&Identity> {
    extensions.get::<Parts>()?.extensions.get::<Identity>()
}

/// Notices when a user's tools are others than before.
struct Watch {
    gateway: Arc<Gateway>,
    identity: Identity,
    seen: Option<Arc<Policy>>,
}

impl Watch {
    async fn new(gateway: &Arc<Gateway>, identity: &Identity) -> Self {
        Self {
            seen: gateway.policy(identity).await.ok(),
            gateway: Arc::clone(gateway),
            identity: identity.clone(),
        }
    }

    /// Waits a while, and tells whether the tools have changed. The snapshot of governance
    /// tells cheaply that nothing has.
    async fn changed(&mut self) -> bool {
        tokio::time::sleep(WATCH).await;
        let Ok(now) = self.gateway.policy(&self.identity).await else {
            return false;
        };
        let before = self.seen.replace(Arc::clone(&now));
        !before.is_some_and(|before| Arc::ptr_eq(&before, &now) || before.tools().eq(now.tools()))
    }
}

impl ServerHandler for GatewayServer {
    /// Of sessions, as clients before MCP 2026-07-28 have them.
    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let Some(identity) = sender(&context.extensions).cloned() else {
            return;
        };
        let mut watch = Watch::new(&self.gateway, &identity).await;
        tokio::spawn(async move {
            while !context.peer.is_transport_closed() {
                if watch.changed().await && context.peer.notify_tool_list_changed().await.is_err() {
                    return;
                }
            }
        });
    }

    fn accepted_subscription_filter(
        &self,
        _requested: &SubscriptionFilter,
    ) -> Option<SubscriptionFilter> {
        Some(SubscriptionFilter::builder().tools_list_changed().build())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let identity = identity(context.request_context())?;
        let mut watch = Watch::new(&self.gateway, identity).await;
        loop {
            tokio::select! {
                changed = watch.changed() => {
                    if changed && context.sink().notify_tool_list_changed().await.is_err() {
                        break;
                    }
                }
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
        let answer = async {
            let mut answer = self.negotiate_initialize(&request)?;
            answer.instructions = self.instructed(&context).await?.instructions;
            Ok(answer)
        };
        self.answered("initialize", start, answer.await)
    }

    async fn discover(
        &self,
        context: RequestContext<RoleServer>,
    ) -> Result<DiscoverResult, ErrorData> {
        let start = Instant::now();
        let versions = self.supported_protocol_versions().into_owned();
        let answer = self.instructed(&context).await;
        let answer = answer.map(|config| DiscoverResult::from_server_info(versions, config));
        self.answered("server/discover", start, answer)
    }

    async fn list_tools(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let start = Instant::now();
        let policy = self.policy(&context).await;
        let answer = policy.map(|policy| self.gateway.catalog.tools(&policy));
        self.answered(
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
        self.answered(
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
            let policy = self.policy(&context).await?;
            let prompts = self.gateway.catalog.prompts(&policy);
            let prompt = prompts.iter().find(|one| one.name == request.name);
            guide::get_prompt(&self.gateway.sandbox, prompt, request).await
        };
        self.answered("prompts/get", start, answer.await)
    }

    async fn list_resources(
        &self,
        _page: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let start = Instant::now();
        let policy = self.policy(&context).await;
        let answer = policy.map(|policy| self.gateway.catalog.resources(&policy));
        self.answered(
            "resources/list",
            start,
            answer.map(ListResourcesResult::with_all_items),
        )
    }

    /// A resource is a tool's answer by another way: governed, limited and audited as a call of
    /// that tool.
    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let Some((_, tool)) = self.gateway.catalog.resource(&request.uri) else {
            return Err(guide::no_resource(&request.uri));
        };
        let wish = Wish::Resource(request.uri);
        match self.call(Arc::clone(tool), wish, context).await? {
            Answer::Resource(answer) => answer,
            Answer::Tool(_) => Err(ErrorData::internal_error("the resource is none", None)),
        }
    }

    /// For rmcp's check of headers that repeat arguments: whatever the user may call.
    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.gateway.catalog.tool(name).map(|one| one.tool.clone())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = request.arguments.unwrap_or_default();
        let unknown = match self.gateway.catalog.tool(&request.name) {
            Some(_) => None,
            None => Some(self.unknown(&request.name, &context).await?),
        };
        let name: Arc<str> = (&*request.name).into();
        let answer = self.call(name, Wish::Tool(arguments), context).await?;
        if let Some(text) = unknown {
            return Err(ErrorData::invalid_params(text, None));
        }
        match answer {
            Answer::Tool(result) => Ok(result.into()),
            Answer::Resource(_) => Err(ErrorData::internal_error("the call is none", None)),
        }
    }
}

impl GatewayServer {
    /// What is said of a tool that does not exist; what exists and may not be called is denied
    /// with a reason instead.
    async fn unknown(
        &self,
        name: &str,
        context: &RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        let policy = self.policy(context).await?;
        Ok(match policy.decide(name) {
            Err(denial) if denial.code != Code::UnknownTool => denial.sentence,
            _ => unknown(name, policy.tools()),
        })
    }
}
