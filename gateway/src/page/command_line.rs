//! A code for `gong-gateway admin sign-in`, which waits for it at a port of this computer.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::company::go_on;
use super::problem::Problem;
use super::session::{SignedIn, SubmittedForm, query};
use super::state::PageState;
use super::view::{Frame, NavItem, Style};
use crate::config::{FreshToken, TokenHash};

/// How long the command line may take to use the code.
const CODE_LIFE: Duration = Duration::from_secs(60);

/// Bytes of what the command line sends along.
const LONGEST: usize = 100;

#[derive(Template)]
#[template(path = "command_line.html")]
struct Page {
    frame: Frame,
    number: String,
    port: u16,
    state: String,
    challenge: String,
}

/// What the command line asks for.
struct Wanted {
    port: u16,
    state: String,
    challenge: String,
}

impl Wanted {
    fn read<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Result<Self, Problem> {
        let text = |name: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let text = get(name).unwrap_or_default();
            let fits = (20..=LONGEST).contains(&text.len()) && text.chars().all(plain);
            fits.then(|| text.to_owned())
        };
        let read = || {
            Some(Self {
                port: get("port")?.parse().ok().filter(|port| *port >= 1024)?,
                state: text("state")?,
                challenge: text("challenge")?,
            })
        };
        read().ok_or_else(|| {
            Problem::refused(
                "This address is not complete. Run `gong-gateway admin sign-in` once more.",
            )
        })
    }
}

/// The number that the command line shows too.
#[must_use]
pub(crate) fn number(state: &str) -> String {
    let hash = TokenHash::of(state).to_string();
    let digits = hash.rsplit(':').next().unwrap_or_default();
    digits.chars().take(6).collect()
}

fn only_by_company(by: &SignedIn) -> Result<(), Problem> {
    match by.is_of_company() {
        true => Ok(()),
        false => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "Not done",
            "You are signed in with a token, which the command line does not need. Sign out, and in \
             with the company's account.",
        )),
    }
}

/// Asks whether the command line may act as whoever is signed in.
pub(super) async fn show(by: SignedIn, uri: Uri) -> Result<Response, Problem> {
    only_by_company(&by)?;
    let fields = query(&uri);
    let wanted = Wanted::read(|name| fields.get(name))?;
    Ok(by.show(&Page {
        frame: by.frame(NavItem::Tenants, "Command line", None),
        number: number(&wanted.state),
        port: wanted.port,
        state: wanted.state,
        challenge: wanted.challenge,
    }))
}

/// Sends the code to the command line.
pub(super) async fn allow(
    State(state): State<PageState>,
    form: SubmittedForm,
) -> Result<Response, Problem> {
    only_by_company(&form.by)?;
    let wanted = Wanted::read(|name| form.fields.get(name))?;
    let code = FreshToken::generate();
    let (hash, session) = (code.hash, form.by.secret.hash());
    let (challenge, ends) = (wanted.challenge, state.now() + CODE_LIFE);
    let stored = state
        .store(move |store| store.put_administrator_code(&session, &hash, &challenge, ends))
        .await?;
    if !stored {
        return Err(Problem::refused("Your session has ended. Sign in anew."));
    }
    let answer = form_urlencoded::Serializer::new(String::new())
        .append_pair("code", code.token.reveal())
        .append_pair("state", &wanted.state)
        .finish();
    let to = format!("http://127.0.0.1:{}/?{answer}", wanted.port);
    Ok(go_on("Back to the command line", &to))
}
