//! The administrator's page in headless Chromium, over the whole gateway.
//!
//! Pictures of the pages go to `page/` in cargo's folder for tests' files.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gateway::config::FreshToken;
use gateway::store::accounts::NewServiceToken;
use gateway::store::sign_in::{ClientKind, ClientRefusal, ClientUses, Registration, UsedClient};
use gateway::store::{CallResult, FinishedCall, ReviewState, StartedCall};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::browser::Browser;
use crate::support::{Tenant, TestGateway, ada, options, stand_in, succeed, until};

/// Window sizes of a phone and a desktop.
const PHONE: (u32, u32) = (360, 780);
const DESK: (u32, u32) = (1280, 900);

const ENTER: &str = "\u{e007}";
const TAB: &str = "\u{e004}";
const SPACE: &str = " ";

/// Every page that an administrator can reach by links.
const PAGES: [(&str, &str); 19] = [
    ("tenants", ""),
    ("tools", "/t/acme/tools"),
    (
        "tools-pending",
        "/t/globex/tools?state=pending&effect=write",
    ),
    ("tool", "/t/acme/tools/gong_search_calls"),
    ("toolsets", "/t/acme/toolsets"),
    ("toolset", "/t/acme/toolsets/one/read-only"),
    ("toolset-new", "/t/acme/toolsets/new"),
    ("profiles", "/t/acme/profiles"),
    ("profile", "/t/acme/profiles/one/readers"),
    ("users", "/t/acme/users"),
    ("user", "/t/acme/users/mia"),
    ("clients", "/t/acme/clients?all=yes"),
    ("client", "/t/acme/clients/one?id=token%3Amia%3Arobot"),
    ("accounts", "/t/acme/accounts"),
    ("account", "/t/acme/accounts/reports"),
    ("quota", "/t/acme/quota"),
    ("quota-days", "/t/acme/quota?span=days"),
    ("index", "/t/acme/index"),
    ("audit", "/audit"),
];

/// Two tenants, of which one has a history of calls.
async fn gateway() -> (TestGateway, fake_gong::FakeGong) {
    let gong = stand_in(options()).await;
    let acme = Tenant::at(&gong);
    let mut globex = Tenant::at(&gong);
    globex.review = "pending";
    let gateway = TestGateway::start_with(
        crate::support::Setup::default(),
        &[("acme", acme), ("globex", globex)],
    )
    .await;
    let mia = gateway.client("acme/mia").await;
    succeed(&mia, "gong_list_users", json!({})).await;
    succeed(&mia, "gong_search_calls", json!({"from": "30d"})).await;
    let _ = mia.cancel().await;
    write_history(&gateway).await;
    write_clients(&gateway).await;
    (gateway, gong)
}

/// A service account, a program with a token, and a client that was not admitted.
async fn write_clients(gateway: &TestGateway) {
    let store = gateway.server().gateway.store.clone();
    let written = tokio::task::spawn_blocking(move || {
        let now = Timestamp::now();
        let token = NewServiceToken {
            hash: FreshToken::generate().hash,
            ends_at: now + Duration::from_secs(9 * 86_400),
            longest: Duration::from_secs(365 * 86_400),
        };
        let (readers, whose) = (["readers".to_owned()].into(), ("reports", "mia"));
        store.create_account(&ada(), "acme", whose, &readers, token, now)?;
        let mut uses = ClientUses::default();
        let program = UsedClient::Program {
            id: "token:mia:robot".to_owned(),
            name: "robot".to_owned(),
            user: "mia".to_owned(),
            kind: ClientKind::Personal,
        };
        uses.used.insert(("acme".to_owned(), program), now);
        let refusal = ClientRefusal {
            registration: Registration::Document,
            name: "https://a-host-with-a-long-name.evil.example/oauth/client-metadata.json"
                .to_owned(),
            reason: "AI clients of a-host-with-a-long-name.evil.example are not admitted here."
                .to_owned(),
        };
        uses.refused.insert(("acme".to_owned(), refusal), (3, now));
        store.store_client_uses(&uses)
    });
    written.await.expect("it ends").expect("it is written");
}

