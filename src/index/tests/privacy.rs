//! Private calls and erased people.

use serde_json::json;

use crate::{
    index::tests::{SMALL, fill, has_text},
    testing::company::{Company, Fault, NOW, Size},
    time::DAY,
};

#[test]
fn private_calls_are_kept_as_ids_only() {
    let company = Company::new(Size {
        calls: 60,
        days: 20,
        ..SMALL
    });
    for (number, call) in company.calls.borrow_mut().iter_mut().enumerate() {
        call.private = number % 2 == 0;
        call.title = format!("{}{number}", if call.private { "Secret" } else { "Open" });
    }
    fill(&company, "20d");
    let kept: Vec<u8> = company
        .objects
        .borrow()
        .values()
        .flat_map(|(bytes, _)| bytes.clone())
        .collect();
    let has = |text: &str| kept.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(has("Open") && !has("Secret"));
    // Where private calls are allowed, the index is not used.
    company
        .settings
        .borrow_mut()
        .insert("GONG_PRIVATE_CALLS", "allow".into());
    let (_, text, answer) = company.count("gong_search_calls", &json!({ "title": "secret" }));
    assert!(!text.contains("index"), "{text}");
    assert_eq!(answer["calls"].as_array().map(Vec::len), Some(30));
}

#[test]
fn who_is_erased_leaves_every_week_before_gong_is_told() {
    let company = Company::new(SMALL);
    fill(&company, "60d");
    let email = company.email(3);
    let person = Company::outsider(3);
    let has = |text: &str| has_text(&company, text);
    assert!(has(&person));
    let erase = |company: &Company| {
        let arguments = json!({ "email": email, "confirm": email });
        company.ask("gong_erase_personal_data", &arguments)
    };
    // A store that fails: nothing is sent to Gong.
    company.fault.set(Fault::Failing);
    let before = company.requests.borrow().len();
    let error = erase(&company).expect_err("the store fails");
    assert!(error.contains("may still be in the index"), "{error}");
    assert_eq!(company.requests.borrow().len(), before);
    company.fault.set(Fault::None);
    let (text, _) = erase(&company).expect("erased");
    assert!(text.contains("no longer in the index of calls"), "{text}");
    assert!(!has(&person));
    // Gong takes hours, and the person stays out though Gong still sends it.
    company.now.set(NOW + 9 * DAY);
    fill(&company, "60d");
    fill(&company, "60d");
    assert!(!has(&person));
}
