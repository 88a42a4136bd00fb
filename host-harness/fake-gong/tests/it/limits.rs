//! 429, with both sizes of `Retry-After`.

use fake_gong::Options;

use crate::client::{get, options, start};

#[tokio::test]
async fn the_fourth_request_of_a_second_waits_a_second() {
    let gong = start(Options {
        rate_limit: true,
        calls: 5,
        ..options()
    })
    .await;
    for _ in 0..3 {
        assert_eq!(get(&gong, "/v2/workspaces").await.status, 200);
    }
    let answer = get(&gong, "/v2/workspaces").await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.headers["retry-after"], "1");
    answer.error();
    gong.clear_requests();
    let tally = gong.tally();
    assert_eq!((tally.requests, tally.writes), (4, 0));
    assert_eq!(tally.statuses, [(200, 3), (429, 1)].into());
    tokio::time::sleep(std::time::Duration::from_millis(1050)).await;
    assert_eq!(get(&gong, "/v2/workspaces").await.status, 200);
}

#[tokio::test]
async fn a_spent_day_waits_more_than_an_hour() {
    let gong = start(Options {
        daily_quota: Some(2),
        calls: 5,
        ..options()
    })
    .await;
    for _ in 0..2 {
        assert_eq!(get(&gong, "/v2/workspaces").await.status, 200);
    }
    let answer = get(&gong, "/v2/workspaces").await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.headers["retry-after"], "4808");
}
