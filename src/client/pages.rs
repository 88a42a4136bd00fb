//! Lists that come in pages.

use serde::Deserialize;
use serde_json::Value;

use crate::{client::json::ApiResponse, error::Error, json_ext::JsonExt, prelude::*};

/// How long Gong's list is and where its next page begins (OpenAPI `Records`).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Records {
    /// Items of the whole list.
    pub(crate) total_records: Option<u32>,
    /// The next page; absent on the last one.
    pub(crate) cursor: Option<String>,
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
            records: answer.0.get("records").map(|records| Records {
                total_records: records.count("totalRecords"),
                cursor: records.raw("cursor").map(String::from),
            }),
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
