//! Refreshing: the provider says anew who somebody is.

use serde_json::json;

use super::agent::Agent;
use super::company::{Company, REDIRECT, Tokens, VERIFIER};
use super::provider::{Fault, Provider};
use crate::support::until;

/// What every refresh token of the provider begins with.
const THE_PROVIDERS: &str = "provider-refresh-";

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_a_group_loses_its_tools_at_the_next_refresh() {
    let company = Company::start().await;
    company.provider.person("olga", &["sales", "ops"]);
    let first = company.sign_in("tools:read tools:destructive").await;
    let second = company.sign_in("tools:read").await;
    let all = company.tools(&first.access).await;
    assert!(company.acts("groups-changed").await.is_empty());
    company
        .provider
        .person("olga", &["sales", "a group that nothing names"]);
    assert_eq!(
        company.tools(&first.access).await,
        all,
        "nobody has asked yet"
    );
    let answer = company.refresh(&first.client, &first.refresh).await;
    let refreshed = Tokens::of(&first.client, &answer);
    let fewer = company.tools(&refreshed.access).await;
    assert!(fewer < all, "{fewer} of {all}");
    // For all of her clients at once, and for tokens that have not ended yet.
    assert_eq!(company.tools(&first.access).await, fewer);
    assert_eq!(company.tools(&second.access).await, fewer);
    let call = company
        .call(&refreshed.access, "gong_delete_meeting", json!({}))
        .await;
    assert!(call.text.contains("is in no toolset"), "{}", call.text);
    let changed = company.acts("groups-changed").await;
    assert_eq!(changed[0].detail.as_deref(), Some("groups [\"sales\"]"));
    // Who leaves the last group, or of whom the provider sends no groups, has no tools.
    company
        .provider
        .claims("olga", json!({ "email": "olga@acme.example" }));
    let answer = company.refresh(&first.client, &refreshed.refresh).await;
    let refreshed = Tokens::of(&first.client, &answer);
    assert_eq!(company.tools(&refreshed.access).await, 0);
    // And who comes back has them again.
    company.provider.person("olga", &["sales"]);
    let answer = company.refresh(&first.client, &refreshed.refresh).await;
    let refreshed = Tokens::of(&first.client, &answer);
    assert_eq!(company.tools(&refreshed.access).await, fewer);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_the_company_is_signed_out_at_the_next_refresh() {
    let company = Company::start().await;
    let mia = company.sign_in("tools:read").await;
    company.provider.leaves("mia");
    assert_eq!(
        company.status(&mia.access).await,
        200,
        "nobody has asked yet"
    );
    let refused = company.refresh(&mia.client, &mia.refresh).await;
    assert_eq!(
        (refused.status.as_u16(), &*refused.error()),
        (400, "invalid_grant")
    );
    assert_eq!(company.status(&mia.access).await, 401);
    let ended = company.acts("sign-in-ended").await;
    assert_eq!(ended[0].actor, "mia@acme.example");
    let why = ended[0].detail.as_deref().expect("why");
    assert!(why.starts_with("the provider has ended it"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_is_not_allowed_does_not_sign_in_nor_stay() {
    let company = Company::start_with("allowed_domains = [\"acme.example\"]").await;
    let mia = company.sign_in("tools:read").await;
    company.provider.claims(
        "mia",
        json!({ "email": "mia@evil.example", "email_verified": true, "groups": ["sales"] }),
    );
    let refused = company.refresh(&mia.client, &mia.refresh).await;
    assert_eq!(refused.error(), "invalid_grant");
    assert_eq!(company.status(&mia.access).await, 401);
    let answered = Agent::new()
        .walk(&company.authorize(&mia.client, "tools:read"), &[])
        .await;
    assert!(answered.contains("error=access_denied"), "{answered}");
    let refused = company.acts("sign-in-refused").await;
    assert!(
        refused[0]
            .detail
            .as_deref()
            .expect("why")
            .contains("evil.example")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_stops_sign_ins_and_nobody_who_is_signed_in() {
    let company = Company::start().await;
    let mia = company.sign_in("tools:read").await;
    company.provider.fault(Fault::Down);
    assert_eq!(company.status(&mia.access).await, 200);
    let answer = company.refresh(&mia.client, &mia.refresh).await;
    let refreshed = Tokens::of(&mia.client, &answer);
    assert_eq!(company.status(&refreshed.access).await, 200);
    // Metadata are remembered, so the browser still gets there; the code can not be redeemed.
    let authorize = company.authorize(&mia.client, "tools:read");
    let mut agent = Agent::new();
    let page = agent.consent_page(&authorize).await;
    let to_provider = agent.allow(&authorize, &page, &[]).await.location();
    assert_eq!(agent.get(&to_provider).await.status, 503);
    company.provider.fault(Fault::None);
    // The provider's refresh token was not used up by the outage.
    let answer = company.refresh(&mia.client, &refreshed.refresh).await;
    Tokens::of(&mia.client, &answer);
    // An answer without an ID token confirms nothing, and harms nothing.
    company.provider.fault(Fault::NoIdTokenAtRefresh);
    let mia = company.sign_in("tools:read").await;
    let answer = company.refresh(&mia.client, &mia.refresh).await;
    let mia = Tokens::of(&mia.client, &answer);
    company.provider.fault(Fault::None);
    Tokens::of(
        &mia.client,
        &company.refresh(&mia.client, &mia.refresh).await,
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_confirmed_ends_in_time() {
    let company = Company::start().await;
    // One whose provider gives no refresh tokens, and one whose provider goes down.
    company.provider.fault(Fault::NoRefreshToken);
    let without = company.sign_in("tools:read").await;
    company.provider.fault(Fault::None);
    let with = company.sign_in("tools:read").await;
    let answer = company.refresh(&without.client, &without.refresh).await;
    let without = Tokens::of(&without.client, &answer);
    company.provider.fault(Fault::Down);
    // Ten minutes before the end an access token lasts until then only.
    let ago = |minutes: i64| {
        format!("UPDATE sign_in_grants SET confirmed_at = confirmed_at - {minutes} * 60 * 1000")
    };
    company.change_state(&ago(230)).await;
    let answer = company.refresh(&with.client, &with.refresh).await;
    let left = answer.json()["expires_in"].as_i64().expect("seconds");
    assert!((590..=600).contains(&left), "{left}");
    let with = Tokens::of(&with.client, &answer);
    company.change_state(&ago(10)).await;
    let refused = company.refresh(&without.client, &without.refresh).await;
    assert_eq!(refused.error(), "invalid_grant");
    assert_eq!(company.status(&without.access).await, 401);
    let refused = company.refresh(&with.client, &with.refresh).await;
    assert_eq!(
        (refused.status.as_u16(), &*refused.error()),
        (503, "temporarily_unavailable")
    );
    // When the provider is back, the client goes on with the token that it has kept.
    company.provider.fault(Fault::None);
    Tokens::of(
        &with.client,
        &company.refresh(&with.client, &with.refresh).await,
    );
    // A sign-in has an end however much it is used.
    let later = "UPDATE sign_in_grants SET ends_at = 0";
    company.change_state(later).await;
    assert_eq!(company.status(&with.access).await, 401);
    let refused = company.refresh(&with.client, &with.refresh).await;
    assert_eq!(refused.error(), "invalid_grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_is_used_again_later_ends_the_sign_in() {
    let company = Company::start().await;
    let mia = company.sign_in("tools:read").await;
    let next = Tokens::of(
        &mia.client,
        &company.refresh(&mia.client, &mia.refresh).await,
    );
    // Within a minute it may be a program beside it, or an answer that was lost.
    let beside = Tokens::of(
        &mia.client,
        &company.refresh(&mia.client, &mia.refresh).await,
    );
    company
        .change_state("UPDATE sign_in_tokens SET replaced_at = replaced_at - 61 * 1000")
        .await;
    let stolen = company.refresh(&mia.client, &mia.refresh).await;
    assert_eq!(stolen.error(), "invalid_grant");
    for one in [&mia, &next, &beside] {
        assert_eq!(company.status(&one.access).await, 401);
        let refused = company.refresh(&mia.client, &one.refresh).await;
        assert_eq!(refused.error(), "invalid_grant");
    }
    let ended = company.acts("sign-in-ended").await.pop().expect("an act");
    let why = ended.detail.expect("why");
    assert!(why.starts_with("a refresh token was used twice"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_share_a_refresh_token_all_go_on() {
    let company = Company::start().await;
    let mia = company.sign_in("tools:read").await;
    let refresh = || company.refresh(&mia.client, &mia.refresh);
    let (first, second, third) = tokio::join!(refresh(), refresh(), refresh());
    let tokens = [first, second, third].map(|answer| Tokens::of(&mia.client, &answer));
    for one in &tokens {
        assert_eq!(company.status(&one.access).await, 200);
        Tokens::of(
            &mia.client,
            &company.refresh(&mia.client, &one.refresh).await,
        );
    }
    // Narrower scopes may be had, wider ones not.
    let last = company.sign_in("tools:read tools:write").await;
    for (scope, ok) in [("tools:write", true), ("tools:read tools:outreach", false)] {
        let answer = company
            .token(&[
                ("grant_type", "refresh_token"),
                ("client_id", &last.client),
                ("refresh_token", &last.refresh),
                ("scope", scope),
            ])
            .await;
        match ok {
            true => assert_eq!(Tokens::of(&last.client, &answer).scope, scope),
            false => assert_eq!(answer.error(), "invalid_scope"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_providers_keys_may_change() {
    let company = Company::start().await;
    company.sign_in("tools:read").await;
    let asked = company.provider.requests("keys");
    company.provider.rotate_keys();
    company.sign_in("tools:read").await;
    assert_eq!(company.provider.requests("keys"), asked + 1);
    // Whoever sends tokens with made-up keys does not make the gateway ask again and again.
    company.provider.rotate_keys();
    for _ in 0..3 {
        let client = company.register().await;
        let answered = Agent::new()
            .walk(&company.authorize(&client, "tools:read"), &[])
            .await;
        assert!(answered.contains("error=access_denied"), "{answered}");
    }
    assert_eq!(company.provider.requests("keys"), asked + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_id_token_leaves_out_is_asked_for() {
    let company = Company::start().await;
    let whole = company.sign_in("tools:read").await;
    assert_eq!(company.provider.requests("user-info"), 0);
    company.provider.fault(Fault::ClaimsAtUserInfo);
    let mia = company.sign_in("tools:read").await;
    let shown = company.tools(&mia.access).await;
    assert_eq!(shown, company.tools(&whole.access).await);
    assert_eq!(company.provider.requests("user-info"), 1);
    let last = company.acts("sign-in").await.pop().expect("an act");
    assert_eq!(last.actor, "mia@acme.example");
    company.provider.person("mia", &["ops"]);
    Tokens::of(
        &mia.client,
        &company.refresh(&mia.client, &mia.refresh).await,
    );
    assert!(company.tools(&mia.access).await > shown);
    assert_eq!(company.acts("groups-changed").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_survive_a_restart_and_end_with_their_provider() {
    let mut company = Company::start().await;
    let mia = company.sign_in("tools:read").await;
    company.gateway.stop().await;
    // Nothing of a token is in the state file.
    let files = std::fs::read_dir(&company.gateway.folder.0).expect("a folder");
    let files = files.flatten().map(|file| file.path());
    let state = files.filter(|path| path.to_string_lossy().contains("gateway.db"));
    let state: Vec<u8> = state
        .flat_map(|path| std::fs::read(path).unwrap_or_default())
        .collect();
    let has = |text: &str| {
        state
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(!has(&mia.access) && !has(&mia.refresh) && !has(THE_PROVIDERS));
    assert!(has("mia@acme.example"));
    company.gateway.run().await;
    assert_eq!(company.status(&mia.access).await, 200);
    Tokens::of(
        &mia.client,
        &company.refresh(&mia.client, &mia.refresh).await,
    );
    let other = Provider::start().await;
    company.write_with_issuer(&other.issuer());
    until("the other provider is in force", async || {
        company.status(&mia.access).await == 401
    })
    .await;
    let refused = company
        .token(&[
            ("grant_type", "authorization_code"),
            ("client_id", &mia.client),
            ("code", &mia.refresh),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ])
        .await;
    assert_eq!(
        refused.error(),
        "invalid_grant",
        "a refresh token is no code"
    );
}
