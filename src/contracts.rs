//! The contracts, `contract/gong_….json`, as the component carries them: without layout
//! and packed, which is an eighth of their bytes. They are unpacked to list the tools, and
//! to say what is wrong with arguments.

use alloc::{borrow::ToOwned, string::String};

static PACKED: &[u8] = gong_tools_macros::packed!("src/contract");

/// All contracts, sorted: each a line with the tool's name, a space and JSON.
pub(crate) fn all() -> String {
    let unpacked = lz4_flex::decompress_size_prepended(PACKED).unwrap_or_default();
    String::from_utf8(unpacked).unwrap_or_default()
}

/// A tool's contract: title, description, schemas, toolset, effect, scopes.
pub(crate) fn of(tool: &str) -> Option<String> {
    let all = all();
    let mut contracts = all.lines().filter_map(|line| line.split_once(' '));
    let (_, contract) = contracts.find(|(name, _)| *name == tool)?;
    Some(contract.to_owned())
}

/// A tool's contract for tests, which look into it.
#[cfg(test)]
pub(crate) fn json(tool: &str) -> serde_json::Value {
    serde_json::from_str(&of(tool).expect("a contract")).expect("JSON")
}
