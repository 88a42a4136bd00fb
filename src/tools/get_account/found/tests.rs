//! Whose calls these are.

use crate::{
    gong::calls::Call,
    time::Range,
    tools::get_account::found::{Found, Report, SearchTerm, host},
};

/// Account id, its name and website, and the customer's address, each where there is one.
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

fn whose(wanted: &str) -> String {
    let acme = Some(("001", "Acme Corp", Some("https://www.acme.example/de")));
    let wanted = SearchTerm::new("account", wanted, "x").expect("words");
    let mut found = Found::new(wanted);
    for mut call in [
        call(acme, "jo@acme.example"),
        call(None, "jo@mail.acme.example"),
        call(Some(("002", "Acme Labs", None)), "li@acmelabs.example"),
        call(Some(("003", "Birch", None)), "bo@birch.example"),
        call(None, "cy@cedar.example"),
    ] {
        found.add(&mut call);
    }
    let report = Report::whole(Range { from: 0, to: 1 }, 5);
    match found.whose(&report) {
        Ok(whose) => {
            let who = whose.id.or(whose.domain).unwrap_or_default();
            format!(
                "{who}: {}, {} by domain",
                whose.calls.len(),
                whose.by_domain
            )
        }
        Err(error) => error.text().to_owned(),
    }
}

#[test]
fn the_crm_wins_over_domains() {
    assert_eq!(whose("acme corp"), "001: 2, 1 by domain");
    assert_eq!(whose("acme.example"), "001: 2, 1 by domain");
    assert_eq!(whose("jo@acme.example"), "001: 2, 1 by domain");
    assert_eq!(whose("002"), "002: 1, 0 by domain");
    assert_eq!(
        whose("acmelabs.example"),
        "002: 1, 0 by domain",
        "by who was on it"
    );
    assert_eq!(whose("cedar"), "cedar.example: 1, 1 by domain");
    assert!(whose("Acme").contains("Choices: Acme Corp (001, acme.example); Acme Labs (002)"));
    assert!(
        whose("Dogwood").starts_with("No account “Dogwood” is on the calls read. Read 5 calls")
    );
}

#[test]
fn websites_have_a_domain() {
    assert_eq!(host(" https://www.Acme.example/de?x"), "acme.example");
    assert_eq!(host("acme.example:80"), "acme.example");
    assert_eq!(host(""), "");
}
