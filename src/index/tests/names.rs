//! Names are looked for in the index, and what it does not have is answered with what it has.

use serde_json::json;

use crate::{
    index::tests::{SMALL, fill},
    testing::company::{Company, Size},
};

#[test]
fn an_account_page_counts_more_calls_than_it_shows() {
    let size = Size {
        accounts: 2,
        ..SMALL
    };
    let company = Company::new(size);
    fill(&company, "60d");
    let expected = {
        let calls = company.calls.borrow();
        let of_account = calls.iter().filter(|call| call.account == Some(1));
        of_account.filter(|call| !call.private).count()
    };
    assert!(expected > 300, "{expected}");
    let account = json!({ "account": Company::account_id(1), "from": "60d" });
    let (requests, text, answer) = company.count("gong_get_account", &account);
    let all = answer["call_history"]["calls"].as_u64().expect("a number");
    let by_domain = answer["by_domain"].as_u64().unwrap_or(0);
    assert_eq!(all - by_domain, expected as u64, "{text}");
    assert!(answer["scan"]["stopped"].is_null(), "{text}");
    assert!(requests <= 3, "{requests}");
}

#[test]
fn a_host_whom_the_index_knows_costs_no_list_of_users() {
    let company = Company::new(SMALL);
    fill(&company, "60d");
    company.requests.borrow_mut().clear();
    let host = Company::user(3);
    let (_, text, answer) = company.count(
        "gong_count_calls",
        &json!({ "by": ["week"], "host": host, "from": "60d" }),
    );
    let mut expected = 0;
    for call in company.calls.borrow().iter() {
        expected += usize::from(call.host == 3 && !call.private);
    }
    assert_eq!(answer["total"]["calls"], expected, "{text}");
    let requests = company.requests.borrow();
    assert!(
        requests.iter().all(|sent| !sent.starts_with("/v2/users")),
        "{requests:?}"
    );
}

#[test]
fn an_unknown_name_is_answered_with_near_ones() {
    let company = Company::new(SMALL);
    fill(&company, "60d");
    let name = company.account_names.borrow()[7].clone();
    let misspelt = name.replacen(|letter: char| letter.is_ascii_lowercase(), "z", 1);
    assert_ne!(misspelt, name);
    let search = json!({ "account": misspelt, "from": "60d" });
    let (_, text, answer) = company.count("gong_search_calls", &search);
    assert_eq!(answer["calls"].as_array().map_or(0, Vec::len), 0, "{text}");
    let alike = answer["scan"]["alike"].as_array().expect("near names");
    assert!(
        alike
            .iter()
            .any(|near| near.as_str().is_some_and(|near| near.contains(&name))),
        "{text}"
    );
    assert!(text.contains(&name), "{text}");
}
