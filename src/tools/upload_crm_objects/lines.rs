//! Checks the lines of an upload by the text of Gong's documentation for each object type. Gong
//! itself accepts a wrong file with a 201, and reports 20 errors at a time later.

mod object;

use alloc::collections::BTreeMap;
use object::{Object, is_deleted, text_member};

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    render,
    wit::crm::CrmUploadType as Type,
};

/// The most wrong lines that an error lists.
const MAX_PROBLEMS: usize = 10;

/// What valid lines contain.
pub(super) struct Checked {
    pub(super) objects: u32,
    pub(super) deleted: u32,
    pub(super) notes: Vec<String>,
}

/// Checks every line.
///
/// # Errors
/// `bad-argument` with the numbers of the wrong lines.
pub(super) fn check(object_type: Type, text: &str) -> Result<Checked, Error> {
    let example = example(object_type);
    if text.trim().is_empty() {
        return Err(bad_argument("objects", "it is empty.", example));
    }
    let mut wrong = Vec::new();
    let mut first_line_of: BTreeMap<String, usize> = BTreeMap::new();
    let (mut objects, mut deleted) = (0, 0);
    // Members without which a deal does not show everywhere in Gong, and how many deals lack them.
    let mut missing = [("accountId", 0u32), ("ownerId", 0), ("closeDate", 0)];
    for (number, line) in (1..).zip(text.lines()) {
        let checked = serde_json::from_str::<Object>(line)
            .map_err(|error| match line.trim().is_empty() {
                true => "is empty".to_owned(),
                false if error.is_data() => "is not a JSON object".to_owned(),
                false => format!("is not a JSON object ({error})"),
            })
            .and_then(|object| object::check(object_type, &object).map(|id| (object, id)));
        let (object, id) = match checked {
            Ok(checked) => checked,
            Err(problem) => {
                wrong.push(format!("line {number} {problem}"));
                continue;
            }
        };
        if let Some(first) = first_line_of.insert(id, number) {
            wrong.push(format!(
                "line {number} has the objectId of line {first}, and Gong wants two updates of an object in two uploads"
            ));
        }
        objects += 1;
        if is_deleted(&object) {
            deleted += 1;
        } else {
            for (key, count) in &mut missing {
                *count += u32::from(text_member(&object, key).is_none());
            }
        }
    }
    if wrong.is_empty() {
        let notes = match object_type {
            Type::Deal => missing
                .iter()
                .filter(|(_, count)| *count > 0)
                .map(|(key, count)| {
                    let where_missing = match *key {
                        "accountId" => "in Gong",
                        _ => "on Gong's deal board",
                    };
                    format!(
                        "Without {key}, so not seen {where_missing}: {}.",
                        render::count(*count, "deal")
                    )
                })
                .collect(),
            _ => Vec::new(),
        };
        return Ok(Checked {
            objects,
            deleted,
            notes,
        });
    }
    let more = match wrong.len().saturating_sub(MAX_PROBLEMS) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    wrong.truncate(MAX_PROBLEMS);
    Err(bad_argument(
        "objects",
        &format!("{}{more}. Nothing was sent.", wrong.join("; ")),
        example,
    ))
}

fn example(object_type: Type) -> &'static str {
    match object_type {
        Type::BusinessUser => {
            r#"{"objectId": "u-17", "modifiedDate": "2026-11-01T09:00:00Z", "emailAddress": "ann@acme.example"}, one object a line."#
        }
        Type::Stage => {
            r#"{"objectId": "discovery", "name": "Discovery", "sortOrder": 1}, one object a line."#
        }
        _ => {
            r#"{"objectId": "a-17", "modifiedDate": "2026-11-01T09:00:00Z", "name": "Acme"}, one object a line."#
        }
    }
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::wit::crm::CrmUploadType as Type;

    fn problem(object_type: Type, lines: &str) -> String {
        match check(object_type, lines) {
            Ok(_) => "fine".into(),
            Err(error) => error.text().to_owned(),
        }
    }

    #[test]
    fn gongs_own_examples_are_valid() {
        let zone = r#"{"objectId": "user1_Id_In_The_CRM", "emailAddress": "a@acme.example", "modifiedDate": "2019-01-03T23:45:57+01:00"}"#;
        assert_eq!(problem(Type::BusinessUser, zone), "fine");
        let stage =
            r#"{"objectId": "discovery", "name": "Discovery", "isActive": true, "sortOrder": 1}"#;
        assert_eq!(problem(Type::Stage, stage), "fine");
        let deal = r#"{"objectId": "8608553", "modifiedDate": "2022-02-04T18:24:59Z", "status": "OPEN", "amount": 7000, "own": null}"#;
        let checked = check(Type::Deal, deal).expect("fine");
        assert_eq!(
            (checked.objects, checked.deleted, checked.notes.len()),
            (1, 0, 3)
        );
    }

    #[test]
    fn each_wrong_line_is_listed_by_number() {
        for (object_type, line, expected) in [
            (Type::Lead, "[1]", "line 1 is not a JSON object"),
            (Type::Lead, r#"{"objectId": 7}"#, "line 1 has no objectId"),
            (
                Type::Lead,
                r#"{"objectId": "a b"}"#,
                "line 1 objectId “a b”",
            ),
            (
                Type::Lead,
                r#"{"objectId": "a"}"#,
                "line 1 modifiedDate is not",
            ),
            (
                Type::Lead,
                r#"{"objectId": "a", "modifiedDate": "2026-11-01"}"#,
                "line 1 modifiedDate is not",
            ),
            (
                Type::Lead,
                r#"{"objectId": "a", "modifiedDate": "2026-11-01T09:00:00.123Z"}"#,
                "line 1 modifiedDate is not",
            ),
            (
                Type::Lead,
                r#"{"objectId": "a", "modifiedDate": "2026-11-01T09:00:00Z", "isDeleted": "yes"}"#,
                "line 1 isDeleted is not",
            ),
            (
                Type::BusinessUser,
                r#"{"objectId": "a", "modifiedDate": "2026-11-01T09:00:00Z"}"#,
                "line 1 has no emailAddress",
            ),
            (Type::Stage, r#"{"objectId": "a"}"#, "line 1 has no name"),
            (
                Type::Deal,
                r#"{"objectId": "a", "modifiedDate": "2026-11-01T09:00:00Z", "status": "won"}"#,
                "line 1 status is not",
            ),
        ] {
            let problem = problem(object_type, line);
            assert!(problem.contains(expected), "{line}: {problem}");
        }
        let twice =
            "{\"objectId\": \"a\", \"name\": \"A\"}\n\n{\"objectId\": \"a\", \"name\": \"B\"}";
        assert!(
            problem(Type::Stage, twice).starts_with(
                "Argument `objects`: line 2 is empty; line 3 has the objectId of line 1"
            )
        );
    }
}
