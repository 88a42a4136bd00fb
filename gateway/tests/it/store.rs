//! Several processes use one state file.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use gateway::config::{Config, TokenHash};
use gateway::governance::Governance;
use gateway::store::{
    Actor, AuditFilter, CallResult, Decision, FinishedCall, KillSwitch, RowKind, StartedCall,
    Store, Via,
};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use sandbox::Tool;
use sandbox::{Annotations, Classification, Effect};

use crate::support::Folder;

/// The SHA-256 of an invented component.
pub(crate) const DIGEST: &str = "c0ffee0000000000000000000000000000000000000000000000000000000001";

pub(crate) const DAY: Date = date(2026, 11, 24);

pub(crate) fn tool(name: &str, toolset: &str, effect: Effect, classes: &[Classification]) -> Tool {
    Tool {
        name: name.to_owned(),
        title: name.replace('_', " "),
        description: format!("Does {name}."),
        input_schema: r#"{"type":"object"}"#.to_owned(),
        output_schema: r#"{"type":"object"}"#.to_owned(),
        toolset: toolset.to_owned(),
        effect,
        scopes: vec!["api:calls:read:basic".to_owned()],
        annotations: Annotations {
            read_only_hint: effect == Effect::Read,
            destructive_hint: effect == Effect::Destructive,
            idempotent_hint: false,
            open_world_hint: true,
        },
        default: true,
        classification: classes.to_vec(),
        operations: vec!["GET /v2/calls".to_owned()],
    }
}

pub(crate) fn tools() -> Vec<Tool> {
    use Classification as C;
    vec![
        tool("ask_deal", "ai", Effect::MeteredRead, &[C::Read]),
        tool(
            "erase_data",
            "privacy",
            Effect::Destructive,
            &[C::Destructive],
        ),
        tool("grant_access", "calls", Effect::Write, &[C::Write]),
        tool(
            "search_calls",
            "calls",
            Effect::Read,
            &[C::Read, C::Sensitive],
        ),
    ]
}

/// A configuration of two tenants.
pub(crate) fn configuration() -> String {
    let hash = |of: &str| TokenHash::of(&format!("the token of {of}")).to_string();
    format!(
        r#"[admins.ada]
token = "{}"

[tenants.acme]
gong = "https://acme.api.gong.io"
credentials = {{ access_key = "env:ACME_KEY", access_key_secret = "env:ACME_SECRET" }}
users.mia.token = "{}"
users.tom.token = "{}"
toolsets.sales = ["search_calls", "gone_tool"]
profiles.analysts = {{ toolsets = ["read-only", "sales"], users = ["mia"] }}

[tenants.globex]
gong = "https://globex.api.gong.io"
credentials = {{ access_key = "env:GLOBEX_KEY", access_key_secret = "env:GLOBEX_SECRET" }}
review = "approved-reads"
requests_per_day = 500
users.pat.token = "{}"
"#,
        hash("ada"),
        hash("mia"),
        hash("tom"),
        hash("pat")
    )
}

/// The state file of this configuration, with every tool discovered.
pub(crate) fn store(folder: &Folder) -> Store {
    let store = Store::open(&folder.0.join("gateway.db")).expect("the store opens");
    let config =
        Config::parse("gateway.toml", &configuration(), Path::new("")).expect("it is right");
    store.declare(&config).expect("it is declared");
    store
        .discover(&tools(), DIGEST)
        .expect("tools are discovered");
    store
}

pub(crate) fn call(request_id: &str, tool: &str, at: Timestamp) -> FinishedCall {
    FinishedCall {
        id: None,
        start: StartedCall {
            at,
            request_id: request_id.to_owned(),
            trace_id: None,
            tenant: "acme".to_owned(),
            user: "mia".to_owned(),
            client: Some("claude-code".to_owned()),
            client_version: Some("2.1".to_owned()),
            sign_in: None,
            client_id: None,
            owner: None,
            tool: tool.to_owned(),
        },
        result: CallResult::Success,
        code: None,
        reason: None,
        latency: Duration::from_millis(40),
        gong_requests: 1,
        bytes: 2_048,
        gong_request_ids: vec!["4al018gzaztcr8nbukw".to_owned()],
    }
}

