//! What a component may do and how it is stopped, with components that misbehave.

use std::path::Path;
use std::time::{Duration, Instant};

use fake_gong::Fault;
use sandbox::{Effect, imports};
use sandbox::{Limits, Run, Sandbox, SandboxError};

use crate::support::{
    options, outbound, run_for, run_nowhere, sandbox, sandbox_with, stand_in, wat, wat_component,
};

/// Answers with a digit: how often this instance has been called.
const COUNT: &str = "
    (global.set $state (i32.add (global.get $state) (i32.const 1)))
    (i32.store8 (global.get $digit) (i32.add (i32.const 48) (global.get $state)))
    (global.get $answer)";

const SPIN: &str = "(loop $again (br $again)) (unreachable)";

fn short() -> Limits {
    Limits {
        memory: 2 << 20,
        cpu: Duration::from_millis(100),
        wall_time: Duration::from_secs(20),
        ..Limits::default()
    }
}

fn load(call: &str, limits: Limits) -> Sandbox {
    Sandbox::load(&wat_component(call), limits).unwrap()
}

async fn failure(call: &str, limits: Limits) -> SandboxError {
    let sandbox = load(call, limits);
    let outcome = sandbox.call_tool(&run_nowhere(), "wat_tool", "{}").await;
    outcome.expect_err("the call is stopped").error
}

#[tokio::test]
async fn tools_are_listed() {
    let tools = load(COUNT, short()).list_tools().await.unwrap();
    assert_eq!(tools.len(), 1);
    assert_eq!(tools[0].name, "wat_tool");
    assert_eq!(tools[0].toolset, "test");
    assert_eq!(tools[0].effect, Effect::Read);
    assert!(tools[0].annotations.read_only_hint);
    assert!(!tools[0].annotations.destructive_hint);
    assert!(tools[0].annotations.idempotent_hint);
}

