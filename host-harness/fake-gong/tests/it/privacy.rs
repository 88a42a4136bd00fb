//! What refers to a person, and that nothing does after the erasure.

use serde_json::{Value, json};

use crate::client::{ask, get, options, post, start};

const EMAIL: &str = "/v2/data-privacy/data-for-email-address?emailAddress=";
const PHONE: &str = "/v2/data-privacy/data-for-phone-number?phoneNumber=";
const ERASE: &str = "/v2/data-privacy/erase-data-for-email-address?emailAddress=";

#[tokio::test]
async fn an_address_leads_to_the_crm_id_and_weighs_about_100_kilobytes() {
    let gong = start(options()).await;
    let contact = &gong.company().accounts()[0].people[0];
    let answer = get(&gong, &format!("{EMAIL}{}", contact.email)).await;
    let bytes = answer.bytes.len();
    assert!((60_000..140_000).contains(&bytes), "{bytes}");
    let answer = answer.json();
    let object = &answer["customerData"][0]["objects"][0];
    assert_eq!(object["externalId"], contact.crm_id);
    assert!(!answer["calls"].as_array().unwrap().is_empty());
    assert_eq!(answer["emails"][0]["id"].as_str().unwrap().len(), 32);

    let nobody = get(&gong, &format!("{EMAIL}nobody@example.com")).await;
    assert_eq!(nobody.status, 200);
    for list in [
        "emails",
        "calls",
        "meetings",
        "customerData",
        "customerEngagement",
    ] {
        assert_eq!(nobody.json()[list], json!([]), "{list}");
    }
}

#[tokio::test]
async fn the_company_s_own_users_are_refused() {
    let gong = start(options()).await;
    let user = &gong.company().users()[8].email;
    assert_eq!(get(&gong, &format!("{EMAIL}{user}")).await.status, 400);
    assert_eq!(
        ask(&gong, "POST", &format!("{ERASE}{user}"), None)
            .await
            .status,
        400
    );
    assert_eq!(get(&gong, &format!("{EMAIL}jonas")).await.status, 400);
}

#[tokio::test]
async fn a_number_begins_with_an_encoded_plus() {
    let gong = start(options()).await;
    let contact = &gong.company().accounts()[0].people[0];
    let digits: String = contact.phone.chars().filter(char::is_ascii_digit).collect();
    let answer = get(&gong, &format!("{PHONE}%2B{digits}")).await.json();
    assert_eq!(answer["suppliedPhoneNumber"], format!("+{digits}"));
    let emails = answer["emailAddresses"].as_array().unwrap();
    assert!(emails.contains(&json!(contact.email)));
    assert!(
        answer["matchingPhoneNumbers"]
            .as_array()
            .unwrap()
            .contains(&json!(contact.phone))
    );
    for plain in [format!("{PHONE}+{digits}"), format!("{PHONE}{digits}")] {
        let answer = get(&gong, &plain).await;
        assert_eq!(answer.status, 400);
        assert!(answer.error().contains("must start with a +"));
    }
}

#[tokio::test]
async fn who_was_erased_is_gone_with_every_call() {
    let gong = start(options()).await;
    let company = gong.company();
    let contact = &company.accounts()[0].people[0];
    let path = format!("{EMAIL}{}", contact.email);
    let before = get(&gong, &path).await.json();
    let calls: Vec<Value> = before["calls"].as_array().unwrap().clone();
    let ids: Vec<&Value> = calls.iter().map(|call| &call["id"]).collect();
    let total = async || {
        let filter = json!({"filter": {}});
        let page = post(&gong, "/v2/calls/extensive", filter).await.json();
        page["records"]["totalRecords"].as_u64().unwrap()
    };
    let count = total().await;
    let erased = format!("{ERASE}{}", contact.email.to_uppercase());
    let body = ask(&gong, "POST", &erased, Some(json!({}))).await;
    assert_eq!(
        body.status, 400,
        "the address is in the query, and there is no body"
    );
    assert_eq!(ask(&gong, "POST", &erased, None).await.status, 200);

    assert_eq!(total().await, count - ids.len() as u64);
    let id = ids[0].as_str().unwrap();
    assert_eq!(get(&gong, &format!("/v2/calls/{id}")).await.status, 404);
    for path in ["/v2/calls/extensive", "/v2/calls/transcript"] {
        let filter = json!({"filter": {"callIds": ids}});
        assert_eq!(post(&gong, path, filter).await.status, 404, "{path}");
    }
    let after = get(&gong, &path).await.json();
    assert_eq!(
        (&after["calls"], &after["customerData"]),
        (&json!([]), &json!([]))
    );
    let prospect = json!({"crmProspectsIds": [contact.crm_id]});
    let prospect = post(&gong, "/v2/flows/prospects", prospect).await.json();
    assert_eq!(prospect["prospectsAssigned"], json!([]));
}

#[tokio::test]
async fn a_number_erases_who_has_it() {
    let gong = start(options()).await;
    let contact = &gong.company().accounts()[1].people[0];
    let number = contact.phone.replace('+', "%2B").replace(' ', "%20");
    let path = format!("/v2/data-privacy/erase-data-for-phone-number?phoneNumber={number}");
    assert_eq!(ask(&gong, "POST", &path, None).await.status, 200);
    let after = get(&gong, &format!("{EMAIL}{}", contact.email))
        .await
        .json();
    assert_eq!(after["customerData"], json!([]));
    assert_eq!(
        get(&gong, &format!("{PHONE}{number}")).await.json()["emailAddresses"],
        json!([])
    );
}

#[tokio::test]
async fn what_was_said_with_the_erased_is_gone_from_statistics_answers_and_the_library() {
    let gong = start(options()).await;
    let account = &gong.company().accounts()[0];
    let workspace = &gong.company().workspaces()[0].id;
    let about = format!(
        "workspaceId={workspace}&crmEntityType=ACCOUNT&crmEntityId={}&timePeriod=LAST_30DAYS",
        account.crm_id
    );
    let question = format!("/v2/entities/ask-entity?{about}&question=why");
    let range = json!({"filter": {"fromDate": "2026-06-01", "toDate": "2026-11-20"}});
    let read = async || {
        let hosted = post(&gong, "/v2/stats/activity/aggregate", range.clone()).await;
        let hosted = hosted.json()["usersAggregateActivityStats"].clone();
        let hosted = hosted.as_array().unwrap().iter();
        let hosted = hosted.map(|user| &user["userAggregateActivityStats"]["callsAsHost"]);
        let hosted: u64 = hosted.map(|count| count.as_u64().unwrap()).sum();
        let answer = get(&gong, &question).await.json();
        let searched = answer["numOfCallsSearched"].as_u64().unwrap();
        let mut kept = 0;
        for folder in gong.company().library_folders() {
            let path = format!("/v2/library/folder-content?folderId={}", folder.id);
            let content = get(&gong, &path).await.json();
            kept += content["calls"].as_array().unwrap().len();
        }
        (hosted, searched, kept)
    };
    let before = read().await;
    for account in gong.company().accounts() {
        for person in &account.people {
            let path = format!("{ERASE}{}", person.email);
            let answer = ask(&gong, "POST", &path, None).await;
            assert_eq!(answer.status, 200);
        }
    }
    let after = read().await;
    assert!(after.0 < before.0, "{before:?} {after:?}");
    assert!(before.1 > 0 && after.1 == 0, "{before:?} {after:?}");
    assert!(after.2 < before.2, "{before:?} {after:?}");
}
