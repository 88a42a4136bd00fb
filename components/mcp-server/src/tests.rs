//! The server with a provider that these tests make up.

pub(crate) mod fake_provider;
mod fuzz;
mod http_access;
mod http_client;
mod http_messages;
mod invalid_requests;
mod lifecycle;
mod stdio;
mod stdio_client;

use serde_json::{Value, json};

use crate::settings::Settings;

fn settings(variables: &[(&str, &str)]) -> Settings {
    let owned = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::read(owned.collect()).unwrap()
}

fn request(id: u32, method: &str, params: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

fn initialize(revision: &str) -> Value {
    let client = json!({"name": "test", "version": "0"});
    let params = json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": client});
    request(0, "initialize", params)
}

/// Parameters with what 2026-07-28 wants in each request.
fn modern(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    params
}
