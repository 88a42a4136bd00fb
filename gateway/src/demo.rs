//! `gong-gateway demo`: shows governance, limits and audit on a gateway with two tenants, three
//! users and two stand-ins for Gong, over real sockets, with the administrator's real commands.
//!
//! One user signs in with the company's account, at a provider that is made for the demo.
//!
//! The demo checks everything that it shows, and fails if something is wrong.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use fake_gong::{FakeGong, Fault};
use gateway::config::FreshToken;
use gateway::limiter::SPAN;
use gateway::serve::{RELOAD_INTERVAL, Server};
use rmcp::model::{CallToolRequestParams, JsonObject, ProgressNotificationParam, ProtocolVersion};
use rmcp::service::{NotificationContext, RunningService};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{ClientHandler, ClientLifecycleMode, ClientServiceExt as _, RoleClient};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::stdout;

mod company_account;
mod provider;

use provider::Provider;

/// Lines of an answer that are shown.
const LINES: usize = 5;

/// Characters of a line that are shown.
const COLUMNS: usize = 150;

const USERS: [(&str, &str); 3] = [("acme", "mia"), ("acme", "noa"), ("globex", "zoe")];

/// The tools that sellers have.
const TOOLS: [&str; 2] = ["gong_list_workspaces", "gong_search_calls"];

/// The files of the demo, deleted at its end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Demo {
    folder: Folder,
    acme: FakeGong,
    globex: FakeGong,
    provider: Provider,
    /// Where the gateway listens: its own configuration names it.
    address: SocketAddr,
    tokens: Vec<FreshToken>,
}

type Client = RunningService<RoleClient, ProgressClient>;

/// A user's MCP client, which collects progress messages.
#[derive(Clone, Debug, Default)]
struct ProgressClient(Arc<Mutex<Vec<String>>>);

impl ProgressClient {
    /// The messages since the last call of this.
    fn take_messages(&self) -> Vec<String> {
        let mut messages = self.0.lock().unwrap_or_else(|error| error.into_inner());
        std::mem::take(&mut messages)
    }
}

impl ClientHandler for ProgressClient {
    async fn on_progress(
        &self,
        params: ProgressNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        let mut messages = self.0.lock().unwrap_or_else(|error| error.into_inner());
        messages.extend(params.message);
    }
}

/// Runs the demo.
///
/// # Errors
///
/// Something is not as the demo says.
pub(crate) async fn run() -> anyhow::Result<()> {
    let demo = Demo::set_up().await?;
    let server = Server::start(&demo.config()).await?;
    let walked = demo.walk(&server).await;
    server.shut_down(Duration::from_secs(5)).await?;
    walked?;
    stdout::line("");
    stdout::line(stdout::bold("All of it went as described."));
    Ok(())
}

