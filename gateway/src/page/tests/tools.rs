//! The pages of tools, with reviews, classes and kill switches.

use super::*;

#[tokio::test]
async fn several_tools_are_decided_on_at_once_and_grave_ones_twice() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let page = browser.get("/t/acme/tools?state=pending").await.text;
    let keys: BTreeSet<&str> = page
        .split("name=\"tool\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|key| key.contains('@')), "{keys:?}");
    let fields: Vec<(&str, &str)> = keys
        .iter()
        .map(|key| ("shown", *key))
        .chain([
            ("all", "yes"),
            ("decision", "approve"),
            ("back", "?state=pending"),
        ])
        .collect();
    let confirm = browser.post("/t/acme/tools", &fields).await;
    assert_eq!(confirm.status, StatusCode::OK);
    assert!(confirm.text.contains("Approve these 3 tools?"));
    assert_eq!(
        gateway.state_of("acme", "gong_list_calls"),
        ReviewState::Pending
    );
    let mut confirmed: Vec<(&str, &str)> = keys.iter().map(|key| ("tool", *key)).collect();
    confirmed.extend([
        ("confirmed", "yes"),
        ("decision", "approve"),
        ("back", "?state=pending"),
    ]);
    let done = browser.post("/t/acme/tools", &confirmed).await;
    assert_eq!(done.header("location"), "/admin/t/acme/tools?state=pending");
    let after = browser.get("/t/acme/tools?state=pending").await.text;
    assert!(after.contains("Approved: gong_erase_person, gong_grant_access, gong_list_calls."));
    assert!(
        !browser
            .get("/t/acme/tools")
            .await
            .text
            .contains("Approved: ")
    );
    assert_eq!(
        gateway.state_of("acme", "gong_erase_person"),
        ReviewState::Approved
    );
    assert_eq!(
        gateway.state_of("globex", "gong_erase_person"),
        ReviewState::Pending
    );
    let acts = gateway.acts();
    assert!(
        acts.contains(&"ada approve acme gong_erase_person".to_owned()),
        "{acts:?}"
    );
}

#[tokio::test]
async fn a_tool_that_changed_since_it_was_shown_is_not_approved() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let page = browser.get("/t/acme/tools/gong_list_calls").await.text;
    let key = page.split("name=\"tool\" value=\"").nth(1).unwrap();
    let key = key.split('"').next().unwrap().to_owned();
    let fields = [("tool", &*key), ("from", "tool"), ("decision", "approve")];
    let done = browser.post("/t/acme/tools", &fields).await;
    assert_eq!(
        done.header("location"),
        "/admin/t/acme/tools/gong_list_calls"
    );

    let mut changed = tools();
    changed[2].description = "Lists calls. Then mails them.".to_owned();
    gateway.store.discover(&changed, DIGEST).unwrap();
    let answer = browser.post("/t/acme/tools", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer.text.contains("has changed meanwhile"),
        "{}",
        answer.text
    );
    assert_eq!(
        gateway.state_of("acme", "gong_list_calls"),
        ReviewState::Pending
    );
    let page = browser.get("/t/acme/tools/gong_list_calls").await.text;
    assert!(
        page.contains("<del>− Lists calls. And says more about it.</del>"),
        "{page}"
    );
    assert!(page.contains("<ins>+ Lists calls. Then mails them.</ins>"));
}

