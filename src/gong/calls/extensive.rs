//! POST /v2/calls/extensive: its request and pages, and reading calls by id.

use alloc::collections::{BTreeMap, BTreeSet};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    client::{
        Gong,
        json::required,
        pages::{Paged, Records},
    },
    error::Error,
    gong::calls::{Call, Meta},
    prelude::*,
};

/// Path of POST /v2/calls/extensive.
pub(crate) const EXTENSIVE: &str = "/v2/calls/extensive";

/// A page of POST /v2/calls/extensive.
#[derive(Default, Deserialize)]
pub(crate) struct ExtensivePage {
    pub(crate) records: Option<Records>,
    #[serde(deserialize_with = "required")]
    pub(crate) calls: Option<Vec<Call>>,
}

impl Paged for ExtensivePage {
    type Item = Call;
    fn into_page(self) -> (Option<Records>, Vec<Call>) {
        (self.records, self.calls.unwrap_or_default())
    }
}

/// Which parts of each call POST /v2/calls/extensive sends.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContentSelector {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) context: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) context_timing: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exposed_fields: Option<Value>,
}

/// The filter of POST /v2/calls/extensive and /v2/calls/transcript. It is always sent: Gong refuses
/// the body `{}`.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Filter<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) to_date_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) workspace_id: Option<&'a str>,
    /// Left out when empty: Gong refuses an empty array.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) call_ids: &'a [&'a str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub(crate) primary_user_ids: &'a [String],
}

/// A body of POST /v2/calls/extensive or /v2/calls/transcript.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallsBody<'a> {
    /// Beside the filter: anywhere else Gong ignores it and sends page 1 again and again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<&'a str>,
    pub(crate) filter: Filter<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_selector: Option<&'a ContentSelector>,
}

/// One call by id, as the caller's own struct.
///
/// # Errors
/// `not-found`, or whatever the request fails with.
pub(crate) fn one<T: DeserializeOwned + Default>(
    gong: &Gong<'_>,
    id: &str,
    selector: &ContentSelector,
) -> Result<T, Error> {
    #[derive(Default, Deserialize)]
    struct One<T> {
        calls: Option<Vec<T>>,
    }
    let body = CallsBody {
        cursor: None,
        filter: Filter {
            call_ids: &[id],
            ..Filter::default()
        },
        content_selector: Some(selector),
    };
    let answer: One<T> = gong.post_list(EXTENSIVE, &body)?;
    answer.calls.into_iter().flatten().next().ok_or_else(|| {
        Error::not_found(format!(
            "Gong has no call with id {id}. It may still be in processing (try again in some minutes), be deleted, or \
             belong to another company. gong_search_calls finds ids."
        ))
    })
}

/// Call ids in one request.
pub(crate) const IDS_A_REQUEST: usize = 100;

/// The metadata of these calls by id: title, link, and whether they are private. Gong leaves out calls
/// that it does not know.
///
/// # Errors
/// Whatever POST /v2/calls/extensive fails with.
pub(crate) fn by_ids<'a>(
    gong: &Gong<'_>,
    ids: impl Iterator<Item = &'a str>,
) -> Result<BTreeMap<String, Meta>, Error> {
    let calls = whole_by_ids(gong, ids, &ContentSelector::default())?;
    let meta = calls.into_iter().map(|(id, call)| (id, call.meta_data));
    Ok(meta.collect())
}

/// The same with what the selector names.
///
/// # Errors
/// Whatever POST /v2/calls/extensive fails with.
pub(crate) fn whole_by_ids<'a>(
    gong: &Gong<'_>,
    ids: impl Iterator<Item = &'a str>,
    selector: &ContentSelector,
) -> Result<BTreeMap<String, Call>, Error> {
    let ids: BTreeSet<&str> = ids.filter(|id| !id.is_empty()).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let mut calls = BTreeMap::new();
    for call_ids in ids.chunks(IDS_A_REQUEST) {
        let mut cursor: Option<String> = None;
        loop {
            let body = CallsBody {
                cursor: cursor.as_deref(),
                filter: Filter {
                    call_ids,
                    ..Filter::default()
                },
                content_selector: Some(selector),
            };
            let (records, found) = gong
                .post_list::<ExtensivePage>(EXTENSIVE, &body)?
                .into_page();
            calls.extend(found.into_iter().map(|mut call| {
                call.slim();
                (call.meta_data.id().to_owned(), call)
            }));
            match records.and_then(|records| records.cursor) {
                // A cursor that repeats itself would never end.
                Some(next) if cursor.as_ref() != Some(&next) => cursor = Some(next),
                _ => break,
            }
        }
    }
    Ok(calls)
}
