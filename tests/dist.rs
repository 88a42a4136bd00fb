//! The distribution that `cargo xtask dist` makes: what is in it, that it describes itself, and
//! that it does not depend on where it was made.

#![expect(clippy::print_stderr, reason = "tests say what they skip")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use ring::digest::{SHA256, digest};
use sandbox::{Limits, Sandbox};
use serde_json::Value;
use wasm_metadata::{ComponentNames, Producers};
use wasmparser::{Parser, Payload};
use wit_parser::{Function, Resolve, Type, TypeDefKind, WorldItem};
use xtask::component::{self, Artefact};

const FILES: [&str; 17] = [
    "SHA256SUMS",
    "gong-mcp-readonly.wasm",
    "gong-mcp.wasm",
    "gong-readonly.wasm",
    "gong-server-rate-limited-draft2.wasm",
    "gong-server-rate-limited.wasm",
    "gong-server.wasm",
    "gong-tools.cdx.json",
    "gong-tools.wit",
    "gong-tools.wit.wasm",
    "gong.policy.yaml",
    "gong.wasm",
    "http-object-store-draft2.wasm",
    "http-object-store.wasm",
    "http-rate-limit-draft2.wasm",
    "http-rate-limit.wasm",
    "mcp-server.wasm",
];

/// The folder, made once per process by the command, and what the command said.
fn dist() -> &'static (PathBuf, String) {
    static MADE: OnceLock<(PathBuf, String)> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dist");
        let _ = fs::remove_dir_all(&folder);
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .arg("dist")
            .arg(&folder)
            .output()
            .expect("it runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let said = String::from_utf8(output.stdout).expect("UTF-8");
        (folder, said)
    })
}

#[test]
fn components_stay_below_their_sizes() {
    // The typed one reads the arguments in tokens into the records of 31 tools.
    for (name, limit) in [("gong.wasm", 2_480_000), ("gong-mcp.wasm", 2_710_000)] {
        let size = read(name).len();
        assert!(size < limit, "{name} has {size} bytes");
    }
}

/// The workspace's folder.
fn workspace() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("the crate is in the workspace")
}

/// An artefact as it is built, before the distribution adds to it.
fn bytes(artefact: Artefact) -> Vec<u8> {
    fs::read(component::build(artefact).expect("it builds")).expect("it was just built")
}

/// The names that a component imports and exports, and which of its exports are functions.
fn interfaces(component: &[u8]) -> (BTreeSet<String>, BTreeSet<String>, BTreeSet<String>) {
    let decoded = wit_component::decode(component).unwrap();
    let wit_component::DecodedWasm::Component(resolve, world) = &decoded else {
        panic!("not a component");
    };
    let world = &resolve.worlds[*world];
    let name = |key| resolve.name_world_key(key);
    let functions = world.exports.iter();
    let functions = functions.filter(|(_, item)| matches!(item, WorldItem::Function(_)));
    (
        world.imports.keys().map(name).collect(),
        world.exports.keys().map(name).collect(),
        functions.map(|(key, _)| name(key)).collect(),
    )
}

fn read(name: &str) -> Vec<u8> {
    fs::read(dist().0.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn text(name: &str) -> String {
    String::from_utf8(read(name)).expect("UTF-8")
}

fn json(name: &str) -> Value {
    serde_json::from_slice(&read(name)).expect("JSON")
}

fn sha256(bytes: &[u8]) -> String {
    let hex = |byte: &u8| format!("{byte:02x}");
    digest(&SHA256, bytes).as_ref().iter().map(hex).collect()
}

#[test]
fn checksums_are_those_of_the_files() {
    let (folder, said) = dist();
    let entries = fs::read_dir(folder).unwrap();
    let names: BTreeSet<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, FILES.map(str::to_owned).into());

    let expected: String = FILES[1..]
        .iter()
        .map(|name| format!("{}  {name}\n", sha256(&read(name))))
        .collect();
    assert_eq!(text("SHA256SUMS"), expected);
    for name in FILES {
        assert!(said.contains(name), "{said}");
        assert!(said.contains(&sha256(&read(name))), "{said}");
    }
    let check = Command::new("sha256sum")
        .args(["--check", "--strict", "--quiet", "SHA256SUMS"])
        .current_dir(folder)
        .output();
    match check {
        Ok(check) => assert!(check.status.success(), "{check:?}"),
        Err(error) => eprintln!("skipped: sha256sum can not be run here: {error}"),
    }
}

/// A custom section's name and content.
type Section<'a> = (String, &'a [u8]);

