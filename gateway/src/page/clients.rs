//! The registry of AI clients.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;

use super::kinds::KindsForm;
use super::paths;
use super::problem::Problem;
use super::session::{self, SignedIn};
use super::state::PageState;
use super::view::{self, Badge, Frame, NavItem, Style, Tone};
use crate::config::IdleAfter;
use crate::store::sign_in::{ClientState, RefusedClient, RegisteredClient, Registration};

#[derive(Template)]
#[template(path = "clients.html")]
struct Page<'a> {
    frame: Frame,
    tenant: &'a str,
    all: bool,
    idle: usize,
    times: String,
    rows: Vec<Row>,
    refused: Vec<Refused>,
    connections: String,
    kinds: KindsForm,
}

/// A client, as it is shown.
pub(super) struct Row {
    pub(super) page: String,
    pub(super) name: String,
    pub(super) known: &'static str,
    pub(super) publisher: String,
    pub(super) hosts: String,
    pub(super) kind: &'static str,
    pub(super) owner: String,
    pub(super) used: String,
    pub(super) connections: u32,
    pub(super) state: Badge,
}

struct Refused {
    name: String,
    known: &'static str,
    count: u32,
    last: String,
    reason: String,
}

/// The page of a client.
pub(super) fn page(tenant: &str, id: &str) -> String {
    let (base, id) = (paths::tenant(tenant), paths::encoded(id));
    format!("{base}/clients/one?id={id}")
}

fn known(registration: Registration) -> &'static str {
    match registration {
        Registration::Document => "its metadata document",
        Registration::Dynamic => "its registration",
        Registration::Token => "its own word, with a token of gateway.toml",
        Registration::Account => "its tokens, as a service account",
    }
}

impl Row {
    pub(super) fn of(tenant: &str, row: RegisteredClient) -> Self {
        let client = row.client;
        let hosts: Vec<String> = row.redirect_hosts.into_iter().collect();
        let used = match (client.first_used_at, client.last_used_at) {
            (Some(first), Some(last)) => {
                format!("{} to {}", view::minute(first), view::minute(last))
            }
            _ => "never".to_owned(),
        };
        let state = match (&row.off, client.state) {
            (Some(_), _) => Badge::new(Tone::Bad, "switched off"),
            (None, ClientState::Active) => Badge::new(Tone::Good, "active"),
            (None, state) => Badge::new(Tone::Plain, state.as_str()),
        };
        Self {
            page: page(tenant, &client.id),
            name: client.name,
            known: known(client.registration),
            publisher: client.publisher.unwrap_or_default(),
            hosts: hosts.join(", "),
            kind: client.kind.as_str(),
            owner: client.owner.unwrap_or_default(),
            used,
            connections: row.connections,
            state,
        }
    }
}

impl From<RefusedClient> for Refused {
    fn from(row: RefusedClient) -> Self {
        Self {
            name: row.name,
            known: known(row.registration),
            count: row.count,
            last: view::minute(row.last_at),
            reason: row.reason,
        }
    }
}

/// When clients are hidden, closed and deleted.
fn times(idle: IdleAfter) -> String {
    let days = |time: std::time::Duration| {
        let hours = time.as_secs() / 3600;
        match hours % 24 {
            0 => view::count(hours / 24, "day"),
            _ => view::count(hours, "hour"),
        }
    };
    format!(
        "Without use a client is hidden after {}, its sign-ins end after {}, and it is deleted after {}.",
        days(idle.hidden),
        days(idle.closed),
        days(idle.deleted)
    )
}

/// `GET /t/{tenant}/clients`
pub(super) async fn all(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    uri: Uri,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    let idle_after = signed_in.tenant(&tenant)?.clients.idle;
    let all = session::query(&uri).has("all", "yes");
    let key = tenant.clone();
    let read = state.store(move |store| {
        Ok((
            store.registry(&key)?,
            store.refused_clients(&key)?,
            store.allowed_kinds(&key)?,
        ))
    });
    let (clients, refused, allowed) = read.await?;
    let in_use = |row: &RegisteredClient| row.client.state == ClientState::Active;
    let idle = clients.iter().filter(|row| !in_use(row)).count();
    let connections: u64 = clients.iter().map(|row| u64::from(row.connections)).sum();
    let shown = clients
        .into_iter()
        .filter(|row| all || row.off.is_some() || in_use(row));
    Ok(signed_in.show(&Page {
        frame: signed_in.frame(NavItem::Clients, "AI clients", Some(&tenant)),
        tenant: &tenant,
        all,
        idle,
        times: times(idle_after),
        rows: shown.map(|row| Row::of(&tenant, row)).collect(),
        refused: refused.into_iter().map(Refused::from).collect(),
        connections: view::count(connections, "sign-in"),
        kinds: KindsForm::new(&tenant, None, allowed.tenant.as_ref()),
    }))
}