/// Another process of this test program, which runs only `test`, with `value` in the variable.
pub(crate) fn again(test: &str, variable: &str, value: &Path) -> Child {
    let program = std::env::current_exe().expect("a running program has a path");
    Command::new(program)
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(variable, value)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("it starts again")
}

const SPENDER: &str = "GATEWAY_TEST_SPENDER";

/// Not a test, but what each of the processes below runs.
#[test]
fn spend() {
    let Some(path) = std::env::var_os(SPENDER) else {
        return;
    };
    let store = Store::open(Path::new(&path)).expect("all open it at once");
    let config =
        Config::parse("gateway.toml", &configuration(), Path::new("")).expect("it is right");
    store.declare(&config).expect("all declare the same");
    store
        .discover(&tools(), DIGEST)
        .expect("all discover the same");
    let actor = Actor::new("ada", Via::CommandLine);
    let mut spent = 0;
    loop {
        let granted = store.lease("globex", DAY, 7, 500).expect("a lease");
        spent += granted;
        if granted == 0 {
            break;
        }
        let request_id = format!("{}-{spent}", std::process::id());
        let row = call(&request_id, "search_calls", Timestamp::now());
        store.audit_writer().finish(row).wait().expect("a row");
        let names = ["search_calls".to_owned()];
        for decision in [Decision::Approve, Decision::Disable] {
            store
                .review(&actor, "acme", &names, decision)
                .expect("a review");
        }
    }
    anstream::println!("\nspent {spent}");
}

#[test]
fn processes_share_one_file_and_nothing_is_spent_twice_or_lost() {
    let folder = Folder::new();
    let path = folder.0.join("gateway.db");
    // The file does not exist yet: all of them try to create and migrate it at the same time.
    let children: Vec<Child> = (0..5)
        .map(|_| again("store::spend", SPENDER, &path))
        .collect();
    let mut spent = 0;
    for mut child in children {
        let mut output = String::new();
        let mut out = child.stdout.take().expect("it is piped");
        out.read_to_string(&mut output).expect("it is text");
        assert!(child.wait().expect("it ends").success(), "{output}");
        let line = output.lines().find_map(|line| line.strip_prefix("spent "));
        let its = line.expect("it says what it spent").parse::<u32>();
        spent += its.expect("a number");
    }
    assert_eq!(spent, 500, "exactly the day's limit");
    let store = Store::open(&path).expect("it opens");
    let filter = AuditFilter {
        kind: Some(RowKind::Call),
        limit: Some(10_000),
        ..AuditFilter::default()
    };
    let calls = store.query_audit(&filter).expect("it can be read").len();
    assert_eq!(calls, 72, "71 leases of 7 and one of the last 3");
    assert_eq!(store.quota("globex", DAY).expect("a quota").left, 0);
}

#[test]
fn a_kill_switch_of_another_process_counts_at_the_next_call() {
    let folder = Folder::new();
    let store = store(&folder);
    let governance = Governance::new(&store).expect("it watches");
    let actor = Actor::new("ada", Via::CommandLine);
    let names = ["search_calls".to_owned()];
    store
        .review(&actor, "acme", &names, Decision::Approve)
        .expect("a review");
    let allowed = || {
        let policy = governance.policy("acme", "mia").expect("a policy");
        policy.allows("search_calls")
    };
    for _ in 0..20 {
        assert!(allowed());
        let off = admin(&folder, &["off", "--tenant", "acme", "--reason", "test"]);
        assert!(off.status.success());
        assert!(!allowed(), "from the moment that the command has ended");
        store
            .switch(&actor, &KillSwitch::Tenant("acme".to_owned()), true, "")
            .expect("on again");
    }
}

