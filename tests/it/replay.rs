//! Every fixture through `gong-mcp.wasm` and over real sockets: what the native tests say of the
//! code, this says of the artefact.

use sandbox::{Env, Run};
use serde_json::Value;

use crate::fixtures::fixtures;
use crate::support::{outbound, output_validator, sandbox};

#[tokio::test(flavor = "multi_thread")]
async fn every_fixture_holds_for_the_component() {
    let fixtures = fixtures();
    assert!(fixtures.len() >= 305, "only {} fixtures", fixtures.len());
    let mut wrong = Vec::new();
    for fixture in fixtures {
        let name = &fixture.name;
        let gong = fixture.gong().await;
        let run = Run {
            env: Env::from_iter(fixture.variables(&gong)),
            outbound: outbound(&gong.base_url(), None),
            now: Some(fixture.now.try_into().expect("it is representable")),
            gate: None,
        };
        let result = sandbox()
            .call_tool(&run, &fixture.tool, &fixture.arguments.to_string())
            .await
            .expect("no limit breaks");
        if let Some(difference) = fixture.difference(gong) {
            wrong.push(format!("{name}: {difference}"));
        }
        let structured: Option<Value> = result
            .structured
            .as_ref()
            .map(|json| serde_json::from_str(json.get()).expect("JSON"));
        let expected = fixture.error.as_ref().unwrap_or(&fixture.text);
        if result.text.trim_end_matches('\n') != expected
            || structured != fixture.structured
            || result.is_error != fixture.error.is_some()
        {
            wrong.push(format!("{name}: {}\n{structured:?}", result.text));
        }
        if let Some(structured) = &structured
            && let Some(error) = output_validator(&fixture.tool)
                .await
                .iter_errors(structured)
                .next()
        {
            wrong.push(format!("{name}: {error} at {}", error.instance_path()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
