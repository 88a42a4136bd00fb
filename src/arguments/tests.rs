//! What is taken, what is refused, and with which words.

use serde_json::{Value, json};

use super::{Error, fit_arguments, schema};
use crate::tools;

mod every_tool;
mod examples;
mod fuzz;
mod members;
mod values;

/// The arguments as the tool gets them.
fn fit(tool: &str, arguments: &Value) -> Result<Value, Error> {
    fit_text(tool, &arguments.to_string())
}

fn fit_text(tool: &str, json: &str) -> Result<Value, Error> {
    let definition = tools::definition(tool);
    fit_arguments(json, &schema(definition), definition.reads, |_| Ok(())).map(Value::Object)
}

#[track_caller]
fn assert_same(tool: &str, sent: &Value, meant: &Value) {
    let sent = fit(tool, sent).unwrap_or_else(|error| panic!("{sent}: {}", error.text()));
    let meant = fit(tool, meant).unwrap_or_else(|error| panic!("{meant}: {}", error.text()));
    assert_eq!(sent, meant, "{tool}");
}

#[track_caller]
fn refusal(tool: &str, sent: &Value) -> String {
    match fit(tool, sent) {
        Ok(taken) => panic!("{tool} takes {sent} as {taken}"),
        Err(error) => error.into_text(),
    }
}

#[test]
fn wrong_arguments_are_named_with_an_example() {
    for (tool, sent, text) in [
        (
            "gong_search_calls",
            json!({"limit": "many"}),
            "Argument `limit`: a whole number is expected. Example: {\"limit\": 50}.",
        ),
        (
            "gong_search_calls",
            json!({"scope": "outside"}),
            "Argument `scope`: one of internal, external, unknown is expected. Example: {\"scope\": \"internal\"}.",
        ),
        (
            "gong_get_call",
            json!({}),
            "Argument `call`: it is required. Example: {\"call\": \"7782342274025937895\"}.",
        ),
        (
            "gong_get_transcript",
            json!({"call": "1", "bytes": -1}),
            "Argument `bytes`: a whole number is expected. Example: {\"bytes\": 1000, \"call\": \"7782342274025937895\"}.",
        ),
        (
            "gong_search_calls",
            json!({"account": 12345678901234567u64}),
            "Argument `account`: a text is expected, in quotation marks: a number of more than 15 digits loses some. \
             Example: {\"account\": \"Acme\"}.",
        ),
        (
            "gong_get_flow_steps",
            json!({"flows": "Renewal, short"}),
            "Argument `flows`: a list is expected: this text can be one item with a comma in it, or several. \
             Example: {\"flows\": [\"7782342274025937895\"]}.",
        ),
        (
            "gong_bulk_assign_flow",
            json!({"flow": "1", "owner": "a", "people": [{"mail": "b"}]}),
            "Argument `people[0].mail`: there is no such member here; it has: crm_id, first_name, last_name, email, \
             job_title, linkedin_url, company, account_crm_id. Did you mean `email`? Example: {\"flow\": \
             \"7782342274025937895\", \"owner\": \"jo.ray@acme.com\", \"people\": [{\"email\": \"jo.ray@acme.com\"}]}.",
        ),
    ] {
        assert_eq!(refusal(tool, &sent), text);
    }
    let start = |sent: Value, start: &str| {
        let text = refusal("gong_search_calls", &sent);
        assert!(text.starts_with(start), "{text}");
    };
    start(
        json!({"max_calls": 20}),
        "Argument `max_calls`: this tool has no such argument; it has: account, ",
    );
    start(
        json!([1]),
        "Argument `arguments`: not a JSON object. Example: {}.",
    );
    start(
        json!({"limit": 99_999_999_999_u64}),
        "Argument `limit`: a whole number",
    );
    let text = refusal("gong_get_call", &json!({"call": "1", "include": ["all"]}));
    assert!(
        text.starts_with("Argument `include`: a list of which each is one of people, outline, "),
        "{text}"
    );
    let text = fit_text("gong_get_call", "{")
        .expect_err("no JSON")
        .into_text();
    assert!(
        text.starts_with("Argument `arguments`: not JSON: "),
        "{text}"
    );
    assert!(
        text.ends_with("Example: {\"call\": \"7782342274025937895\"}."),
        "{text}"
    );
}

/// Field notes: "the error's example does not fit".
#[test]
fn the_example_of_an_argument_is_of_its_own_tool() {
    assert_eq!(
        refusal("gong_search_calls", &json!({"people": "yes"})),
        "Argument `people`: true or false is expected, without quotation marks. Example: {\"people\": true}."
    );
}
