//! Answers about the stand-in's company: their content, and their size in bytes, which is what a
//! model pays.

use fake_gong::FakeGong;
use serde_json::{Value, json};

use crate::support::{fixed_now, options, output_validator, run_for, sandbox, stand_in};

/// Text and structure of an answer that must be good, fit its schema, and carry no null.
struct Answer {
    text: String,
    structured: Value,
    json_bytes: usize,
}

async fn ask(gong: &FakeGong, tool: &str, arguments: Value) -> Answer {
    let sandbox = sandbox();
    let result = sandbox
        .call_tool(&run_for(gong), tool, &arguments.to_string())
        .await
        .expect("no limit breaks");
    assert!(!result.is_error, "{tool} {arguments}: {}", result.text);
    let json = result.structured.expect("a structured answer");
    let structured: Value = serde_json::from_str(json.get()).expect("JSON");
    let validator = output_validator(tool).await;
    if let Some(error) = validator.iter_errors(&structured).next() {
        panic!("{tool} {arguments}: {error} at {}", error.instance_path());
    }
    assert!(!json.get().contains("null"), "{tool}: a null in {json}");
    let spent = structured["requests"]
        .as_u64()
        .expect("requests are counted");
    assert_eq!(
        spent,
        u64::from(result.usage.requests),
        "{tool} counts its requests"
    );
    assert!(
        result.text.contains(&format!("{spent} request")),
        "{tool}: {}",
        result.text
    );
    Answer {
        text: result.text,
        structured,
        json_bytes: json.get().len(),
    }
}

async fn refused(gong: &FakeGong, tool: &str, arguments: Value) -> String {
    let sandbox = sandbox();
    let result = sandbox
        .call_tool(&run_for(gong), tool, &arguments.to_string())
        .await
        .expect("no limit breaks");
    assert!(result.is_error, "{tool} {arguments}: {}", result.text);
    assert!(result.structured.is_none());
    result.text
}

async fn company(calls: usize) -> FakeGong {
    let gong = stand_in(fake_gong::Options { calls, ..options() }).await;
    if !gong.contract_checked() {
        eprintln!(
            "skipped: requests are not checked against Gong's OpenAPI document, which is not here"
        );
    }
    gong
}

fn list<'a>(answer: &'a Answer, key: &str) -> &'a Vec<Value> {
    answer.structured[key]
        .as_array()
        .unwrap_or_else(|| panic!("no {key} in {}", answer.text))
}

/// Prints the size, and holds it under the bar; the structure under 1.7 times the text.
fn weigh(what: &str, answer: &Answer, most: usize) {
    weigh_both(what, answer, most, 1.7);
}

