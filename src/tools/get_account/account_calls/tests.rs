//! Which calls belong to which account.

use crate::{
    gong::calls::Call,
    time::Range,
    tools::get_account::account_calls::{AccountFinder, Report, SearchTerm},
};

/// A call with an account (id, name, website), if any, and a customer with this address.
fn call(account: Option<(&str, &str, Option<&str>)>, email: &str) -> Call {
    let objects = account.map(|(id, name, website)| {
        serde_json::json!([{"objectType": "Account", "objectId": id, "fields":
            [{"name": "Name", "value": name}, {"name": "Website", "value": website}]}])
    });
    let json = serde_json::json!({
        "metaData": {"id": "1"},
        "parties": [{"name": "Jo", "emailAddress": email, "affiliation": "External"}],
        "context": [{"objects": objects}],
    });
    serde_json::from_str(&json.to_string()).expect("a call")
}

fn found(query: &str) -> String {
    let acme = Some(("001", "Acme Corp", Some("https://www.acme.example/de")));
    let query = SearchTerm::new("account", query, "x").expect("words");
    let mut finder = AccountFinder::new(query);
    for mut call in [
        call(acme, "jo@acme.example"),
        call(None, "jo@mail.acme.example"),
        call(Some(("002", "Acme Labs", None)), "li@acmelabs.example"),
        call(Some(("003", "Birch", None)), "bo@birch.example"),
        call(None, "cy@cedar.example"),
    ] {
        finder.add(&mut call);
    }
    let report = Report::whole(Range { from: 0, to: 1 }, 5);
    match finder.pick(&report) {
        Ok(account) => {
            let name = account.id.or(account.domain).unwrap_or_default();
            format!(
                "{name}: {}, {} by domain",
                account.calls.len(),
                account.by_domain
            )
        }
        Err(error) => error.text().to_owned(),
    }
}

#[test]
fn the_crm_wins_over_domains() {
    assert_eq!(found("acme corp"), "001: 2, 1 by domain");
    assert_eq!(found("acme.example"), "001: 2, 1 by domain");
    assert_eq!(found("jo@acme.example"), "001: 2, 1 by domain");
    assert_eq!(found("002"), "002: 1, 0 by domain");
    assert_eq!(
        found("acmelabs.example"),
        "002: 1, 0 by domain",
        "by the people on the call"
    );
    assert_eq!(found("cedar"), "cedar.example: 1, 1 by domain");
    assert!(found("Acme").contains("Choices: Acme Corp (001, acme.example); Acme Labs (002)"));
    assert!(
        found("Dogwood").starts_with("No account “Dogwood” is on the calls read. Read 5 calls")
    );
}