/// Runs `gong-gateway admin` on the folder's state file.
pub(crate) fn admin(folder: &Folder, arguments: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
        .arg("admin")
        .arg("--state")
        .arg(folder.0.join("gateway.db"))
        .args(arguments)
        .env_clear()
        .env("USER", "grace")
        .output()
        .expect("it runs")
}

#[test]
fn decisions_are_not_made_anew_for_rows_of_the_audit() {
    let folder = Folder::new();
    let store = store(&folder);
    let governance = Governance::new(&store).expect("it watches");
    let policy = || governance.policy("acme", "mia").expect("a policy");
    let first = policy();
    let audit = store.audit_writer();
    for n in 0..20 {
        let row = call(&n.to_string(), "search_calls", Timestamp::now());
        audit.finish(row).wait().expect("a row");
        assert!(Arc::ptr_eq(&first, &policy()), "the one that was kept");
    }
    let actor = Actor::new("ada", Via::CommandLine);
    let off = KillSwitch::Tenant("acme".to_owned());
    store.switch(&actor, &off, false, "test").expect("off");
    assert!(!Arc::ptr_eq(&first, &policy()), "a new one");
}

#[test]
fn an_older_file_is_brought_up_to_date_with_what_it_holds() {
    let folder = Folder::new();
    let path = folder.0.join("gateway.db");
    let older = rusqlite::Connection::open(&path).expect("a file");
    older
        .execute_batch(concat!(
            include_str!("../../src/store/schema/1-governance.sql"),
            include_str!("../../src/store/schema/2-audit.sql"),
            "PRAGMA user_version = 2;
             INSERT INTO audit (at, kind, tenant, actor, what, result)
             VALUES (1764000000000, 'call', 'acme', 'mia', 'search_calls', 'success');
             INSERT INTO toolsets VALUES ('acme', 'mine', 'admin', '[\"search_calls\"]');"
        ))
        .expect("version 2");
    drop(older);
    let store = store(&folder);
    let filter = AuditFilter {
        kind: Some(RowKind::Call),
        ..AuditFilter::default()
    };
    assert_eq!(store.query_audit(&filter).expect("rows").len(), 1);
    let toolsets = store.toolsets("acme").expect("toolsets");
    assert_eq!(
        toolsets[0].tools,
        BTreeSet::from(["search_calls".to_owned()])
    );
    assert_eq!(store.lease("acme", DAY, 5, 10), Ok(5));
    let version: u32 = rusqlite::Connection::open(&path)
        .and_then(|file| file.pragma_query_value(None, "user_version", |row| row.get(0)))
        .expect("a version");
    assert_eq!(version, 12);
}

#[test]
fn retention_takes_what_is_old_in_slices_while_calls_are_written() {
    let folder = Folder::new();
    // Without a declaration, whose rows would be younger than those that follow.
    let store = Store::open(&folder.0.join("gateway.db")).expect("the store opens");
    let audit = store.audit_writer();
    let old = Timestamp::now() - SignedDuration::from_hours(100 * 24);
    let waiting: Vec<_> = (0..12_000)
        .map(|n| audit.finish(call(&n.to_string(), "search_calls", old)))
        .collect();
    for row in waiting {
        row.wait().expect("a row");
    }
    let writer = std::thread::spawn(move || {
        let mut slowest = Duration::ZERO;
        for n in 0..50 {
            let start = std::time::Instant::now();
            let row = call(&format!("new-{n}"), "search_calls", Timestamp::now());
            audit.finish(row).wait().expect("a row");
            slowest = slowest.max(start.elapsed());
        }
        slowest
    });
    let gone = store
        .prune(Duration::from_secs(90 * 86_400), Timestamp::now())
        .expect("it prunes");
    assert_eq!(gone, 12_000);
    let slowest = writer.join().expect("it ends");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let mut out = Vec::new();
    let filter = AuditFilter {
        kind: Some(RowKind::Call),
        ..AuditFilter::default()
    };
    assert_eq!(store.export_audit(&filter, &mut out), Ok(50));
}
