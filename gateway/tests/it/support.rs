//! What the tests share.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use fake_gong::FakeGong;
use gateway::config::FreshToken;
use gateway::serve::Server;
use gateway::store::{Actor, AuditFilter, AuditRow, AuditedCall, Decision, Via};
use rmcp::model::{CallToolRequestParams, CallToolResult, JsonObject, ProtocolVersion};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt as _, RoleClient, ServiceError};
use serde_json::Value;
use xtask::component::{self, Artefact};

pub(crate) type Client<H = ()> = RunningService<RoleClient, H>;

/// The workspace's folder.
pub(crate) fn workspace() -> &'static Path {
    let gateway = Path::new(env!("CARGO_MANIFEST_DIR"));
    gateway.parent().expect("the crate is in the workspace")
}

/// The component, built once per process.
pub(crate) fn component() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| match std::env::var_os("GONG_COMPONENT") {
        Some(path) => path.into(),
        None => component::build(Artefact::GongMcp).expect("it builds"),
    })
}

/// A folder for one test, deleted when dropped.
#[derive(Debug)]
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let path = std::env::temp_dir().join(format!("gateway-test-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&path).expect("a folder can be made");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The folder of compiled code, which is kept beside the component for the next test run.
pub(crate) fn cache() -> PathBuf {
    component().with_file_name("gateway-test-cache")
}

/// Options of a stand-in for a small company.
pub(crate) fn options() -> fake_gong::Options {
    fake_gong::Options {
        calls: 60,
        ..Default::default()
    }
}

pub(crate) async fn stand_in(options: fake_gong::Options) -> FakeGong {
    FakeGong::start(([127, 0, 0, 1], 0).into(), options)
        .await
        .expect("the stand-in starts")
}

/// A tenant for `gateway.toml`.
#[derive(Clone, Debug)]
pub(crate) struct Tenant {
    pub(crate) gong: String,
    pub(crate) users: Vec<&'static str>,
    pub(crate) review: &'static str,
    /// More lines, such as `queued_calls = 1`.
    pub(crate) more: String,
    /// The toolsets of all users.
    pub(crate) toolsets: Vec<&'static str>,
}

impl Tenant {
    /// A tenant with two users who may read everything.
    pub(crate) fn at(gong: &FakeGong) -> Self {
        Self {
            gong: gong.base_url(),
            users: vec!["mia", "noa"],
            review: "approved",
            more: String::new(),
            toolsets: vec!["read-only"],
        }
    }

    pub(crate) fn with(mut self, line: &str) -> Self {
        self.more.push_str(line);
        self.more.push('\n');
        self
    }
}

/// The key of indexes on disk, in the file `index-key`.
const INDEX_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The settings of a gateway, without its tenants.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    /// Lines at the top of the file.
    pub(crate) top: String,
    /// Lines of `[listen]`.
    pub(crate) listen: String,
    /// The address, where it has to be known before.
    pub(crate) address: Option<std::net::SocketAddr>,
    /// Another component.
    pub(crate) component: Option<PathBuf>,
}

/// A gateway in this process, and the folder with its files.
#[derive(Debug)]
pub(crate) struct TestGateway {
    pub(crate) server: Option<Server>,
    pub(crate) folder: Folder,
    /// By `tenant/user`, and `admin` for the administrator.
    pub(crate) tokens: BTreeMap<String, FreshToken>,
    pub(crate) setup: Setup,
}

impl TestGateway {
    pub(crate) async fn start(tenants: &[(&str, Tenant)]) -> Self {
        Self::start_with(Setup::default(), tenants).await
    }

    pub(crate) async fn start_with(setup: Setup, tenants: &[(&str, Tenant)]) -> Self {
        let mut gateway = Self {
            server: None,
            folder: Folder::new(),
            tokens: BTreeMap::new(),
            setup,
        };
        gateway.write_secrets("STANDINACCESSKEY", "stand-in-access-key-secret");
        std::fs::write(gateway.folder.0.join("index-key"), INDEX_KEY).expect("a key is written");
        gateway.write(tenants);
        gateway.run().await;
        gateway
    }

    /// Starts the server with the written configuration.
    pub(crate) async fn run(&mut self) {
        let server = Server::start(&self.config()).await;
        self.server = Some(server.expect("the gateway starts"));
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.0.join("gateway.toml")
    }

    /// Writes the credential pair of all tenants, each file in one step as deployments do.
    pub(crate) fn write_secrets(&self, key: &str, secret: &str) {
        for (name, text) in [("access-key", key), ("access-key-secret", secret)] {
            let path = self.folder.0.join(name);
            std::fs::write(path.with_extension("new"), text).expect("a secret can be written");
            std::fs::rename(path.with_extension("new"), path).expect("it can be renamed");
        }
    }

    /// Writes the configuration. Users keep their tokens.
    pub(crate) fn write(&mut self, tenants: &[(&str, Tenant)]) {
        let component = self.setup.component.clone();
        let component = component.unwrap_or_else(|| self::component().to_owned());
        let admin = self.hash("admin");
        let address = self.setup.address;
        let address = address.unwrap_or(([127, 0, 0, 1], 0).into());
        let mut text = format!(
            "state = \"gateway.db\"\ncache = {:?}\ncomponent = {component:?}\nstand_in = true\n{}\n\
             [listen]\naddress = \"{}\"\n{}\n[admins.ada]\ntoken = \"{}\"\n",
            cache(),
            self.setup.top,
            address,
            self.setup.listen,
            admin,
        );
        for (name, tenant) in tenants {
            let _ = writeln!(
                text,
                "[tenants.{name}]\ngong = \"{}\"\nreview = \"{}\"\n\
                 credentials = {{ access_key = \"file:access-key\", access_key_secret = \"file:access-key-secret\" }}\n{}",
                tenant.gong, tenant.review, tenant.more
            );
            for user in &tenant.users {
                let hash = self.hash(&format!("{name}/{user}"));
                let _ = writeln!(text, "[tenants.{name}.users.{user}]\ntoken = \"{hash}\"");
            }
            if !tenant.toolsets.is_empty() {
                let _ = writeln!(
                    text,
                    "[tenants.{name}.profiles.readers]\ntoolsets = {:?}\nusers = {:?}",
                    tenant.toolsets, tenant.users
                );
            }
        }
        let path = self.config();
        std::fs::write(path.with_extension("new"), text).expect("the file can be written");
        std::fs::rename(path.with_extension("new"), path).expect("it can be renamed");
    }

    fn hash(&mut self, who: &str) -> String {
        let fresh = self
            .tokens
            .entry(who.to_owned())
            .or_insert_with(FreshToken::generate);
        fresh.hash.to_string()
    }

    pub(crate) fn token(&self, who: &str) -> String {
        self.tokens[who].token.reveal().to_owned()
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("it runs")
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server().address)
    }

    /// An MCP client of a user, such as `acme/mia`, that speaks the newest protocol.
    pub(crate) async fn client(&self, who: &str) -> Client {
        self.client_with(who, discover(), ()).await
    }

    pub(crate) async fn client_with<H: ClientHandler>(
        &self,
        who: &str,
        lifecycle: ClientLifecycleMode,
        handler: H,
    ) -> Client<H> {
        let config = StreamableHttpClientTransportConfig::with_uri(self.url("/mcp"))
            .auth_header(self.token(who));
        let transport = StreamableHttpClientTransport::from_config(config);
        handler
            .serve_with_lifecycle(transport, lifecycle)
            .await
            .expect("the client connects")
    }

    /// A user's MCP client for another process that serves the same files.
    pub(crate) async fn client_at(
        &self,
        address: &str,
        who: &str,
        lifecycle: ClientLifecycleMode,
    ) -> Client {
        let url = format!("http://{address}/mcp");
        let config =
            StreamableHttpClientTransportConfig::with_uri(url).auth_header(self.token(who));
        let transport = StreamableHttpClientTransport::from_config(config);
        let client = ().serve_with_lifecycle(transport, lifecycle).await;
        client.expect("the client connects")
    }

    /// The audit's calls, oldest first.
    pub(crate) async fn audit(&self) -> Vec<AuditedCall> {
        let store = self.server().gateway.store.clone();
        let filter = AuditFilter {
            limit: Some(10_000),
            ..Default::default()
        };
        let rows = tokio::task::spawn_blocking(move || store.query_audit(&filter)).await;
        let rows = rows.expect("it ends").expect("the audit is read");
        let calls = rows.into_iter().filter_map(|row| match row {
            AuditRow::Call(call) => Some(call),
            AuditRow::Act(_) => None,
        });
        let mut calls: Vec<AuditedCall> = calls.collect();
        calls.reverse();
        calls
    }

    /// An administrator decides on tools.
    pub(crate) async fn review(&self, tenant: &str, tools: &[&str], decision: Decision) {
        let (store, tenant) = (self.server().gateway.store.clone(), tenant.to_owned());
        let tools: Vec<String> = tools.iter().map(|&tool| tool.to_owned()).collect();
        let reviewed =
            tokio::task::spawn_blocking(move || store.review(&ada(), &tenant, &tools, decision));
        reviewed.await.expect("it ends").expect("it can be decided");
    }

    /// Shuts the server down in order, and keeps the files.
    pub(crate) async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            let ended = server.shut_down(Duration::from_secs(5)).await;
            ended.expect("it ends in order");
        }
    }
}

