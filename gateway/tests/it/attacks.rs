//! What one user, or somebody without a token, does to the others: nothing.


use serde_json::{Value, json};

use crate::http::{one_tenant, post};
use crate::support::TestGateway;

/// Headers of an MCP request of a user.
fn headers(bearer: &str) -> [(&str, &str); 1] {
    [("authorization", bearer)]
}

fn bearer(gateway: &TestGateway, who: &str) -> String {
    format!("Bearer {}", gateway.token(who))
}

/// The JSON-RPC message of an answer, whether it is JSON or the last event of a stream.
fn message(answer: &str) -> Value {
    let lines = answer.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
    let message = lines.filter_map(|line| serde_json::from_str(line).ok()).last();
    message.unwrap_or_else(|| panic!("no message in {answer}"))
}

fn request(method: &str, params: Value) -> String {
    json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string()
}

/// As much of a name as a small request holds: comparing it with all names would take seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_name_is_refused_before_anything_looks_at_it() {
    let (_gong, gateway) = one_tenant().await;
    let address = gateway.server().address;
    let bearer = bearer(&gateway, "acme/mia");
    let name = "gong_get_call".repeat(4000);
    for (method, params) in [
        ("tools/call", json!({"name": name, "arguments": {}})),
        ("prompts/get", json!({"name": name})),
        ("resources/read", json!({"uri": format!("gong://{name}")})),
    ] {
        let answer = post(address, &headers(&bearer), &request(method, params)).await;
        let error = message(&answer)["error"].clone();
        assert_eq!(error["code"], -32602, "{method}: {error}");
        let text = error["message"].as_str().unwrap();
        assert!(text.contains("none has more than 128"), "{text}");
        assert!(answer.len() < 1000, "{method} repeats the name");
    }
    assert_eq!(gateway.audit().await, []);
    let denied = json!({"name": "gong_x".repeat(21), "arguments": {}});
    post(address, &headers(&bearer), &request("tools/call", denied)).await;
    let row = gateway.audit().await.pop().unwrap();
    assert!(row.tool.len() <= 128, "{}", row.tool);
    assert!(row.reason.unwrap().len() <= 500);
}
