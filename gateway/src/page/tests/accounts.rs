//! The pages of service accounts.

use super::*;

const NEW: [(&str, &str); 4] = [
    ("name", "reports"),
    ("owner", "mia"),
    ("profile", "analysts"),
    ("days", "90"),
];

/// The token that a page shows.
fn token_in(page: &str) -> String {
    let (_, rest) = page.split_once("<code>gg_").expect("a token");
    let (token, _) = rest.split_once('<').expect("it ends");
    format!("gg_{token}")
}

#[tokio::test]
async fn an_account_is_made_and_its_token_shown_once() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let page = browser.post("/t/acme/accounts", &NEW).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert_eq!(page.header("cache-control"), "no-store");
    let token = token_in(&page.text);
    assert!(TokenHash::presented(&token).is_some());
    let account = &gateway.store.accounts("acme").unwrap()[0];
    assert_eq!(account.owner.as_deref(), Some("mia"));
    assert!(account.profiles.contains("analysts"));
    assert_eq!(account.created_by, "ada");
    let page = browser.get("/t/acme/accounts").await.text;
    assert!(page.contains("reports") && page.contains(&account.tokens[0].id));
    assert!(!page.contains(&token), "it was shown once");
    // Sending the form again makes nothing.
    let again = browser.post("/t/acme/accounts", &NEW).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (field, value, why) in [
        ("days", "soon", "no number of days"),
        ("days", "400", "365 days from now at the latest"),
        ("owner", "nobody", "no user"),
        ("profile", "nothing", "no profile"),
        ("name", "Re ports", "such as re-ports"),
    ] {
        let fields = NEW.map(|(name, other)| match name {
            "name" if field != "name" => (name, "others"),
            _ if name == field => (name, value),
            _ => (name, other),
        });
        let refused = browser.post("/t/acme/accounts", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{why}");
        assert!(refused.text.contains(why), "{}", refused.text);
    }
    let mut bo = gateway.signed_in("bo's token").await;
    let elsewhere = bo.post("/t/globex/accounts", &NEW).await;
    assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tokens_are_rotated_and_revoked_and_their_ends_shown() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    browser.post("/t/acme/accounts", &NEW).await;
    let one = "/t/acme/accounts/reports";
    let rotated = browser
        .post(&format!("{one}/rotate"), &[("days", "10")])
        .await;
    token_in(&rotated.text);
    let ids = || {
        let tokens = gateway.store.accounts("acme").unwrap()[0].tokens.clone();
        tokens.into_iter().map(|token| token.id).collect::<Vec<_>>()
    };
    assert_eq!(ids().len(), 2);
    let third = browser
        .post(&format!("{one}/rotate"), &[("days", "10")])
        .await;
    assert_eq!(third.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = browser.get("/t/acme/accounts").await.text;
    assert!(page.contains("ends soon") && !page.contains("there is none after it"));
    let account = &gateway.store.accounts("acme").unwrap()[0];
    let long = account
        .tokens
        .iter()
        .max_by_key(|token| token.ends_at)
        .unwrap();
    let revoke = format!("{one}/revoke");
    browser.post(&revoke, &[("token", &*long.id)]).await;
    let page = browser.get("/t/acme/accounts").await.text;
    assert!(page.contains("there is none after it"), "{page}");
    let unknown = browser.post(&revoke, &[("token", "0")]).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    let change = format!("{one}/change");
    let none = browser.post(&change, &[("owner", "mia")]).await;
    assert!(none.text.contains("at least one profile"), "{}", none.text);
    browser
        .post(&change, &[("owner", "mia"), ("profile", "analysts")])
        .await;
    let page = browser.get("/t/acme/users/service%3Areports").await.text;
    assert!(
        page.contains("analysts") && page.contains("Kill switch: this user"),
        "{page}"
    );
    let remove = format!("{one}/remove");
    let unsure = browser.post(&remove, &[]).await;
    assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.post(&remove, &[("sure", "yes")]).await;
    assert!(gateway.store.accounts("acme").unwrap().is_empty());
    assert_eq!(browser.get(one).await.status, StatusCode::NOT_FOUND);
    let acts = gateway.acts();
    assert_eq!(
        acts.iter()
            .rev()
            .map(|act| act.split(' ').nth(1).unwrap())
            .collect::<Vec<_>>(),
        [
            "sign-in",
            "create-account",
            "rotate-account",
            "revoke-account",
            "change-account",
            "remove-account"
        ]
    );
}
