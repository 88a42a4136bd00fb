//! The pages of toolsets and profiles, and of the audit.

use super::*;

#[tokio::test]
async fn toolsets_and_profiles_are_made_changed_and_deleted() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let bad = browser
        .post(
            "/t/acme/toolsets",
            &[("name", "My Tools"), ("tool", "gong_list_calls")],
        )
        .await;
    assert_eq!(bad.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        bad.text.contains("my-tools") && bad.text.contains("value=\"My Tools\""),
        "{}",
        bad.text
    );
    assert!(bad.text.contains("value=\"gong_list_calls\" checked"));
    let made = browser
        .post(
            "/t/acme/toolsets",
            &[("name", "sales"), ("tool", "gong_list_calls")],
        )
        .await;
    assert_eq!(made.header("location"), "/admin/t/acme/toolsets");
    let twice = browser
        .post(
            "/t/acme/toolsets",
            &[("name", "sales"), ("tool", "gong_erase_person")],
        )
        .await;
    assert!(twice.text.contains("there already"), "{}", twice.text);
    let fields = [("name", "sellers"), ("toolset", "sales"), ("user", "mia")];
    browser.post("/t/acme/profiles", &fields).await;
    let profiles = gateway.store.profiles("acme").unwrap();
    assert_eq!(
        profiles.iter().map(|row| &*row.name).collect::<Vec<_>>(),
        ["analysts", "sellers"]
    );
    let page = browser.get("/t/acme/users/mia").await.text;
    assert!(
        page.contains("sellers") && page.contains("pending-review"),
        "{page}"
    );

    // Declared and automatic ones are shown, and can not be changed.
    let page = browser.get("/t/acme/toolsets/one/fixed").await.text;
    assert!(page.contains("tenants.acme.toolsets.fixed") && !page.contains("name=\"was\""));
    let page = browser
        .get("/t/acme/toolsets/one/component%3Acalls")
        .await
        .text;
    assert!(
        page.contains("automatic") && !page.contains("name=\"was\""),
        "{page}"
    );
    let refused = browser
        .post(
            "/t/acme/toolsets",
            &[("was", "fixed"), ("tool", "gong_erase_person")],
        )
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);

    let sure = |name| [("name", name), ("sure", "yes")];
    let used = browser
        .post("/t/acme/toolsets/delete", &sure("sales"))
        .await;
    assert!(used.text.contains("sellers"), "{}", used.text);
    assert_eq!(
        browser
            .post("/t/acme/profiles/delete", &[("name", "sellers")])
            .await
            .status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    browser
        .post("/t/acme/profiles/delete", &sure("sellers"))
        .await;
    browser
        .post("/t/acme/toolsets/delete", &sure("sales"))
        .await;
    assert!(
        gateway
            .store
            .toolsets("acme")
            .unwrap()
            .iter()
            .all(|row| row.name != "sales")
    );
}

fn call(n: u32, user: &str, result: CallResult) -> FinishedCall {
    FinishedCall {
        id: None,
        start: StartedCall {
            at: jiff::Timestamp::now(),
            request_id: format!("request-{n}"),
            trace_id: None,
            tenant: "acme".to_owned(),
            user: user.to_owned(),
            client: Some("Claude".to_owned()),
            client_version: Some("1.2".to_owned()),
            sign_in: None,
            client_id: None,
            owner: None,
            tool: "gong_list_calls".to_owned(),
        },
        result,
        code: None,
        reason: None,
        latency: std::time::Duration::from_millis(120),
        gong_requests: 2,
        bytes: 4_096,
        gong_request_ids: Vec::new(),
    }
}