/// The custom sections of a component: its own, and how many of a name there are in all of it.
fn sections(component: &[u8]) -> (Vec<Section<'_>>, BTreeMap<String, usize>) {
    let (mut own, mut all) = (Vec::new(), BTreeMap::new());
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(component) {
        match payload.unwrap() {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            Payload::CustomSection(section) => {
                *all.entry(section.name().to_owned()).or_default() += 1;
                if depth == 0 {
                    own.push((section.name().to_owned(), section.data()));
                }
            }
            _ => {}
        }
    }
    (own, all)
}

#[test]
fn components_say_what_they_are() {
    for artefact in Artefact::ALL {
        let name = artefact.file_name();
        let component = read(name);
        let (own, all) = sections(&component);
        let mut names: Vec<&str> = own.iter().map(|(name, _)| &**name).collect();
        names.sort_unstable();
        let mut expected = vec![
            "authors",
            "component-name",
            "description",
            "licenses",
            "producers",
            "version",
        ];
        if matches!(artefact, Artefact::Gong | Artefact::GongReadOnly) {
            expected.insert(4, "package-docs");
            assert_eq!(all["package-docs"], 1, "{name}: the first one counts");
        }
        assert_eq!(names, expected, "{name}");
        assert_eq!(all["component-name"], 1, "{name}: that of the whole");
        assert_eq!(all.get("name"), None, "{name}");

        let data = |section: &str| own.iter().find(|(name, _)| name == section).unwrap().1;
        let said = |section: &str| String::from_utf8(data(section).to_vec()).unwrap();
        assert_eq!(said("licenses"), "Apache-2.0");
        assert_eq!(said("version"), env!("CARGO_PKG_VERSION"));
        let what = match artefact {
            Artefact::McpServer => "Makes a tools component a whole MCP server",
            Artefact::HttpRateLimit | Artefact::HttpRateLimitDraft2 => "Keeps the HTTP requests",
            Artefact::HttpObjectStore | Artefact::HttpObjectStoreDraft2 => "Answers HTTP requests",
            _ => "Gong's API as MCP tools",
        };
        assert!(said("description").starts_with(what), "{name}");
        assert!(!said("authors").is_empty());

        let root = ComponentNames::from_bytes(data("component-name"), 0).unwrap();
        let root = root.get_name().map(String::as_str);
        assert_eq!(root, Some(artefact.name()));
        let producers = Producers::from_bytes(data("producers"), 0).unwrap();
        let made_by = match artefact {
            // Its parts are wit-component's.
            _ if artefact.parts().is_some() => "gong-tools",
            _ => "wit-component",
        };
        for (field, tool) in [
            ("language", "Rust"),
            ("processed-by", "gong-tools"),
            ("processed-by", made_by),
        ] {
            let values = producers.get(field).unwrap();
            assert!(values.get(tool).is_some(), "{name}: {field} {tool}");
        }
    }
}

/// The WIT of the workspace, and the functions that a world exports.
fn world(resolve: &mut Resolve, name: &str) -> Vec<Function> {
    let (package, _) = resolve.push_dir(workspace().join("wit")).unwrap();
    let world = resolve.packages[package].worlds[name];
    let exports = resolve.worlds[world].exports.values();
    let functions = exports.filter_map(|item| match item {
        WorldItem::Function(function) => Some(function.clone()),
        _ => None,
    });
    functions.collect()
}

