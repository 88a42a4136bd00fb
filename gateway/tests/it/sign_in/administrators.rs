//! Administrators sign in with the company's account: at the page.

use http::Method;

use super::agent::{Agent, Answer, form};
use super::company::Company;
use super::provider::Fault;
use crate::page::browser;
use crate::support::{Setup, until};

/// The cookie of a session.
const COOKIE: &str = "gong-administrator";

/// The gateway's own administrators are those of this group.
const OF_GATEWAY: &str = "[administrators.sign_in]\nissuer = \"{issuer}\"\nclient_id = \"gong-gateway\"\n\
                          client_secret = \"file:access-key-secret\"\ngroups = [\"platform\"]\n";

/// Where a page goes on to by itself.
pub(crate) fn goes_on(page: &Answer) -> String {
    assert_eq!(page.status, 200, "{}", page.text);
    let (_, rest) = page
        .text
        .split_once("content=\"0; url=")
        .expect("it goes on");
    let url = rest.split('"').next().expect("it ends");
    url.replace("&#38;", "&").replace("&amp;", "&")
}

pub(crate) fn csrf(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a form");
    rest.split('"').next().expect("it ends").to_owned()
}

impl Company {
    pub(crate) async fn with_administrators(top: &str) -> Self {
        let setup = Setup {
            top: top.to_owned(),
            ..Setup::default()
        };
        let company = Self::start_as(setup, "").await;
        company.provider.person("olga", &["ops"]);
        company
    }

    /// Whoever is at the keyboard signs in at the page: the last answer before the page itself.
    pub(crate) async fn administrate(&self, agent: &mut Agent, query: &str) -> Answer {
        let begin = self.url(&format!("/admin/sign-in/company?{query}"));
        let to_provider = goes_on(&agent.get(&begin).await);
        let back = agent.get(&to_provider).await.location();
        agent.get(&back).await
    }

    async fn switch_off(&self, agent: &mut Agent, page: &str) -> Answer {
        let switch = self.url("/admin/t/acme/switch");
        let fields = [("csrf", page), ("to", "off"), ("reason", "a test")];
        agent.post(&switch, &fields).await
    }
}