#[tokio::test]
async fn tools_are_filtered_and_sorted() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let mut names = async |query: &str| {
        let page = browser.get(&format!("/t/acme/tools{query}")).await.text;
        let names = page.split("class=\"tool-name\"").skip(1);
        let names = names.map(|rest| rest.split(['>', '<']).nth(1).unwrap().to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    let all = "gong_erase_person gong_grant_access gong_list_calls";
    assert_eq!(names("").await, all);
    assert_eq!(names("?sort=nonsense&effect=").await, all);
    assert_eq!(
        names("?sort=-name").await,
        "gong_list_calls gong_grant_access gong_erase_person"
    );
    assert_eq!(
        names("?sort=effect").await,
        "gong_list_calls gong_grant_access gong_erase_person"
    );
    assert_eq!(
        names("?classification=DANGEROUS").await,
        "gong_erase_person"
    );
    assert_eq!(names("?text=CALLS+more").await, "gong_list_calls");
    assert_eq!(
        names("?effect=write&state=pending&toolset=calls").await,
        "gong_grant_access"
    );
    assert_eq!(names("?state=approved").await, "");
}

#[tokio::test]
async fn classes_are_set_and_given_back() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let path = "/t/acme/tools/gong_grant_access/classify";
    let classes = || {
        let row = gateway
            .store
            .tool("acme", "gong_grant_access")
            .unwrap()
            .tool;
        let classes = row.classification.iter().map(|class| class.as_str());
        (row.classified, classes.collect::<Vec<_>>().join(" "))
    };
    browser
        .post(
            path,
            &[
                ("kind", "WRITE"),
                ("class", "SENSITIVE"),
                ("class", "DANGEROUS"),
            ],
        )
        .await;
    assert_eq!(classes(), (true, "WRITE SENSITIVE DANGEROUS".to_owned()));
    for bad in [&[("kind", "READ")][..], &[], &[("kind", "HARMLESS")]] {
        let answer = browser.post(path, bad).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad:?}");
    }
    assert!(classes().0);
    browser
        .post(path, &[("kind", "WRITE"), ("own", "yes")])
        .await;
    assert_eq!(classes(), (false, "WRITE".to_owned()));
}

#[tokio::test]
async fn switches_need_a_reason_and_are_told() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let answer = browser
        .post("/t/acme/switch", &[("to", "off"), ("reason", " ")])
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    for (path, back) in [
        ("/switch", ""),
        ("/t/acme/switch", "/t/acme/quota"),
        (
            "/t/acme/tools/gong_list_calls/switch",
            "/t/acme/tools/gong_list_calls",
        ),
    ] {
        let off = browser
            .post(path, &[("to", "off"), ("reason", "wrong dates")])
            .await;
        assert_eq!(off.header("location"), format!("/admin{back}"));
        let page = browser.get(back).await.text;
        assert!(page.contains("Switched off: "), "{path}");
        assert!(
            page.contains("wrong dates") && page.contains("Switch on again"),
            "{path}"
        );
    }
    assert_eq!(gateway.store.switches().unwrap().len(), 3);
    let on = [("to", "on"), ("reason", "fixed")];
    browser.post("/switch", &on).await;
    browser.post("/t/acme/switch", &on).await;
    assert_eq!(gateway.store.switches().unwrap().len(), 1);
}

#[tokio::test]
async fn the_counts_agree_with_the_tools() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    for (tool, decision) in [
        ("gong_list_calls", "approve"),
        ("gong_grant_access", "disable"),
    ] {
        let fields = [("tool", tool), ("decision", decision)];
        browser.post("/t/acme/tools", &fields).await;
    }
    let mut changed = tools();
    changed[2].title = "Another".to_owned();
    gateway.store.discover(&changed[1..], DIGEST).unwrap();
    let summary = &gateway.store.summaries(jiff::Timestamp::now()).unwrap()["acme"];
    for state in ReviewState::ALL {
        let tools = gateway.store.tools("acme").unwrap();
        let count = tools.iter().filter(|tool| tool.state == state).count();
        let counted = summary.tools.get(&state).copied().unwrap_or(0);
        assert_eq!(counted, count as u64, "{state}");
    }
    assert_eq!(summary.tools.len(), 3);
}

#[tokio::test]
async fn another_component_is_shown_and_can_be_approved() {
    const OTHER: &str = "0ddc0de000000000000000000000000000000000000000000000000000000002";
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let approve = [("tool", "gong_list_calls"), ("decision", "approve")];
    browser.post("/t/acme/tools", &approve).await;
    gateway.store.discover(&tools(), OTHER).unwrap();
    let table = browser.get("/t/acme/tools").await.text;
    assert_eq!(table.matches("other component").count(), 1);
    let page = browser.get("/t/acme/tools/gong_list_calls").await.text;
    assert!(page.contains(&format!("<code>{OTHER}</code>")), "{page}");
    assert!(
        page.contains(&format!("when it was reviewed: <code>{DIGEST}</code>")),
        "{page}"
    );
    assert!(page.contains(r#"value="approve""#), "{page}");
    browser.post("/t/acme/tools", &approve).await;
    let page = browser.get("/t/acme/tools/gong_list_calls").await.text;
    assert!(
        !page.contains("other component") && !page.contains(DIGEST),
        "{page}"
    );
}
