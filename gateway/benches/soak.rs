//! A soak: many tenants at their limit for a while, with a Gong that misbehaves, and then
//! counts that must agree, and memory that must not grow.
//!
//! `cargo bench -p gateway --bench soak -- --minutes 10 --tenants 200`
//!
//! Three processes: the gateway as it is shipped, the stand-ins for Gong (one for each
//! tenant, with Gong's 3 requests a second and with faults), and the clients, this one. At the
//! end it holds what the clients saw against the gateway's audit and against what the
//! stand-ins received, and fails if anything was lost or done twice.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use fake_gong::{FakeGong, Fault, OpenApi};
use gateway::config::FreshToken;
use rmcp::model::{CallToolRequestParams, JsonObject};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use rmcp::{RoleClient, ServiceExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinSet;
use xtask::component::{self, Artefact};

/// The argument with which the bench starts itself as the stand-ins.
const STAND_INS: &str = "--stand-ins";

/// Users of each tenant, who compete for its requests.
const USERS: [&str; 2] = ["ada", "bob"];

/// Instances of the component. Each keeps up to 1 MiB of its memory for the next call in it, so few
/// of them are soon as large as they get, and what grows afterwards is something else.
const INSTANCES: usize = 32;

/// By how much memory may grow after the first tenth of the time.
const GROWTH: f64 = 1.15;

/// Every so many stand-ins answer 429 by themselves. The others do so only for requests that arrive
/// too fast, which delays of a busy machine can cause even if they left in time.
const MOODY: usize = 10;

/// How often each stand-in gets a fault. About every thirtieth request has one.
const BETWEEN_FAULTS: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    let outcome = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format_args!("soak: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    if let Some(count) = argument(STAND_INS)? {
        return stand_ins(count as usize).await;
    }
    let minutes = argument("--minutes")?.unwrap_or(10);
    let tenants = argument("--tenants")?.unwrap_or(200) as usize;
    soak(Duration::from_secs(60 * minutes), tenants).await
}

fn argument(name: &str) -> anyhow::Result<Option<u64>> {
    let mut arguments = std::env::args();
    if !arguments.by_ref().any(|one| one == name) {
        return Ok(None);
    }
    let value = arguments
        .next()
        .with_context(|| format!("{name} wants a number"))?;
    Ok(Some(value.parse().with_context(|| {
        format!("{name} wants a number, not {value:?}")
    })?))
}