fn cookie(company: &Company, agent: &Agent) -> Option<String> {
    let key = (company.base.clone(), COOKIE.to_owned());
    agent.cookies.get(&key).cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_of_a_tenant_signs_in_and_the_audit_names_her() {
    let company = Company::with_administrators("").await;
    let mut agent = Agent::new();
    let refused = agent.get(&company.url("/admin/audit?user=mia")).await;
    let sign_in = refused.location();
    assert_eq!(sign_in, "/admin/sign-in?to=%2Fadmin%2Faudit%3Fuser%3Dmia");
    let page = agent.get(&company.url(&sign_in)).await;
    assert!(page.text.contains("Sign in with the company's account"));
    assert!(page.text.contains("name=\"token\""), "a token is taken too");
    let last = company
        .administrate(&mut agent, "tenant=acme&to=%2Fadmin%2Faudit%3Fuser%3Dmia")
        .await;
    assert_eq!(goes_on(&last), "/admin/audit?user=mia");
    let set = last.header("set-cookie");
    assert!(set.contains("; HttpOnly; SameSite=Strict"), "{set}");
    let asked = company.provider.authorizations().pop().expect("one");
    assert_eq!(
        asked["redirect_uri"],
        company.url("/admin/oauth/callback/acme")
    );
    assert_eq!(asked["code_challenge_method"], "S256");

    // She sees her tenant, and others do not exist.
    let page = agent.get(&company.url("/admin")).await;
    assert!(
        page.text.contains("</span> olga@acme.example</span>"),
        "{}",
        page.text
    );
    assert!(page.text.contains("/admin/t/acme/") && !page.text.contains("globex"));
    let other = agent.get(&company.url("/admin/t/globex/tools")).await;
    assert_eq!(other.status, 404);
    let form = csrf(&page.text);
    let everything = company.url("/admin/switch");
    let fields = [("csrf", &*form), ("to", "off"), ("reason", "a test")];
    assert_eq!(agent.post(&everything, &fields).await.status, 422);
    let without = company.switch_off(&mut agent, "x").await;
    assert_eq!(without.status, 403, "a form needs its own token");
    let done = company.switch_off(&mut agent, &form).await;
    assert_eq!(done.location(), "/admin/t/acme/quota");
    let act = company.acts("switch-off").await.pop().expect("an act");
    assert_eq!(
        (&*act.actor, act.tenant.as_deref()),
        ("olga@acme.example", Some("acme"))
    );
    let act = company.acts("sign-in").await.pop().expect("an act");
    assert_eq!(
        (&*act.actor, act.tenant.as_deref()),
        ("olga@acme.example", Some("acme"))
    );

    let before = agent.cookies.clone();
    let out = company.url("/admin/sign-out");
    let done = agent.post(&out, &[("csrf", &form)]).await;
    assert_eq!(done.location(), "/admin/sign-in");
    assert_eq!(cookie(&company, &agent), None);
    agent.cookies = before;
    let late = agent.get(&company.url("/admin")).await;
    assert_eq!(late.status, 303, "the session itself has ended");
    assert_eq!(company.acts("sign-out").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_no_such_group_is_no_administrator() {
    let company = Company::with_administrators(OF_GATEWAY).await;
    company.provider.person("mia", &["sales"]);
    for query in ["tenant=acme", "tenant=", ""] {
        let refused = company.administrate(&mut Agent::new(), query).await;
        assert_eq!(refused.status, 403);
        assert!(
            refused.text.contains("No group of this account"),
            "{}",
            refused.text
        );
    }
    let acts = company.acts("sign-in-refused").await;
    assert_eq!(acts.len(), 3);
    assert_eq!(
        (
            &*acts[0].actor,
            acts[0].tenant.as_deref(),
            acts[2].tenant.as_deref()
        ),
        ("mia@acme.example", Some("acme"), None)
    );
    // A tenant's administrators are not the gateway's, nor another's way round.
    company.provider.person("olga", &["ops"]);
    let refused = company.administrate(&mut Agent::new(), "").await;
    assert_eq!(refused.status, 403);
    company.provider.person("pia", &["platform"]);
    let refused = company.administrate(&mut Agent::new(), "tenant=acme").await;
    assert_eq!(refused.status, 403);
    let mut agent = Agent::new();
    let last = company.administrate(&mut agent, "").await;
    assert_eq!(goes_on(&last), "/admin");
    let page = agent.get(&company.url("/admin")).await;
    for tenant in ["acme", "globex"] {
        assert!(page.text.contains(&format!("/admin/t/{tenant}/")));
    }
    let fields = [
        ("csrf", &*csrf(&page.text)),
        ("to", "off"),
        ("reason", "a test"),
    ];
    let done = agent.post(&company.url("/admin/switch"), &fields).await;
    assert_eq!(done.location(), "/admin");
    // No such tenant, or none whose administrators sign in.
    let missing = company.url("/admin/sign-in/company?tenant=nobody");
    assert_eq!(agent.get(&missing).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_the_group_loses_the_page() {
    let company = Company::with_administrators("").await;
    let mut agent = Agent::new();
    company.administrate(&mut agent, "tenant=acme").await;
    let audit = company.url("/admin/audit");
    let page = agent.get(&audit).await;
    let form = csrf(&page.text);
    // After a while the next page is reached by the provider, and a form is still accepted.
    let ago = |minutes: u32| {
        format!(
            "UPDATE administrator_sessions SET confirmed_at = confirmed_at - {minutes} * 60 * 1000"
        )
    };
    company.change_state(&ago(16)).await;
    let again = agent.get(&audit).await.location();
    assert_eq!(
        again,
        "/admin/sign-in/company?tenant=acme&to=%2Fadmin%2Faudit"
    );
    assert_eq!(company.switch_off(&mut agent, &form).await.status, 303);
    let (_, query) = again.split_once('?').expect("a query");
    let before = cookie(&company, &agent);
    let last = company.administrate(&mut agent, query).await;
    assert_eq!(goes_on(&last), "/admin/audit");
    assert_ne!(cookie(&company, &agent), before, "it is another session");
    assert_eq!(agent.get(&audit).await.status, 200);
    assert_eq!(
        company.acts("sign-in").await.len(),
        1,
        "she did not sign in anew"
    );
    company.change_state(&ago(31)).await;
    let late = company.switch_off(&mut agent, &form).await;
    assert_eq!(late.location(), "/admin/sign-in/company?tenant=acme");
    // The provider is down: nobody is let in, and nobody is signed out.
    company.provider.fault(Fault::Down);
    let begin = company.url("/admin/sign-in/company?tenant=acme");
    let to_provider = goes_on(&agent.get(&begin).await);
    assert_eq!(agent.get(&to_provider).await.status, 503);
    company.provider.fault(Fault::None);
    company.administrate(&mut agent, "tenant=acme").await;
    assert_eq!(agent.get(&audit).await.status, 200);
    // She leaves the group, and the provider says so when it is asked anew.
    company.provider.person("olga", &["sales"]);
    assert_eq!(agent.get(&audit).await.status, 200, "nobody has asked yet");
    let refused = company.administrate(&mut agent, "tenant=acme").await;
    assert_eq!(refused.status, 403);
    assert!(
        agent
            .get(&audit)
            .await
            .location()
            .starts_with("/admin/sign-in")
    );
    // Or as soon as one of her AI clients refreshes.
    company.provider.person("olga", &["ops"]);
    company.administrate(&mut agent, "tenant=acme").await;
    let client = company.sign_in("tools:read").await;
    company.provider.person("olga", &["sales"]);
    company.refresh(&client.client, &client.refresh).await;
    assert_eq!(agent.get(&audit).await.status, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn states_sessions_and_callbacks_of_others_are_worth_nothing() {
    let company = Company::with_administrators("").await;
    let mut agent = Agent::new();
    // A session that somebody has planted before the sign-in is not the one after it.
    let planted = "A".repeat(43);
    let key = (company.base.clone(), COOKIE.to_owned());
    agent.cookies.insert(key, planted.clone());
    let begin = company.url("/admin/sign-in/company?tenant=acme");
    let to_provider = goes_on(&agent.get(&begin).await);
    let back = agent.get(&to_provider).await.location();
    // Another browser, another tenant's callback, the callback of AI clients.
    let mut victim = Agent::new();
    let other = victim.get(&back).await;
    assert_eq!(other.status, 403);
    assert!(other.text.contains("in another browser"), "{}", other.text);
    assert_eq!(agent.get(&back).await.status, 400, "a state is used up");
    for (from, to) in [
        ("/admin/oauth/callback/acme", "/admin/oauth/callback/globex"),
        ("/admin/oauth/callback/acme", "/admin/oauth/callback"),
        ("/admin/oauth/callback/acme", "/t/acme/oauth/callback"),
    ] {
        let to_provider = goes_on(&agent.get(&begin).await);
        let back = agent.get(&to_provider).await.location();
        let elsewhere = agent.get(&back.replace(from, to)).await;
        assert!(matches!(elsewhere.status.as_u16(), 400 | 404), "{to}");
        assert_eq!(cookie(&company, &agent).as_ref(), Some(&planted), "{to}");
    }
    let last = company.administrate(&mut agent, "tenant=acme").await;
    assert_eq!(goes_on(&last), "/admin");
    assert_ne!(cookie(&company, &agent), Some(planted));
    // What the provider answers is held to the same rules as for AI clients.
    for fault in [
        Fault::OtherNonce,
        Fault::OtherIssuer,
        Fault::OtherAudience,
        Fault::Expired,
        Fault::AlgNone,
        Fault::HmacWithPublicKey,
        Fault::OtherIssInAnswer,
    ] {
        company.provider.fault(fault);
        let mut agent = Agent::new();
        let refused = company.administrate(&mut agent, "tenant=acme").await;
        assert_eq!(refused.status, 403, "{fault:?}");
        assert_eq!(cookie(&company, &agent), None);
    }
    company.provider.fault(Fault::None);
    // Only the gateway's own pages are gone to.
    for to in [
        "https://evil.example",
        "//evil.example",
        "/admin\\@evil.example",
    ] {
        let query = form(&[("tenant", "acme"), ("to", to)]);
        let last = company.administrate(&mut Agent::new(), &query).await;
        assert_eq!(goes_on(&last), "/admin", "{to}");
    }
    // Secrets of sessions are not in the state file.
    let secret = cookie(&company, &agent).expect("a session");
    let state = std::fs::read(company.gateway.folder.0.join("gateway.db")).expect("a file");
    let has = |text: &str| {
        state
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(!has(&secret));
    // Another provider ends its sessions.
    let mut company = company;
    company.write_with_issuer("http://127.0.0.1:9");
    until("the session has ended", async || {
        agent.get(&company.url("/admin")).await.status == 303
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_can_be_switched_off() {
    let top = format!("[administrators]\nlocal = false\n{OF_GATEWAY}");
    let company = Company::with_administrators(&top).await;
    let token = company.gateway.token("admin");
    let mut agent = Agent::new();
    let page = agent.get(&company.url("/admin/sign-in")).await;
    assert!(!page.text.contains("name=\"token\""));
    let fields = [("name", "ada"), ("token", &*token)];
    let refused = agent.post(&company.url("/admin/sign-in"), &fields).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text.contains("administrators.local is off"));
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", &*bearer)];
    let metrics = company.url("/metrics");
    let refused = agent
        .send(Method::GET, &metrics, &headers, String::new())
        .await;
    assert_eq!(refused.status, 401);
    let config = company.gateway.config();
    let found = gateway::serve::check(&config).await.expect("a check");
    assert!(
        !found.warnings.iter().any(|one| one.contains("administrat")),
        "{found:?}"
    );
    assert_eq!(
        found.notes[0],
        format!(
            "administrators.sign_in: register the redirect address {}/admin/oauth/callback at {}",
            company.base,
            company.provider.issuer()
        )
    );
    // Without anybody, it is said.
    let text = std::fs::read_to_string(&config).expect("a file");
    let warned = async |text: &str| {
        std::fs::write(company.gateway.folder.0.join("other.toml"), text).expect("written");
        let other = company.gateway.folder.0.join("other.toml");
        let found = gateway::serve::check(&other).await.expect("a check");
        assert_eq!(found.errors, [""; 0]);
        found.warnings.join("\n")
    };
    let (before, rest) = text
        .split_once("[administrators.sign_in]")
        .expect("it is there");
    let (_, after) = rest
        .split_once("groups = [\"platform\"]\n")
        .expect("it is there");
    let only_tenants = format!("{before}{after}");
    let warning = warned(&only_tenants).await;
    assert!(
        warning.contains("nobody can administrate the gateway as a whole"),
        "{warning}"
    );
    let nobody = only_tenants.replace("administrator = true", "");
    let warning = warned(&nobody).await;
    assert!(
        warning.contains("nobody can administrate this gateway"),
        "{warning}"
    );
    // Who has signed in with a token before is signed out.
    let mut company = Company::start().await;
    let token = company.gateway.token("admin");
    let fields = [("name", "ada"), ("token", &*token)];
    let done = agent.post(&company.url("/admin/sign-in"), &fields).await;
    assert_eq!(done.location(), "/admin");
    assert_eq!(agent.get(&company.url("/admin")).await.status, 200);
    company.rewrite_with_top("[administrators]\nlocal = false\n");
    until("the session has ended", async || {
        agent.get(&company.url("/admin")).await.status == 303
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_reached_by_the_provider_in_a_browser() {
    let Some(browser) = browser().await else {
        return;
    };
    let company = Company::with_administrators("").await;
    browser.scripts(false).await;
    browser.open(&company.url("/admin/t/acme/quota")).await;
    assert!(browser.path().await.starts_with("/admin/sign-in?to="));
    browser.fill("#tenant", "acme").await;
    browser
        .click("form[action='/admin/sign-in/company'] button")
        .await;
    until("she is at the page", async || {
        browser.path().await == "/admin/t/acme/quota"
    })
    .await;
    let text = browser.text().await;
    assert!(text.contains("Signed in as olga@acme.example"), "{text}");
    // Also where the provider is asked anew.
    let ago = "UPDATE administrator_sessions SET confirmed_at = confirmed_at - 16 * 60 * 1000";
    company.change_state(ago).await;
    browser.open(&company.url("/admin/t/acme/users")).await;
    until("she is at the page", async || {
        browser.path().await == "/admin/t/acme/users"
    })
    .await;
    assert_eq!(company.acts("sign-in").await.len(), 1);
    let errors = browser.console_errors().await;
    assert_eq!(errors, [""; 0]);
    browser.quit().await;
}
