//! One AI client, and the forms that change it.

use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use jiff::Timestamp;

use super::clients::{Row, page};
use super::connections;
use super::fields::Fields;
use super::kill_switches::{SwitchedOff, panel_of_client};
use super::paths;
use super::problem::Problem;
use super::session::{self, SignedIn, SubmittedForm};
use super::state::PageState;
use super::view::{Frame, NavItem, Style, SwitchPanel, Tone};
use crate::config::IdleAfter;
use crate::store::StoreError;
use crate::store::sign_in::{
    ClientChange, ClientKind, ClientRow, ConnectionFilter, IdleOverride, Registration,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Template)]
#[template(path = "client.html")]
struct Page<'a> {
    frame: Frame,
    tenant: &'a str,
    id: &'a str,
    row: Row,
    kinds: Vec<&'static str>,
    times: [Time; 3],
    switch: SwitchPanel,
    connections: Vec<connections::Row>,
    removable: bool,
    change: String,
    revoke: String,
    remove: String,
    back: String,
    audit: String,
}

/// A time without use, as a field.
struct Time {
    name: &'static str,
    label: &'static str,
    value: String,
    usual: String,
}

impl Time {
    fn of(name: &'static str, label: &'static str, set: Option<Duration>, usual: Duration) -> Self {
        let days = |time: Duration| time.as_secs().div_ceil(DAY.as_secs());
        Self {
            name,
            label,
            value: set.map(|set| days(set).to_string()).unwrap_or_default(),
            usual: format!("as usual, {}, when empty", days(usual)),
        }
    }

    fn all(set: IdleOverride, usual: IdleAfter) -> [Self; 3] {
        [
            Self::of("hidden", "Hidden after", set.hidden, usual.hidden),
            Self::of("closed", "Sign-ins end after", set.closed, usual.closed),
            Self::of("deleted", "Deleted after", set.deleted, usual.deleted),
        ]
    }
}

/// The calls of a client in the audit, which has the name of a program with a token, and its user.
fn audit_of(tenant: &str, client: &ClientRow) -> String {
    let encoded = paths::encoded;
    let (client, user) = match (client.registration, &client.owner) {
        (Registration::Token, Some(user)) => (&client.name, format!("&user={}", encoded(user))),
        _ => (&client.id, String::new()),
    };
    let (tenant, client) = (encoded(tenant), encoded(client));
    format!("/admin/audit?tenant={tenant}&client={client}{user}")
}

/// The id in the query.
fn id_of(uri: &Uri) -> Result<String, Problem> {
    let id = session::query(uri).get("id").map(str::to_owned);
    id.ok_or_else(|| Problem::missing("The address names no client."))
}

/// An address of a form about a client.
pub(super) fn action(tenant: &str, name: &str, id: &str) -> String {
    let (base, id) = (paths::tenant(tenant), paths::encoded(id));
    format!("{base}/clients/{name}?id={id}")
}

/// `GET /t/{tenant}/clients/one?id=…`
pub(super) async fn one(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    uri: Uri,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    let usual = signed_in.tenant(&tenant)?.clients.idle;
    let id = id_of(&uri)?;
    let key = (tenant.clone(), id.clone());
    let read = state.store(move |store| {
        let (tenant, id) = key;
        let filter = ConnectionFilter {
            client: Some(id.clone()),
            ..ConnectionFilter::default()
        };
        // This refuses a client that is not there.
        let connections = store.connections(&tenant, &filter, Timestamp::now())?;
        let clients = store.registry(&tenant)?.into_iter();
        let client = clients.into_iter().find(|row| row.client.id == id);
        let gone = || StoreError::Refused("the client is gone".to_owned());
        Ok((client.ok_or_else(gone)?, connections, store.switches()?))
    });
    let (client, connections, switches) = read.await.map_err(Problem::or_missing)?;
    let registration = client.client.registration;
    Ok(signed_in.show(&Page {
        frame: signed_in.frame(NavItem::Clients, &client.client.name, Some(&tenant)),
        tenant: &tenant,
        id: &id,
        kinds: ClientKind::ALL.iter().map(|kind| kind.as_str()).collect(),
        times: Time::all(client.client.idle, usual),
        switch: panel_of_client(&SwitchedOff::from(switches), &tenant, &id),
        connections: connections.into_iter().map(Into::into).collect(),
        removable: registration != Registration::Account,
        change: action(&tenant, "change", &id),
        revoke: connections::action(&tenant),
        remove: action(&tenant, "remove", &id),
        back: page(&tenant, &id),
        audit: audit_of(&tenant, &client.client),
        row: Row::of(&tenant, client),
    }))
}

/// A number of days in a field. An empty one has none.
fn days(fields: &Fields, name: &str) -> Result<Option<Duration>, Problem> {
    let Some(text) = fields.get(name) else {
        return Ok(None);
    };
    match text.parse::<u32>() {
        Ok(days @ 1..=3650) => Ok(Some(DAY * days)),
        _ => Err(Problem::refused(format!(
            "{text:?} is no number of days from 1 to 3650, such as 30."
        ))),
    }
}

/// `POST /t/{tenant}/clients/change?id=…`
pub(super) async fn change(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    uri: Uri,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    let id = id_of(&uri)?;
    let idle = IdleOverride {
        hidden: days(&form.fields, "hidden")?,
        closed: days(&form.fields, "closed")?,
        deleted: days(&form.fields, "deleted")?,
    };
    let kind = form.fields.get("kind").map(str::parse::<ClientKind>);
    let kind = kind.transpose().map_err(Problem::refused)?;
    let owner = form.fields.get("owner").map(str::to_owned);
    let (actor, key) = (form.by.actor(), (tenant.clone(), id.clone()));
    let changed = state.store(move |store| {
        let (tenant, id) = key;
        // The form always has a kind: one that stays goes on to follow from use.
        let known = store.sign_in_client(&tenant, &id)?;
        let other = |kind: &ClientKind| known.as_ref().is_none_or(|known| known.kind != *kind);
        let kind = kind.filter(other);
        let change = ClientChange {
            kind,
            owner,
            idle: Some(idle),
        };
        store.change_client(&actor, &tenant, &id, &change)
    });
    changed.await?;
    let back = page(&tenant, &id);
    Ok(form
        .by
        .redirect_with_message(&back, Tone::Good, "The client is changed."))
}

/// `POST /t/{tenant}/clients/remove?id=…`
pub(super) async fn remove(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    uri: Uri,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    form.by.tenant(&tenant)?;
    form.require_sure("A client is removed only if the box is ticked.")?;
    let (actor, key, id) = (form.by.actor(), tenant.clone(), id_of(&uri)?);
    let now = Timestamp::now();
    let removed = state.store(move |store| store.remove_client(&actor, &key, &id, now));
    removed.await?;
    let text = "The client is removed, and its sign-ins have ended.";
    let back = format!("{}/clients", paths::tenant(&tenant));
    Ok(form.by.redirect_with_message(&back, Tone::Good, text))
}
