//! Tokens of lists.

use serde_json::{Map, Value, json};

use super::{begin, check, open, open_record};
use crate::{
    client::Gong,
    prelude::*,
    testing::{dice::Dice, many_calls::ManyCalls},
    wit::users::ListUsers,
};

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}

/// The token of a list with these arguments.
fn token(tool: &str, arguments: &Value) -> String {
    let world = ManyCalls::of(1);
    let gong = Gong::open(&world).expect("settings");
    begin(&gong, tool, &object(arguments.clone()));
    gong.token("after-100")
}

/// A token as it is read, with the check that it would have.
fn checked(token: &str) -> String {
    format!("{token}~{}", check(token))
}

fn opened(tool: &str, arguments: Value) -> Result<Value, String> {
    let mut arguments = object(arguments);
    match open(tool, &mut arguments, &|name| name != "toolCallId") {
        Ok(()) => Ok(Value::Object(arguments)),
        Err(error) => Err(error.into_text()),
    }
}

const TOOL: &str = "gong_search_calls";

#[test]
fn a_token_reads_as_tool_arguments_and_position() {
    let arguments = json!({"account": "Müller & Söhne #1 \"A\"", "by": ["host", "week"], "min_minutes": 10, "people": true, "limit": 5, "to": null});
    assert_eq!(
        token(TOOL, &arguments),
        checked(
            "search_calls?account=M%C3%BCller%20%26%20S%C3%B6hne%20%231%20%22A%22&by[]=host&by[]=week&min_minutes:=10&people:=true#after-100"
        )
    );
    assert_eq!(
        token("gong_list_users", &json!({})),
        checked("list_users#after-100")
    );
}

#[test]
fn alone_it_goes_on_with_its_filters_and_beside_equal_ones_it_is_taken() {
    let first = json!({"account": "Acme", "scope": "external", "min_minutes": 10, "by": ["host", "week"], "people": false,
        "call": "https://acme.app.gong.io/call?id=77"});
    let token = token(TOOL, &first);
    let mut whole = first.clone();
    whole["resume"] = "after-100".into();
    assert_eq!(opened(TOOL, json!({ "resume": token })), Ok(whole.clone()));
    for written in [
        format!(" {token}\n"),
        format!("`{token}`"),
        format!("**\"{token}\"**."),
        format!("resume: {token}"),
        format!("\\\"gong_{token}\\\""),
        token.replace('&', "\\u0026"),
        token.replace('&', "&amp;"),
    ] {
        let read = opened(TOOL, json!({ "resume": written }));
        assert_eq!(read, Ok(whole.clone()), "{written}");
    }
    for equal in [
        json!({"account": " acme ", "limit": 7, "max_age": "0"}),
        json!({"scope": "EXTERNAL", "min_minutes": 10.0, "by": ["host", "week"]}),
        json!({"min_minutes": "10", "people": "False", "call": "77"}),
        json!({"toolCallId": "x", "participant": "", "title": null, "host": "null", "max_minutes": 0, "by": []}),
    ] {
        let mut arguments = equal.clone();
        arguments["resume"] = token.clone().into();
        assert!(opened(TOOL, arguments).is_ok(), "{equal}");
    }
}

#[test]
fn beside_others_it_is_refused_by_name() {
    let token = token(TOOL, &json!({"account": "Acme", "min_minutes": 10}));
    let refused = |name: &str, value: Value| {
        let arguments = json!({"resume": token, name: value});
        opened(TOOL, arguments).expect_err("another list")
    };
    assert_eq!(
        refused("account", json!("Beta")),
        "Argument `account`: resume goes on with account=Acme. Example: {\"resume\": \"…\"} alone goes on; without resume \
         another list begins."
    );
    assert!(
        refused("min_minutes", json!(20))
            .starts_with("Argument `min_minutes`: resume goes on with min_minutes=10.")
    );
    assert!(
        refused("host", json!("Ann"))
            .starts_with("Argument `host`: resume goes on with a list without it.")
    );
    let of_another =
        opened("gong_count_calls", json!({ "resume": token })).expect_err("another tool");
    assert!(
        of_another.starts_with(
            "Argument `resume`: it goes on with gong_search_calls, not with gong_count_calls."
        ),
        "{of_another}"
    );
    for none in [
        "after-100",
        "xyz",
        "?#",
        "search_calls?account#1",
        "search_calls?a:=x#1",
        "search_calls?a=%FF#1",
    ] {
        for none in [none.to_owned(), checked(none)] {
            assert!(opened(TOOL, json!({ "resume": none })).is_err(), "{none}");
        }
    }
}

#[test]
fn a_record_of_arguments_goes_on_too() {
    let world = ManyCalls::of(1);
    let gong = Gong::open(&world).expect("settings");
    let record = |json: Value| serde_json::from_value::<ListUsers>(json).expect("a record");
    let first = open_record(
        &gong,
        "gong_list_users",
        record(json!({"query": "sales", "limit": 2})),
    )
    .expect("no token");
    assert_eq!(first.limit, Some(2));
    let token = gong.token("after-2");
    assert_eq!(token, checked("list_users?query=sales#after-2"));
    let rest =
        open_record(&gong, "gong_list_users", record(json!({ "resume": token }))).expect("a token");
    assert_eq!(
        (rest.query.as_deref(), rest.resume.as_deref(), rest.limit),
        (Some("sales"), Some("after-2"), None)
    );
    let next = checked("list_users?query=sales#after-4");
    assert_eq!(gong.token("after-4"), next);
}

/// Damaged at random: never a panic, and never a part of the list or another one.
#[test]
fn damaged_tokens_are_refused() {
    let mut dice = Dice::new(16);
    let whole = token(
        TOOL,
        &json!({"account": "Acme", "by": ["host"], "people": true, "min_minutes": 3}),
    );
    let read = opened(TOOL, json!({ "resume": whole }));
    let mut taken = 0;
    for _ in 0..20_000 {
        let mut letters: Vec<char> = whole.chars().collect();
        for _ in 0..=dice.below(3) {
            let at = dice.below(letters.len().max(1));
            if at >= letters.len() {
                break;
            }
            match dice.below(3) {
                0 => drop(letters.remove(at)),
                1 => letters[at] = ['#', '?', '&', '=', ':', '%', '"', '\u{0}', 'é'][dice.below(9)],
                _ => letters.truncate(at + 1),
            }
        }
        let damaged: String = letters.into_iter().collect();
        if damaged.is_empty() {
            continue;
        }
        let damaged = opened(TOOL, json!({ "resume": damaged }));
        taken += usize::from(damaged.is_ok());
        assert!(damaged.is_err() || damaged == read);
    }
    // Four letters tell, and what is damaged may be nothing.
    assert!(taken < 100, "{taken}");
}
