//! Where the audit is pushed to: a file, a command's standard input, an HTTPS address.

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use http::{Request, Uri, header};
use http_body_util::Full;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::config::{AuditPush, PushDestination, SecretRef};
use crate::https_client::{HttpsClient, authorization, describe, https_client};

/// How long a command or a server may take for a batch.
const PATIENCE: Duration = Duration::from_secs(30);

/// Takes batches of lines.
pub(super) enum Destination {
    File(PathBuf),
    Command(Vec<String>),
    Https(Box<Https>),
}

pub(super) struct Https {
    client: HttpsClient,
    uri: Uri,
    authorization: Option<SecretRef>,
}

impl Destination {
    /// `ca` has more root certificates than Mozilla's.
    pub(super) fn new(push: &AuditPush, ca: Option<&Path>, stand_in: bool) -> Result<Self, String> {
        Ok(match &push.destination {
            PushDestination::File(path) => Self::File(path.clone()),
            PushDestination::Command(command) => Self::Command(command.clone()),
            PushDestination::Https { url, authorization } => Self::Https(Box::new(Https {
                client: https_client(ca, stand_in)?,
                uri: url.parse().map_err(|_| format!("{url} is no URL"))?,
                authorization: authorization.clone(),
            })),
        })
    }

    /// Returns when the destination has the lines for good.
    ///
    /// # Errors
    ///
    /// It may not have them. They are to be sent again.
    pub(super) async fn deliver(&self, lines: Vec<u8>) -> Result<(), String> {
        match self {
            Self::File(path) => {
                let path = path.clone();
                let shown = path.display().to_string();
                let written = tokio::task::spawn_blocking(move || append(&path, &lines)).await;
                written
                    .map_err(|error| error.to_string())?
                    .map_err(|error| format!("{shown}: {error}"))
            }
            Self::Command(command) => within(run(command, &lines)).await,
            Self::Https(https) => within(https.post(lines)).await,
        }
    }
}

async fn within(work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    tokio::time::timeout(PATIENCE, work)
        .await
        .unwrap_or_else(|_| Err(format!("it took longer than {PATIENCE:?}")))
}

/// Appends to a file, which may have been moved away in the meantime, up to the disk.
fn append(path: &Path, lines: &[u8]) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .read(true)
        .mode(0o600)
        .open(path)?;
    // A line that a crash cut off must not run into the next one.
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    file.write_all(lines)?;
    file.sync_data()
}

/// Runs the command once for the batch. It has taken the lines when it ends with 0.
async fn run(command: &[String], lines: &[u8]) -> Result<(), String> {
    let (program, arguments) = command.split_first().ok_or("there is no command")?;
    // The gateway's environment may hold the tenants' credentials.
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("{program} can not be run ({error})"))?;
    let mut input = child.stdin.take().ok_or("the command has no input")?;
    let written = input.write_all(lines).await;
    drop(input);
    let status = child.wait().await.map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(format!("{program} ended with {status}"));
    }
    written.map_err(|error| format!("{program} did not read all lines ({error})"))
}

impl Https {
    async fn post(&self, lines: Vec<u8>) -> Result<(), String> {
        let mut request = Request::post(self.uri.clone())
            .header(header::CONTENT_TYPE, "application/x-ndjson")
            .body(Full::from(lines))
            .map_err(|error| error.to_string())?;
        if let Some(reference) = &self.authorization {
            let value = self::authorization(reference)?;
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        let response = self.client.request(request).await;
        let response = response.map_err(|error| describe(&error))?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(format!("the answer is {}", response.status()))
        }
    }
}