/// Writes a month of calls, more on workdays and by day.
async fn write_history(gateway: &TestGateway) {
    let audit = gateway.server().gateway.store.audit_writer();
    let now = Timestamp::now();
    let tools = [
        "gong_search_calls",
        "gong_get_call",
        "gong_get_transcript",
        "gong_list_deals",
    ];
    let mut rows = Vec::new();
    for hour in 1..30 * 24_i64 {
        let at = now - SignedDuration::from_hours(hour);
        let of_day = at.as_second().rem_euclid(86_400) / 3_600;
        let of_week = at.as_second().div_euclid(86_400).rem_euclid(7);
        let busy = 9 - (of_day - 13).abs().min(9);
        let calls = if [2, 3].contains(&of_week) {
            busy / 4
        } else {
            busy
        };
        for call in 0..calls {
            let tool = tools[usize::try_from((hour + call) % 4).expect("small")];
            let result = match (hour * 7 + call) % 23 {
                0 => CallResult::Denied,
                11 => CallResult::Error,
                _ => CallResult::Success,
            };
            let (code, reason) = match result {
                CallResult::Denied => (
                    Some("not-in-profile"),
                    Some("No profile of noa has a toolset with this tool."),
                ),
                CallResult::Error => (Some("wall-time"), Some("The call took longer than 60 s.")),
                _ => (None, None),
            };
            let spent = if result == CallResult::Denied {
                0
            } else {
                1 + (hour + call) % 5
            };
            rows.push(audit.finish(FinishedCall {
                id: None,
                start: StartedCall {
                    at: at - SignedDuration::from_secs(call * 97),
                    request_id: uuid::Uuid::now_v7().to_string(),
                    trace_id: None,
                    tenant: "acme".to_owned(),
                    user: if call % 3 == 0 { "noa" } else { "mia" }.to_owned(),
                    client: Some("claude-desktop".to_owned()),
                    client_version: Some("1.4.2".to_owned()),
                    sign_in: None,
                    client_id: None,
                    owner: None,
                    tool: tool.to_owned(),
                },
                result,
                code: code.map(str::to_owned),
                reason: reason.map(str::to_owned),
                latency: Duration::from_millis(u64::try_from(80 + 37 * call).expect("positive")),
                gong_requests: u32::try_from(spent).expect("small"),
                bytes: u64::try_from(spent * 6_213).expect("positive"),
                gong_request_ids: Vec::new(),
            }));
        }
    }
    for row in rows {
        row.await.expect("it is written");
    }
}

/// Starts a browser. If there is none, it prints that nothing was tested, or fails if that is not
/// allowed.
pub(crate) async fn browser() -> Option<Browser> {
    let browser = Browser::start().await;
    if browser.is_none() {
        let skipped =
            "skipped: Chromium and its driver are not here (Debian: chromium, chromium-driver)";
        assert!(
            std::env::var_os("CI").is_none(),
            "{skipped}, and CI needs them"
        );
        // Not by `eprintln`, which the test runner captures.
        let _ = writeln!(std::io::stderr(), "{skipped}");
    }
    browser
}

struct Admin<'g> {
    gateway: &'g TestGateway,
    browser: Browser,
}

