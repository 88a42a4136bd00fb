//! A company that has grown: as large as a real one, and no slower for it.

use std::collections::{BTreeMap, BTreeSet};

use fake_gong::{Company, Grown, Options};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

use crate::client::{NOW, get, options, post, start};

/// A small grown company, for tests that look at every call.
pub(crate) fn grown() -> Grown {
    Grown {
        accounts: 60,
        people: 400,
        sellers: 20,
        days_ahead: 0,
    }
}

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// Every page of POST /v2/calls/extensive.
async fn scan(gong: &fake_gong::FakeGong, mut body: Value) -> Vec<Value> {
    let mut calls = Vec::new();
    loop {
        let answer = post(gong, "/v2/calls/extensive", body.clone()).await;
        assert_eq!(answer.status, 200);
        let page = answer.json();
        calls.extend(page["calls"].as_array().unwrap().iter().cloned());
        match page["records"].get("cursor") {
            Some(cursor) => body["cursor"] = cursor.clone(),
            None => return calls,
        }
    }
}

#[tokio::test]
async fn a_page_makes_the_calls_on_it_and_no_others() {
    const CALLS: usize = 100_000;
    let gong = start(Options {
        calls: CALLS,
        grown: Some(Grown::default()),
        ..options()
    })
    .await;
    let company = gong.company();
    assert_eq!(company.call_count(), CALLS);
    assert_eq!(company.accounts().len(), 5_000);
    let people = company.accounts().iter().map(|one| one.people.len());
    assert_eq!(people.sum::<usize>(), 40_000);
    // The scorecards and the library look at a few dozen calls.
    assert!(company.calls_made() < 200, "{}", company.calls_made());

    let made = async |path: &str, body: Option<Value>| {
        let before = company.calls_made();
        let page = match body {
            Some(body) => post(&gong, path, body).await.json(),
            None => get(&gong, path).await.json(),
        };
        let records = &page["records"];
        let count = |name: &str| records[name].as_u64().unwrap_or_default();
        (
            company.calls_made() - before,
            count("currentPageSize"),
            count("totalRecords"),
        )
    };
    let extensive = "/v2/calls/extensive";
    let window = |from: Timestamp| json!({"filter": {"fromDateTime": from.to_string()}});
    let first = made(extensive, Some(json!({"filter": {}}))).await;
    assert_eq!(first, (100, 100, 100_000));
    let last = company.call(CALLS - 60).started;
    let (count, size, total) = made(extensive, Some(window(last))).await;
    assert!(count == size && size == total && size >= 60, "{size}");
    let middle = company.call(CALLS / 2).started;
    let (count, _, total) = made(extensive, Some(window(middle))).await;
    assert!(count == 100 && (50_000..50_050).contains(&total), "{total}");

    let (count, _, total) = made("/v2/calls", None).await;
    assert_eq!((count, total), (100, 100_000));
    let mut by_workspace = 0;
    for workspace in company.workspaces() {
        let body = json!({"filter": {"workspaceId": workspace.id}});
        let (count, _, total) = made(extensive, Some(body)).await;
        assert_eq!(count, 100);
        assert!(total > 5_000, "{}: {total}", workspace.name);
        by_workspace += total;
    }
    assert_eq!(by_workspace, 100_000);
    let ids: Vec<String> = (0..100).map(|n| company.call(n * 997).id).collect();
    let body = json!({"filter": {"callIds": ids}});
    assert_eq!(made(extensive, Some(body)).await, (100, 100, 100));
    let host = company.primary_user(&company.call(0));
    let body = json!({"filter": {"primaryUserIds": [host.id]}});
    let (count, size, _) = made("/v2/calls/transcript", Some(body)).await;
    assert_eq!(count, size);
    let path = format!("/v2/calls/{}", ids[7]);
    assert_eq!(made(&path, None).await.0, 1);
}

