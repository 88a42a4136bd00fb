use super::{CallFilter, Domains};
use crate::{
    gong::calls::Call,
    wit::calls::{AccountMatch, SearchCalls},
};

fn filter(account: &str) -> CallFilter {
    let arguments = serde_json::json!({ "account": account });
    let arguments: SearchCalls = serde_json::from_value(arguments).expect("arguments");
    CallFilter::new(&filter_arguments!(arguments)).expect("a filter")
}

fn call(json: &str) -> Call {
    serde_json::from_str(json).expect("a call")
}

#[test]
fn an_account_has_an_id_in_two_forms_and_a_link() {
    let of = |id: &str| {
        let object = format!(
            r#"{{"objectType":"Account","objectId":"{id}","fields":[{{"name":"Name","value":"Dogwood"}}]}}"#
        );
        call(&format!(
            r#"{{"metaData":{{"title":"x"}},"context":[{{"objects":[{object}]}}]}}"#
        ))
    };
    let (one, other) = (of("0013601230sV7grAAC"), of("0013601230SV7grAAD"));
    for account in [
        "0013601230sV7gr",
        "0013601230sV7grAAC",
        "https://acme.example/lightning/r/Account/0013601230sV7grAAC/view",
    ] {
        assert_eq!(
            filter(account).matches(&one),
            Some(Some(AccountMatch::Crm)),
            "{account}"
        );
        assert_eq!(filter(account).matches(&other), None, "{account}");
    }
}

#[test]
fn an_account_that_no_call_has_is_answered_with_the_nearest_names() {
    let named = |name: &str| {
        let object = format!(
            r#"{{"objectType":"Account","objectId":"001","fields":[{{"name":"Name","value":"{name}"}}]}}"#
        );
        call(&format!(
            r#"{{"metaData":{{"title":"x"}},"context":[{{"objects":[{object}]}}]}}"#
        ))
    };
    let filter = filter("Brightwatter");
    for name in ["Brightwater Corp", "Dogwood", "Brighton"] {
        assert!(filter.matches(&named(name)).is_none(), "{name}");
    }
    assert_eq!(filter.near_names(None), ["Brightwater Corp", "Brighton"]);
}

#[test]
fn a_domain_matches_a_name_or_a_domain() {
    let is_domain = |domain: &str, query: &str| Domains::new(query).contain(domain);
    assert!(is_domain("acme.com", "acme"));
    assert!(is_domain("acme.co.uk", "acme"));
    assert!(is_domain("mail.acme.com", "@acme.com"));
    assert!(is_domain("acmelabs.io", "acme labs"));
    assert!(is_domain("acme-labs.io", "acme labs"));
    assert!(!is_domain("notacme.com", "acme.com"));
    assert!(!is_domain("acmelabs.io", "acme"));
}

#[test]
fn the_crm_decides_before_domain_and_title() {
    let matched = |json: &str| filter("acme").matches(&call(json)).flatten();
    let crm = r#"{"metaData":{"title":"x"},"context":[{"objects":[{"objectType":"Account","objectId":"001","fields":[{"name":"Name","value":"Acme Corp"}]}]}]}"#;
    assert_eq!(matched(crm), Some(AccountMatch::Crm));
    let other = r#"{"metaData":{"title":"Beta v Acme"},"context":[{"objects":[{"objectType":"Account","objectId":"002","fields":[{"name":"Name","value":"Beta"}]}]}]}"#;
    assert_eq!(matched(other), None);
    let domain = r#"{"metaData":{"title":"x"},"parties":[{"emailAddress":"jo@acme.com","affiliation":"External"}]}"#;
    assert_eq!(matched(domain), Some(AccountMatch::Domain));
    assert_eq!(
        matched(r#"{"metaData":{"title":"Acme: kick-off"}}"#),
        Some(AccountMatch::Title)
    );
    assert_eq!(matched(r#"{"metaData":{"title":"Kick-off"}}"#), None);
}

#[test]
fn a_language_is_found_by_each_of_its_codes() {
    let spoken = |code: &str| call(&format!(r#"{{"metaData":{{"language":"{code}"}}}}"#));
    for (argument, spoken_code, is_it) in [
        ("de-DE", "deu", true),
        ("deu", "ger", true),
        ("en", "deu", false),
        ("en", "ENG", true),
    ] {
        let arguments = serde_json::json!({ "language": argument });
        let arguments: SearchCalls = serde_json::from_value(arguments).expect("arguments");
        let filter = CallFilter::new(&filter_arguments!(arguments)).expect("a filter");
        let matches = filter.matches(&spoken(spoken_code)).is_some();
        assert_eq!(matches, is_it, "{argument} of {spoken_code}");
    }
}