fn weigh_both(what: &str, answer: &Answer, most: usize, ratio: f64) {
    let (text, json) = (answer.text.len(), answer.json_bytes);
    eprintln!("{what}: {text} bytes of text (bar {most}), {json} of JSON");
    assert!(text < most, "{what}: {text} bytes of text");
    assert!(
        (json as f64) < ratio * text as f64,
        "{what}: {json} bytes of JSON, {text} of text"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_calls_listed_stay_small() {
    let gong = company(400).await;
    let answer = ask(
        &gong,
        "gong_search_calls",
        json!({"from": "90d", "limit": 100}),
    )
    .await;
    assert_eq!(list(&answer, "calls").len(), 100);
    let starts: Vec<&str> = list(&answer, "calls")
        .iter()
        .map(|call| call["started"].as_str().expect("a start"))
        .collect();
    assert!(
        starts.is_sorted_by(|newer, older| newer >= older),
        "newest first"
    );
    assert!(
        list(&answer, "calls")
            .iter()
            .all(|call| call["host"].is_string()),
        "hosts have names"
    );
    assert!(
        gong.requests()
            .iter()
            .all(|request| request.path != "/v2/calls/extensive"),
        "the cheap endpoint"
    );
    // The text has each host's name once.
    weigh_both("100 calls listed", &answer, 8_000, 1.8);
    assert_eq!(gong.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_calls_of_an_account_are_found_among_250() {
    let gong = company(250).await;
    let arguments = json!({"account": "Acme Corp", "from": "200d", "limit": 60});
    let answer = ask(&gong, "gong_search_calls", arguments).await;
    assert_eq!(list(&answer, "calls").len(), 50);
    for call in list(&answer, "calls") {
        assert!(
            call["started"].is_string() && call["minutes"].is_u64(),
            "{call}"
        );
    }
    let with_people = list(&answer, "calls")
        .iter()
        .filter(|call| call["external"].is_array())
        .count();
    assert!(with_people >= 49, "external people on {with_people}");
    assert!(answer.text.contains("Acme Corp"), "{}", answer.text);
    weigh("50 of 250 calls found", &answer, 6_000);
    assert_eq!(gong.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_resumes_where_it_stopped_and_loses_nothing() {
    let gong = company(250).await;
    let whole = ask(
        &gong,
        "gong_search_calls",
        json!({"account": "acme.com", "from": "200d", "limit": 200}),
    )
    .await;
    let ids = |answer: &Answer| -> Vec<String> {
        list(answer, "calls")
            .iter()
            .map(|call| call["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    let mut pages = Vec::new();
    let mut arguments = json!({"account": "acme.com", "from": "200d", "limit": 7});
    loop {
        let page = ask(&gong, "gong_search_calls", arguments).await;
        pages.extend(
            page.structured["calls"]
                .as_array()
                .map(|_| ids(&page))
                .unwrap_or_default(),
        );
        match page.structured["resume"].as_str() {
            Some(token) => arguments = json!({"account": "acme.com", "limit": 7, "resume": token}),
            None => break,
        }
    }
    assert_eq!(pages, ids(&whole));
    assert_eq!(pages.len(), 50);

    let mut pages = Vec::new();
    let mut arguments = json!({"from": "200d", "limit": 60});
    loop {
        let page = ask(&gong, "gong_search_calls", arguments).await;
        pages.extend(
            page.structured["calls"]
                .as_array()
                .map(|_| ids(&page))
                .unwrap_or_default(),
        );
        match page.structured["resume"].as_str() {
            Some(token) => arguments = json!({"limit": 60, "resume": token}),
            None => break,
        }
    }
    let open = gong
        .company()
        .calls()
        .iter()
        .filter(|call| !call.is_private)
        .count();
    assert_eq!(pages.len(), open, "every open call once");
    pages.sort();
    pages.dedup();
    assert_eq!(pages.len(), open, "no call twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_company_gives_its_newest_calls_with_few_requests() {
    let gong = company(2_500).await;
    let answer = ask(
        &gong,
        "gong_search_calls",
        json!({"from": "180d", "limit": 20}),
    )
    .await;
    assert_eq!(list(&answer, "calls").len(), 20);
    let newest = gong
        .company()
        .calls()
        .iter()
        .filter(|call| !call.is_private)
        .map(|call| call.scheduled.unwrap_or(call.started))
        .max()
        .expect("calls");
    let first = list(&answer, "calls")[0]["id"].as_str().expect("an id");
    let found = gong
        .company()
        .calls()
        .iter()
        .find(|call| call.id == first)
        .expect("it exists");
    assert_eq!(found.scheduled.unwrap_or(found.started), newest);
    let requests = answer.structured["requests"].as_u64().expect("requests");
    assert!(requests <= 5, "{requests} requests");
    assert!(answer.structured["scan"]["stopped"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_that_gong_lacks_are_kept_here() {
    let gong = company(250).await;
    let contact = &gong
        .company()
        .accounts()
        .iter()
        .find(|account| account.name == "Acme Corp")
        .expect("Acme")
        .people[0];
    for participant in [contact.email.as_str(), contact.name.as_str()] {
        let arguments = json!({"participant": participant, "from": "200d", "limit": 200});
        let answer = ask(&gong, "gong_search_calls", arguments).await;
        assert!(!list(&answer, "calls").is_empty());
        for call in list(&answer, "calls") {
            let external = call["external"].as_array().expect("people");
            assert!(
                external.contains(&json!(contact.name)),
                "{participant}: {call}"
            );
        }
    }
    let host = ask(
        &gong,
        "gong_search_calls",
        json!({"host": "Jonas Weber", "from": "200d"}),
    )
    .await;
    for call in host.structured["calls"].as_array().into_iter().flatten() {
        assert_eq!(call["host"], "Jonas Weber");
    }
    let long = ask(
        &gong,
        "gong_search_calls",
        json!({"min_minutes": 55, "from": "200d", "limit": 200}),
    )
    .await;
    assert!(
        list(&long, "calls")
            .iter()
            .all(|call| call["minutes"].as_u64() >= Some(55))
    );
    let unknown = refused(&gong, "gong_search_calls", json!({"host": "Maria"})).await;
    assert!(
        unknown.contains("Maria Keller") && unknown.contains("Maria Fernandez"),
        "{unknown}"
    );
    let workspace = refused(&gong, "gong_search_calls", json!({"workspace": "Nowhere"})).await;
    assert!(
        workspace.contains("Sales") && workspace.contains("Customer Success"),
        "{workspace}"
    );
    assert_eq!(gong.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_calls_digest_is_small_and_its_parts_are_on_demand() {
    let gong = company(400).await;
    let calls = ask(
        &gong,
        "gong_search_calls",
        json!({"account": "Acme Corp", "from": "200d", "limit": 10}),
    )
    .await;
    for call in list(&calls, "calls") {
        let digest = ask(&gong, "gong_get_call", json!({"call": call["id"]})).await;
        assert_eq!(digest.structured["requests"], 1);
        assert!(
            digest.structured["people"]
                .as_array()
                .is_some_and(|people| people.len() >= 2)
        );
        assert!(digest.structured["brief"].is_string());
        weigh("one call's digest, with its next steps", &digest, 1_150);
    }
    let id = &list(&calls, "calls")[0]["id"];
    let parts = [
        "people",
        "outline",
        "highlights",
        "comments",
        "trackers",
        "stats",
        "crm",
        "media",
    ];
    let whole = ask(
        &gong,
        "gong_get_call",
        json!({"call": id, "include": parts}),
    )
    .await;
    for key in ["highlights", "stats", "media"] {
        assert!(whole.structured[key].is_array(), "{key} in {}", whole.text);
    }
    assert!(whole.structured["outline"][0]["items"].is_array());
    assert!(
        whole.structured["people"]
            .as_array()
            .expect("people")
            .iter()
            .any(|person| person["email"].is_string())
    );
    assert_eq!(gong.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hours_transcript_is_whole_and_small() {
    let gong = company(400).await;
    let id = gong.company().long_call_id();
    let answer = ask(&gong, "gong_get_transcript", json!({"call": id})).await;
    let answered = gong.requests();
    assert_eq!(answered.len(), 2);
    assert!(answer.structured.get("resume").is_none(), "it is whole");
    assert!(answer.text.contains("quoted"), "it is labelled");
    assert!(
        answer.text.contains("%22from%22%3A{s}"),
        "it links to the moment"
    );
    weigh("a transcript of an hour", &answer, 58_000);

    let turns = list(&answer, "turns");
    let spoken = turns.iter().filter_map(|turn| turn["text"].as_str());
    let spoken: usize = spoken.map(str::len).sum();
    eprintln!("{spoken} bytes were spoken");
    assert!(
        answer.text.len() * 100 <= spoken * 106,
        "{spoken} bytes were spoken"
    );
    let mut pieces = Vec::new();
    let mut arguments = json!({"call": id, "bytes": 9_000});
    loop {
        let piece = ask(&gong, "gong_get_transcript", arguments).await;
        assert!(piece.text.len() < 10_000, "{} bytes", piece.text.len());
        pieces.extend(list(&piece, "turns").clone());
        match piece.structured["resume"].as_str() {
            Some(token) => arguments = json!({"bytes": 9_000, "resume": token}),
            None => break,
        }
    }
    let words = |turns: &[Value]| -> Vec<(String, String)> {
        let text = |turn: &Value, key: &str| turn[key].as_str().unwrap_or_default().to_owned();
        turns
            .iter()
            .map(|turn| (text(turn, "at"), text(turn, "text")))
            .collect()
    };
    assert_eq!(words(&pieces), words(turns), "pieces are the whole");

    let customers = ask(
        &gong,
        "gong_get_transcript",
        json!({"call": id, "speakers": "external"}),
    )
    .await;
    let speakers = list(&customers, "speakers_seen");
    assert!(
        speakers
            .iter()
            .all(|speaker| speaker["affiliation"] == "external"),
        "{speakers:?}"
    );
    assert!(list(&customers, "turns").len() < turns.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn private_calls_stay_out_unless_the_settings_allow_them() {
    let gong = company(400).await;
    let private = gong
        .company()
        .calls()
        .iter()
        .find(|call| call.is_private)
        .expect("a private call")
        .id
        .clone();
    let all = ask(
        &gong,
        "gong_search_calls",
        json!({"from": "200d", "limit": 200}),
    )
    .await;
    assert!(!all.text.contains(&private));
    let kept_out: u64 = {
        let scan = &ask(
            &gong,
            "gong_search_calls",
            json!({"title": "zzz", "from": "200d"}),
        )
        .await
        .structured["scan"];
        scan["left_out_private"].as_u64().expect("they are counted")
    };
    let there = gong
        .company()
        .calls()
        .iter()
        .filter(|call| call.is_private)
        .count() as u64;
    assert_eq!(kept_out, there);
    gong.clear_requests();
    for tool in ["gong_get_transcript", "gong_get_call"] {
        let text = refused(&gong, tool, json!({"call": private})).await;
        assert!(text.contains("marked private"), "{text}");
    }
    assert!(
        gong.requests()
            .iter()
            .all(|request| request.path != "/v2/calls/transcript"),
        "nothing was sent"
    );

    let mut run = run_for(&gong);
    run.env.set("GONG_PRIVATE_CALLS", "allow");
    let arguments = json!({"call": private}).to_string();
    let allowed = sandbox()
        .call_tool(&run, "gong_get_transcript", &arguments)
        .await
        .expect("no limit breaks");
    assert!(!allowed.is_error, "{}", allowed.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn deals_are_gathered_from_calls_with_what_changed() {
    let gong = company(400).await;
    let answer = ask(
        &gong,
        "gong_list_deals",
        json!({"from": "120d", "limit": 200}),
    )
    .await;
    let deals = list(&answer, "deals");
    assert!(deals.len() > 5, "{}", answer.text);
    assert!(answer.text.contains("Not the CRM's pipeline"));
    for deal in deals {
        for key in [
            "id",
            "name",
            "stage",
            "account",
            "last_call",
            "last_call_id",
        ] {
            assert!(deal[key].is_string(), "{key} of {deal}");
        }
    }
    let changed: Vec<&Value> = deals
        .iter()
        .filter(|deal| deal["changes"].is_array())
        .collect();
    assert!(!changed.is_empty(), "some deal changed");
    assert!(
        changed
            .iter()
            .any(|deal| deal["changes"].as_array().is_some_and(|changes| {
                changes.iter().any(|change| {
                    change["field"] == "close date" && change["then"] != change["now"]
                })
            }))
    );
    let acme = ask(
        &gong,
        "gong_list_deals",
        json!({"from": "120d", "account": "acme corp"}),
    )
    .await;
    assert!(
        list(&acme, "deals")
            .iter()
            .all(|deal| deal["account"] == "Acme Corp")
    );
    assert_eq!(gong.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn answered_scorecards_come_joined() {
    let gong = company(400).await;
    let answer = ask(
        &gong,
        "gong_list_answered_scorecards",
        json!({"from": "170d", "limit": 100}),
    )
    .await;
    let answered = list(&answer, "answered");
    assert!(answered.len() > 20, "{}", answered.len());
    for one in answered {
        for key in ["scorecard", "reviewed", "called", "reviewed_at"] {
            assert!(one[key].is_string(), "{key} of {one}");
        }
        assert!(
            one["reviewer"].is_string() || one["automatic"] == true,
            "{one}"
        );
    }
    assert!(
        answered
            .iter()
            .filter(|one| one["call_title"].is_string())
            .count()
            > answered.len() / 2
    );
    let labels = list(&answer, "scorecards")
        .iter()
        .flat_map(|one| one["questions"].as_array().into_iter().flatten());
    assert!(labels.clone().count() > 3);
    assert!(labels.clone().all(|question| question["text"].is_string()));
    assert_eq!(gong.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_folders_steps_and_profiles_answer() {
    let gong = company(100).await;
    let owner = "jonas.weber@northwindrelay.com";
    let flows = ask(&gong, "gong_list_flows", json!({"owner": owner})).await;
    let by_name = ask(&gong, "gong_list_flows", json!({"owner": "Jonas Weber"})).await;
    assert_eq!(list(&flows, "flows"), list(&by_name, "flows"));
    let ids: Vec<&Value> = list(&flows, "flows")
        .iter()
        .map(|flow| &flow["id"])
        .collect();
    let steps = ask(&gong, "gong_get_flow_steps", json!({"flows": ids})).await;
    assert_eq!(list(&steps, "flows").len(), ids.len());
    let folders = ask(&gong, "gong_list_flow_folders", json!({"owner": owner})).await;
    assert!(!folders.text.contains("null"), "{}", folders.text);
    let prospect = &gong.company().flow_instances()[0].prospect;
    let of_prospect = ask(
        &gong,
        "gong_list_prospect_flows",
        json!({"prospects": [prospect, "003nobody"]}),
    )
    .await;
    assert_eq!(of_prospect.structured["without_flow"], json!(["003nobody"]));

    let profiles = ask(&gong, "gong_list_permission_profiles", json!({})).await;
    assert_eq!(list(&profiles, "profiles").len(), 8);
    let id = &list(&profiles, "profiles")[0]["id"];
    let profile = ask(&gong, "gong_get_permission_profile", json!({"profile": id})).await;
    assert!(!list(&profile, "allowed").is_empty());
    let users = ask(
        &gong,
        "gong_list_permission_profile_users",
        json!({"profile": id}),
    )
    .await;
    assert_eq!(users.structured["id"], *id);
    assert_eq!(gong.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_listed_found_and_told_apart() {
    let gong = company(100).await;
    let all = ask(&gong, "gong_list_users", json!({"active": false})).await;
    let people = gong
        .company()
        .users()
        .iter()
        .filter(|user| !user.avatar)
        .count();
    assert_eq!(list(&all, "users").len(), people);
    assert!(
        list(&all, "users")
            .iter()
            .any(|user| user["inactive"] == true)
    );
    let maria = ask(&gong, "gong_list_users", json!({"query": "maria"})).await;
    assert_eq!(list(&maria, "users").len(), 2);
    let one = ask(&gong, "gong_get_user", json!({"user": "Maria Keller"})).await;
    let same = ask(
        &gong,
        "gong_get_user",
        json!({"user": one.structured["email"]}),
    )
    .await;
    assert_eq!(one.structured["id"], same.structured["id"]);
    assert!(one.structured["manager"].is_string());
    let unknown = refused(&gong, "gong_get_user", json!({"user": "Maria"})).await;
    assert!(
        unknown.contains("Maria Keller") && unknown.contains("Maria Fernandez"),
        "{unknown}"
    );
    assert_eq!(gong.violations(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn relative_dates_count_from_the_sandboxs_clock() {
    let gong = company(100).await;
    let answer = ask(&gong, "gong_search_calls", json!({"from": "7d"})).await;
    assert_eq!(answer.structured["scan"]["to"], "2026-03-16T12:00Z");
    assert_eq!(answer.structured["scan"]["from"], "2026-03-09T12:00Z");
    assert_eq!(fixed_now().to_string(), "2026-03-16T12:00:00Z");
}