impl Admin<'_> {
    async fn open(&self, path: &str) {
        self.browser
            .open(&self.gateway.url(&format!("/admin{path}")))
            .await;
    }

    async fn sign_in(&self) {
        self.open("").await;
        self.comes_to("/admin/sign-in").await;
        self.browser.fill("#name", "ada").await;
        self.browser
            .fill("#token", &self.gateway.token("admin"))
            .await;
        self.browser.click("=Sign in").await;
        self.comes_to("/admin").await;
    }

    /// Waits until the page shows a text.
    async fn says(&self, text: &str) {
        until(text, async || self.browser.text().await.contains(text)).await;
    }

    /// Waits until the browser is at a path with its query.
    async fn comes_to(&self, path: &str) {
        until(path, async || self.browser.path().await == path).await;
    }

    fn state(&self, tenant: &str, tool: &str) -> ReviewState {
        let store = &self.gateway.server().gateway.store;
        store.tool(tenant, tool).expect("a tool").tool.state
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_works_without_scripts() {
    let Some(browser) = browser().await else {
        return;
    };
    let (mut gateway, _gong) = gateway().await;
    let admin = Admin {
        gateway: &gateway,
        browser,
    };
    admin.browser.scripts(false).await;
    admin.browser.window(DESK.0, DESK.1, false).await;
    work(&admin).await;
    assert_eq!(admin.browser.console_errors().await, Vec::<String>::new());
    admin.browser.quit().await;
    gateway.stop().await;
}

/// The whole flow, from signing in to signing out.
async fn work(admin: &Admin<'_>) {
    let browser = &admin.browser;
    admin.sign_in().await;
    admin.says("Signed in as ada").await;

    // Tools are approved together, and those with serious effects after a confirmation.
    browser.click("=globex").await;
    admin.comes_to("/admin/t/globex/tools").await;
    assert_eq!(browser.title().await, "Tools · globex · Gong gateway");
    browser.fill("#text", "call outcomes").await;
    browser.click("=Show").await;
    admin.says("1 of 69 shown").await;
    browser
        .click("[aria-label='Select gong_list_call_outcomes']")
        .await;
    browser.click("=Approve").await;
    admin.says("Approved: gong_list_call_outcomes.").await;
    admin.says("1 of 69 shown").await;
    browser.click("=Show all").await;
    browser
        .click("[aria-label='Select gong_erase_personal_data']")
        .await;
    browser.click("=Approve").await;
    admin.says("Approve gong_erase_personal_data?").await;
    browser.picture(&pictures().join("confirm.png")).await;
    assert_eq!(
        admin.state("globex", "gong_erase_personal_data"),
        ReviewState::Pending
    );
    browser.click("=Back, nothing done").await;
    admin.comes_to("/admin/t/globex/tools").await;
    browser
        .click("[aria-label='Select gong_erase_personal_data']")
        .await;
    browser.click("[aria-label='Select gong_list_users']").await;
    browser.click("=Approve").await;
    browser.click("=Approve 2 tools").await;
    admin
        .says("Approved: gong_erase_personal_data, gong_list_users.")
        .await;
    assert_eq!(
        admin.state("globex", "gong_erase_personal_data"),
        ReviewState::Approved
    );
    admin.open("/t/globex/tools?state=approved").await;
    admin.says("3 of ").await;

    // One tool: its classes, its switch.
    browser.click("=gong_list_users").await;
    browser.click("input[value=SENSITIVE]").await;
    browser.click("=Classify").await;
    admin
        .says("Classified gong_list_users: READ, SENSITIVE.")
        .await;
    browser.click("=Input schema").await;
    browser
        .fill("#switch-tool-reason", "names people who left")
        .await;
    browser.click("=Switch off").await;
    admin
        .says("Switched off: gong_list_users of tenant globex.")
        .await;
    admin.says("names people who left").await;
    browser.picture(&pictures().join("tool-off.png")).await;

    // The user sees the reason on the page and in the answer to a call.
    browser.click("=Users").await;
    browser.click("=mia").await;
    admin.says("switched-off-tool").await;
    browser.picture(&pictures().join("user-off.png")).await;
    browser.click("=gong_list_users").await;
    browser
        .fill("#switch-tool-reason", "the list was renewed")
        .await;
    browser.click("=Switch on again").await;
    admin.says("Switched on again").await;

    // A new toolset and a new profile.
    browser.click("=Toolsets").await;
    browser.click("=New toolset").await;
    browser.fill("#name", "directory").await;
    browser.click("input[value=gong_list_users]").await;
    browser.click("=Save").await;
    admin.says("Saved toolset directory.").await;
    browser.click("=Profiles").await;
    browser.click("=New profile").await;
    browser.fill("#name", "assistants").await;
    browser.click("input[value=directory]").await;
    browser.click("input[value=noa]").await;
    browser.click("=Save").await;
    admin.says("Saved profile assistants.").await;

    // The audit has everything, and can be downloaded.
    browser.click("=Audit").await;
    browser.fill("#tool", "gong_list_users").await;
    browser.fill("#user", "ada").await;
    browser.click("=Show").await;
    // The unfiltered page has those acts and others.
    until("what was not asked for is gone", async || {
        !browser.text().await.contains("gong_search_calls")
    })
    .await;
    for act in ["approve", "classify", "switch"] {
        admin.says(act).await;
    }
    browser.click("=Download as JSON lines").await;
    let file = browser.downloads().join("audit.jsonl");
    // It exists before it is written.
    let written = || std::fs::metadata(&file).is_ok_and(|file| file.len() > 0);
    until("the file is there", async || written()).await;
    let lines = std::fs::read_to_string(&file).expect("it can be read");
    assert!(lines.lines().count() >= 4, "{lines}");
    assert!(
        lines.lines().all(|line| line.contains("gong_list_users")),
        "{lines}"
    );

    // Everything is switched off and on again.
    browser.click("=Tenants").await;
    browser
        .fill("#switch-everything-reason", "an exercise")
        .await;
    browser.click("=Switch off").await;
    admin.says("Everything is switched off by ada").await;
    browser.picture(&pictures().join("tenants-off.png")).await;
    browser
        .fill("#switch-everything-reason", "it went well")
        .await;
    browser.click("=Switch on again").await;
    browser.click("=Sign out").await;
    admin.comes_to("/admin/sign-in").await;
    admin.open("/t/acme/tools").await;
    admin.comes_to("/admin/sign-in").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_fits_a_phone_and_needs_nothing_else() {
    let Some(browser) = browser().await else {
        return;
    };
    let (mut gateway, _gong) = gateway().await;
    let admin = Admin {
        gateway: &gateway,
        browser,
    };
    let browser = &admin.browser;
    let pictures = pictures();
    browser.window(DESK.0, DESK.1, false).await;
    admin.open("/sign-in").await;
    browser.picture(&pictures.join("sign-in.png")).await;
    browser.fill("#name", "ada").await;
    browser.fill("#token", "not the token").await;
    browser.click("=Sign in").await;
    admin
        .says("No administrator of this name has this token.")
        .await;
    // The answer was 403, and the browser says so.
    let errors = browser.console_errors().await;
    assert_eq!(errors.len(), 1, "{errors:#?}");
    admin.sign_in().await;
    for (look, (width, height), dark) in [
        ("desk", DESK, false),
        ("dark", DESK, true),
        ("phone", PHONE, false),
    ] {
        browser.window(width, height, dark).await;
        for (name, path) in PAGES {
            admin.open(path).await;
            browser
                .picture(&pictures.join(format!("{name}-{look}.png")))
                .await;
            let wide = browser.value("document.documentElement.scrollWidth").await;
            assert_eq!(wide.as_u64(), Some(width.into()), "{name}, {look}");
            let loaded = browser
                .value("performance.getEntriesByType('resource').map(r => new URL(r.name).pathname).join()")
                .await;
            assert_eq!(loaded, "/admin/style.css", "{name}");
            assert_eq!(faults(browser).await, "", "{name}, {look}");
        }
        assert_eq!(
            browser.console_errors().await,
            Vec::<String>::new(),
            "{look}"
        );
    }
    admin.browser.quit().await;
    gateway.stop().await;
}

/// Faults of accessibility: fields without a label, tables without headers, duplicate ids, text
/// with too little contrast.
async fn faults(browser: &Browser) -> String {
    let script = include_str!("page/faults.js");
    let faults = browser.value(script).await;
    faults.as_str().expect("a text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_is_enough() {
    let Some(browser) = browser().await else {
        return;
    };
    let (mut gateway, _gong) = gateway().await;
    let admin = Admin {
        gateway: &gateway,
        browser,
    };
    let browser = &admin.browser;
    browser.window(DESK.0, DESK.1, false).await;
    admin.open("/sign-in").await;
    for keys in ["ada", TAB, &gateway.token("admin"), ENTER] {
        browser.keys(keys).await;
    }
    until("one is signed in", async || {
        browser.path().await == "/admin"
    })
    .await;
    admin.open("/t/globex/tools?text=gong_list_trackers").await;
    let focused =
        "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent";
    // Tab leads to the check box of the tool and then to the button.
    for (label, key) in [("Select gong_list_trackers", SPACE), ("Approve", ENTER)] {
        for _ in 0..60 {
            browser.keys(TAB).await;
            let seen = browser
                .value("getComputedStyle(document.activeElement).outlineStyle")
                .await;
            assert_eq!(seen, "solid", "the focus is seen");
            if browser.value(focused).await == label {
                break;
            }
        }
        assert_eq!(browser.value(focused).await, label);
        browser.keys(key).await;
    }
    until("it is approved", async || {
        browser
            .text()
            .await
            .contains("Approved: gong_list_trackers.")
    })
    .await;
    admin.browser.quit().await;
    gateway.stop().await;
}

fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    folder
}