#[tokio::test]
async fn the_audit_is_paged_filtered_and_downloaded() {
    let gateway = Gateway::new();
    let audit = gateway.store.audit_writer();
    for n in 0..150 {
        let denied = n % 10 == 0;
        let result = if denied {
            CallResult::Denied
        } else {
            CallResult::Success
        };
        audit
            .finish(call(n, if denied { "noa" } else { "mia" }, result))
            .await
            .unwrap();
    }
    let mut browser = gateway.signed_in("ada's token").await;
    let first = browser.get("/audit?kind=call&tenant=acme").await.text;
    assert_eq!(first.matches("request-").count(), 100);
    let older = first
        .split("rel=\"next\" href=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let older = older.replace("&#38;", "&").replace("&amp;", "&");
    let second = browser.get(&format!("/audit{older}")).await.text;
    assert_eq!(second.matches("request-").count(), 50);
    assert!(second.contains("request-0<") && !second.contains("rel=\"next\""));
    let denied = browser.get("/audit?user=noa&result=denied").await.text;
    assert_eq!(denied.matches("request-").count(), 15);
    for bad in ["since=yesterday", "before=x", "kind=tea", "result=fine"] {
        let answer = browser.get(&format!("/audit?{bad}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{bad}");
    }
    let empty = browser.get("/audit?until=2020-01-01T00%3A00").await.text;
    assert!(empty.contains("Nothing is recorded"));
    let file = browser.get("/audit.jsonl?kind=call").await;
    assert_eq!(
        file.header("content-disposition"),
        "attachment; filename=\"audit.jsonl\""
    );
    let lines: Vec<AuditRow> = file
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 150);

    // The chart and the overview count the same calls, and users are listed with theirs.
    gateway
        .store
        .store_user_requests(&[UserRequests {
            tenant: "acme".into(),
            user: "<b>mia".into(),
            day: "2026-11-24".parse().unwrap(),
            sent: 4_321,
        }])
        .unwrap();
    let chart = browser.get("/t/acme/quota").await.text;
    assert!(
        chart.contains("300 requests to Gong by 150 calls"),
        "{chart}"
    );
    assert_eq!(chart.matches("<rect class=\"area\"").count(), 24);
    assert!(chart.contains("&#60;b&#62;mia"), "{chart}");
    assert!(chart.contains("4,321"), "{chart}");
    let days = browser.get("/t/acme/quota?span=days").await.text;
    assert_eq!(days.matches("<rect class=\"area\"").count(), 30);
    let row = browser.get("").await.text;
    assert!(
        row.contains("data-label=\"Calls today\" class=\"number\">150<"),
        "{row}"
    );
    assert!(row.contains(">15, 0<"));
}

/// As many slow readers as there are threads that may block, and the page still answers.
#[test]
fn downloads_that_nobody_reads_hold_no_thread() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(4)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let gateway = Gateway::new();
        let mut browser = gateway.signed_in("ada's token").await;
        let audit = gateway.store.audit_writer();
        let written: Vec<_> = (0..3_000).map(|_| audit.finish(some_call())).collect();
        for row in written {
            row.await.unwrap();
        }
        let mut slow = Vec::new();
        for _ in 0..8 {
            let request = browser.request(Method::GET, "/audit.jsonl");
            let request = request.body(Body::empty()).unwrap();
            let answer = gateway.app.clone().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
            slow.push(answer);
        }
        // Their first slices are read, and nothing else.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let page = tokio::time::timeout(std::time::Duration::from_secs(20), browser.get("/audit"));
        assert_eq!(page.await.expect("it answers").status, StatusCode::OK);
        // Whoever reads on gets everything.
        for answer in slow {
            let body = body::to_bytes(answer.into_body(), usize::MAX)
                .await
                .unwrap();
            let lines = body.split(|byte| *byte == b'\n').count();
            assert!(lines > 3_000, "{lines}");
        }
    });
}

fn some_call() -> FinishedCall {
    FinishedCall {
        id: None,
        start: StartedCall {
            at: Timestamp::now(),
            request_id: "r-1".to_owned(),
            trace_id: None,
            tenant: "acme".to_owned(),
            user: "mia".to_owned(),
            client: None,
            client_version: None,
            sign_in: None,
            client_id: None,
            owner: None,
            tool: "gong_list_calls".to_owned(),
        },
        result: CallResult::Success,
        code: None,
        reason: None,
        latency: std::time::Duration::from_millis(12),
        gong_requests: 1,
        bytes: 1_000,
        gong_request_ids: Vec::new(),
    }
}
