//! The company: believable, and the same each time.

use std::collections::{BTreeMap, HashSet};

use fake_gong::{Company, Options};
use serde_json::{Value, json};

use crate::client::{NOW, get, options, post, start};

#[tokio::test]
async fn the_same_seed_and_now_give_the_same_bytes() {
    let all = json!({
        "filter": {},
        "contentSelector": {"context": "Extended", "exposedFields": {
            "parties": true,
            "content": {"brief": true, "outline": true, "trackers": true, "keyPoints": true},
        }},
    });
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let gong = start(Options {
            calls: 40,
            seed,
            ..options()
        })
        .await;
        let mut run = Vec::new();
        for path in ["/v2/users", "/v2/calls", "/v2/settings/scorecards"] {
            run.push(get(&gong, path).await.bytes);
        }
        run.push(post(&gong, "/v2/calls/extensive", all.clone()).await.bytes);
        run.push(
            post(&gong, "/v2/calls/transcript", json!({"filter": {}}))
                .await
                .bytes,
        );
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test]
async fn one_call_in_five_is_of_acme() {
    for seed in 1..6 {
        let company = Company::new(seed, NOW.parse().unwrap(), 250);
        let acme: Vec<_> = company
            .calls()
            .iter()
            .filter(|call| call.account == Some("Acme Corp"))
            .collect();
        assert_eq!(acme.len(), 50);
        assert!(acme.iter().all(|call| !call.is_private));
        let title = |title: &str| title.starts_with("Acme Corp – ");
        assert!(
            acme.iter()
                .all(|call| call.title.as_deref().is_some_and(title))
        );
    }
    let gong = start(Options {
        calls: 250,
        ..options()
    })
    .await;
    let mut body = json!({"filter": {}, "contentSelector": {
        "context": "Basic", "exposedFields": {"parties": true}}});
    let (mut by_people, mut by_account, mut private) = (0, 0, 0);
    let account = gong.company().accounts()[0].deals[0].crm_id.clone();
    loop {
        let page = post(&gong, "/v2/calls/extensive", body.clone())
            .await
            .json();
        for call in page["calls"].as_array().unwrap() {
            let parties = call["parties"].as_array();
            let domain = |party: &Value| {
                let email = party["emailAddress"].as_str().unwrap_or_default();
                email.ends_with("@acme.com")
            };
            by_people += usize::from(parties.is_some_and(|parties| parties.iter().any(domain)));
            by_account += usize::from(call["context"].to_string().contains(&account[..15]));
            private += usize::from(call["metaData"]["isPrivate"] == true);
        }
        match page["records"].get("cursor") {
            Some(cursor) => body["cursor"] = cursor.clone(),
            None => break,
        }
    }
    assert_eq!(by_people, 50);
    assert!(by_account > 0 && by_account <= 50);
    assert!((3..=12).contains(&private), "{private}");
}

#[tokio::test]
async fn the_long_call_weighs_94_kilobytes() {
    for seed in [1, 2, 3] {
        let gong = start(Options {
            calls: 60,
            seed,
            ..options()
        })
        .await;
        let id = gong.company().long_call_id();
        let body = json!({"filter": {"callIds": [id]}});
        let answer = post(&gong, "/v2/calls/transcript", body).await;
        let bytes = answer.bytes.len() as f64;
        assert!((bytes - 94_000.0).abs() <= 94_000.0 * 0.03, "{bytes}");
        let transcript = answer.json()["callTranscripts"][0]["transcript"].clone();
        assert_eq!(transcript.as_array().unwrap().len(), 140);
        let call = get(&gong, &format!("/v2/calls/{id}")).await.json();
        assert_eq!(call["call"]["duration"], 3600);
    }
}

