//! What the tests share.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use fake_gong::FakeGong;
use host_harness::component::{self, Artefact};
use host_harness::outbound::{Addresses, Policy};
use host_harness::sandbox::Env;
use host_harness::{Limits, Outbound, Run, Sandbox};
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

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

/// A component with the tools interface, hand-written: it lists one tool, `wat_tool`, and
/// answers a call by what `call` does, WebAssembly text that leaves a result's address.
/// `$answer` is the address of a good result, whose text is one digit at `$digit`; `$state`
/// is a global.
pub(crate) fn wat_component(call: &str) -> Vec<u8> {
    // Addresses: 0 the tool list, 16 the one tool, 112 a result, 144 strings, 2048 nothing (an
    // empty text or list), 4096 the heap.
    let strings = r#"0wat_toolWAT toolDoes what a test needs.{"type":"object"}test"#;
    let at = |part: &str| {
        let offset = strings.find(part).expect("it is in there");
        [144 + offset as u32, part.len() as u32]
    };
    let words = |words: &[u32]| -> String {
        let bytes = words.iter().flat_map(|word| word.to_le_bytes());
        bytes.map(|byte| format!("\\{byte:02x}")).collect()
    };
    let tool = [
        at("wat_tool"),
        at("WAT tool"),
        at("Does what a test needs."),
        at(r#"{"type":"object"}"#),
        at(r#"{"type":"object"}"#),
        at("test"),
        // The effect, read; no scopes; the hints: read-only and idempotent.
        [0, 0],
        [0, 0x0001_0001],
        // Not shown by default; no classification; no operations.
        [0, 0],
        [0, 0],
        [0, 0],
    ];
    let module = format!(
        r#"(module
            (memory (export "memory") 1)
            (global $state (mut i32) (i32.const 0))
            (global $answer i32 (i32.const 112))
            (global $digit i32 (i32.const 144))
            (global $heap (mut i32) (i32.const 4096))
            (data (i32.const 0) "{list}")
            (data (i32.const 16) "{tool}")
            (data (i32.const 112) "{result}")
            (data (i32.const 144) "{strings}")
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (global.get $heap)
                (global.set $heap (i32.add (global.get $heap) (local.get 3))))
            (func (export "gong:tools/mcp-tools@0.1.0#list-tools") (result i32)
                (i32.const 0))
            (func (export "gong:tools/mcp-guide@0.1.0#instructions") (param i32 i32) (result i32)
                (i32.const 2048))
            (func (export "gong:tools/mcp-guide@0.1.0#list-prompts") (result i32)
                (i32.const 2048))
            (func (export "gong:tools/mcp-guide@0.1.0#get-prompt") (param i32 i32 i32 i32) (result i32)
                (i32.const 2048))
            (func (export "gong:tools/mcp-guide@0.1.0#list-resources") (result i32)
                (i32.const 2048))
            (func (export "gong:tools/mcp-guide@0.1.0#read-resource") (param i32 i32) (result i32)
                (i32.const 2048))
            (func (export "gong:tools/mcp-tools@0.1.0#call-tool")
                (param i32 i32 i32 i32) (result i32)
                {call}))"#,
        list = words(&[16, 1]),
        tool = words(tool.as_flattened()),
        // The text, no structure, no error, no references.
        result = words(&[144, 1, 0, 0, 0, 0, 0, 0]),
        strings = strings.replace('"', "\\\""),
    );
    let mut module = wat(&module);
    let mut resolve = Resolve::default();
    let (package, _) = resolve
        .push_path(workspace().join("wit"))
        .expect("the WIT is good");
    let world = resolve
        .select_world(&[package], Some("gong-mcp"))
        .expect("the world is in there");
    wit_component::embed_component_metadata(
        &mut module,
        &resolve,
        world,
        StringEncoding::UTF8,
        false,
    )
    .expect("the metadata fits");
    ComponentEncoder::default()
        .module(&module)
        .and_then(|encoder| encoder.encode())
        .expect("the module is what the world asks for")
}

/// WebAssembly from its text form.
pub(crate) fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("it is WebAssembly text")
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