/// The documentation of a type's members, by name, and of what they hold.
fn members<'a>(resolve: &'a Resolve, ty: &Type, found: &mut Vec<(&'a str, &'a str)>) {
    let Type::Id(id) = ty else { return };
    match &resolve.types[*id].kind {
        TypeDefKind::Type(inner) | TypeDefKind::Option(inner) | TypeDefKind::List(inner) => {
            members(resolve, inner, found);
        }
        TypeDefKind::Record(record) => {
            for field in &record.fields {
                if let Some(docs) = &field.docs.contents {
                    found.push((&field.name, docs));
                }
                members(resolve, &field.ty, found);
            }
        }
        _ => {}
    }
}

/// As one line, and with one spelling of names.
fn plain(text: &str) -> String {
    text.trim().replace('\n', " ").replace('_', "-")
}

#[test]
fn every_typed_tool_is_documented_with_its_arguments() {
    for (file, world_name) in [
        ("gong.wasm", "gong"),
        ("gong-readonly.wasm", "gong-read-only"),
    ] {
        let component = read(file);
        let (own, _) = sections(&component);
        let docs = own.iter().find(|(name, _)| name == "package-docs");
        let docs: Value = serde_json::from_slice(&docs.unwrap().1[1..]).unwrap();
        let described = docs["worlds"]["root"]["func_exports"].as_object().unwrap();

        let mut resolve = Resolve::default();
        let functions = world(&mut resolve, world_name);
        let names: BTreeSet<&str> = functions.iter().map(|one| &*one.name).collect();
        assert_eq!(names, described.keys().map(String::as_str).collect());
        let (_, _, exports) = interfaces(&component);
        assert_eq!(names, exports.iter().map(String::as_str).collect());

        for function in &functions {
            let name = &function.name;
            let said = described[name]["docs"].as_str().unwrap();
            let wit = function.docs.contents.as_deref().unwrap();
            let (description, facts) = wit.split_once("\n\n").unwrap();
            assert!(plain(said).starts_with(&plain(description)), "{said}");
            let effect = facts.split_once("Effect: ").unwrap().1;
            let effect = effect.split_once('.').unwrap().0;
            assert!(said.contains(&format!("\n\nEffect: {effect}.")), "{said}");
            let mut documented = Vec::new();
            for parameter in &function.params {
                members(&resolve, &parameter.ty, &mut documented);
            }
            for (member, docs) in documented {
                let line = format!("- {member}: {}", plain(docs));
                assert!(plain(said).contains(&line), "{name} lacks {line:?}: {said}");
            }
            let snake = name.replace('-', "_");
            assert!(!said.contains(&snake), "{name}: called otherwise: {said}");
        }
    }
}

#[tokio::test]
async fn components_are_those_that_are_tested() {
    for artefact in Artefact::ALL {
        let imports = interfaces(&read(artefact.file_name()));
        assert_eq!(imports, interfaces(&bytes(artefact)));
    }
    for artefact in [Artefact::GongMcp, Artefact::GongMcpReadOnly] {
        let list = async |bytes: &[u8]| {
            let sandbox = Sandbox::load(bytes, Limits::default()).unwrap();
            let tools = sandbox.list_tools().await.unwrap();
            tools.into_iter().map(|tool| tool.name).collect::<Vec<_>>()
        };
        let tools = list(&read(artefact.file_name())).await;
        assert!(!tools.is_empty());
        assert_eq!(tools, list(&bytes(artefact)).await);
    }
}

