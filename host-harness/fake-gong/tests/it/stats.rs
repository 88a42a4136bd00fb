//! Statistics and coaching: they add up, and they want the dates that Gong wants.

use std::collections::BTreeMap;

use fake_gong::FakeGong;
use serde_json::{Value, json};

use crate::client::{get, options, post, start};

const AGGREGATE: &str = "/v2/stats/activity/aggregate";
const BY_PERIOD: &str = "/v2/stats/activity/aggregate-by-period";
const DAY_BY_DAY: &str = "/v2/stats/activity/day-by-day";
const INTERACTION: &str = "/v2/stats/interaction";

async fn ask(gong: &FakeGong, path: &str, body: Value) -> Value {
    let answer = post(gong, path, body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.bytes);
    answer.json()
}

/// By user, the sum or the number of calls of each field of a list of periods.
fn sums(users: &Value, list: &str) -> BTreeMap<String, BTreeMap<String, u64>> {
    let users = users.as_array().unwrap().iter();
    users
        .map(|user| {
            let mut sums = BTreeMap::new();
            let periods = match &user[list] {
                Value::Array(periods) => periods.clone(),
                one => vec![one.clone()],
            };
            for period in &periods {
                for (name, value) in period.as_object().unwrap() {
                    let count = match value {
                        Value::Array(ids) => ids.len() as u64,
                        Value::Number(count) => count.as_u64().unwrap(),
                        _ => continue,
                    };
                    *sums.entry(name.clone()).or_default() += count;
                }
            }
            (user["userId"].as_str().unwrap().to_owned(), sums)
        })
        .collect()
}

#[tokio::test]
async fn the_three_sorts_of_activity_add_up() {
    let gong = start(options()).await;
    let filter = json!({"fromDate": "2026-09-10", "toDate": "2026-11-20"});
    let all = ask(&gong, AGGREGATE, json!({"filter": filter})).await;
    assert_eq!(all["timeZone"], "Europe/Berlin");
    assert_eq!(all["fromDateTime"], "2026-09-10T00:00:00+02:00");
    assert_eq!(all["toDateTime"], "2026-11-20T00:00:00+01:00");
    let expected = sums(
        &all["usersAggregateActivityStats"],
        "userAggregateActivityStats",
    );
    assert!(expected.len() > 15);
    assert!(expected.values().all(|sums| sums.len() == 15));
    for period in ["DAY", "WEEK", "MONTH", "QUARTER", "YEAR"] {
        let body = json!({"filter": filter, "aggregationPeriod": period});
        let answer = ask(&gong, BY_PERIOD, body).await;
        let found = sums(&answer["usersAggregateActivity"], "userAggregateActivity");
        assert_eq!(found, expected, "{period}");
    }
    let days = ask(&gong, DAY_BY_DAY, json!({"filter": filter})).await;
    let users = &days["usersDetailedActivities"];
    assert_eq!(sums(users, "userDailyActivityStats"), expected);
    assert_eq!(
        users[0]["userDailyActivityStats"].as_array().unwrap().len(),
        71
    );

    // What the calls themselves say.
    let company = gong.company();
    let hosted: usize = expected
        .values()
        .map(|sums| sums["callsAsHost"] as usize)
        .sum();
    let from = "2026-09-09T22:00:00Z".parse().unwrap();
    let to = "2026-11-19T23:00:00Z".parse().unwrap();
    let calls = company.calls().iter();
    let calls = calls
        .filter(|call| (from..to).contains(&call.started))
        .count();
    assert_eq!(hosted, calls);
}

#[tokio::test]
async fn periods_are_those_of_the_calendar_cut_to_the_range() {
    let gong = start(options()).await;
    let body = json!({
        "filter": {"fromDate": "2026-09-10", "toDate": "2026-11-03"},
        "aggregationPeriod": "MONTH",
    });
    let answer = ask(&gong, BY_PERIOD, body).await;
    let periods = answer["usersAggregateActivity"][0]["userAggregateActivity"].clone();
    let periods = periods.as_array().unwrap().iter();
    let bounds: Vec<(&str, &str)> = periods
        .map(|period| {
            let day = |name: &str| &period[name].as_str().unwrap()[..10];
            (day("fromDate"), day("toDate"))
        })
        .collect();
    assert_eq!(
        bounds,
        [
            ("2026-09-10", "2026-10-01"),
            ("2026-10-01", "2026-11-01"),
            ("2026-11-01", "2026-11-03")
        ]
    );
}