#[tokio::test]
async fn people_speak_in_sentences_one_after_the_other() {
    let gong = start(options()).await;
    let answer = post(&gong, "/v2/calls/transcript", json!({"filter": {}}))
        .await
        .json();
    let (mut count, mut letters, mut again, mut same) = (0, 0, 0, 0);
    for transcript in answer["callTranscripts"].as_array().unwrap() {
        let mut last = -1;
        let mut said = HashSet::new();
        let mut speaker = Value::Null;
        for monologue in transcript["transcript"].as_array().unwrap() {
            same += usize::from(speaker == monologue["speakerId"]);
            speaker = monologue["speakerId"].clone();
            for sentence in monologue["sentences"].as_array().unwrap() {
                let (start, end) = (&sentence["start"], &sentence["end"]);
                assert!(last <= start.as_i64().unwrap(), "{sentence}");
                assert!(start.as_i64() < end.as_i64(), "{sentence}");
                last = end.as_i64().unwrap();
                let text = sentence["text"].as_str().unwrap();
                let length = text.chars().count();
                assert!((15..=170).contains(&length), "{text}");
                count += 1;
                letters += length;
                again += usize::from(!said.insert(text.to_owned()));
            }
        }
    }
    let average = letters as f64 / f64::from(count);
    assert!((55.0..75.0).contains(&average), "{average}");
    assert!(
        again * 50 < count as usize,
        "{again} of {count} are said twice"
    );
    assert!(same > 0);
}

#[tokio::test]
async fn analysis_has_the_usual_lengths() {
    let gong = start(options()).await;
    let body = json!({"filter": {}, "contentSelector": {"exposedFields": {"content": {
        "brief": true, "keyPoints": true, "outline": true}}}});
    let page = post(&gong, "/v2/calls/extensive", body).await.json();
    for call in page["calls"].as_array().unwrap() {
        let content = &call["content"];
        let brief = content["brief"].as_str().unwrap();
        assert!((100..=170).contains(&brief.chars().count()), "{brief}");
        let points = content["keyPoints"].as_array().unwrap();
        assert_eq!(points.len(), 3);
        for point in points {
            let length = point["text"].as_str().unwrap().chars().count();
            assert!((35..=64).contains(&length), "{point}");
        }
        let sections = content["outline"].as_array().unwrap().len();
        assert!((4..=6).contains(&sections), "{sections}");
    }
}

#[test]
fn calls_are_spread_over_half_a_year_of_working_days() {
    let company = Company::new(1, NOW.parse().unwrap(), 400);
    assert_eq!(company.calls().len(), 400);
    assert_eq!(company.accounts().len(), 20);
    let mut titles: BTreeMap<&str, usize> = BTreeMap::new();
    for call in company.calls() {
        let title = call.title.as_deref().unwrap_or("none");
        *titles.entry(title).or_default() += 1;
    }
    assert!(titles.len() > 60, "{titles:?}");
    let weekend = company.calls().iter().filter(|call| {
        let day = call.started.strftime("%u").to_string();
        day == "6" || day == "7"
    });
    assert_eq!(weekend.count(), 0);
    let now = company.now();
    let age = |days: i64| now - jiff::SignedDuration::from_hours(24 * days);
    let lately = company.calls().iter().filter(|call| call.started > age(60));
    assert!(lately.count() > 150, "calls are denser lately");
    assert!(company.calls()[0].started > age(180));
    assert!(company.calls()[399].started < now);
}

#[tokio::test]
async fn any_seed_and_size_will_do() {
    let now = NOW.parse().unwrap();
    for seed in 0..25 {
        assert_eq!(Company::new(seed, now, 60).calls().len(), 60);
    }
    for calls in [0, 1, 2, 6] {
        let gong = start(Options { calls, ..options() }).await;
        let id = gong.company().long_call_id();
        let status = get(&gong, &format!("/v2/calls/{id}")).await.status;
        assert_eq!(status, if calls == 0 { 404 } else { 200 });
        let all = post(&gong, "/v2/calls/transcript", json!({"filter": {}})).await;
        assert_eq!(all.status, if calls == 0 { 404 } else { 200 });
    }
}
