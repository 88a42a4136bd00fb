//! Lists that come in pages.

use serde::Deserialize;
use serde_json::Value;

use crate::{client::json::ApiResponse, error::Error, json_ext::JsonExt, prelude::*};

/// Where Gong's list stands (OpenAPI `Records`).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Records {
    /// Of the whole list.
    pub(crate) total_records: Option<u32>,
    /// Absent on the last page.
    pub(crate) cursor: Option<String>,
}

/// Answers that come in pages.
pub(crate) trait Paged: Default {
    /// What a page holds.
    type Item;
    /// Takes the page apart.
    fn into_page(self) -> (Option<Records>, Vec<Self::Item>);
}

/// A list read page by page.
pub(crate) struct Pages<T> {
    /// All items, in Gong's order.
    pub(crate) items: Vec<T>,
    /// Why the list is not complete.
    pub(crate) stopped: Option<String>,
}

/// A page of a list, read member by member.
#[derive(Default)]
pub(crate) struct JsonPage {
    /// Where the list stands.
    pub(crate) records: Option<Records>,
    /// What the page holds.
    pub(crate) items: Vec<Value>,
}

impl JsonPage {
    /// The page in an answer whose list has this key.
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
