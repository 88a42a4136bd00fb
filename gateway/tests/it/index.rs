//! Where the component keeps its index: private, bounded, encrypted on disk, and emptied when it must
//! be.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use fake_gong::FakeGong;
use gateway::store::KillSwitch;
use sandbox::objects::StoreUsage;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::http::send;
use crate::support::{
    Client, Tenant, TestGateway, ada, call, options, stand_in, succeed, text, until,
};

const OTHER_KEY: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";

/// A stand-in with calls enough for an index of several weeks.
async fn company(seed: u64) -> FakeGong {
    stand_in(fake_gong::Options {
        calls: 600,
        seed,
        ..options()
    })
    .await
}

/// A tenant that is not held up by limits, with lines of its index.
fn tenant(gong: &FakeGong, index: &str) -> Tenant {
    Tenant::at(gong)
        .with("requests_per_second = 1000")
        .with(index)
}

fn on_disk(gong: &FakeGong) -> Tenant {
    let index = "index = { keep = \"disk\", key = \"file:index-key\" }";
    tenant(gong, index)
}

/// Writes a secret in one step, as deployments do.
fn write(gateway: &TestGateway, name: &str, text: &str) {
    let path = gateway.folder.0.join(name);
    std::fs::write(path.with_extension("new"), text).unwrap();
    std::fs::rename(path.with_extension("new"), path).unwrap();
}

async fn fill(client: &Client) -> Value {
    let result = succeed(client, "gong_sync_calls", json!({"from": "180d"})).await;
    result.structured_content.unwrap()
}

/// What a tenant's index keeps at this moment.
async fn usage(gateway: &TestGateway, tenant: &str) -> StoreUsage {
    let tenant = gateway.server().gateway.tenants.live().tenant(tenant);
    let index = tenant.expect("it is served").index.clone();
    let index = index.expect("it has an index");
    let looked = tokio::task::spawn_blocking(move || index.look()).await;
    looked.unwrap()
}

async fn search(client: &Client, arguments: Value) -> Vec<String> {
    let result = succeed(client, "gong_search_calls", arguments).await;
    let answer = result.structured_content.unwrap();
    let calls = answer["calls"].as_array().unwrap();
    calls.iter().map(|call| call["id"].to_string()).collect()
}

/// An account that the company has called.
fn account(gong: &FakeGong) -> String {
    let company = gong.company();
    let account = company.accounts().first().expect("it has customers");
    account.name.to_owned()
}

fn objects(gateway: &TestGateway, tenant: &str) -> Vec<PathBuf> {
    let folder = gateway.folder.0.join("gateway.db.index").join(tenant);
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "object"));
    files
}

fn has(file: &[u8], text: &str) -> bool {
    file.windows(text.len()).any(|part| part == text.as_bytes())
}