#[tokio::test]
async fn each_call_has_a_fresh_instance() {
    let sandbox = load(COUNT, short());
    for _ in 0..3 {
        let result = sandbox.call_tool(&run_nowhere(), "wat_tool", "{}").await;
        let result = result.unwrap();
        assert_eq!(result.text, "1");
        assert!(!result.is_error);
        assert_eq!(result.usage.requests, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_than_places_wait_for_one() {
    let sandbox = std::sync::Arc::new(load(COUNT, short()));
    let calls: Vec<_> = (0..400)
        .map(|_| {
            let sandbox = std::sync::Arc::clone(&sandbox);
            tokio::spawn(async move { sandbox.call_tool(&run_nowhere(), "wat_tool", "{}").await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().text, "1");
    }
    assert_eq!(sandbox.running(), 0);
}

#[tokio::test]
async fn an_endless_loop_is_stopped() {
    let start = Instant::now();
    let error = failure(SPIN, short()).await;
    assert_eq!(error, SandboxError::Cpu(Duration::from_millis(100)));
    assert_eq!(
        error.to_string(),
        "The call was stopped: it computed for more than 100ms. Ask for less at once."
    );
    assert!(start.elapsed() < Duration::from_secs(10));
}

/// On one thread: the loop yields, or nothing else would run.
#[tokio::test(flavor = "current_thread")]
async fn an_endless_loop_leaves_room_for_others() {
    let limits = Limits {
        cpu: Duration::from_secs(60),
        wall_time: Duration::from_secs(60),
        ..short()
    };
    let sandbox = load(SPIN, limits);
    let run = run_nowhere();
    let call = sandbox.call_tool(&run, "wat_tool", "{}");
    tokio::select! {
        _ = call => panic!("it does not end"),
        () = tokio::time::sleep(Duration::from_millis(50)) => {}
    }
    // Dropped, it is gone.
    assert_eq!(sandbox.running(), 0);
}

#[tokio::test]
async fn wall_time_is_limited() {
    let limits = Limits {
        cpu: Duration::from_secs(60),
        wall_time: Duration::from_millis(100),
        ..short()
    };
    let error = failure(SPIN, limits).await;
    assert_eq!(error, SandboxError::WallTime(Duration::from_millis(100)));
}

#[tokio::test]
async fn memory_is_limited() {
    let grow = "(loop $again
        (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
        (unreachable)";
    let error = failure(grow, short()).await;
    assert_eq!(error, SandboxError::Memory(2 << 20));
    assert_eq!(
        error.to_string(),
        "The call was stopped: it needed more than 2 MiB of memory. Ask for less at once."
    );
}

#[tokio::test]
async fn a_crash_is_told_as_one() {
    let error = failure("(unreachable)", short()).await;
    assert!(matches!(error, SandboxError::Trap(_)), "{error:?}");
    let text = error.to_string();
    assert!(
        text.starts_with("The tool crashed, which is a bug in it: "),
        "{text}"
    );
    assert!(!text.contains('\n'), "{text}");
}

#[tokio::test]
async fn deep_recursion_is_a_crash() {
    let recurse = "(drop (call 2 (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
        (unreachable)";
    let error = failure(recurse, short()).await;
    assert!(matches!(error, SandboxError::Trap(_)), "{error:?}");
}

#[tokio::test]
async fn a_structured_result_must_be_json() {
    // Some("0w"), which is not JSON.
    let broken = "(i32.store8 (i32.const 120) (i32.const 1))
        (i32.store (i32.const 124) (i32.const 144))
        (i32.store (i32.const 128) (i32.const 2))
        (global.get $answer)";
    let error = failure(broken, short()).await;
    assert!(matches!(error, SandboxError::Answer(_)), "{error:?}");
}

#[tokio::test]
async fn what_the_sandbox_does_not_give_is_refused_by_name() {
    for (import, function) in [
        (
            "wasi:random/random@0.2.6",
            r#""get-random-u64" (func (result u64))"#,
        ),
        (
            "wasi:cli/exit@0.2.6",
            r#""exit-with-code" (func (param "status-code" u8))"#,
        ),
        (
            "wasi:filesystem/preopens@0.2.6",
            r#""get-directories" (func (result (list u32)))"#,
        ),
        (
            "wasi:sockets/instance-network@0.2.6",
            r#""instance-network" (func (result u32))"#,
        ),
    ] {
        let component = wat(&format!(
            r#"(component (import "{import}" (instance (export {function}))))"#
        ));
        let error = imports(&component).await.expect_err("it is refused");
        let error = format!("{error:#}");
        assert!(error.contains(import), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_tools_component_does_not_load() {
    let loads = |bytes: &[u8]| Sandbox::load(bytes, short()).map(|_| ());
    assert!(loads(b"").is_err());
    assert!(loads(b"hello").is_err());
    let error = loads(&wat("(component)")).expect_err("it exports nothing");
    assert!(
        format!("{error:#}").contains("does not export the tools interface"),
        "{error:#}"
    );
}

#[test]
fn settings_stay_out_of_debug_output() {
    let mut run = run_nowhere();
    run.env.set("GONG_ACCESS_KEY_SECRET", "hush");
    let shown = format!("{run:?}");
    assert!(shown.contains("GONG_ACCESS_KEY_SECRET"), "{shown}");
    assert!(!shown.contains("hush"), "{shown}");
}

#[tokio::test]
async fn requests_are_counted_and_limited() {
    let gong = stand_in(options()).await;
    let run = run_for(&gong);
    let limits = Limits {
        requests: 1,
        ..Limits::default()
    };
    let few = sandbox_with(limits);
    let enough = few.call_tool(&run, "gong_list_workspaces", "{}").await;
    let enough = enough.unwrap();
    assert!(!enough.is_error, "{}", enough.text);
    assert_eq!(enough.usage.requests, 1);
    assert!(enough.usage.response_bytes > 0);
    assert_eq!(enough.references.len(), 1, "Gong's id of its answer");

    gong.clear_requests();
    let arguments = r#"{"account": "Acme Corp"}"#;
    let stopped = few.call_tool(&run, "gong_search_calls", arguments).await;
    assert_eq!(gong.requests().len(), 1);
    if let Ok(answer) = stopped {
        assert!(answer.usage.requests > 1);
    }
}

#[tokio::test]
async fn responses_are_limited_in_size() {
    let gong = stand_in(options()).await;
    let run = run_for(&gong);
    let limits = Limits {
        response_bytes: 50,
        ..Limits::default()
    };
    let small = sandbox_with(limits);
    let result = small.call_tool(&run, "gong_list_workspaces", "{}").await;
    let result = result.unwrap();
    assert!(result.is_error, "{}", result.text);
    assert!(result.text.contains("larger"), "{}", result.text);
    assert!(result.usage.response_bytes <= 50);
}

#[tokio::test]
async fn waiting_for_the_network_is_not_computing() {
    let gong = stand_in(options()).await;
    gong.fault("", Fault::Slow(Duration::from_secs(1)), Some(1));
    let result = sandbox()
        .call_tool(&run_for(&gong), "gong_list_workspaces", "{}")
        .await
        .unwrap();
    assert!(!result.is_error, "{}", result.text);
    assert!(result.usage.wall_time >= Duration::from_secs(1));
    assert!(result.usage.cpu < Duration::from_millis(500));
}

#[tokio::test]
async fn calls_share_connections() {
    let gong = stand_in(options()).await;
    let run = run_for(&gong);
    for _ in 0..5 {
        let result = sandbox()
            .call_tool(&run, "gong_list_workspaces", "{}")
            .await;
        assert!(!result.unwrap().is_error);
    }
    assert_eq!(gong.connections(), 1);
}

/// Two tenants share neither connections nor TLS sessions, be it to the same server; one
/// resumes its own.
#[tokio::test]
async fn tls_sessions_are_resumed_but_not_by_others() {
    let tls = fake_gong::Options {
        tls: true,
        ..options()
    };
    let gong = stand_in(tls).await;
    let (one, other) = (run_for(&gong), run_for(&gong));
    let call = async |run: &Run| {
        let answer = sandbox().call_tool(run, "gong_list_workspaces", "{}").await;
        answer.unwrap().is_error
    };
    assert!(!call(&one).await && !call(&one).await);
    assert_eq!((gong.connections(), gong.resumed()), (1, 0));
    gong.fault("", Fault::Cut, Some(1));
    // What is cut is read once more, over another connection.
    assert!(!call(&one).await && !call(&one).await);
    assert_eq!((gong.connections(), gong.resumed()), (2, 1));
    assert!(!call(&other).await && !call(&other).await);
    assert_eq!((gong.connections(), gong.resumed()), (3, 1));
    // A credential that is rotated is no reason to connect anew.
    let rotated = Run {
        outbound: one
            .outbound
            .clone()
            .with_authorization("Basic a2V5OnNlY3JldA==".parse().expect("it is a header")),
        ..one.clone()
    };
    assert!(call(&rotated).await, "the stand-in does not know this key");
    assert_eq!((gong.connections(), gong.resumed()), (3, 1));
}

#[tokio::test]
async fn tls_is_checked_against_the_given_roots() {
    let gong = stand_in(fake_gong::Options {
        tls: true,
        ..options()
    })
    .await;
    let mut run = run_for(&gong);
    let trusted = sandbox()
        .call_tool(&run, "gong_list_workspaces", "{}")
        .await;
    let trusted = trusted.unwrap();
    assert!(!trusted.is_error, "{}", trusted.text);

    run.outbound = outbound(&gong.base_url(), None);
    let unknown = sandbox()
        .call_tool(&run, "gong_list_workspaces", "{}")
        .await;
    let unknown = unknown.unwrap();
    assert!(unknown.is_error);
    assert!(unknown.text.contains("certificate"), "{}", unknown.text);
}

#[tokio::test]
async fn other_hosts_are_denied() {
    let gong = stand_in(options()).await;
    let mut run = run_for(&gong);
    run.outbound = outbound("https://api.example.com", None);
    let result = sandbox()
        .call_tool(&run, "gong_list_workspaces", "{}")
        .await;
    let result = result.unwrap();
    assert!(result.is_error);
    assert!(result.text.contains("network policy"), "{}", result.text);
    assert_eq!(gong.requests().len(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn compiled_code_is_kept_where_nobody_else_can_write() {
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    let _ = fs::remove_dir_all(&parent);
    let cache = parent.join("cache");
    let component = wat_component(COUNT);
    let answer = async || {
        let sandbox = Sandbox::load_cached(&component, short(), &cache)?;
        let answer = sandbox.call_tool(&run_nowhere(), "wat_tool", "{}").await?;
        anyhow::Ok(answer.text)
    };
    let files = || -> Vec<_> {
        let entries = fs::read_dir(&cache).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    };
    assert_eq!(answer().await.unwrap(), "1");
    let kept = files();
    let [kept] = &*kept else { panic!("{kept:?}") };
    assert_eq!(kept.extension().unwrap(), "cwasm");
    assert_eq!(fs::metadata(&cache).unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::metadata(kept).unwrap().mode() & 0o777, 0o600);

    // It is read the next time, not written anew.
    let written = fs::metadata(kept).unwrap().ino();
    assert_eq!(answer().await.unwrap(), "1");
    assert_eq!(fs::metadata(kept).unwrap().ino(), written);

    // Broken in any way, it is compiled and written again.
    let code = fs::read(kept).unwrap();
    let broken: [&[u8]; 4] = [&code[..code.len() / 2], b"", b"no code", &[0; 4096]];
    for broken in broken {
        fs::remove_file(kept).unwrap();
        fs::write(kept, broken).unwrap();
        fs::set_permissions(kept, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(answer().await.unwrap(), "1");
        assert_eq!(fs::read(kept).unwrap().len(), code.len());
    }
    assert_eq!(files().len(), 1);

    // Another component has a file of its own.
    Sandbox::load_cached(&wat_component(SPIN), short(), &cache).unwrap();
    assert_eq!(files().len(), 2);

    // What others could have written is not run.
    fs::set_permissions(kept, fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(answer().await.unwrap(), "1");
    assert_eq!(fs::metadata(kept).unwrap().mode() & 0o777, 0o600);
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    let open = format!("{:#}", answer().await.unwrap_err());
    assert!(open.contains("others may write to it"), "{open}");
    fs::write(parent.join("file"), "").unwrap();
    let error = Sandbox::load_cached(&component, short(), &parent.join("file")).unwrap_err();
    assert!(format!("{error:#}").contains("compiled code"), "{error:#}");
}