impl Demo {
    /// Starts the stand-ins, which refuse the fourth request in a second as Gong does, and writes
    /// the files, at first with a wrong secret for acme.
    async fn set_up() -> anyhow::Result<Self> {
        let folder =
            std::env::temp_dir().join(format!("gong-gateway-demo-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder)?;
        let gong = async |seed| {
            let options = fake_gong::Options {
                seed,
                rate_limit: true,
                ..Default::default()
            };
            FakeGong::start(([127, 0, 0, 1], 0).into(), options).await
        };
        let free = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = free.local_addr()?;
        drop(free);
        let demo = Self {
            folder: Folder(folder),
            acme: gong(1).await?,
            globex: gong(2).await?,
            provider: Provider::start().await?,
            address,
            tokens: USERS.iter().map(|_| FreshToken::generate()).collect(),
        };
        let options = fake_gong::Options::default();
        demo.write("access-key", &options.access_key)?;
        demo.write("acme-secret", "a-secret-that-gong-does-not-know")?;
        demo.write("globex-secret", &options.access_key_secret)?;
        let secret = FreshToken::generate().token.reveal().to_owned();
        demo.write("provider-secret", &secret)?;
        let key = FreshToken::generate().hash.to_string();
        demo.write("sign-in-key", key.trim_start_matches("sha256:"))?;
        demo.write("gateway.toml", &demo.gateway_toml())?;
        Ok(demo)
    }

    fn gateway_toml(&self) -> String {
        let address = self.address;
        let mut text = format!(
            "state = \"gateway.db\"\nstand_in = true\n\n[listen]\naddress = \"{address}\"\n\
             public_url = \"http://{address}\"\n"
        );
        for (tenant, gong) in [("acme", &self.acme), ("globex", &self.globex)] {
            let _ = write!(
                text,
                "\n[tenants.{tenant}]\ngong = \"{}\"\ncredentials = {{ access_key = \
                 \"file:access-key\", access_key_secret = \"file:{tenant}-secret\" }}\n",
                gong.base_url()
            );
        }
        for ((tenant, user), fresh) in USERS.iter().zip(&self.tokens) {
            let _ = write!(
                text,
                "\n[tenants.{tenant}.users.{user}]\ntoken = \"{}\"\n",
                fresh.hash
            );
        }
        let _ = write!(
            text,
            "\n[tenants.acme.toolsets]\nsigned-in = {TOOLS:?}\n\n\
             [tenants.acme.profiles.signed-in]\ntoolsets = [\"signed-in\"]\nusers = []\n\n\
             [tenants.acme.sign_in]\nissuer = \"{}\"\nclient_id = \"{}\"\n\
             client_secret = \"file:provider-secret\"\nkey = \"file:sign-in-key\"\n\n\
             [tenants.acme.sign_in.groups.{}]\nprofiles = [\"signed-in\"]\n",
            self.provider.issuer(),
            provider::CLIENT_ID,
            provider::GROUP,
        );
        text
    }

    fn config(&self) -> PathBuf {
        self.folder.0.join("gateway.toml")
    }

    /// Writes a file in one step, as deployments do.
    fn write(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let (path, new) = (self.folder.0.join(name), self.folder.0.join("new"));
        std::fs::write(&new, text)?;
        Ok(std::fs::rename(new, path)?)
    }

    async fn walk(&self, server: &Server) -> anyhow::Result<()> {
        stdout::line(format_args!(
            "A gateway at http://{}/mcp, with two tenants (acme: mia and noa; globex: zoe), each \
             with a stand-in for Gong of its own.",
            server.address
        ));
        let [mia, noa, zoe] = [
            self.client(server, "mia").await?,
            self.client(server, "noa").await?,
            self.client(server, "zoe").await?,
        ];
        self.discovery(&mia).await?;
        self.review(&mia).await?;
        self.access(&mia, &noa, &zoe).await?;
        self.credentials(&mia).await?;
        self.kill_switch(&mia, &zoe).await?;
        self.company_account(server).await?;
        self.fairness(&mia, &noa).await?;
        self.retry_after(&mia, &noa, &zoe).await?;
        self.audit().await
    }

    async fn discovery(&self, mia: &Client) -> anyhow::Result<()> {
        heading(
            "Discovery. The tools are known before any credentials work, and nobody may call one",
        );
        let text = self
            .admin(&["--tenant", "acme", "tools", "--is", "pending"])
            .await?;
        ensure!(
            text.contains("gong_search_calls"),
            "tools are found and pending"
        );
        shows(mia, "mia", &[]).await?;
        denied(mia, "mia", "gong_search_calls", "has not been reviewed").await?;
        ensure!(self.acme.requests().is_empty(), "Gong was not asked");
        Ok(())
    }

    async fn review(&self, mia: &Client) -> anyhow::Result<()> {
        heading("Review. An administrator approves what only reads; the rest stays pending");
        self.admin(&["--tenant", "acme", "approve", "--effect", "read"])
            .await?;
        shows(mia, "mia", &[]).await?;
        denied(mia, "mia", "gong_search_calls", "has no access profile").await
    }

    async fn access(&self, mia: &Client, noa: &Client, zoe: &Client) -> anyhow::Result<()> {
        heading("Access. A toolset of one's own, and a profile that gives it to mia");
        let put = [
            "--tenant", "acme", "toolsets", "put", "calls", TOOLS[0], TOOLS[1],
        ];
        self.admin(&put).await?;
        self.sellers(&["mia"]).await?;
        shows(mia, "mia", &TOOLS).await?;
        shows(noa, "noa, of the same tenant,", &[]).await?;
        shows(zoe, "zoe, of another tenant,", &[]).await?;
        denied(noa, "noa", "gong_search_calls", "has no access profile").await?;
        denied(zoe, "zoe", "gong_search_calls", "has not been reviewed").await?;
        denied(mia, "mia", "gong_get_call", "in no toolset of user mia").await?;
        denied(mia, "mia", "gong_create_call", "has not been reviewed").await
    }

    /// Gives the toolset to these users of acme, and to nobody else.
    async fn sellers(&self, users: &[&str]) -> anyhow::Result<()> {
        let mut put = vec!["--tenant", "acme", "profiles", "put", "sellers"];
        put.extend(["--toolset", "calls"]);
        put.extend(users.iter().flat_map(|user| ["--user", user]));
        self.admin(&put).await?;
        Ok(())
    }

    async fn credentials(&self, mia: &Client) -> anyhow::Result<()> {
        heading("Credentials. The pair is wrong; rotating it is writing its file");
        let answer = call(mia, "mia", "gong_search_calls", json!({"limit": 2})).await?;
        ensure!(
            answer.text.contains("does not accept the access key"),
            "it is wrong"
        );
        let right = fake_gong::Options::default().access_key_secret;
        self.write("acme-secret", &right)?;
        stdout::indented(stdout::dim(
            "acme-secret is written; the gateway looks once a second.",
        ));
        tokio::time::sleep(RELOAD_INTERVAL * 2 + Duration::from_millis(500)).await;
        let answer = call(mia, "mia", "gong_search_calls", json!({"limit": 2})).await?;
        ensure!(!answer.is_error, "it is right");
        let seen = self.acme.requests();
        let sent = seen.iter().flat_map(|request| &request.headers);
        ensure!(
            sent.count() > 0 && self.globex.requests().is_empty(),
            "only acme's Gong was asked"
        );
        Ok(())
    }

    async fn kill_switch(&self, mia: &Client, zoe: &Client) -> anyhow::Result<()> {
        heading("Kill switch. From the next call on, for a tool, a tenant or everything");
        self.admin(&[
            "--tenant",
            "acme",
            "off",
            "--reason",
            "we look into an incident",
        ])
        .await?;
        denied(mia, "mia", "gong_search_calls", "we look into an incident").await?;
        shows(mia, "mia", &[]).await?;
        denied(zoe, "zoe", "gong_search_calls", "has not been reviewed").await?;
        self.admin(&["--tenant", "acme", "on"]).await?;
        let answer = call(mia, "mia", "gong_list_workspaces", json!({})).await?;
        ensure!(!answer.is_error, "it is on again");
        Ok(())
    }

    async fn fairness(&self, mia: &Client, noa: &Client) -> anyhow::Result<()> {
        heading("Gong's limit. 3 requests a second for the company; users take turns");
        self.sellers(&["mia", "noa"]).await?;
        tokio::time::sleep(SPAN).await;
        self.acme.clear_requests();
        mia.service().take_messages();
        let start = Instant::now();
        let mut calls = tokio::task::JoinSet::new();
        let send = |calls: &mut tokio::task::JoinSet<_>, client: &Client, who, number| {
            let peer = client.peer().clone();
            calls.spawn(async move {
                let done = peer
                    .call_tool(params("gong_list_workspaces", json!({})))
                    .await;
                anyhow::Ok((who, number, done?.is_error, start.elapsed()))
            });
        };
        for number in 1..=8 {
            send(&mut calls, mia, "mia", number);
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        send(&mut calls, noa, "noa", 1);
        let mut done = Vec::new();
        while let Some(one) = calls.join_next().await {
            done.push(one??);
        }
        done.sort_by_key(|(.., time)| *time);
        for (who, _, is_error, time) in &done {
            ensure!(*is_error == Some(false), "every call is answered");
            stdout::indented(format_args!("{:>4} ms  {who}", time.as_millis()));
        }
        for message in mia.service().take_messages().iter().take(3) {
            stdout::indented(stdout::dim(format_args!("mia was told: {message}")));
        }
        let noas = done.iter().position(|(who, ..)| *who == "noa");
        ensure!(noas <= Some(5), "noa did not wait for all of mia's");
        let statuses: Vec<u16> = self.acme.requests().iter().map(|one| one.status).collect();
        ensure!(statuses == [200; 9], "Gong refused none: {statuses:?}");
        Ok(())
    }

    async fn retry_after(&self, mia: &Client, noa: &Client, zoe: &Client) -> anyhow::Result<()> {
        heading("Retry-After. What Gong tells one caller counts for the whole tenant");
        let limit = Fault::Status(429, "Limit exceeded".to_owned(), Some(4808));
        self.acme.fault("/v2/", limit, Some(1));
        tokio::time::sleep(SPAN).await;
        self.acme.clear_requests();
        let answer = call(mia, "mia", "gong_list_workspaces", json!({})).await?;
        ensure!(answer.is_error, "Gong refuses");
        let answer = call(noa, "noa", "gong_list_workspaces", json!({})).await?;
        ensure!(answer.is_error, "nobody asks");
        ensure!(self.acme.requests().len() == 1, "Gong was asked once");
        self.admin(&["--tenant", "globex", "approve", "gong_list_workspaces"])
            .await?;
        let put = [
            "--tenant",
            "globex",
            "profiles",
            "put",
            "all",
            "--toolset",
            "read-only",
            "--user",
            "zoe",
        ];
        self.admin(&put).await?;
        let answer = call(zoe, "zoe", "gong_list_workspaces", json!({})).await?;
        ensure!(!answer.is_error, "globex is another company");
        Ok(())
    }

    async fn audit(&self) -> anyhow::Result<()> {
        heading("Audit. Every call and every act, never an argument or an answer");
        self.admin(&["quota"]).await?;
        let calls = self.admin(&["audit", "--calls"]).await?;
        let acts = self
            .admin(&["audit", "--acts", "--user", "ada", "--limit", "8"])
            .await?;
        let text = calls + &acts;
        for part in [
            "mia",
            "noa",
            "zoe",
            "denied",
            "success",
            "ada",
            "put-profile sellers",
        ] {
            ensure!(text.contains(part), "the audit has {part}");
        }
        let secret = fake_gong::Options::default().access_key_secret;
        ensure!(!text.contains(&secret), "and no secret");
        Ok(())
    }

    /// Runs `gong-gateway admin` as an administrator would, and shows what it prints.
    async fn admin(&self, arguments: &[&str]) -> anyhow::Result<String> {
        stdout::indented(stdout::dim(format_args!(
            "$ gong-gateway admin {}",
            quoted(arguments)
        )));
        let program = std::env::current_exe().context("cannot find this program")?;
        let output = Command::new(program)
            .args(["admin", "--as", "ada", "--config"])
            .arg(self.config())
            .args(arguments)
            .output()
            .await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let failed = String::from_utf8_lossy(&output.stderr).into_owned();
        let table = arguments.contains(&"audit") || arguments.contains(&"quota");
        show_lines(&text, if table { usize::MAX } else { LINES });
        ensure!(
            output.status.success(),
            "gong-gateway admin {arguments:?}: {failed}"
        );
        Ok(text)
    }

    async fn client(&self, server: &Server, user: &str) -> anyhow::Result<Client> {
        let index = USERS.iter().position(|(_, name)| *name == user);
        let fresh = &self.tokens[index.context("a user of the demo")?];
        let url = format!("http://{}/mcp", server.address);
        let config = StreamableHttpClientTransportConfig::with_uri(url)
            .auth_header(fresh.token.reveal().to_owned());
        connect(config).await
    }
}

/// An MCP client that is connected.
async fn connect(config: StreamableHttpClientTransportConfig) -> anyhow::Result<Client> {
    let lifecycle = ClientLifecycleMode::Discover {
        preferred_versions: vec![ProtocolVersion::V_2026_07_28],
    };
    let transport = StreamableHttpClientTransport::from_config(config);
    Ok(ProgressClient::default()
        .serve_with_lifecycle(transport, lifecycle)
        .await?)
}

/// The answer to a call.
struct CallAnswer {
    text: String,
    is_error: bool,
}

async fn call(
    client: &Client,
    who: &str,
    tool: &str,
    arguments: Value,
) -> anyhow::Result<CallAnswer> {
    let result = client.call_tool(params(tool, arguments.clone())).await?;
    let text = result.content.first().and_then(|content| content.as_text());
    let text = text.context("an answer has a text")?.text.clone();
    stdout::line("");
    stdout::indented(format_args!(
        "{} calls {tool} {arguments}",
        stdout::bold(who)
    ));
    show_lines(&text, LINES);
    Ok(CallAnswer {
        text,
        is_error: result.is_error == Some(true),
    })
}

async fn denied(client: &Client, who: &str, tool: &str, why: &str) -> anyhow::Result<()> {
    let answer = call(client, who, tool, json!({})).await?;
    ensure!(
        answer.is_error && answer.text.contains(why),
        "{tool} is denied: {}",
        answer.text
    );
    Ok(())
}

async fn shows(client: &Client, who: &str, expected: &[&str]) -> anyhow::Result<()> {
    let tools = client.list_all_tools().await?;
    let names: Vec<&str> = tools.iter().map(|tool| &*tool.name).collect();
    stdout::indented(match &*names {
        [] => format!("{} sees no tools.", stdout::bold(who)),
        _ => format!("{} sees {}.", stdout::bold(who), names.join(" and ")),
    });
    ensure!(names == expected, "{who} sees {names:?}");
    Ok(())
}

fn params(tool: &str, arguments: Value) -> CallToolRequestParams {
    let arguments = match arguments {
        Value::Object(arguments) => arguments,
        _ => JsonObject::new(),
    };
    CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments)
}

fn heading(text: &str) {
    stdout::line("");
    stdout::line(stdout::bold(text));
}

fn show_lines(text: &str, most: usize) {
    let mut lines = text.lines();
    for line in lines.by_ref().take(most) {
        match line.char_indices().nth(COLUMNS) {
            Some((end, _)) if most == LINES => stdout::indented(format_args!("{}…", &line[..end])),
            _ => stdout::indented(line),
        }
    }
    let hidden = lines.count();
    if hidden > 0 {
        stdout::indented(stdout::dim(format_args!("… {hidden} more lines")));
    }
}

fn quoted(arguments: &[&str]) -> String {
    let words = arguments.iter().map(|word| {
        if word.contains(' ') {
            format!("'{word}'")
        } else {
            (*word).to_owned()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
