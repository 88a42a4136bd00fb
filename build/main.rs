//! Makes the tables that are part of the component.
//!
//! The tools' definitions, `src/tool_definitions/*.json`, are without the white space that is there for
//! reviewers. The input schemas are apart: each call reads
//! its own, and nothing else of its definition. A tool that has none yet, because it is new, gets
//! one by `BLESS=1 cargo test -p gong-tools`.

use std::{env, error::Error, fs, path::Path};

mod time_zones;

#[expect(
    clippy::print_stdout,
    reason = "this is how a build script speaks to cargo"
)]
fn main() -> Result<(), Box<dyn Error>> {
    const FOLDER: &str = "src/tool_definitions";
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={FOLDER}");
    let mut rows = Vec::new();
    for file in fs::read_dir(FOLDER)? {
        let path = file?.path();
        let tool = path.file_stem().unwrap_or_default().to_string_lossy();
        let mut definition: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(&path)?)
                .map_err(|error| format!("{}: {error}", path.display()))?;
        let input_schema = definition["inputSchema"].take().to_string();
        let reads = matches!(definition["effect"].as_str(), Some("read" | "metered-read"));
        let about = definition.to_string();
        rows.push(format!(
            "Definition {{ tool: {tool:?}, reads: {reads}, input_schema: {input_schema:?}, about: {about:?} }},\n"
        ));
    }
    rows.sort();
    let table = format!("&[\n{}]", rows.concat());
    let folder = env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?;
    let folder = Path::new(&folder);
    fs::write(folder.join("tool_definitions.rs"), table)?;
    fs::write(folder.join("time_zones"), time_zones::table()?)?;
    Ok(())
}
