//! The composed answers on a busy company: 2,500 calls in range, and Gong's limit of 3 requests
//! a second kept by the stand-in, which refuses more. Nothing fails, nothing that was read is
//! lost, and each answer says how complete it is.

use fake_gong::{FakeGong, Options};
use serde_json::{Value, json};

use crate::support::{options, output_validator, run_for, sandbox, stand_in};

async fn busy() -> FakeGong {
    stand_in(Options {
        calls: 2_500,
        rate_limit: true,
        ..options()
    })
    .await
}

/// An answer that must be good, with its requests and sizes printed and held.
async fn ask(gong: &FakeGong, tool: &str, arguments: Value, most: (u64, usize)) -> Value {
    // No two calls share a sandbox: keeping the limit between them is the gateway's task.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let run = run_for(gong);
    let result = sandbox()
        .call_tool(&run, tool, &arguments.to_string())
        .await
        .expect("no limit breaks");
    assert!(!result.is_error, "{tool} {arguments}: {}", result.text);
    let json = result.structured.expect("a structured answer");
    let structured: Value = serde_json::from_str(json.get()).expect("JSON");
    if let Some(error) = output_validator(tool).await.iter_errors(&structured).next() {
        panic!("{tool} {arguments}: {error} at {}", error.instance_path());
    }
    let refused = gong.requests();
    let refused = refused.iter().filter(|request| request.status == 429);
    assert_eq!(refused.count(), 0, "{tool}: refused for speed");
    assert_eq!(gong.violations(), Vec::<String>::new());
    let requests = structured["requests"].as_u64().expect("requests");
    let read = result.usage.response_bytes / 1_000;
    let (text, json) = (result.text.len(), json.get().len());
    eprintln!(
        "{tool} {arguments}: {requests} requests, {read} kB read, {text} bytes of text, {json} of JSON, in {:.0?}",
        result.usage.wall_time
    );
    assert!(requests <= most.0, "{tool}: {requests} requests");
    assert!(text <= most.1, "{tool}: {text} bytes of text");
    structured
}

/// Asks again with the token until there is none, and gives all answers.
async fn to_the_end(
    gong: &FakeGong,
    tool: &str,
    arguments: Value,
    most: (u64, usize),
) -> Vec<Value> {
    let mut answers = vec![ask(gong, tool, arguments.clone(), most).await];
    while let Some(token) = answers[answers.len() - 1]["resume"].as_str() {
        let mut next = arguments.clone();
        let map = next.as_object_mut().expect("an object");
        map.remove("from");
        map.insert("resume".to_owned(), token.into());
        let answer = ask(gong, tool, next, most).await;
        answers.push(answer);
        assert!(answers.len() < 10, "{tool} never ends");
    }
    answers
}

/// Open calls of Acme Corp, of which none is private.
fn calls_of_acme(gong: &FakeGong) -> usize {
    let company = gong.company();
    let acme = &company.accounts()[0];
    let deals: Vec<&str> = acme.deals.iter().map(|deal| &*deal.crm_id).collect();
    assert_eq!(acme.name, "Acme Corp");
    assert!(!deals.is_empty());
    company.calls().len() / 5
}

#[tokio::test(flavor = "multi_thread")]
async fn all_calls_of_an_account_are_found() {
    let gong = busy().await;
    let arguments = json!({"account": "Acme Corp", "from": "180d", "limit": 500});
    let answers = to_the_end(&gong, "gong_search_calls", arguments, (26, 58_000)).await;
    assert_eq!(
        answers[0]["calls"].as_array().map(Vec::len),
        Some(calls_of_acme(&gong))
    );
    let mut ids: Vec<&str> = answers
        .iter()
        .flat_map(|answer| answer["calls"].as_array().into_iter().flatten())
        .filter_map(|call| call["id"].as_str())
        .collect();
    assert_eq!(ids.len(), calls_of_acme(&gong));
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), calls_of_acme(&gong), "none twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_and_its_deal_have_a_page_each() {
    let gong = busy().await;
    let deal = gong.company().accounts()[0].deals[0].crm_id.clone();
    let account = ask(
        &gong,
        "gong_get_account",
        json!({"account": "Acme Corp"}),
        (28, 8_000),
    )
    .await;
    assert!(account["scan"]["read"].as_u64() > Some(2_000), "{account}");
    let deal = ask(&gong, "gong_get_deal", json!({"deal": deal}), (28, 8_000)).await;
    assert!(deal["scan"]["read"].as_u64() > Some(2_000), "{deal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_counted_to_the_last() {
    let gong = busy().await;
    let open = gong
        .company()
        .calls()
        .iter()
        .filter(|call| !call.is_private);
    let open = open.count() as u64;
    for by in [json!(["host"]), json!(["account", "month"])] {
        let arguments = json!({"by": by, "from": "181d"});
        let answers = to_the_end(&gong, "gong_count_calls", arguments, (28, 8_000)).await;
        let counted: u64 = answers
            .iter()
            .filter_map(|answer| answer["total"]["calls"].as_u64())
            .sum();
        assert_eq!(counted, open, "{by}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_found_over_a_month() {
    let gong = busy().await;
    let arguments = json!({"query": "\"no such phrase was ever said\"", "from": "30d"});
    let answers = to_the_end(&gong, "gong_search_transcripts", arguments, (61, 1_500)).await;
    let searched: u64 = answers
        .iter()
        .filter_map(|answer| answer["searched"].as_u64())
        .sum();
    assert!(searched > 300, "{searched} calls of a month");
    let found = ask(
        &gong,
        "gong_search_transcripts",
        json!({"query": "pricing", "from": "30d", "limit": 10, "speakers": "external"}),
        (10, 8_000),
    )
    .await;
    assert!(
        found["calls"]
            .as_array()
            .is_some_and(|calls| !calls.is_empty())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_calls_are_summarized_in_one_request() {
    let gong = busy().await;
    let calls: Vec<String> = gong
        .company()
        .calls()
        .iter()
        .filter(|call| !call.is_private)
        .rev()
        .take(20)
        .map(|call| call.id.clone())
        .collect();
    let answer = ask(
        &gong,
        "gong_summarize_calls",
        json!({"calls": calls}),
        (1, 20_000),
    )
    .await;
    assert_eq!(answer["calls"].as_array().map(Vec::len), Some(20));
}
