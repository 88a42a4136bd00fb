//! The page of the index.

use jiff::tz::Offset;

use super::*;
use crate::store::{IndexOrders, IndexStatus};

fn status() -> IndexStatus {
    let at = Timestamp::now();
    IndexStatus {
        tenant: "acme".to_owned(),
        at,
        place: "memory".to_owned(),
        bytes: 3 << 20,
        objects: 27,
        max_bytes: 32 << 20,
        max_age: 30 * 86_400,
        oldest: Some("2026-11-20T08:00:00Z".parse().unwrap()),
        youngest: Some("2026-11-24T09:14:00Z".parse().unwrap()),
        day: Offset::UTC.to_datetime(at).date(),
        filling: 41,
        coverage: vec![("2026-10".to_owned(), 40), ("2026-11".to_owned(), 100)],
        done: IndexOrders::default(),
    }
}

#[tokio::test]
async fn it_shows_numbers_and_coverage_and_orders_what_is_said() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("bo's token").await;
    let page = browser.get("/t/acme/index").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains("in memory") && !page.text.contains("class=\"chart\""));

    gateway.store.store_index_status(&[status()]).unwrap();
    // The quota of these tests is that of another day.
    for day in [status().day, "2026-11-24".parse().unwrap()] {
        let sent = |user: &str, sent| UserRequests {
            tenant: "acme".into(),
            user: user.into(),
            day,
            sent,
        };
        let sent = [sent("schedule", 320), sent("mia", 5)];
        gateway.store.store_user_requests(&sent).unwrap();
    }
    let page = browser.get("/t/acme/index").await.text;
    for text in [
        "3.0 MiB <small>of 32.0 MiB",
        "<dd>27</dd>",
        "2026-11-20 08:00; gone after 30 days",
        "320 <small>of 2,000</small>",
        "41 <small>today</small>",
        "2026-10: 40 %",
        "<title>2026-11: 100 %</title>",
        "No tool is called regularly.",
    ] {
        assert!(page.contains(text), "{text} is not in\n{page}");
    }
    // The schedule is no user.
    let quota = browser.get("/t/acme/quota").await.text;
    assert!(quota.contains("<td>mia</td>") && !quota.contains("<td>schedule</td>"));

    let cleared = browser.post("/t/acme/index/clear", &[]).await;
    assert_eq!(cleared.header("location"), "/admin/t/acme/index");
    assert_eq!(gateway.store.index_orders().unwrap()["acme"].clears, 1);
    assert!(gateway.acts().contains(&"bo index-clear acme ".to_owned()));
    let refused = browser.post("/t/acme/index/refill", &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("tenants.acme.schedule"));

    // Another tenant does not exist for its administrator.
    assert_eq!(
        browser.get("/t/globex/index").await.status,
        StatusCode::NOT_FOUND
    );
    let foreign = browser.post("/t/globex/index/clear", &[]).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert!(!gateway.store.index_orders().unwrap().contains_key("globex"));
}

#[tokio::test]
async fn tools_on_the_schedule_are_shown_and_can_be_called_now() {
    let gateway = Gateway::new();
    let schedule = "[[tenants.acme.schedule]]\ntool = \"gong_list_calls\"\nevery = \"15m\"\n\
                    arguments = { from = \"<b>7d\" }\n";
    let text = toml("ada's token") + schedule;
    let config = Config::parse("gateway.toml", &text, Path::new("")).unwrap();
    gateway.config.store(Arc::new(config));
    let mut browser = gateway.signed_in("ada's token").await;
    let page = browser.get("/t/acme/index").await.text;
    assert!(
        page.contains("gong_list_calls") && page.contains("900s"),
        "{page}"
    );
    assert!(!page.contains("<b>7d"), "{page}");
    let refilled = browser.post("/t/acme/index/refill", &[]).await;
    assert_eq!(refilled.header("location"), "/admin/t/acme/index");
    assert_eq!(gateway.store.index_orders().unwrap()["acme"].refills, 1);
}