#[tokio::test]
async fn pages_have_every_call_once_and_oldest_first() {
    let gong = start(Options {
        calls: 730,
        grown: Some(grown()),
        ..options()
    })
    .await;
    let expected: Vec<&str> = gong
        .company()
        .calls()
        .iter()
        .map(|call| &*call.id)
        .collect();
    let calls = scan(&gong, json!({"filter": {}})).await;
    let ids: Vec<&str> = calls
        .iter()
        .map(|call| call["metaData"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, expected);
    // The parts that filters cut out make the whole again.
    for field in ["workspaceId", "primaryUserId"] {
        let mut groups: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for call in &calls {
            let group = call["metaData"][field].as_str().unwrap();
            groups.entry(group).or_default().push(call);
        }
        assert!(groups.len() > 3);
        for (group, expected) in groups {
            let filter = match field {
                "workspaceId" => json!({ "workspaceId": group }),
                _ => json!({ "primaryUserIds": [group] }),
            };
            let found = scan(&gong, json!({ "filter": filter })).await;
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_company() {
    let company = |seed| Company::founded(seed, now(), 300, Some(&grown()));
    let (one, same, other) = (company(3), company(3), company(4));
    assert_eq!(format!("{:?}", one.calls()), format!("{:?}", same.calls()));
    assert_eq!(
        format!("{:?}", one.accounts()),
        format!("{:?}", same.accounts())
    );
    assert_ne!(format!("{:?}", one.calls()), format!("{:?}", other.calls()));
    // A call made by itself is the one that is made with all others.
    let alone = company(3).call(123);
    assert_eq!(format!("{alone:?}"), format!("{:?}", one.calls()[123]));
}

#[test]
fn a_few_accounts_and_sellers_have_most_calls() {
    let company = Company::founded(1, now(), 20_000, Some(&Grown::default()));
    let (mut accounts, mut hosts) = (BTreeMap::new(), BTreeMap::new());
    let (mut private, mut internal) = (0, 0);
    let mut utc_hours = BTreeSet::new();
    let mut people = BTreeSet::new();
    for call in company.calls() {
        match call.account {
            Some(account) => *accounts.entry(account).or_insert(0) += 1,
            None => internal += 1,
        }
        *hosts.entry(&company.primary_user(call).id).or_insert(0) += 1;
        private += usize::from(call.is_private);
        if let Some(scheduled) = call.scheduled {
            let at = scheduled.to_zoned_datetime(TimeZone::fixed(Offset::UTC));
            utc_hours.insert(at.hour());
        }
        people.extend(company.outsiders(call).map(|one| &one.crm_id));
    }
    let share = |counts: Vec<usize>, part: usize| {
        let mut counts = counts;
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let top: usize = counts.iter().take(counts.len() / part).sum();
        top as f64 / counts.iter().sum::<usize>() as f64
    };
    let of_accounts = share(accounts.values().copied().collect(), 10);
    assert!((0.3..0.7).contains(&of_accounts), "{of_accounts}");
    assert!(accounts.len() > 3_000, "{}", accounts.len());
    let of_hosts = share(hosts.values().copied().collect(), 5);
    // If all had as many it would be 0.2.
    assert!((0.27..0.8).contains(&of_hosts), "{of_hosts}");
    assert!(hosts.len() > 100, "{}", hosts.len());
    assert!((130..280).contains(&private), "{private}");
    assert!((1_000..2_200).contains(&internal), "{internal}");
    assert!(people.len() > 8_000, "{}", people.len());
    // Business hours from Singapore to San Francisco are most of a day in UTC.
    assert!(utc_hours.len() > 20, "{utc_hours:?}");

    let accounts = company.accounts();
    let names: BTreeSet<_> = accounts.iter().map(|one| one.name).collect();
    assert_eq!(names.len(), 5_000);
    let emails: BTreeSet<_> = accounts
        .iter()
        .flat_map(|one| one.people.iter().map(|person| &person.email))
        .collect();
    assert_eq!(emails.len(), 40_000);
    assert!(accounts.iter().all(|one| !one.deals.is_empty()));
    assert!(accounts[0].people.len() > 100 && accounts[4_999].people.len() < 10);
    let users: BTreeSet<_> = company.users().iter().map(|user| &user.email).collect();
    assert_eq!(users.len(), company.users().len());
}

#[test]
fn calls_are_held_in_the_business_hours_of_their_host() {
    let company = Company::founded(1, now(), 2_000, Some(&grown()));
    for call in company.calls() {
        assert!(call.started < now());
        let Some(scheduled) = call.scheduled else {
            continue;
        };
        let local = scheduled.to_zoned_datetime(company.primary_user(call).time_zone());
        assert!((8..=17).contains(&local.hour()), "{local}");
        assert!(
            (1..=5).contains(&local.weekday().to_monday_one_offset()),
            "{local}"
        );
    }
}

#[tokio::test]
async fn everything_else_answers_for_a_grown_company_too() {
    let gong = start(Options {
        calls: 1_500,
        grown: Some(grown()),
        ..options()
    })
    .await;
    let company = gong.company();
    let days = json!({"filter": {"fromDate": "2026-06-01", "toDate": "2026-11-20"}});
    for path in [
        "/v2/stats/activity/aggregate",
        "/v2/stats/activity/day-by-day",
        "/v2/stats/interaction",
    ] {
        assert_eq!(post(&gong, path, days.clone()).await.status, 200, "{path}");
    }
    let aggregate = post(&gong, "/v2/stats/activity/aggregate", days)
        .await
        .json();
    let users = aggregate["usersAggregateActivityStats"].as_array().unwrap();
    let hosted = users.iter().map(|user| {
        user["userAggregateActivityStats"]["callsAsHost"]
            .as_u64()
            .unwrap()
    });
    let today = company.calls().iter().filter(|call| {
        let zone = TimeZone::fixed(Offset::from_hours(1).unwrap());
        call.started.to_zoned_datetime(zone).date().to_string() == "2026-11-20"
    });
    let early = company
        .calls()
        .iter()
        .filter(|call| call.started < "2026-05-31T22:00:00Z".parse().unwrap());
    let expected = 1_500 - today.count() - early.count();
    assert_eq!(hosted.sum::<u64>(), expected as u64);
    let account = &company.accounts()[40];
    let workspace = &company.workspaces()[0].id;
    let (id, deal) = (&account.crm_id, &account.deals[0].crm_id);
    let email = &account.people[0].email;
    for path in [
        "/v2/users".to_owned(),
        "/v2/workspaces".to_owned(),
        "/v2/logs?logType=UserActivityLog&fromDateTime=2026-06-01T00:00:00Z".to_owned(),
        format!(
            "/v2/entities/ask-entity?workspaceId={workspace}&crmEntityType=ACCOUNT\
             &crmEntityId={id}&timePeriod=LAST_YEAR&question=price"
        ),
        format!(
            "/v2/entities/get-brief?workspaceId={workspace}&crmEntityType=DEAL\
             &crmEntityId={deal}&timePeriod=LAST_YEAR&briefName=Deal%20review"
        ),
        format!("/v2/data-privacy/data-for-email-address?emailAddress={email}"),
    ] {
        assert_eq!(get(&gong, &path).await.status, 200, "{path}");
    }
}