fn say(text: impl std::fmt::Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

// The stand-ins ------------------------------------------------------------------------------

/// Starts them, prints their addresses, sets faults until it is stopped, and prints what they
/// received.
async fn stand_ins(count: usize) -> anyhow::Result<()> {
    let mut gongs = Vec::new();
    for seed in 0..count {
        let options = fake_gong::Options {
            calls: 30,
            seed: seed as u64,
            rate_limit: true,
            openapi: OpenApi::Off,
            ..Default::default()
        };
        gongs.push(FakeGong::start(([127, 0, 0, 1], 0).into(), options).await?);
    }
    let urls: Vec<String> = gongs.iter().map(FakeGong::base_url).collect();
    say(json!(urls));

    let mut faults = Faults::default();
    let mut commands = BufReader::new(tokio::io::stdin()).lines();
    let mut ticks = tokio::time::interval(BETWEEN_FAULTS / count as u32);
    let mut calm = false;
    loop {
        tokio::select! {
            command = commands.next_line() => match command?.as_deref() {
                Some("calm") => {
                    calm = true;
                    gongs.iter().for_each(FakeGong::clear_faults);
                    say(json!({"faults": faults.set}));
                }
                Some("tally") => {
                    let tallies = gongs.iter().map(|gong| {
                        let tally = gong.tally();
                        json!({
                            "requests": tally.requests, "writes": tally.writes,
                            "refused": tally.statuses.get(&429).copied().unwrap_or_default(),
                        })
                    });
                    say(Value::from_iter(tallies));
                }
                Some(other) => bail!("no such command: {other}"),
                None => return Ok(()),
            },
            _ = ticks.tick(), if !calm => {
                let (tenant, fault) = faults.next(count);
                gongs[tenant].fault("", fault, Some(1));
                // Otherwise the recorded requests would fill the memory.
                gongs[tenant].clear_requests();
            }
        }
    }
}

/// One fault after the other, over all tenants.
#[derive(Default)]
struct Faults {
    set: usize,
}

impl Faults {
    fn next(&mut self, tenants: usize) -> (usize, Fault) {
        let number = self.set;
        self.set += 1;
        // A step that is coprime to most numbers of tenants visits all of them.
        let tenant = number * 37 % tenants;
        let fault = match number % 9 {
            0 => Fault::Slow(Duration::from_millis(1500)),
            1 => Fault::SlowBody(Duration::from_millis(1500)),
            2 => Fault::Cut,
            3 => Fault::NotJson,
            4 => Fault::OtherShape,
            5 => Fault::Huge(20 << 20),
            6 => Fault::Redirect("https://elsewhere.example/".to_owned()),
            7 => Fault::Status(503, "Service Unavailable".to_owned(), None),
            _ if tenant.is_multiple_of(MOODY) => {
                Fault::Status(429, "Too Many Requests".to_owned(), Some(3))
            }
            _ => Fault::Status(500, "Internal Server Error".to_owned(), None),
        };
        (tenant, fault)
    }
}

/// The process with the stand-ins.
struct Gongs {
    process: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Gongs {
    async fn start(count: usize) -> anyhow::Result<(Self, Vec<String>)> {
        let mut process = Command::new(std::env::current_exe()?)
            .args([STAND_INS, &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdin = process.stdin.take().context("stdin")?;
        let lines = BufReader::new(process.stdout.take().context("stdout")?).lines();
        let mut gongs = Self {
            process,
            stdin,
            lines,
        };
        let urls = serde_json::from_value(gongs.line().await?)?;
        Ok((gongs, urls))
    }

    async fn line(&mut self) -> anyhow::Result<Value> {
        let line = self.lines.next_line().await?;
        Ok(serde_json::from_str(
            &line.context("the stand-ins have ended")?,
        )?)
    }

    async fn ask(&mut self, command: &str) -> anyhow::Result<Value> {
        self.stdin
            .write_all(format!("{command}\n").as_bytes())
            .await?;
        self.line().await
    }
}

// The gateway --------------------------------------------------------------------------------

/// The gateway's process.
struct Gateway {
    process: Child,
    address: String,
}

impl Gateway {
    async fn start(config: &Path, log: &Path, address: String) -> anyhow::Result<Self> {
        let process = Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
            .args(["serve", "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stderr(fs::File::create(log)?)
            .kill_on_drop(true)
            .spawn()?;
        let gateway = Self { process, address };
        for _ in 0..600 {
            if tokio::net::TcpStream::connect(&gateway.address)
                .await
                .is_ok()
            {
                return Ok(gateway);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("the gateway does not listen; see {}", log.display())
    }

    /// Resident memory in KiB.
    fn memory(&self) -> anyhow::Result<u64> {
        let id = self.process.id().context("the gateway has ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.context("no VmRSS")?.trim().trim_end_matches(" kB");
        Ok(kib.parse()?)
    }

    /// Sends SIGTERM, as a process manager does, and waits for the end.
    async fn stop(mut self) -> anyhow::Result<()> {
        let id = self.process.id().context("the gateway has ended")?;
        let sent = Command::new("kill").arg(id.to_string()).status().await?;
        ensure!(sent.success(), "the gateway can not be told to end");
        let status = self.process.wait().await?;
        ensure!(status.success(), "the gateway ended with {status}");
        Ok(())
    }
}

/// One user's name, tenant and token.
#[derive(Clone)]
struct User {
    tenant: usize,
    name: &'static str,
    token: String,
}

fn tenant(number: usize) -> String {
    format!("tenant-{number:03}")
}

/// Writes `gateway.toml` and returns the users' tokens.
fn configure(path: &Path, address: &str, urls: &[String]) -> anyhow::Result<Vec<User>> {
    let options = fake_gong::Options::default();
    let folder = path.parent().context("a folder")?;
    let [key, secret] = ["key", "secret"].map(|name| folder.join(name));
    fs::write(&key, options.access_key)?;
    fs::write(&secret, options.access_key_secret)?;
    let component = component::build(Artefact::GongMcp)?;
    let mut text = format!(
        "stand_in = true\ncomponent = \"{}\"\n\n[listen]\naddress = \"{address}\"\nconnections_per_address = 4096\n\n\
         [limits]\ninstances = {INSTANCES}\n",
        component.display()
    );
    let mut users = Vec::new();
    for (number, url) in urls.iter().enumerate() {
        let name = tenant(number);
        text += &format!(
            "\n[tenants.{name}]\ngong = \"{url}\"\nreview = \"approved\"\nrequests_per_day = 1000000\n\
             credentials = {{ access_key = \"file:{}\", access_key_secret = \"file:{}\" }}\n\
             toolsets = {{ soak = {} }}\nprofiles = {{ all = {{ toolsets = [\"soak\"], users = {} }} }}\n",
            key.display(),
            secret.display(),
            json!(TOOLS),
            json!(USERS),
        );
        for user in USERS {
            let fresh = FreshToken::generate();
            text += &format!(
                "\n[tenants.{name}.users.{user}]\ntoken = \"{}\"\n",
                fresh.hash
            );
            users.push(User {
                tenant: number,
                name: user,
                token: fresh.token.reveal().to_owned(),
            });
        }
    }
    fs::write(path, text)?;
    Ok(users)
}

// The clients --------------------------------------------------------------------------------

const CREATE_MEETING: &str = "gong_create_meeting";

/// The tools that are called in turn.
const TOOLS: [&str; 6] = [
    "gong_list_workspaces",
    "gong_list_users",
    "gong_search_calls",
    CREATE_MEETING,
    "gong_list_scorecards",
    "gong_count_calls",
];

fn arguments(tool: &str, organizer: &str) -> Value {
    match tool {
        "gong_list_users" | "gong_search_calls" => json!({"limit": 5}),
        "gong_count_calls" => json!({"by": ["host"], "limit": 5}),
        CREATE_MEETING => json!({
            "start": "2030-01-08T10:00:00Z", "end": "2030-01-08T10:30:00Z", "organizer": organizer,
            "invitees": ["jo@customer.example"], "title": "Soak",
        }),
        _ => json!({}),
    }
}

/// What one client saw.
#[derive(Default)]
struct Seen {
    /// Calls that were answered, with an answer or an error of the tool.
    answered: u64,
    /// Answered calls with an error of the tool.
    errors: u64,
    /// Meetings that were answered as created.
    created: u64,
    /// Attempts to create one.
    attempted: u64,
    /// The slowest answer.
    slowest: Duration,
    /// Why calls had no answer.
    lost: Vec<String>,
    /// Examples of errors, by their beginning.
    examples: BTreeMap<String, u64>,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.errors += other.errors;
        self.created += other.created;
        self.attempted += other.attempted;
        self.slowest = self.slowest.max(other.slowest);
        self.lost.extend(other.lost);
        for (text, count) in other.examples {
            *self.examples.entry(text).or_default() += count;
        }
    }
}

type Client = RunningService<RoleClient, ()>;

async fn connect(address: &str, token: &str) -> anyhow::Result<Client> {
    let config = StreamableHttpClientTransportConfig::with_uri(format!("http://{address}/mcp"))
        .auth_header(token);
    Ok(
        ().serve(StreamableHttpClientTransport::from_config(config))
            .await?,
    )
}

/// Calls one tool after the other until it is stopped.
async fn call(
    address: String,
    user: User,
    first: usize,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<(User, Seen)> {
    let client = connect(&address, &user.token)
        .await
        .with_context(|| format!("{} of {}", user.name, tenant(user.tenant)))?;
    let mut seen = Seen::default();
    let mut organizer = "nobody@nowhere.example".to_owned();
    for round in first.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let tool = TOOLS[round % TOOLS.len()];
        let arguments: JsonObject = serde_json::from_value(arguments(tool, &organizer))?;
        let request = CallToolRequestParams::new(tool).with_arguments(arguments);
        let start = Instant::now();
        seen.attempted += u64::from(tool == CREATE_MEETING);
        let result = client.call_tool(request).await;
        seen.slowest = seen.slowest.max(start.elapsed());
        let result = match result {
            Ok(result) => result,
            Err(error) => {
                seen.lost.push(format!("{tool}: {error}"));
                continue;
            }
        };
        seen.answered += 1;
        if result.is_error == Some(true) {
            seen.errors += 1;
            let text = result.content.first().and_then(|block| block.as_text());
            let text: String = text
                .map_or("", |text| &text.text)
                .chars()
                .take(48)
                // Ports are removed, so that equal errors are counted together.
                .filter(|c| !c.is_ascii_digit())
                .collect();
            *seen.examples.entry(text).or_default() += 1;
            continue;
        }
        seen.created += u64::from(tool == CREATE_MEETING);
        let users = result.structured_content.unwrap_or_default();
        if let Some(email) = users.pointer("/users/0/email").and_then(Value::as_str) {
            organizer = email.to_owned();
        }
    }
    client.cancel().await?;
    Ok((user, seen))
}

// The soak -----------------------------------------------------------------------------------

async fn soak(time: Duration, tenants: usize) -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("soak");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    let (mut gongs, urls) = Gongs::start(tenants).await?;
    let address = {
        let free = std::net::TcpListener::bind("127.0.0.1:0")?;
        free.local_addr()?.to_string()
    };
    let config = folder.join("gateway.toml");
    let users = configure(&config, &address, &urls)?;
    let gateway = Gateway::start(&config, &folder.join("gateway.log"), address.clone()).await?;
    say(format_args!(
        "{tenants} tenants with {} users each, {} min; {} MiB of memory before the first call",
        USERS.len(),
        time.as_secs() / 60,
        gateway.memory()? >> 10,
    ));

    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for (number, user) in users.iter().enumerate() {
        clients.spawn(call(
            address.clone(),
            user.clone(),
            number,
            Arc::clone(&stop),
        ));
    }
    // After a tenth of the time everything that a tenant needs once is allocated.
    tokio::time::sleep(time / 10).await;
    let memory_early = gateway.memory()?;
    tokio::time::sleep(time - time / 10).await;
    let memory_late = gateway.memory()?;
    stop.store(true, Ordering::Relaxed);
    let faults = gongs.ask("calm").await?;

    let mut seen = Seen::default();
    let mut by_user = BTreeMap::new();
    while let Some(client) = clients.join_next().await {
        let (user, one) = client??;
        let name = (tenant(user.tenant), user.name.to_owned());
        by_user.insert(name, one.answered + one.lost.len() as u64);
        seen.add(one);
    }
    let memory_after = gateway.memory()?;
    gateway.stop().await?;
    let tallies = gongs.ask("tally").await?;
    drop(gongs.process);

    say(format_args!(
        "{} calls answered, {} of them with an error of the tool; slowest {:.1?}; {} faults set",
        seen.answered, seen.errors, seen.slowest, faults["faults"],
    ));
    for (text, count) in &seen.examples {
        say(format_args!("  {count:6} {text}…"));
    }
    say(format_args!(
        "memory: {} MiB after a tenth of the time, {} MiB at its end, {} MiB with nobody calling",
        memory_early >> 10,
        memory_late >> 10,
        memory_after >> 10,
    ));
    let growth = memory_late as f64 / memory_early as f64;
    ensure!(
        growth < GROWTH,
        "memory has grown by a factor of {growth:.2}"
    );
    for lost in seen.lost.iter().take(10) {
        say(format_args!("lost: {lost}"));
    }
    balance(&config, tenants, &seen, &by_user, &tallies).await
}

/// Compares what the clients, the audit and the stand-ins have counted.
async fn balance(
    config: &Path,
    tenants: usize,
    seen: &Seen,
    by_user: &BTreeMap<(String, String), u64>,
    tallies: &Value,
) -> anyhow::Result<()> {
    let output = Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
        .args(["admin", "--config"])
        .arg(config)
        .args(["audit", "--since", "1d", "--limit", "10000000", "--jsonl"])
        .output()
        .await?;
    ensure!(
        output.status.success(),
        "the audit can not be read: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut rows = BTreeMap::<(String, String), u64>::new();
    let mut requests = BTreeMap::<String, u64>::new();
    let mut results = BTreeMap::<String, u64>::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        if row["tool"].is_null() {
            continue;
        }
        *rows.entry((text("tenant"), text("user"))).or_default() += 1;
        *requests.entry(text("tenant")).or_default() += row["gong_requests"].as_u64().unwrap_or(0);
        *results.entry(text("result")).or_default() += 1;
    }
    say(format_args!("audit: {results:?}"));

    let mut wrong = Vec::new();
    if rows != *by_user {
        wrong.push("the audit has not exactly one row for each call".to_owned());
    }
    let (mut sent, mut refused, mut writes) = (0, 0, 0);
    for number in 0..tenants {
        let tally = &tallies[number];
        let of = |name: &str| tally[name].as_u64().unwrap_or_default();
        let name = tenant(number);
        let audited = requests.get(&name).copied().unwrap_or_default();
        if audited != of("requests") {
            wrong.push(format!(
                "{name}: Gong had {} requests, the audit {audited}",
                of("requests")
            ));
        }
        if !number.is_multiple_of(MOODY) {
            refused += of("refused");
        }
        sent += of("requests");
        writes += of("writes");
    }
    say(format_args!(
        "requests to Gong: {sent}, {refused} of them refused for being too fast; meetings created: {writes}, \
         answered as created {}, attempted {}; calls without an answer: {}",
        seen.created,
        seen.attempted,
        seen.lost.len(),
    ));
    if !(seen.created..=seen.attempted).contains(&writes) {
        wrong.push("meetings were lost or made twice".to_owned());
    }
    if !seen.lost.is_empty() {
        wrong.push(format!("{} calls had no answer", seen.lost.len()));
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    say("Nothing was lost, nothing done twice.");
    Ok(())
}
