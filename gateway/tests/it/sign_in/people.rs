//! People: listed with what they have, and gone when they have not signed in for long.

use gateway::store::sign_in::SignedInUser;
use gateway::store::{AuditFilter, AuditRow, KillSwitch};
use jiff::Timestamp;
use serde_json::json;

use super::company::{Company, Tokens};
use crate::support::ada;

const DAY: i64 = 24 * 60 * 60 * 1000;

impl Company {
    async fn people(&self) -> Vec<SignedInUser> {
        let people = self.in_store(|store| store.signed_in_users("acme"));
        people.await.expect("a list")
    }

    /// Makes everybody's last sign-in earlier, and has the policy applied.
    async fn absent_for(&self, millis: i64) -> usize {
        let sql = format!("UPDATE sign_in_users SET last_at = last_at - {millis}");
        self.change_state(&sql).await;
        let config = &self.gateway.server().gateway.tenants.live().config;
        let sign_in = config.tenants["acme"].sign_in.as_ref();
        let after = sign_in.expect("people sign in").lifetimes.person;
        let now = Timestamp::now();
        let gone = self.in_store(move |store| store.prune_people("acme", after, now));
        gone.await.expect("they are pruned")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_signed_in_for_long_is_deleted_with_all_sign_ins() {
    let lifetimes = "lifetimes = { grant = \"10 days\", person = \"20 days\" }";
    let company = Company::start_with(lifetimes).await;
    let mia = company.sign_in("tools:read").await;
    company.provider.person("olga", &["sales", "ops"]);
    company.sign_in("tools:read").await;
    let people = company.people().await;
    assert_eq!(people.len(), 2);
    assert_eq!(people[0].name, "mia@acme.example");
    assert_eq!(people[0].profiles, ["readers".to_owned()].into());
    assert_eq!((people[0].connections, people[0].administrator), (1, false));
    assert!(people[1].administrator && people[1].profiles.contains("everything"));
    // An administrator has put her into a profile of their own.
    let profile = gateway::config::Profile {
        toolsets: ["read-only".to_owned()].into(),
        users: ["mia@acme.example".to_owned()].into(),
    };
    let put = company.in_store(move |store| store.put_profile(&ada(), "acme", "staff", &profile));
    put.await.expect("it is put");
    assert_eq!(company.absent_for(20 * DAY - 60_000).await, 0);
    // The provider's confirmation counts as a sign-in.
    let mia = Tokens::of(
        &mia.client,
        &company.refresh(&mia.client, &mia.refresh).await,
    );
    assert_eq!(company.absent_for(60_000).await, 1);
    let left: Vec<String> = company
        .people()
        .await
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(left, ["mia@acme.example"]);
    // Who is switched off is not forgotten.
    let switch = KillSwitch::User("acme".to_owned(), "mia@acme.example".to_owned());
    let off = switch.clone();
    let switched = company.in_store(move |store| store.switch(&ada(), &off, false, "x"));
    switched.await.expect("it is switched");
    assert_eq!(company.absent_for(30 * DAY).await, 0);
    let refused = company.in_store(|store| {
        let name = "mia@acme.example";
        store.remove_person(&ada(), "acme", name, Timestamp::now())
    });
    let refused = refused.await.expect_err("she is off").to_string();
    assert!(refused.contains("switch it on first"), "{refused}");
    let on = company.in_store(move |store| store.switch(&ada(), &switch, true, ""));
    on.await.expect("it is switched");
    assert_eq!(company.status(&mia.access).await, 200);
    assert_eq!(company.absent_for(0).await, 1);
    assert_eq!(company.status(&mia.access).await, 401);
    let refused = company.refresh(&mia.client, &mia.refresh).await;
    assert_eq!(refused.error(), "invalid_grant");
    assert!(company.people().await.is_empty());
    let act = company.acts("delete-person").await.pop().expect("an act");
    assert_eq!(act.subject.as_deref(), Some("mia@acme.example"));
    assert_eq!(
        act.detail.as_deref(),
        Some("has not signed in for 20 days; 1 sign-ins ended; taken out of profile staff")
    );
    assert_eq!(act.via, "gateway");
    let client = company.registry().await.into_iter();
    let mut client = client.filter(|row| row.client.id == mia.client);
    assert_eq!(client.next().expect("it stays").client.owner, None);
    // She may come back, and has what her groups give and nothing else.
    company.provider.person("mia", &["sales"]);
    company.sign_in("tools:read").await;
    let back = &company.people().await[0];
    assert_eq!(back.profiles, ["readers".to_owned()].into());
    let removed = company.in_store(|store| {
        let name = "mia@acme.example";
        store.remove_person(&ada(), "acme", name, Timestamp::now())
    });
    removed.await.expect("she is removed");
    assert!(company.people().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_is_filtered_by_client_and_user() {
    let company = Company::start().await;
    let mia = company.sign_in("tools:read").await;
    company.provider.person("olga", &["sales"]);
    let olga = company.sign_in("tools:read").await;
    for tokens in [&mia, &olga, &mia] {
        company
            .call(&tokens.access, "gong_list_workspaces", json!({}))
            .await;
    }
    let calls = async |client: Option<&str>, user: Option<&str>| {
        let filter = AuditFilter {
            client: client.map(str::to_owned),
            user: user.map(str::to_owned),
            ..AuditFilter::default()
        };
        let rows = company.in_store(move |store| store.query_audit(&filter));
        let rows = rows.await.expect("rows").into_iter();
        let calls = rows.filter(|row| matches!(row, AuditRow::Call(_)));
        calls.count()
    };
    assert_eq!(calls(None, None).await, 3);
    assert_eq!(calls(Some(&mia.client), None).await, 2);
    assert_eq!(calls(Some(&mia.client), Some("olga@acme.example")).await, 0);
    assert_eq!(calls(None, Some("olga@acme.example")).await, 1);
    assert_eq!(calls(Some("nobody"), None).await, 0);
}
