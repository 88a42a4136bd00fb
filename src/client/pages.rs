//! Lists that come in pages.

use alloc::collections::BTreeSet;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse},
    error::Error,
    json_ext::JsonExt,
    prelude::*,
};

/// How long Gong's list is and where its next page begins (OpenAPI `Records`).
#[derive(Default)]
pub(crate) struct Records {
    /// Items of the whole list, where Gong says a number that makes sense.
    pub(crate) total_records: Option<u32>,
    /// The next page; absent on the last one.
    pub(crate) cursor: Option<String>,
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        ApiResponse::deserialize(from).map(|ApiResponse(records)| Self::of(&records))
    }
}

impl Records {
    /// From an object `records`, which may be null. A cursor is a text, also
    /// where Gong writes a number; an empty one leads nowhere.
    fn of(records: &Value) -> Self {
        Self {
            total_records: records.count("totalRecords"),
            cursor: match records.get("cursor") {
                None | Some(Value::Null) => None,
                Some(Value::String(cursor)) => (!cursor.is_empty()).then(|| cursor.clone()),
                Some(other) => Some(other.to_string()),
            },
        }
    }
}

/// An answer that is one page of a list.
pub(crate) trait Paged: Default {
    /// An item of the list.
    type Item;
    /// The page's position and its items.
    fn into_page(self) -> (Option<Records>, Vec<Self::Item>);
}

/// A list read page by page.
pub(crate) struct Pages<T> {
    /// All items, in Gong's order.
    pub(crate) items: Vec<T>,
    /// Why the list is not complete, if it is not.
    pub(crate) stopped: Option<String>,
}

/// Why a list ends where it would begin anew.
pub(crate) const REPEATED_CURSOR: &str = "Gong repeats the same page cursor";

impl Gong<'_> {
    /// All pages of a list, at most `most`; `request_page` requests the page at a cursor. An error
    /// after the first page ends the list, and the pages before it are kept.
    ///
    /// # Errors
    /// Whatever `request_page` fails with for the first page.
    pub(crate) fn pages<P: Paged>(
        &self,
        most: u32,
        mut request_page: impl FnMut(Option<&str>) -> Result<P, Error>,
    ) -> Result<Pages<P::Item>, Error> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        let mut requested = BTreeSet::new();
        for page in 1.. {
            let (records, more) = match request_page(cursor.as_deref()) {
                Ok(answer) => answer.into_page(),
                Err(error) if page > 1 => {
                    return Ok(Pages {
                        items,
                        stopped: Some(error.into_text()),
                    });
                }
                Err(error) => return Err(error),
            };
            let next = records.and_then(|records| records.cursor);
            // Where Gong goes back to the same page, it may have sent the one before once more.
            if next.is_none() || next != cursor {
                items.extend(more);
            }
            let Some(next) = next else {
                break;
            };
            if !requested.insert(next.clone()) {
                let stopped = Some(REPEATED_CURSOR.into());
                return Ok(Pages { items, stopped });
            }
            if page == most {
                let stopped = Some(format!("read {most} pages, the most for one call"));
                return Ok(Pages { items, stopped });
            }
            cursor = Some(next);
        }
        Ok(Pages {
            items,
            stopped: None,
        })
    }
}

/// A page of a list whose items are read member by member.
#[derive(Default)]
pub(crate) struct JsonPage {
    /// The page's position in the list.
    pub(crate) records: Option<Records>,
    /// The page's items.
    pub(crate) items: Vec<Value>,
}

impl JsonPage {
    /// The page in an answer that has the list under this key.
    ///
    /// # Errors
    /// `unexpected-answer`.
    pub(crate) fn of(answer: &ApiResponse, key: &str, operation: &str) -> Result<Self, Error> {
        Ok(Self {
            records: answer.0.get("records").map(Records::of),
            items: answer.listed(key, operation)?.to_vec(),
        })
    }
}

impl Paged for JsonPage {
    type Item = Value;
    fn into_page(self) -> (Option<Records>, Vec<Value>) {
        (self.records, self.items)
    }
}

#[cfg(test)]
mod tests {
    use super::Records;
    use crate::{client::json::read_json, prelude::*};

    #[test]
    fn odd_records_cost_nothing() {
        for (json, total, cursor) in [
            (
                r#"{"totalRecords": 9, "cursor": "a\"b"}"#,
                Some(9),
                Some("a\"b"),
            ),
            (r#"{"totalRecords": "9", "cursor": 5}"#, Some(9), Some("5")),
            (r#"{"totalRecords": 9.0, "cursor": ""}"#, Some(9), None),
            (r#"{"totalRecords": -1, "cursor": null}"#, None, None),
            (
                r#"{"totalRecords": 1000000000000000, "cursor": 99999999999999999999}"#,
                None,
                Some("99999999999999999999"),
            ),
            (r#"{"totalRecords": [], "cursor": "5"}"#, None, Some("5")),
            ("[]", None, None),
        ] {
            let records: Records = read_json(json.as_bytes()).expect(json);
            assert_eq!(
                (records.total_records, records.cursor.as_deref()),
                (total, cursor),
                "{json}"
            );
        }
        let page: Vec<Option<Records>> = read_json(b"[null]").expect("a list");
        assert!(page.iter().flatten().next().is_none());
    }
}
