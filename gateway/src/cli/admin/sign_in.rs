//! Signing in and out on the command line, and what is kept of it.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use axum::Router;
use axum::extract::RawQuery;
use axum::response::Html;
use axum::routing::get;
use gateway::command_line::CommandLineSignIn;
use gateway::config::{Config, TokenHash};
use gateway::os_user;
use gateway::store::administrators::AdministratorSession;
use gateway::store::{Actor, Store, Via};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::Admin;
use crate::stdout;

/// How long the browser may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// What is kept of a sign-in, readable by its user only.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The state file that it is for.
    state: PathBuf,
    token: String,
}

/// The sign-in of this user for a state file.
pub(super) enum SignedIn {
    /// There is none.
    No,
    /// There was one, which has ended.
    Ended,
    /// It goes on.
    Yes(AdministratorSession),
}

/// The file with the sign-in for a state file.
fn file(state: &Path) -> anyhow::Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let folder = set("XDG_CONFIG_HOME").map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(set("HOME")?).join(".config")));
    let folder = folder.context("neither XDG_CONFIG_HOME nor HOME says where to keep a sign-in")?;
    let state = state.canonicalize()?;
    let hash = TokenHash::of(&state.to_string_lossy()).to_string();
    let digits = hash.rsplit(':').next().unwrap_or_default();
    let name = format!("sign-in-{}.json", &digits[..16]);
    Ok(folder.join("gong-gateway").join(name))
}

fn keep(state: &Path, token: &str) -> anyhow::Result<PathBuf> {
    let path = file(state)?;
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
    }
    let kept = Kept {
        state: state.canonicalize()?,
        token: token.to_owned(),
    };
    let new = path.with_extension("new");
    let _ = fs::remove_file(&new);
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(serde_json::to_string(&kept)?.as_bytes())?;
    fs::rename(&new, &path)?;
    Ok(path)
}

fn kept(path: &Path) -> anyhow::Result<Option<TokenHash>> {
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(None);
    };
    ensure!(
        metadata.mode() & 0o077 == 0,
        "others can read {}: sign in anew with `gong-gateway admin sign-in`",
        path.display()
    );
    let text = fs::read_to_string(path)?;
    let kept: Option<Kept> = serde_json::from_str(&text).ok();
    Ok(kept.and_then(|kept| TokenHash::presented(&kept.token)))
}

/// Who has signed in here.
pub(super) fn signed_in(store: &Store) -> anyhow::Result<SignedIn> {
    // Where nothing says where to keep a sign-in, there is none.
    let Ok(path) = file(store.path()) else {
        return Ok(SignedIn::No);
    };
    let Some(hash) = kept(&path)? else {
        return Ok(SignedIn::No);
    };
    let session = store.administrator_session(&hash, Via::CommandLine, Timestamp::now())?;
    Ok(session.map_or(SignedIn::Ended, SignedIn::Yes))
}

/// Signs in by a browser.
pub(super) async fn sign_in(admin: &Admin) -> anyhow::Result<()> {
    let config = Config::load(&admin.config)?;
    let Some(public_url) = &config.listen.public_url else {
        bail!(
            "signing in needs the gateway's address; say in {} listen.public_url = \"https://gong.acme.example\"",
            admin.config.display()
        );
    };
    ensure!(
        config.administrated().next().is_some(),
        "no company's account makes an administrator; name whose do in {}, such as \
         [administrators.sign_in] with groups = [\"gong-platform\"], or a tenant's group with \
         administrator = true",
        admin.config.display()
    );
    let store = Store::open(&config.state)?;
    ensure!(
        store.served_by()?.is_some(),
        "no gateway serves from {}, and signing in needs it: `gong-gateway serve`",
        config.state.display()
    );
    let begun = CommandLineSignIn::begin();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = begun.url(public_url, listener.local_addr()?.port());
    anstream::eprintln!(
        "Open this address in a browser, and compare the number {}:\n\n  {url}\n\n\
         If the browser is on another computer, paste here the address at 127.0.0.1 to which it is sent \
         in the end.",
        begun.number()
    );
    let code = tokio::time::timeout(PATIENCE, answer(&begun, listener)).await;
    let code = code.context("the browser did not come back within ten minutes")??;
    let now = Timestamp::now();
    let redeemed = begun.redeem(&store, &code, now, &os_user::current())?;
    let (token, session) = redeemed.context(
        "the code is of no use: it has ended, or the account makes no administrator any more",
    )?;
    let path = keep(store.path(), token.reveal())?;
    if admin.json {
        let value = json!({
            "name": session.name, "tenant": session.tenant, "expires_at": session.expires_at, "file": path
        });
        stdout::line(serde_json::to_string_pretty(&value)?);
        return Ok(());
    }
    let of = session.tenant.map(|tenant| format!(" of {tenant}"));
    stdout::line(format_args!(
        "Signed in as {}, an administrator{}, until {:.0}.",
        session.name,
        of.as_deref().unwrap_or(" of the whole gateway"),
        session.expires_at
    ));
    Ok(())
}

/// The code that the browser brings, or that is in an address which is pasted.
async fn answer(begun: &CommandLineSignIn, listener: TcpListener) -> anyhow::Result<String> {
    let (sender, mut queries) = mpsc::channel::<String>(8);
    let app = Router::new().route(
        "/",
        get(async move |RawQuery(query): RawQuery| {
            let _ = sender.try_send(query.unwrap_or_default());
            Html("<!doctype html><title>gong-gateway</title><p>Go back to the terminal. You can close this page.</p>")
        }),
    );
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut reading = true;
    let code = loop {
        let query = tokio::select! {
            query = queries.recv() => query.context("nothing listens any more")?,
            line = lines.next_line(), if reading => match line {
                Ok(Some(line)) => line.split_once('?').map(|(_, query)| query.trim().to_owned()).unwrap_or_default(),
                _ => { reading = false; continue; }
            },
        };
        if let Some(code) = begun.code(&query) {
            break code;
        }
    };
    // The browser still reads its answer.
    tokio::time::sleep(Duration::from_millis(200)).await;
    serving.abort();
    Ok(code)
}

/// Signs out, also where the sign-in has ended already.
pub(super) fn sign_out(store: &Store, json: bool) -> anyhow::Result<()> {
    let path = file(store.path())?;
    let hash = kept(&path).ok().flatten();
    if let Some(hash) = &hash {
        store.close_administrator_session(hash, |name| {
            Actor::new(name, Via::CommandLine).with_os_user(Some(os_user::current()))
        })?;
    }
    if path.exists() {
        fs::remove_file(&path)?;
    }
    if json {
        stdout::line(json!({ "signed_out": hash.is_some() }));
    } else {
        stdout::line(match hash {
            Some(_) => "Signed out.",
            None => "Nobody was signed in.",
        });
    }
    Ok(())
}