#[test]
fn the_wit_package_is_one_in_both_forms() {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("gong-tools.wit", &text("gong-tools.wit"));
    let encoded = wit_component::encode(&resolve, package.unwrap(), false).unwrap();
    assert!(encoded == read("gong-tools.wit.wasm"));

    let decoded = wit_component::decode(&encoded).unwrap();
    let wit_component::DecodedWasm::WitPackage(resolve, package) = &decoded else {
        panic!("not a WIT package");
    };
    let package = &resolve.packages[*package];
    assert_eq!(package.name.to_string(), "gong:tools@0.1.0");
    for name in ["gong", "gong-read-only", "gong-mcp"] {
        let world = &resolve.worlds[package.worlds[name]];
        assert!(world.docs.contents.is_some(), "{name}");
        assert!(!world.exports.is_empty(), "{name}");
    }
}

/// The crates that were compiled into an artefact, by their names in Rust. Those that only run in
/// the compiler are in another folder.
fn compiled(artefact: Artefact) -> BTreeSet<String> {
    if let Some(parts) = artefact.parts() {
        return parts.into_iter().flat_map(compiled).collect();
    }
    let built = component::build(artefact).unwrap();
    let build = built.parent().unwrap().join("build").join(artefact.name());
    let target = build.join("wasm32-wasip2").join("component");
    let files = [target.join("deps"), target].map(|folder| fs::read_dir(folder).unwrap());
    files
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|file| {
            let library = || file.strip_prefix("lib")?.strip_suffix(".rlib");
            let name = file.strip_suffix(".wasm").or_else(library)?;
            Some(name.split('-').next()?.to_owned())
        })
        .collect()
}

#[test]
fn the_sbom_names_all_that_is_linked() {
    let sbom = json("gong-tools.cdx.json");
    assert_eq!(sbom["bomFormat"], "CycloneDX");
    assert_eq!(sbom["specVersion"], "1.6");
    assert_eq!(sbom["version"], 1);
    assert_eq!(sbom["metadata"]["component"]["name"], "gong-tools");

    let components = sbom["components"].as_array().unwrap();
    let of = |name: &str| components.iter().find(|one| one["name"] == name);
    for artefact in Artefact::ALL {
        let name = artefact.file_name();
        let component = of(name).unwrap();
        assert_eq!(component["hashes"][0]["content"], sha256(&read(name)));
    }
    let mut references = BTreeSet::from(["gong-tools"]);
    for component in components {
        for key in ["type", "name", "purl", "bom-ref"] {
            assert!(component[key].is_string(), "{key} of {component}");
        }
        let licence = &component["licenses"][0]["expression"];
        assert!(licence.is_string(), "{component}");
        let purl = component["purl"].as_str().unwrap();
        if let Some(crates_io) = purl.strip_prefix("pkg:cargo/") {
            let version = component["version"].as_str().unwrap().replace('+', "%2B");
            let name = component["name"].as_str().unwrap();
            assert_eq!(crates_io, format!("{name}@{version}"));
            let checksum = component["hashes"][0]["content"].as_str().unwrap();
            assert_eq!(checksum.len(), 64, "{component}");
        }
        let reference = component["bom-ref"].as_str().unwrap();
        assert!(references.insert(reference), "{reference} is there twice");
    }
    let dependencies = sbom["dependencies"].as_array().unwrap();
    let mut stated = BTreeMap::new();
    for dependency in dependencies {
        let on = dependency["dependsOn"].as_array().unwrap();
        let on: BTreeSet<&str> = on.iter().map(|one| one.as_str().unwrap()).collect();
        assert!(on.is_subset(&references), "{dependency}");
        stated.insert(dependency["ref"].as_str().unwrap(), on);
    }

    for artefact in Artefact::ALL {
        let stated = &stated[artefact.file_name()];
        let inside: BTreeSet<String> = components
            .iter()
            .filter(|one| stated.contains(one["bom-ref"].as_str().unwrap()))
            .map(|one| one["name"].as_str().unwrap().replace('-', "_"))
            .collect();
        let mut expected = compiled(artefact);
        expected.extend(["rust", "wasi_libc"].map(str::to_owned));
        assert_eq!(
            inside, expected,
            "{artefact}; what an earlier lock file had goes with `cargo clean`"
        );
    }
}