async fn admin(gateway: &TestGateway, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
        .args(["admin", "--config"])
        .arg(gateway.config())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}{errors}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tenant_has_an_index_of_its_own() {
    let (acmes, globexs) = (company(1).await, company(7).await);
    let gateway = TestGateway::start(&[
        ("acme", tenant(&acmes, "")),
        ("globex", tenant(&globexs, "")),
        ("initech", tenant(&acmes, "index = { keep = \"off\" }")),
    ])
    .await;
    let acme = gateway.client("acme/mia").await;
    let filled = fill(&acme).await;
    assert!(filled["calls"].as_u64().unwrap() > 500, "{filled}");
    let kept = usage(&gateway, "acme").await;
    assert!(kept.objects > 20 && kept.bytes < 1 << 20, "{kept:?}");
    assert_eq!(usage(&gateway, "globex").await, StoreUsage::default());

    // With the index an account is found without reading all calls again, and the answer is as
    // without one.
    let arguments = json!({"account": account(&acmes), "from": "180d", "limit": 50});
    acmes.clear_requests();
    let found = search(&acme, arguments.clone()).await;
    let with_index = acmes.requests().len();
    let plain = gateway.client("initech/mia").await;
    acmes.clear_requests();
    assert_eq!(found, search(&plain, arguments.clone()).await);
    let without = acmes.requests().len();
    assert!(
        !found.is_empty() && with_index < without,
        "{with_index} and {without} requests"
    );
    // Nothing of it is in the other tenant's answers, nor was it asked of its Gong.
    let globex = gateway.client("globex/mia").await;
    let theirs = search(&globex, arguments).await;
    assert!(theirs.iter().all(|call| !found.contains(call)));
    assert!(!globexs.requests().is_empty());
    let refused = call(&plain, "gong_sync_calls", json!({})).await.unwrap();
    assert!(
        text(&refused).contains("GONG_INDEX_URL"),
        "{}",
        text(&refused)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_index_leaves_answers_as_without_one() {
    let gong = company(1).await;
    let gateway = TestGateway::start(&[
        ("acme", tenant(&gong, "index = { max_bytes = \"64 KiB\" }")),
        ("globex", tenant(&gong, "index = { keep = \"off\" }")),
    ])
    .await;
    let acme = gateway.client("acme/mia").await;
    let plain = gateway.client("globex/mia").await;
    let arguments = json!({"account": account(&gong), "from": "180d", "limit": 50});
    let expected = search(&plain, arguments.clone()).await;
    for _ in 0..3 {
        let _ = call(&acme, "gong_sync_calls", json!({"from": "180d"})).await;
        assert_eq!(search(&acme, arguments.clone()).await, expected);
    }
    let kept = usage(&gateway, "acme").await;
    assert!((1..=64 << 10).contains(&kept.bytes), "{} bytes", kept.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_disk_nothing_can_be_read_and_what_is_damaged_is_as_absent() {
    let gong = company(1).await;
    let mut gateway = TestGateway::start(&[
        ("acme", on_disk(&gong)),
        ("globex", tenant(&gong, "index = { keep = \"off\" }")),
    ])
    .await;
    let acme = gateway.client("acme/mia").await;
    fill(&acme).await;
    let arguments = json!({"account": account(&gong), "from": "180d", "limit": 50});
    let expected = search(&acme, arguments.clone()).await;
    let plain = gateway.client("globex/mia").await;
    assert_eq!(search(&plain, arguments.clone()).await, expected);

    let files = objects(&gateway, "acme");
    assert!(files.len() > 20, "{files:?}");
    let company = gong.company();
    let mut known: Vec<&str> = company.accounts().iter().map(|one| one.name).collect();
    known.extend(company.users().iter().map(|user| &*user.email));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(files[0].parent().unwrap()), 0o700);
    for path in &files {
        let file = std::fs::read(path).unwrap();
        assert!(known.iter().all(|name| !has(&file, name)), "{path:?}");
        assert!(!path.to_string_lossy().contains("calls-"), "{path:?}");
        assert_eq!(mode(path), 0o600);
    }

    // It is still there after a restart.
    gateway.stop().await;
    gateway.run().await;
    let acme = gateway.client("acme/mia").await;
    gong.clear_requests();
    assert_eq!(search(&acme, arguments.clone()).await, expected);
    let filled = gong.requests().len();
    assert_eq!(usage(&gateway, "acme").await.objects, files.len() as u64);

    // A backup of the state has nothing of it, encrypted or not.
    let backup = gateway.folder.0.join("backup.db");
    admin(&gateway, &["backup", backup.to_str().unwrap()]).await;
    let backup = std::fs::read(backup).unwrap();
    let object = std::fs::read(&files[0]).unwrap();
    let part = &object[object.len() - 32..];
    assert!(backup.windows(32).all(|window| window != part));

    for path in &files {
        let mut file = std::fs::read(path).unwrap();
        let middle = file.len() / 2;
        file[middle] ^= 1;
        std::fs::write(path, file).unwrap();
    }
    gong.clear_requests();
    assert_eq!(search(&acme, arguments.clone()).await, expected);
    assert!(
        gong.requests().len() > filled,
        "it was read from Gong again"
    );
    fill(&acme).await;
    assert_eq!(search(&acme, arguments).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_replaced_without_loss_and_a_wrong_one_is_no_disaster() {
    let gong = company(1).await;
    let mut gateway = TestGateway::start(&[("acme", on_disk(&gong))]).await;
    let acme = gateway.client("acme/mia").await;
    fill(&acme).await;
    let kept = usage(&gateway, "acme").await;
    let index = |lines: &str| {
        let index = format!("index = {{ keep = \"disk\", {lines} }}");
        [("acme", tenant(&gong, &index))]
    };

    let before = objects(&gateway, "acme");
    write(&gateway, "new-key", OTHER_KEY);
    gateway.write(&index(
        "key = \"file:new-key\", previous_key = \"file:index-key\"",
    ));
    until("everything is under the new key", async || {
        let now = objects(&gateway, "acme");
        now.len() == before.len() && now.iter().all(|path| !before.contains(path))
    })
    .await;
    gateway.write(&index("key = \"file:new-key\""));
    // Not a key at all: what was in force stays.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    write(&gateway, "new-key", "not a key");
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let after = usage(&gateway, "acme").await;
    assert_eq!(
        (after.objects, after.bytes, after.oldest),
        (kept.objects, kept.bytes, kept.oldest)
    );
    gong.clear_requests();
    fill(&acme).await;
    let requests = gong.requests().len();
    assert!(requests <= 2, "it is filled: {requests} requests");

    // A gateway that starts with it serves without an index, and check says why.
    gateway.stop().await;
    gateway.run().await;
    let acme = gateway.client("acme/mia").await;
    let answer = call(&acme, "gong_sync_calls", json!({})).await.unwrap();
    assert!(
        text(&answer).contains("GONG_INDEX_URL"),
        "{}",
        text(&answer)
    );
    succeed(&acme, "gong_search_calls", json!({"from": "7d"})).await;
    let checked = Command::new(env!("CARGO_BIN_EXE_gong-gateway"))
        .args(["check", "--config"])
        .arg(gateway.config())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&checked.stderr);
    assert!(
        said.contains("tenants.acme.index.key") && said.contains("64 hexadecimal digits"),
        "{said}"
    );
    assert!(!said.contains("not a key"), "{said}");
}

/// What empties an index, in memory and on disk.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_is_emptied_when_it_must_be() {
    let (gong, other) = (company(1).await, company(1).await);
    for is_on_disk in [false, true] {
        let of = |gong: &FakeGong| match is_on_disk {
            true => on_disk(gong),
            false => tenant(gong, ""),
        };
        let globex = || ("globex", tenant(&gong, ""));
        let mut gateway = TestGateway::start(&[("acme", of(&gong)), globex()]).await;
        let acme = gateway.client("acme/mia").await;
        refilled(&gateway).await;
        let said = admin(&gateway, &["index", "clear", "acme"]).await;
        assert_eq!(said.trim(), "The index of acme is empty.");
        assert!(is_empty(&gateway).await && objects(&gateway, "acme").is_empty());

        for switch in [
            KillSwitch::Tenant("acme".to_owned()),
            KillSwitch::Everything,
        ] {
            refilled(&gateway).await;
            let store = &gateway.server().gateway.store;
            store.switch(&ada(), &switch, false, "a leak").unwrap();
            until("the switch empties it", async || is_empty(&gateway).await).await;
            // Off and on again at once empties it too.
            store.switch(&ada(), &switch, true, "").unwrap();
            until("it can be used again", async || {
                let filled = call(&acme, "gong_sync_calls", json!({"from": "30d"})).await;
                filled.unwrap().is_error == Some(false) && !is_empty(&gateway).await
            })
            .await;
            store.switch(&ada(), &switch, false, "a leak").unwrap();
            store.switch(&ada(), &switch, true, "").unwrap();
            until("it was emptied in between", async || {
                is_empty(&gateway).await
            })
            .await;
        }

        // A switch of one tool leaves it as it is.
        refilled(&gateway).await;
        let store = &gateway.server().gateway.store;
        let tool = KillSwitch::ToolEverywhere("gong_get_call".to_owned());
        store.switch(&ada(), &tool, false, "wrong dates").unwrap();
        // So does a reload that has nothing to do with it.
        gateway.write(&[("acme", of(&gong).with("queued_calls = 7")), globex()]);
        until("it is reloaded", async || {
            let live = gateway.server().gateway.tenants.live();
            live.config.tenants["acme"].queued_calls == 7
        })
        .await;
        tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
        assert!(!is_empty(&gateway).await);

        gateway.write(&[("acme", of(&other)), globex()]);
        until("another Gong", async || is_empty(&gateway).await).await;
        refilled(&gateway).await;
        gateway.write_secrets("ANOTHERKEY", "stand-in-access-key-secret");
        until("another access key", async || is_empty(&gateway).await).await;
        gateway.write_secrets("STANDINACCESSKEY", "stand-in-access-key-secret");
        until("the first one again", async || {
            let _ = call(&acme, "gong_sync_calls", json!({"from": "30d"})).await;
            !is_empty(&gateway).await
        })
        .await;

        let live = gateway.server().gateway.tenants.live();
        let index = live.tenant("acme").unwrap().index.clone().unwrap();
        gateway.write(&[globex()]);
        until("the tenant is gone", async || {
            let index = std::sync::Arc::clone(&index);
            let looked = tokio::task::spawn_blocking(move || index.look()).await;
            looked.unwrap().objects == 0 || !gateway.folder.0.join("gateway.db.index/acme").exists()
        })
        .await;
        assert!(objects(&gateway, "acme").is_empty());
    }
}

async fn is_empty(gateway: &TestGateway) -> bool {
    usage(gateway, "acme").await.objects == 0
}

async fn refilled(gateway: &TestGateway) {
    let acme = gateway.client("acme/mia").await;
    let _ = call(&acme, "gong_sync_calls", json!({"from": "30d"})).await;
    assert!(usage(gateway, "acme").await.objects > 3);
}

/// What changes while no gateway serves counts when one starts.
#[tokio::test(flavor = "multi_thread")]
async fn what_changed_while_none_served_empties_it_at_the_start() {
    let (gong, other) = (company(1).await, company(1).await);
    let mut gateway = TestGateway::start(&[("acme", on_disk(&gong))]).await;
    let changes: [&dyn Fn(&mut TestGateway); 3] = [
        &|gateway| gateway.write(&[("acme", on_disk(&other))]),
        &|gateway| gateway.write_secrets("ANOTHERKEY", "stand-in-access-key-secret"),
        &|gateway| {
            gateway.write_secrets("STANDINACCESSKEY", "stand-in-access-key-secret");
            gateway.write(&[("acme", tenant(&gong, ""))]);
        },
    ];
    for change in changes {
        refilled_or_left(&gateway).await;
        gateway.stop().await;
        change(&mut gateway);
        gateway.run().await;
        assert!(objects(&gateway, "acme").is_empty());
        assert_eq!(usage(&gateway, "acme").await.objects, 0);
        gateway.stop().await;
        // As before, so that the next change finds something.
        gateway.write_secrets("STANDINACCESSKEY", "stand-in-access-key-secret");
        gateway.write(&[("acme", on_disk(&gong))]);
        gateway.run().await;
    }
    refilled_or_left(&gateway).await;
    gateway.stop().await;
    admin(&gateway, &["index", "clear", "acme"]).await;
    assert!(objects(&gateway, "acme").is_empty());
    // The state file alone is enough to order it.
    gateway.run().await;
    refilled_or_left(&gateway).await;
    gateway.stop().await;
    let state = gateway.folder.0.join("gateway.db");
    admin(
        &gateway,
        &["--state", state.to_str().unwrap(), "index", "clear", "acme"],
    )
    .await;
    assert!(!objects(&gateway, "acme").is_empty());
    gateway.run().await;
    until("it is emptied", async || {
        objects(&gateway, "acme").is_empty()
    })
    .await;
}

async fn refilled_or_left(gateway: &TestGateway) {
    refilled(gateway).await;
    assert!(objects(gateway, "acme").len() > 3);
}

/// Numbers are all that is shown, and nothing that is kept is in the log, the metrics or the audit.
#[tokio::test(flavor = "multi_thread")]
async fn it_is_shown_by_numbers_and_nothing_else() {
    let gong = company(1).await;
    let gateway = TestGateway::start(&[("acme", on_disk(&gong))]).await;
    let acme = gateway.client("acme/mia").await;
    fill(&acme).await;
    let kept = usage(&gateway, "acme").await;
    until("it is stored how much is kept", async || {
        let shown = admin(&gateway, &["--json", "index", "show", "acme"]).await;
        let shown: Value = serde_json::from_str(&shown).unwrap();
        shown[0]["objects"] == kept.objects
            && shown[0]["bytes"] == kept.bytes
            && shown[0]["place"] == "disk"
            && shown[0]["filling"].as_u64() > Some(5)
    })
    .await;
    let table = admin(&gateway, &["index"]).await;
    assert!(table.contains("acme") && table.contains("disk"), "{table}");
    let address = gateway.server().address;
    let token = format!("Bearer {}", gateway.token("admin"));
    let metrics = send(address, "GET /metrics", &[("authorization", &token)], "").await;
    let line = format!("gong_gateway_index_bytes{{tenant=\"acme\"}} {}", kept.bytes);
    assert!(metrics.contains(&line), "{metrics}");
    let audit = admin(&gateway, &["audit", "--jsonl"]).await;
    let account = account(&gong);
    for text in [&metrics, &audit, &table] {
        assert!(!text.contains(&account), "{text}");
    }
}