/// The administrator.
pub(crate) fn ada() -> Actor {
    Actor::new("ada", Via::CommandLine)
}

pub(crate) fn discover() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    }
}

/// The first requests of clients before MCP 2026-07-28, and of newer ones.
pub(crate) fn lifecycles() -> [ClientLifecycleMode; 2] {
    [ClientLifecycleMode::Initialize, discover()]
}

pub(crate) fn params(tool: &str, arguments: Value) -> CallToolRequestParams {
    let arguments: JsonObject = serde_json::from_value(arguments).expect("an object");
    CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments)
}

pub(crate) async fn call<H: ClientHandler>(
    client: &Client<H>,
    tool: &str,
    arguments: Value,
) -> Result<CallToolResult, ServiceError> {
    client.call_tool(params(tool, arguments)).await
}

/// The text of an answer.
pub(crate) fn text(result: &CallToolResult) -> &str {
    &result.content[0].as_text().expect("a text").text
}

/// Calls a tool that must succeed.
pub(crate) async fn succeed<H: ClientHandler>(
    client: &Client<H>,
    tool: &str,
    arguments: Value,
) -> CallToolResult {
    let result = call(client, tool, arguments).await.expect("an answer");
    assert_eq!(result.is_error, Some(false), "{}", text(&result));
    result
}

/// Calls a tool that must fail, and returns the text of the error.
pub(crate) async fn fail<H: ClientHandler>(
    client: &Client<H>,
    tool: &str,
    arguments: Value,
) -> String {
    let result = call(client, tool, arguments).await.expect("an answer");
    assert_eq!(result.is_error, Some(true), "{}", text(&result));
    text(&result).to_owned()
}

/// Waits until a condition holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let reached = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), reached)
        .await
        .unwrap_or_else(|_| panic!("it did not come to this: {what}"));
}