#[test]
fn the_policy_grants_the_settings_and_one_host() {
    let policy = text("gong.policy.yaml");
    let granted = |key: &str| -> BTreeSet<&str> {
        let start = format!("- {key}: ");
        policy
            .lines()
            .filter_map(|line| line.trim().strip_prefix(&*start))
            .map(|value| value.trim_matches('"'))
            .collect()
    };
    let page = fs::read_to_string(workspace().join("docs/settings.md")).unwrap();
    // The first table is the component's, those after it are the hosts'.
    let (_, table) = page.split_once("\n| variable ").unwrap();
    let mut settings: BTreeSet<&str> = table
        .lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("| `")?.split_once(" | "))
        .flat_map(|(names, _)| names.split(", "))
        .map(|name| name.trim_matches('`'))
        .collect();
    // Wassette neither adds credentials, nor keeps Gong's limit, nor has a place for an index.
    for of_the_host in ["GONG_AUTH", "GONG_INDEX_URL", "GONG_PACE"] {
        assert!(settings.remove(of_the_host), "{settings:?}");
    }
    assert_eq!(granted("key"), settings);
    assert_eq!(granted("host"), BTreeSet::from(["acme.api.gong.io"]));
}

/// Copies a folder as it is, with the times by which cargo knows what is new.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (name, from) = (entry.file_name(), entry.path());
        if ["target", "dist", ".git"].iter().any(|left| name == *left) {
            continue;
        }
        let to = to.join(&name);
        if entry.file_type().unwrap().is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
            let modified = entry.metadata().unwrap().modified().unwrap();
            let copied = fs::File::options().append(true).open(&to).unwrap();
            copied.set_modified(modified).unwrap();
        }
    }
}

/// The sources on another path, and a target directory beside them.
fn elsewhere(name: &str) -> (PathBuf, PathBuf) {
    let elsewhere = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let sources = elsewhere.join("sources");
    let _ = fs::remove_dir_all(&sources);
    copy(workspace(), &sources);
    (sources, elsewhere.join("target"))
}

/// With the smallest component, for the time that it takes; all are built alike.
#[test]
fn another_path_gives_the_same_bytes() {
    let artefact = Artefact::GongMcpReadOnly;
    let (sources, target) = elsewhere("elsewhere");
    let built = component::build_in(&sources, &target, artefact).unwrap();
    let (one, other) = (fs::read(built).unwrap(), bytes(artefact));
    assert_eq!(sha256(&one), sha256(&other));
}

/// All of it, from nothing compiled before.
#[test]
#[ignore = "compiles every component anew, which takes minutes: cargo test -p xtask --test dist -- --ignored another_path"]
fn another_path_gives_the_same_distribution() {
    let (sources, target) = elsewhere("elsewhere-all");
    let _ = fs::remove_dir_all(&target);
    let written = xtask::dist::write_of(&sources, &target, &target.join("dist")).unwrap();
    let names: BTreeSet<&str> = written.iter().map(|file| file.name).collect();
    assert_eq!(names, FILES.into());
    for name in FILES {
        let (one, other) = (
            fs::read(target.join("dist").join(name)).unwrap(),
            read(name),
        );
        assert!(
            one == other,
            "{name} differs: {} {}",
            sha256(&one),
            sha256(&other)
        );
        eprintln!("{}  {name}, {} bytes, twice", sha256(&one), one.len());
    }
}

#[test]
fn nothing_tells_where_it_was_made() {
    let home = std::env::home_dir().unwrap();
    let cargo = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    for name in FILES {
        let bytes = read(name);
        for path in [workspace(), &cargo, target] {
            let path = path.to_str().unwrap().as_bytes();
            let found = bytes.windows(path.len()).any(|part| part == path);
            assert!(!found, "{name} has {}", String::from_utf8_lossy(path));
        }
    }
}
