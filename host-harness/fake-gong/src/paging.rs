//! Pages of 100, and the cursors that lead from one to the next.
//!
//! A cursor is a signed token that knows its page. It lives about an hour from the first
//! request of its sequence, and the request must be repeated with nothing else changed.
//! It goes into the query of a GET and to the top level of the body of a POST.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::company::random;
use crate::request::ApiRequest;
use crate::response::ApiError;

/// How many records Gong puts on a page; there is no parameter for it.
pub(crate) const PAGE_SIZE: usize = 100;

/// How long a cursor lives, counted from the first request of its sequence.
const LIFETIME: Duration = Duration::from_secs(60 * 60);

/// `{"alg":"HS256"}`, so that a cursor looks like the JWT that Gong's is.
const HEADER: &str = "eyJhbGciOiJIUzI1NiJ9";

/// The sequences of pages under way.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    state: Mutex<Sequences>,
}

#[derive(Debug, Default)]
struct Sequences {
    begun: u64,
    running: HashMap<u64, Sequence>,
}

#[derive(Debug)]
struct Sequence {
    since: Instant,
    fingerprint: u64,
}

impl Cursors {
    /// The requested page of `items`, with its `records`.
    pub(crate) fn page<'a, T>(
        &self,
        request: &ApiRequest,
        items: &'a [T],
    ) -> Result<(&'a [T], Value), ApiError> {
        let fingerprint = fingerprint(request);
        let mut state = self.state.lock().unwrap_or_else(|error| error.into_inner());
        let (sequence, page) = match cursor(request)? {
            None => (None, 0),
            Some(cursor) => {
                let expired = || ApiError::bad_request("cursor has expired");
                let (sequence, page) = read(cursor).ok_or_else(expired)?;
                let known = state.running.get(&sequence).ok_or_else(expired)?;
                if known.since.elapsed() >= LIFETIME {
                    return Err(expired());
                }
                if known.fingerprint != fingerprint {
                    return Err(ApiError::bad_request(
                        "cursor: the request must be repeated with the same filter",
                    ));
                }
                (Some(sequence), page)
            }
        };
        let start = (page * PAGE_SIZE).min(items.len());
        let end = (start + PAGE_SIZE).min(items.len());
        let mut records = json!({
            "totalRecords": items.len(),
            "currentPageSize": end - start,
            "currentPageNumber": page,
        });
        if end < items.len() {
            let sequence = sequence.unwrap_or_else(|| {
                state.begun += 1;
                let number = state.begun;
                state.running.insert(
                    number,
                    Sequence {
                        since: Instant::now(),
                        fingerprint,
                    },
                );
                number
            });
            records["cursor"] = write(sequence, page + 1, items.len()).into();
        }
        Ok((&items[start..end], records))
    }

    /// Makes all cursors so far expire.
    pub(crate) fn expire(&self) {
        let mut state = self.state.lock().unwrap_or_else(|error| error.into_inner());
        state.running.clear();
    }
}

/// The cursor where Gong looks for it: a POST's query is not such a place.
fn cursor(request: &ApiRequest) -> Result<Option<&str>, ApiError> {
    if request.body.is_null() {
        return Ok(request.query("cursor"));
    }
    match request.body.get("cursor") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(cursor)) => Ok(Some(cursor)),
        Some(_) => Err(ApiError::bad_request("cursor: must be a string")),
    }
}

/// What must stay the same from page to page.
fn fingerprint(request: &ApiRequest) -> u64 {
    let mut query = request.query.clone();
    // Sorted, because the order of fields does not matter.
    let body: BTreeMap<&str, &Value> = match request.body.as_object() {
        Some(fields) => fields
            .iter()
            .filter(|(name, _)| *name != "cursor")
            .map(|(name, value)| (name.as_str(), value))
            .collect(),
        None => {
            query.retain(|(name, _)| name != "cursor");
            query.sort();
            BTreeMap::new()
        }
    };
    random::hash(&format!("{} {query:?} {body:?}", request.operation))
}

fn write(sequence: u64, page: usize, total: usize) -> String {
    let claims = json!({
        "pageNumber": page,
        "pageSize": PAGE_SIZE,
        "sequence": sequence,
        "total": total,
    });
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let signature = signature(&claims);
    format!("{HEADER}.{claims}.{signature}")
}

fn read(cursor: &str) -> Option<(u64, usize)> {
    let mut parts = cursor.split('.');
    let (header, claims, signed) = (parts.next()?, parts.next()?, parts.next()?);
    if header != HEADER || parts.next().is_some() || signed != signature(claims) {
        return None;
    }
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    let page = usize::try_from(claims["pageNumber"].as_u64()?).ok()?;
    Some((claims["sequence"].as_u64()?, page))
}

/// Only there to notice a cursor that somebody changed; it keeps no secret.
fn signature(claims: &str) -> String {
    let words: Vec<u8> = (0..4)
        .flat_map(|word| random::hash(&format!("{word}{claims}")).to_be_bytes())
        .collect();
    URL_SAFE_NO_PAD.encode(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(query: &[(&str, &str)]) -> ApiRequest {
        ApiRequest {
            operation: "/v2/calls",
            query: query
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..ApiRequest::default()
        }
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let cursors = Cursors::default();
        let items: Vec<u32> = (0..205).collect();
        let (page, records) = cursors.page(&get(&[]), &items).unwrap();
        assert_eq!((page[0], page.len()), (0, 100));
        let cursor = records["cursor"].as_str().unwrap();
        let (page, records) = cursors.page(&get(&[("cursor", cursor)]), &items).unwrap();
        assert_eq!((page[0], page.len()), (100, 100));
        let cursor = records["cursor"].as_str().unwrap();
        let (page, records) = cursors.page(&get(&[("cursor", cursor)]), &items).unwrap();
        assert_eq!((page[0], page.len()), (200, 5));
        assert_eq!(
            records,
            json!({"totalRecords": 205, "currentPageSize": 5, "currentPageNumber": 2})
        );
    }

    #[test]
    fn a_cursor_is_good_for_its_own_filter_and_unchanged_only() {
        let cursors = Cursors::default();
        let items: Vec<u32> = (0..205).collect();
        let (_, records) = cursors.page(&get(&[]), &items).unwrap();
        let cursor = records["cursor"].as_str().unwrap();
        let other = get(&[("cursor", cursor), ("workspaceId", "1")]);
        assert!(cursors.page(&other, &items).unwrap_err().errors[0].contains("same filter"));
        let changed = cursor.replace(".ey", ".ez");
        let error = cursors.page(&get(&[("cursor", &changed)]), &items);
        assert_eq!(error.unwrap_err().errors, ["cursor has expired"]);
        cursors.expire();
        let error = cursors.page(&get(&[("cursor", cursor)]), &items);
        assert_eq!(error.unwrap_err().errors, ["cursor has expired"]);
    }
}
