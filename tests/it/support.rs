//! What the tests share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use fake_gong::FakeGong;
use sandbox::Env;
use sandbox::outbound::{Addresses, Policy};
use sandbox::{Limits, Outbound, Run, Sandbox};
use xtask::component::{self, Artefact};

pub(crate) use crate::wat::{wat, wat_component};

/// The workspace's folder.
pub(crate) fn workspace() -> &'static Path {
    let harness = Path::new(env!("CARGO_MANIFEST_DIR"));
    harness.parent().expect("the crate is in the workspace")
}

/// An artefact's path, built once per process. `GONG_COMPONENT` names another `gong-mcp.wasm`
/// to test.
pub(crate) fn artefact(artefact: Artefact) -> &'static Path {
    static BUILT: [OnceLock<PathBuf>; Artefact::ALL.len()] =
        [const { OnceLock::new() }; Artefact::ALL.len()];
    BUILT[artefact as usize].get_or_init(|| match std::env::var_os("GONG_COMPONENT") {
        Some(path) if artefact == Artefact::GongMcp => path.into(),
        _ => component::build(artefact).expect("it builds"),
    })
}

/// An artefact's bytes.
pub(crate) fn bytes(artefact: Artefact) -> Vec<u8> {
    std::fs::read(self::artefact(artefact)).expect("it was just built")
}

/// The component with the default limits, loaded once per process.
pub(crate) fn sandbox() -> Arc<Sandbox> {
    static LOADED: OnceLock<Arc<Sandbox>> = OnceLock::new();
    Arc::clone(LOADED.get_or_init(|| Arc::new(sandbox_with(Limits::default()))))
}

/// The component with other limits.
pub(crate) fn sandbox_with(limits: Limits) -> Sandbox {
    Sandbox::load(&bytes(Artefact::GongMcp), limits).expect("it loads")
}

/// When tests take place: 2026-03-16T12:00:00Z, a Monday.
pub(crate) fn fixed_now() -> jiff::Timestamp {
    "2026-03-16T12:00:00Z".parse().expect("it is a timestamp")
}

/// The stand-in's options at [`fixed_now`].
pub(crate) fn options() -> fake_gong::Options {
    fake_gong::Options {
        now: Some(fixed_now()),
        ..Default::default()
    }
}

/// A stand-in on a free port of this machine.
pub(crate) async fn stand_in(options: fake_gong::Options) -> FakeGong {
    FakeGong::start(([127, 0, 0, 1], 0).into(), options)
        .await
        .expect("the stand-in starts")
}

/// What a call against a stand-in is given, with the credentials of its default options, at
/// [`fixed_now`].
pub(crate) fn run_for(gong: &FakeGong) -> Run {
    let options = fake_gong::Options::default();
    Run {
        env: Env::from_iter([
            ("GONG_BASE_URL", gong.base_url()),
            ("GONG_ACCESS_KEY", options.access_key),
            ("GONG_ACCESS_KEY_SECRET", options.access_key_secret),
        ]),
        outbound: outbound(&gong.base_url(), gong.ca_pem()),
        now: Some(SystemTime::try_from(fixed_now()).expect("it is representable")),
        gate: None,
    }
}

/// A way out to one origin, be it on this machine.
pub(crate) fn outbound(url: &str, ca_pem: Option<&str>) -> Outbound {
    let policy = Policy::new(ca_pem, Addresses::Any).expect("the certificate is good");
    Outbound::new(url, &policy).expect("the URL is good")
}

/// What a call that needs nothing is given.
pub(crate) fn run_nowhere() -> Run {
    Run {
        env: Env::default(),
        outbound: Outbound::nowhere(),
        now: None,
        gate: None,
    }
}

/// Compares with a golden file beside the tests; `BLESS=1` writes it instead.
pub(crate) fn golden(path: &str, actual: &str) {
    let file = workspace().join("tests/it").join(path);
    if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
        let folder = file.parent().expect("it is in a folder");
        std::fs::create_dir_all(folder).expect("the folder can be made");
        std::fs::write(&file, actual).expect("the golden file can be written");
        eprintln!("blessed {path}");
        return;
    }
    let expected = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{path}: {error}; write it with BLESS=1"));
    assert_eq!(expected, actual, "{path} differs; accept with BLESS=1");
}

/// A validator of a tool's structured answers, from the schema that it lists.
pub(crate) async fn output_validator(tool: &str) -> Arc<jsonschema::Validator> {
    static VALIDATORS: tokio::sync::OnceCell<
        std::collections::BTreeMap<String, Arc<jsonschema::Validator>>,
    > = tokio::sync::OnceCell::const_new();
    let validators = VALIDATORS
        .get_or_init(async || {
            let tools = sandbox().list_tools().await.expect("tools are listed");
            let validator = |schema: &str| {
                let schema = serde_json::from_str(schema).expect("a schema is JSON");
                Arc::new(jsonschema::draft202012::new(&schema).expect("a schema is valid"))
            };
            tools
                .into_iter()
                .map(|tool| (tool.name, validator(&tool.output_schema)))
                .collect()
        })
        .await;
    Arc::clone(&validators[tool])
}
