//! The binary, as a person or a script uses it.

use std::process::{Command, Output, Stdio};

use serde_json::Value;
use xtask::component::Artefact;

use crate::support::{artefact, options, stand_in};

/// The binary with the component and without any setting of whoever runs the tests.
fn harness(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_host-harness"));
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GONG_")) {
        if name != "GONG_OPENAPI" {
            command.env_remove(name);
        }
    }
    command.env("GONG_COMPONENT", artefact(Artefact::GongMcp));
    command
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn tools_needs_no_settings() {
    let output = harness(&["tools", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    let tools: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!tools.is_empty());
    for tool in &tools {
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
        assert_eq!(tool["outputSchema"]["type"], "object", "{tool}");
        assert!(tool["annotations"]["readOnlyHint"].is_boolean(), "{tool}");
    }

    let table = harness(&["tools"]).output().unwrap();
    assert!(table.status.success(), "{}", err(&table));
    for tool in &tools {
        let name = tool["name"].as_str().unwrap();
        assert!(out(&table).contains(name), "{name}");
    }
}

#[test]
fn toolsets_are_checked_by_name() {
    let output = harness(&["tools", "--toolsets", "call"]).output().unwrap();
    assert!(!output.status.success());
    let text = err(&output);
    assert!(text.contains("there is no toolset call"), "{text}");
    assert!(
        text.contains("default, all") && text.contains("scorecards"),
        "{text}"
    );

    // Read-only wins over whatever else is selected.
    let output = harness(&["tools", "--json", "--toolsets", "all", "--read-only"]).output();
    let tools: Vec<Value> = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    for tool in &tools {
        assert_eq!(tool["annotations"]["readOnlyHint"], true, "{tool}");
    }
}

#[test]
fn missing_settings_are_named() {
    for arguments in [
        &["call", "gong_search_calls", "{}"][..],
        &["serve", "--stdio"],
        &["serve", "--http", "127.0.0.1:0"],
    ] {
        let output = harness(arguments).output().unwrap();
        assert!(!output.status.success());
        let text = err(&output);
        for word in ["GONG_ACCESS_KEY and GONG_ACCESS_KEY_SECRET", "--demo"] {
            assert!(text.contains(word), "{text}");
        }
    }

    let output = harness(&["call", "gong_search_calls"])
        .env("GONG_ACCESS_KEY", "K3Y")
        .output()
        .unwrap();
    let text = err(&output);
    assert!(
        text.contains("error: GONG_ACCESS_KEY_SECRET not set"),
        "{text}"
    );
    assert!(!text.contains("K3Y"), "{text}");
}

#[test]
fn one_call_prints_text_or_json() {
    let call = ["call", "gong_search_calls", r#"{"limit": 2}"#, "--demo"];
    let output = harness(&call).output().unwrap();
    assert!(output.status.success(), "{}", err(&output));
    assert!(!out(&output).trim().is_empty());

    let output = harness(&call).arg("--json").output().unwrap();
    let structured: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(structured["calls"].as_array().unwrap().len(), 2);
}

#[test]
fn a_failing_call_fails() {
    let call = [
        "call",
        "gong_search_calls",
        r#"{"limit": "many"}"#,
        "--demo",
    ];
    let output = harness(&call).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(out(&output), "");
    assert!(!err(&output).is_empty());
}

#[test]
fn a_server_for_all_the_world_is_refused() {
    let output = harness(&["serve", "--demo", "--http", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(err(&output).contains("--allow-host"), "{}", err(&output));
}

#[test]
fn the_demo_runs() {
    let output = harness(&["demo"]).output().unwrap();
    let text = out(&output);
    assert!(output.status.success(), "{text}\n{}", err(&output));
    assert!(text.contains("gong_search_calls"), "{text}");
    assert!(!text.contains('\u{1b}'), "colours without a terminal");
}

/// The index is kept in a folder that only its owner can read, and in no other one.
#[test]
fn an_index_is_kept_in_a_private_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = std::env::temp_dir().join(format!("host-harness-index-{}", std::process::id()));
    let folder = parent.join("index");
    let path = folder.to_str().unwrap();
    let call = ["call", "--demo", "gong_sync_calls", "{\"from\": \"30d\"}"];
    let none = harness(&call).output().unwrap();
    assert!(!none.status.success() && err(&none).contains("GONG_INDEX_URL"));

    let kept = harness(&[&call[..], &["--index", path]].concat()).output();
    let kept = kept.unwrap();
    assert!(kept.status.success(), "{}", err(&kept));
    assert!(out(&kept).starts_with("Complete from"), "{}", out(&kept));
    let mode = |path: &std::path::Path| {
        let metadata = std::fs::metadata(path).unwrap();
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(files.len() > 3, "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");

    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let refused = harness(&[&call[..], &["--index", path]].concat()).output();
    let refused = refused.unwrap();
    assert!(!refused.status.success() && err(&refused).contains("chmod 700"));
    let both = ["serve", "--stdio", "--demo", "--no-index", "--index", path];
    assert!(!harness(&both).output().unwrap().status.success());
    std::fs::remove_dir_all(parent).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companys_certificate_is_trusted_from_the_environment() {
    let gong = stand_in(fake_gong::Options {
        tls: true,
        ..options()
    })
    .await;
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("ca-{}.pem", std::process::id()));
    std::fs::write(&file, gong.ca_pem().unwrap()).unwrap();
    let command = |certificate: Option<&std::path::Path>| {
        let mut command = harness(&["call", "gong_list_workspaces"]);
        let keys = fake_gong::Options::default();
        command
            .env("GONG_BASE_URL", gong.base_url())
            .env("GONG_ACCESS_KEY", keys.access_key)
            .env("GONG_ACCESS_KEY_SECRET", keys.access_key_secret)
            .env_remove("SSL_CERT_FILE");
        if let Some(file) = certificate {
            command.env("SSL_CERT_FILE", file);
        }
        command.output().unwrap()
    };
    let trusted = command(Some(&file));
    assert!(trusted.status.success(), "{}", err(&trusted));
    assert!(out(&trusted).contains("workspaces"), "{}", out(&trusted));
    std::fs::remove_file(&file).unwrap();
    let untrusted = command(None);
    assert!(!untrusted.status.success());
    let text = out(&untrusted) + &err(&untrusted);
    assert!(text.contains("No trusted TLS connection"), "{text}");
    let missing = command(Some(&folder.join("none.pem")));
    assert!(!missing.status.success());
    let text = err(&missing);
    assert!(
        text.contains("SSL_CERT_FILE") && text.contains("none.pem"),
        "{text}"
    );
}
