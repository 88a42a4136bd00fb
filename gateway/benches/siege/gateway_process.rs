//! The gateway as it is shipped, in a process of its own, with its stand-ins for Gong.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use fake_gong::{FakeGong, Fault, OpenApi};
use gateway::config::FreshToken;
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use xtask::component::{self, Artefact};

/// The user of each tenant who works.
pub(crate) const WORKER: &str = "ada";

/// The user of the first tenant who attacks.
pub(crate) const ATTACKER: &str = "mallory";

pub(crate) const TOOL: &str = "gong_list_workspaces";

/// A tool that waits for Gong at the attacker's tenant.
pub(crate) const SLOW_TOOL: &str = "gong_list_users";

pub(crate) struct GatewayProcess {
    process: Child,
    config: PathBuf,
    _gongs: Vec<FakeGong>,
    pub(crate) address: SocketAddr,
    /// Tokens of the workers, by tenant.
    pub(crate) workers: BTreeMap<String, String>,
    pub(crate) attacker: String,
    /// The attacker's token as an administrator.
    pub(crate) administrator: String,
}

/// What the process uses.
pub(crate) struct Usage {
    /// Resident memory in KiB.
    pub(crate) memory: u64,
    /// Open file descriptors.
    pub(crate) descriptors: usize,
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            memory,
            descriptors,
        } = self;
        write!(f, "{} MiB, {descriptors} descriptors", memory >> 10)
    }
}

impl GatewayProcess {
    pub(crate) async fn start(tenants: usize) -> anyhow::Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("siege");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder)?;
        let mut gongs = Vec::new();
        for seed in 0..tenants {
            let options = fake_gong::Options {
                calls: 30,
                seed: seed as u64,
                openapi: OpenApi::Off,
                ..Default::default()
            };
            gongs.push(FakeGong::start(([127, 0, 0, 1], 0).into(), options).await?);
        }
        gongs[0].fault("/v2/users", Fault::Slow(Duration::from_secs(20)), None);
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let config = folder.join("gateway.toml");
        let tokens = configure(&config, address, &gongs)?;
        let log = fs::File::create(folder.join("gateway.log"))?;
        let process = Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
            .args(["serve", "--config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let gateway = Self {
            process,
            config,
            _gongs: gongs,
            address,
            workers: tokens.workers,
            attacker: tokens.attacker,
            administrator: tokens.administrator,
        };
        for _ in 0..600 {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return Ok(gateway);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!(
            "the gateway does not listen; see gateway.log in {}",
            folder.display()
        )
    }

    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        let id = self.process.id().context("the gateway has ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let memory = line.context("no VmRSS")?.trim().trim_end_matches(" kB");
        Ok(Usage {
            memory: memory.parse()?,
            descriptors: fs::read_dir(format!("/proc/{id}/fd"))?.count(),
        })
    }

    /// Ends the gateway in order, and returns how many calls of each tenant's worker are in the
    /// audit.
    pub(crate) async fn stop_and_count_rows(mut self) -> anyhow::Result<BTreeMap<String, u64>> {
        let id = self.process.id().context("the gateway has ended")?;
        Command::new("kill").arg(id.to_string()).status().await?;
        let status = self.process.wait().await?;
        ensure!(status.success(), "the gateway ended with {status}");
        let output = Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
            .args(["admin", "--config"])
            .arg(&self.config)
            .args(["audit", "--since", "1d", "--limit", "10000000", "--jsonl"])
            .output()
            .await?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the audit can not be read: {said}");
        let mut rows = BTreeMap::new();
        for line in String::from_utf8(output.stdout)?.lines() {
            let row: Value = serde_json::from_str(line)?;
            if row["user"] == WORKER && !row["tool"].is_null() {
                let tenant = row["tenant"].as_str().unwrap_or_default();
                *rows.entry(tenant.to_owned()).or_default() += 1;
            }
        }
        Ok(rows)
    }
}

struct Tokens {
    workers: BTreeMap<String, String>,
    attacker: String,
    administrator: String,
}

/// Writes `gateway.toml`.
fn configure(path: &Path, address: SocketAddr, gongs: &[FakeGong]) -> anyhow::Result<Tokens> {
    let options = fake_gong::Options::default();
    let folder = path.parent().context("a folder")?;
    fs::write(folder.join("key"), options.access_key)?;
    fs::write(folder.join("secret"), options.access_key_secret)?;
    let component = component::build(Artefact::GongMcp)?;
    let administrator = FreshToken::generate();
    let mut text = format!(
        "stand_in = true\ncomponent = {component:?}\n\n[listen]\naddress = \"{address}\"\n\n\
         [admins.{ATTACKER}]\ntoken = \"{}\"\n",
        administrator.hash
    );
    let mut workers = BTreeMap::new();
    let attacker = FreshToken::generate();
    for (number, gong) in gongs.iter().enumerate() {
        let name = format!("tenant-{number:02}");
        let users = if number == 0 {
            vec![WORKER, ATTACKER]
        } else {
            vec![WORKER]
        };
        text += &format!(
            "\n[tenants.{name}]\ngong = \"{}\"\nreview = \"approved\"\n\
             requests_per_second = 1000\nrequests_per_day = 1000000\n\
             credentials = {{ access_key = \"file:key\", access_key_secret = \"file:secret\" }}\n\
             profiles = {{ all = {{ toolsets = [\"read-only\"], users = {} }} }}\n",
            gong.base_url(),
            json!(users),
        );
        for user in users {
            let fresh = FreshToken::generate();
            let fresh = if user == ATTACKER { &attacker } else { &fresh };
            text += &format!(
                "\n[tenants.{name}.users.{user}]\ntoken = \"{}\"\n",
                fresh.hash
            );
            if user == WORKER {
                workers.insert(name.clone(), fresh.token.reveal().to_owned());
            }
        }
    }
    fs::write(path, text)?;
    Ok(Tokens {
        workers,
        attacker: attacker.token.reveal().to_owned(),
        administrator: administrator.token.reveal().to_owned(),
    })
}
