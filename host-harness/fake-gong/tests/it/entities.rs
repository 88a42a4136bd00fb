//! Questions about accounts and deals, and briefs. Both cost credits.

use fake_gong::{FakeGong, Options};
use serde_json::json;

use crate::client::{Answer, get, options, post, start};

/// What both operations need, about the first account.
fn about(gong: &FakeGong, period: &str) -> String {
    let workspace = &gong.company().workspaces()[0].id;
    let account = &gong.company().accounts()[0].crm_id;
    format!(
        "workspaceId={workspace}&crmEntityType=ACCOUNT&crmEntityId={account}&timePeriod={period}"
    )
}

async fn ask(gong: &FakeGong, about: &str) -> Answer {
    let question = "question=what%20about%20pricing";
    get(gong, &format!("/v2/entities/ask-entity?{about}&{question}")).await
}

#[tokio::test]
async fn an_answer_points_to_calls_of_the_account() {
    let gong = start(options()).await;
    let answer = ask(&gong, &about(&gong, "ALL_CONVERSATIONS")).await.json();
    let searched = answer["numOfCallsSearched"].as_u64().unwrap();
    assert_eq!(searched, 60, "Gong reads no more");
    let sections = answer["answer"].as_array().unwrap();
    assert_eq!(sections.len(), 3);
    for section in sections {
        assert!(!section["answerItems"].as_array().unwrap().is_empty());
        let id = &section["callFindings"][0]["call"]["id"];
        let calls = gong.company().calls();
        let call = calls.iter().find(|call| *id == call.id.as_str()).unwrap();
        assert_eq!(call.account, Some("Acme Corp"));
    }
    let emails = answer["numOfEmailsSearched"].as_u64().unwrap();
    assert_eq!(u64::from(gong.credits_spent()), searched + emails);
}

#[tokio::test]
async fn a_period_narrows_what_is_read() {
    let gong = start(options()).await;
    let count = async |about: String| {
        let answer = ask(&gong, &about).await;
        assert_eq!(answer.status, 200, "{about}");
        answer.json()["numOfCallsSearched"].as_u64().unwrap()
    };
    let mut before = 0;
    for period in ["LAST_7DAYS", "LAST_30DAYS", "LAST_90DAYS", "LAST_YEAR"] {
        let found = count(about(&gong, period)).await;
        assert!(found >= before, "{period}");
        before = found;
    }
    for period in [
        "THIS_WEEK",
        "THIS_MONTH",
        "THIS_QUARTER",
        "THIS_YEAR",
        "LAST_90_DAYS_SINCE_LAST_ACTIVITY",
        "LAST_YEAR_SINCE_LAST_ACTIVITY",
    ] {
        count(about(&gong, period)).await;
    }
    let custom = about(&gong, "CUSTOM_RANGE");
    let refused = ask(&gong, &custom).await;
    assert_eq!(refused.status, 400);
    assert!(refused.error().starts_with("fromDateTime: "));
    let local = format!("{custom}&fromDateTime=2026-11-01T00:00:00%2B01:00");
    assert_eq!(ask(&gong, &local).await.status, 400);
    let mut calls = gong.company().calls().iter().rev();
    let call = calls.find(|call| call.account == Some("Acme Corp"));
    let call = call.unwrap();
    let range = format!("{custom}&fromDateTime={}", call.started);
    assert_eq!(count(range).await, 1);
    let none =
        format!("{custom}&fromDateTime=2001-01-01T00:00:00Z&toDateTime=2001-02-01T00:00:00Z");
    let answer = ask(&gong, &none).await.json();
    assert_eq!(
        (&answer["numOfCallsSearched"], &answer["answer"]),
        (&json!(0), &json!([]))
    );
}

#[tokio::test]
async fn deals_contacts_and_leads_are_their_own_entities() {
    let gong = start(options()).await;
    let workspace = &gong.company().workspaces()[0].id;
    let account = &gong.company().accounts()[0];
    let entity = async |sort: &str, id: &str| {
        let about = format!(
            "workspaceId={workspace}&crmEntityType={sort}&crmEntityId={id}&timePeriod=LAST_YEAR"
        );
        ask(&gong, &about).await
    };
    let deal = entity("DEAL", &account.deals[0].crm_id).await;
    assert!(deal.json()["numOfCallsSearched"].as_u64() > Some(0));
    for person in &account.people {
        let (right, wrong) = match person.is_lead {
            true => ("LEAD", "CONTACT"),
            false => ("CONTACT", "LEAD"),
        };
        assert_eq!(entity(right, &person.crm_id).await.status, 200);
        assert_eq!(entity(wrong, &person.crm_id).await.status, 404);
    }
    assert_eq!(entity("DEAL", &account.crm_id).await.status, 404);
    assert_eq!(entity("OPPORTUNITY", &account.crm_id).await.status, 400);
}

#[tokio::test]
async fn only_published_briefs_are_generated() {
    let gong = start(options()).await;
    let about = about(&gong, "LAST_90DAYS");
    let brief = async |name: &str| {
        let name = name.replace(' ', "%20");
        get(
            &gong,
            &format!("/v2/entities/get-brief?{about}&briefName={name}"),
        )
        .await
    };
    let answer = brief("Account handover").await.json();
    let sections = answer["briefSections"].as_array().unwrap();
    let sorts: Vec<&str> = sections
        .iter()
        .map(|section| section["briefSectionType"].as_str().unwrap())
        .collect();
    assert_eq!(
        sorts,
        ["Conversations", "CrmOrGongData", "Web", "McpConnection"]
    );
    let findings = &sections[0]["conversationFindings"]["callFindings"];
    assert!(findings[0]["call"]["id"].is_string());
    let read = answer["numOfCallsSearched"].as_u64().unwrap()
        + answer["numOfEmailsSearched"].as_u64().unwrap();
    assert_eq!(u64::from(gong.credits_spent()), 4 * read);
    let untitled = brief("Deal review").await.json();
    assert!(untitled["briefSections"][1].get("title").is_none());
    // Not published, of the other workspace, and unknown.
    for name in ["Security summary", "Renewal preparation", "No such brief"] {
        let answer = brief(name).await;
        assert_eq!(answer.status, 404);
        assert_eq!(
            answer.error(),
            "Brief not found - could be that the brief is not published"
        );
    }
}

#[tokio::test]
async fn without_credits_the_answer_is_402() {
    let gong = start(Options {
        credits: Some(1),
        ..options()
    })
    .await;
    let about = about(&gong, "LAST_30DAYS");
    assert_eq!(ask(&gong, &about).await.status, 200);
    let spent = gong.credits_spent();
    assert_eq!(ask(&gong, &about).await.status, 402);
    let brief = format!("/v2/entities/get-brief?{about}&briefName=Deal%20review");
    assert_eq!(get(&gong, &brief).await.status, 402);
    assert_eq!(gong.credits_spent(), spent);
}

#[tokio::test]
async fn a_question_is_asked_by_get() {
    let gong = start(options()).await;
    let answer = post(&gong, "/v2/entities/ask-entity", json!({"question": "?"})).await;
    assert_eq!(answer.status, 405);
    assert_eq!(gong.credits_spent(), 0);
}
