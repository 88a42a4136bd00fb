//! Service accounts: all of a tenant, and new ones.

use std::collections::BTreeSet;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use jiff::Timestamp;

use super::paths;
use super::problem::Problem;
use super::session::{SignedIn, SubmittedForm};
use super::state::PageState;
use super::view::{self, Badge, Frame, NavItem, Style, Tone};
use crate::config::FreshToken;
use crate::store::accounts::{NewServiceToken, SERVICE, SOON, ServiceAccount, ServiceToken};
use crate::store::{Store, StoreError};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Template)]
#[template(path = "accounts.html")]
struct ListPage<'a> {
    frame: Frame,
    tenant: &'a str,
    warnings: Vec<String>,
    rows: Vec<Row>,
    owners: Vec<String>,
    profiles: Vec<String>,
    longest: String,
}

#[derive(Template)]
#[template(path = "account_token.html")]
struct TokenPage<'a> {
    frame: Frame,
    name: &'a str,
    token: &'a str,
    ends: String,
    back: String,
}

/// A service account, as it is shown.
pub(super) struct Row {
    pub(super) page: String,
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) owner_gone: bool,
    pub(super) profiles: String,
    pub(super) made: String,
    pub(super) used: String,
    pub(super) state: Badge,
    pub(super) tokens: Vec<Token>,
}

pub(super) struct Token {
    pub(super) id: String,
    pub(super) ends: String,
    pub(super) made: String,
    pub(super) badge: Option<Badge>,
}

impl Token {
    fn of(token: ServiceToken, now: Timestamp) -> Self {
        Self {
            id: token.id,
            ends: view::minute(token.ends_at),
            made: format!("{} by {}", view::minute(token.created_at), token.created_by),
            badge: match token.ends_at {
                end if end <= now => Some(Badge::new(Tone::Bad, "has ended")),
                end if end <= now + SOON => Some(Badge::new(Tone::Wait, "ends soon")),
                _ => None,
            },
        }
    }
}

/// The page of an account.
pub(super) fn page(tenant: &str, name: &str) -> String {
    format!(
        "{}/accounts/{}",
        paths::tenant(tenant),
        paths::encoded(name)
    )
}

impl Row {
    pub(super) fn of(tenant: &str, account: ServiceAccount, now: Timestamp) -> Self {
        let profiles: Vec<&str> = account.profiles.iter().map(String::as_str).collect();
        Self {
            page: page(tenant, &account.name),
            profiles: profiles.join(", "),
            made: format!(
                "{} by {}",
                view::minute(account.created_at),
                account.created_by
            ),
            used: account
                .last_used_at
                .map_or_else(|| "never".to_owned(), view::minute),
            state: match account.off {
                Some(_) => Badge::new(Tone::Bad, "switched off"),
                None => Badge::new(Tone::Good, "on"),
            },
            name: account.name,
            owner: account.owner.unwrap_or_default(),
            owner_gone: account.owner_gone,
            tokens: account
                .tokens
                .into_iter()
                .map(|token| Token::of(token, now))
                .collect(),
        }
    }
}

/// What an administrator has to see to.
fn warning(account: &ServiceAccount, now: Timestamp) -> Option<String> {
    let name = &account.name;
    let last = account.tokens.iter().map(|token| token.ends_at).max();
    match last {
        Some(end) if end <= now => Some(format!("The token of {name} has ended.")),
        Some(end) if end <= now + SOON => Some(format!(
            "The token of {name} ends on {} UTC, and there is none after it.",
            view::minute(end)
        )),
        _ if account.owner_gone => Some(format!(
            "The owner of {name} is no user any more, or switched off: give it another one."
        )),
        _ => None,
    }
}

/// Users who can answer for an account.
pub(super) fn owners(store: &Store, tenant: &str) -> Result<Vec<String>, StoreError> {
    let users = store.users(tenant)?.into_iter();
    Ok(users.filter(|user| !user.starts_with(SERVICE)).collect())
}

pub(super) fn profile_names(store: &Store, tenant: &str) -> Result<Vec<String>, StoreError> {
    let profiles = store.profiles(tenant)?.into_iter();
    Ok(profiles.map(|profile| profile.name).collect())
}

pub(super) fn days(longest: Duration) -> String {
    view::count(longest.as_secs() / DAY.as_secs(), "day")
}

/// `GET /t/{tenant}/accounts`
pub(super) async fn all(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    signed_in: SignedIn,
) -> Result<Response, Problem> {
    let longest = signed_in.tenant(&tenant)?.clients.longest_service_token;
    let (key, now) = (tenant.clone(), state.now());
    let read = state.store(move |store| {
        let accounts = store.accounts(&key)?;
        Ok((accounts, owners(store, &key)?, profile_names(store, &key)?))
    });
    let (accounts, owners, profiles) = read.await?;
    Ok(signed_in.show(&ListPage {
        frame: signed_in.frame(NavItem::Accounts, "Service accounts", Some(&tenant)),
        tenant: &tenant,
        warnings: accounts
            .iter()
            .filter_map(|one| warning(one, now))
            .collect(),
        rows: accounts
            .into_iter()
            .map(|one| Row::of(&tenant, one, now))
            .collect(),
        owners,
        profiles,
        longest: days(longest),
    }))
}

/// The token that a form asks for.
pub(super) fn fresh(form: &SubmittedForm, tenant: &str, now: Timestamp) -> Result<Fresh, Problem> {
    let longest = form.by.tenant(tenant)?.clients.longest_service_token;
    let days = form.fields.get("days").unwrap_or_default();
    let Ok(number @ 1..=3650) = days.parse::<u32>() else {
        return Err(Problem::refused(format!(
            "{days:?} is no number of days from 1 to 3650, such as 90."
        )));
    };
    let token = FreshToken::generate();
    let new = NewServiceToken {
        hash: token.hash,
        ends_at: now + DAY * number,
        longest,
    };
    Ok(Fresh { token, new })
}

pub(super) struct Fresh {
    pub(super) token: FreshToken,
    pub(super) new: NewServiceToken,
}

impl Fresh {
    /// Shows the token, once.
    pub(super) fn show(&self, form: &SubmittedForm, tenant: &str, name: &str) -> Response {
        let title = format!("A token of {name}");
        form.by.show(&TokenPage {
            frame: form.by.frame(NavItem::Accounts, &title, Some(tenant)),
            name,
            token: self.token.token.reveal(),
            ends: view::minute(self.new.ends_at),
            back: page(tenant, name),
        })
    }
}

pub(super) fn chosen_profiles(form: &SubmittedForm) -> BTreeSet<String> {
    form.fields.all("profile").map(str::to_owned).collect()
}

/// `POST /t/{tenant}/accounts`
pub(super) async fn create(
    State(state): State<PageState>,
    Path(tenant): Path<String>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    let now = state.now();
    let fresh = fresh(&form, &tenant, now)?;
    let field = |name| form.fields.get(name).unwrap_or_default().to_owned();
    let (name, owner, profiles) = (field("name"), field("owner"), chosen_profiles(&form));
    let (actor, key, new) = (form.by.actor(), (tenant.clone(), name.clone()), fresh.new);
    let created = state.store(move |store| {
        store.create_account(&actor, &key.0, (&key.1, &owner), &profiles, new, now)
    });
    created.await?;
    Ok(fresh.show(&form, &tenant, &name))
}
