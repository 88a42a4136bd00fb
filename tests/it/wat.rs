//! Components written by hand, for what a good one does not do.

use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

use crate::support::workspace;

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

/// A component that says of its tools what `component` says, and sends requests to the path
/// `other` in place of `path`. Both are as long.
pub(crate) fn altered(component: &[u8], path: &str, other: &str) -> Vec<u8> {
    assert_eq!(path.len(), other.len());
    let mut altered = component.to_vec();
    let mut changed = 0;
    for at in 0..=component.len() - path.len() {
        // Stated operations have the method before the path, and stay as they are.
        if component[at..].starts_with(path.as_bytes()) && component[at - 1] != b' ' {
            altered[at..at + path.len()].copy_from_slice(other.as_bytes());
            changed += 1;
        }
    }
    assert!(changed > 0, "{path} is not in the component");
    altered
}