#[tokio::test]
async fn only_plain_days_up_to_today_are_taken() {
    let gong = start(options()).await;
    for (filter, error) in [
        (
            json!({"fromDate": "2026-11-01"}),
            "filter.toDate: must not be null",
        ),
        (
            json!({"fromDate": "2026-11-01T00:00:00Z", "toDate": "2026-11-02"}),
            "filter.fromDate: must be a date",
        ),
        (
            json!({"fromDate": "2026-11-01", "toDate": "2026-11-21"}),
            "filter.toDate: must not be after today",
        ),
        (
            json!({"fromDate": "2026-11-02", "toDate": "2026-11-02"}),
            "filter.fromDate: must be before",
        ),
    ] {
        for path in [AGGREGATE, BY_PERIOD, DAY_BY_DAY, INTERACTION] {
            let answer = post(&gong, path, json!({"filter": filter})).await;
            assert_eq!(answer.status, 400);
            assert!(answer.error().starts_with(error), "{}", answer.error());
        }
    }
    let filter = json!({"fromDate": "2026-11-01", "toDate": "2026-11-02"});
    let body = json!({"filter": filter, "aggregationPeriod": "week"});
    assert_eq!(
        post(&gong, BY_PERIOD, body).await.error(),
        "Json parse error"
    );
}

#[tokio::test]
async fn nobody_with_data_is_404() {
    let gong = start(options()).await;
    let filter = json!({"fromDate": "2001-01-01", "toDate": "2001-02-01"});
    for (path, error) in [
        (AGGREGATE, "User not found"),
        (DAY_BY_DAY, "User not found"),
        (INTERACTION, "No stats found for the specified period"),
    ] {
        let answer = post(&gong, path, json!({"filter": filter})).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error().as_str()),
            (404, error)
        );
    }
    let filter = json!({"fromDate": "2026-09-01", "toDate": "2026-11-01", "userIds": ["42"]});
    let body = json!({"filter": filter, "aggregationPeriod": "DAY"});
    assert_eq!(post(&gong, BY_PERIOD, body).await.status, 404);
}

#[tokio::test]
async fn interaction_names_gongs_five_statistics() {
    let gong = start(options()).await;
    let mut calls = gong.company().calls().iter().rev();
    let call = calls.find(|call| call.scheduled.is_some());
    let host = &gong.company().primary_user(call.unwrap()).id;
    let filter = json!({"fromDate": "2026-06-01", "toDate": "2026-11-20", "userIds": [host]});
    let answer = ask(&gong, INTERACTION, json!({"filter": filter})).await;
    let people = answer["peopleInteractionStats"].as_array().unwrap();
    assert_eq!(people.len(), 1);
    let stats = people[0]["personInteractionStats"].as_array().unwrap();
    assert_eq!(stats.len(), 5);
    assert!(stats.iter().all(|stat| stat["value"].as_f64() > Some(0.0)));
}

#[tokio::test]
async fn coaching_counts_a_managers_deeds_with_the_reports_calls() {
    let gong = start(options()).await;
    let company = gong.company();
    let workspace = &company.workspaces()[0].id;
    let seller = company
        .users()
        .iter()
        .find(|user| user.email.starts_with("jonas.weber"));
    let (seller, manager) = (seller.unwrap(), seller.unwrap().manager_id.clone().unwrap());
    let ask = async |workspace: &str, manager: &str, from: &str| {
        let path = format!(
            "/v2/coaching?workspace-id={workspace}&manager-id={manager}&from={from}\
             &to=2026-11-20T00:00:00Z"
        );
        get(&gong, &path).await
    };
    let from = "2026-05-01T00:00:00Z";
    let answer = ask(workspace, &manager, from).await.json();
    let data = &answer["coachingData"][0];
    assert_eq!(data["manager"]["id"], manager.as_str());
    let reports = data["directReportsMetrics"].as_array().unwrap();
    assert_eq!(reports.len(), 3);
    let mine = reports
        .iter()
        .find(|report| report["report"]["id"] == seller.id.as_str());
    let heard = mine.unwrap()["metrics"]["callsListenedTo"]
        .as_array()
        .unwrap();
    assert!(!heard.is_empty());
    for id in heard {
        let call = company.calls().iter().find(|call| *id == call.id.as_str());
        assert_eq!(company.primary_user(call.unwrap()).id, seller.id);
    }
    // Who manages nobody is no error, a plain day is one.
    let nobody = ask(workspace, &seller.id, from).await;
    assert_eq!(nobody.json()["coachingData"], json!([]));
    assert_eq!(ask(workspace, &manager, "2026-05-01").await.status, 400);
    assert_eq!(ask("42", &manager, from).await.status, 400);
    assert_eq!(get(&gong, "/v2/coaching").await.status, 400);
}
