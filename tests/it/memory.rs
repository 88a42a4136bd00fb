//! What the component holds in memory, in calls that read much and in an instance that lives long.

use std::time::Duration;

use sandbox::Limits;
use serde_json::{Value, json};

use crate::server::{answers, gong_server, over_stdio, request, variables};
use crate::support::{options, run_for, sandbox_with, stand_in};

/// Every reader of calls that are not kept, over thousands of them, in half of the memory that a
/// call may have.
#[tokio::test(flavor = "multi_thread")]
async fn reading_thousands_of_calls_takes_half_of_the_memory() {
    let gong = stand_in(fake_gong::Options {
        calls: 6_000,
        openapi: fake_gong::OpenApi::Off,
        ..options()
    })
    .await;
    let sandbox = sandbox_with(Limits {
        memory: Limits::default().memory / 2,
        // Other tests run beside it.
        cpu: Duration::from_secs(60),
        wall_time: Duration::from_secs(300),
        ..Limits::default()
    });
    let mut run = run_for(&gong);
    run.env.set("GONG_PACE", "host");
    for (tool, arguments, least) in [
        (
            "gong_search_calls",
            json!({"title": "nothing at all"}),
            3_000,
        ),
        (
            "gong_count_calls",
            json!({"by": ["account", "month"]}),
            3_000,
        ),
        ("gong_search_transcripts", json!({"query": "zzqq"}), 1_000),
        ("gong_list_deals", json!({}), 3_000),
    ] {
        let mut arguments = arguments;
        arguments["from"] = json!("2025-01-01");
        let answer = sandbox.call_tool(&run, tool, &arguments.to_string()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{tool}: {error}"));
        assert!(!answer.is_error, "{tool}: {}", answer.text);
        let structured: Value = serde_json::from_str(answer.structured.unwrap().get()).unwrap();
        let read = structured["scan"]["read"].as_u64().unwrap();
        assert!(read >= least, "{tool} read {read} calls only");
    }
    let arguments = json!({"account": "acme.com", "from": "2025-01-01"}).to_string();
    let answer = sandbox
        .call_tool(&run, "gong_get_account", &arguments)
        .await;
    let answer = answer.unwrap();
    assert!(!answer.is_error, "{}", answer.text);
}

/// The largest file, in lines as mail has them, and the most objects that fit in an upload.
#[tokio::test(flavor = "multi_thread")]
async fn the_largest_uploads_fit() {
    let gong = stand_in(options()).await;
    let sandbox = sandbox_with(Limits {
        cpu: Duration::from_secs(60),
        ..Limits::default()
    });
    let mut run = run_for(&gong);
    run.env.set("GONG_PACE", "host");
    let call = async |tool, arguments: Value| {
        let answer = sandbox.call_tool(&run, tool, &arguments.to_string()).await;
        answer.unwrap_or_else(|error| panic!("{tool}: {error}"))
    };
    let line = "UklG".repeat(19) + "\r\n";
    let media = line.repeat((8 << 20) / 57);
    let file = json!({"call": "1234567890", "file_name": "a.mp3", "media": media});
    let answer = call("gong_upload_call_media", file).await;
    assert!(answer.text.contains("was not found"), "{}", answer.text);

    let owner = gong.company().users()[0].email.clone();
    let integration = json!({"name": "Acme", "owner": owner, "dry_run": false});
    let answer = call("gong_register_crm_integration", integration).await;
    assert!(!answer.is_error, "{}", answer.text);
    let object = |number: usize| {
        format!(
            "{{\"objectId\":\"{number:05}\",\"isDeleted\":true,\"modifiedDate\":\"2026-01-01T09:00:00Z\"}}"
        )
    };
    let lines = 4_999_000 / (object(0).len() + 1);
    let objects: Vec<String> = (0..lines).map(object).collect();
    let upload = json!({"object_type": "account", "objects": objects.join("\n"), "dry_run": false});
    let answer = call("gong_upload_crm_objects", upload).await;
    assert!(!answer.is_error, "{}", answer.text);
}

/// One instance that answers a session's calls: what they needed is used again.
#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_lives_long_does_not_grow() {
    let gong = stand_in(options()).await;
    let more = [("MCP_TOOLSETS", "all"), ("GONG_PACE", "host")];
    let mut server = over_stdio(gong_server(), variables(&gong, &more));
    let start = json!({
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": {"name": "memory", "version": "1"},
    });
    let started = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let opening = [request(0, "initialize", start), started];
    answers(&opening, &mut server.input, &mut server.output).await;
    let call = |name: &str, arguments: Value| {
        request(
            1,
            "tools/call",
            json!({"name": name, "arguments": arguments}),
        )
    };
    let round = [
        request(1, "tools/list", json!({})),
        call("gong_search_calls", json!({"limit": 100})),
        call("gong_search_calls", json!({"limit": "many"})),
        call("gong_list_users", json!({})),
        request(1, "prompts/list", json!({})),
        request(1, "resources/read", json!({"uri": "gong://nothing"})),
    ];
    answers(&round, &mut server.input, &mut server.output).await;
    answers(&round, &mut server.input, &mut server.output).await;
    let before = server.growths.count();
    for _ in 0..50 {
        answers(&round, &mut server.input, &mut server.output).await;
    }
    assert_eq!(server.growths.count(), before);
}
