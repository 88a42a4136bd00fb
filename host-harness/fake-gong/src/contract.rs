//! The contract: a request may only say what Gong's OpenAPI document has.
//!
//! The real Gong ignores much that it does not know. The stand-in refuses it, so that a field
//! that was made up is found in a test and not by a user who wonders why it has no effect.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;

use crate::openapi::Document;
use crate::request::ApiRequest;
use crate::response::ApiError;

/// The document, if there is one.
#[derive(Default)]
pub(crate) struct Contract {
    document: Option<Document>,
    checked: AtomicUsize,
}

impl Contract {
    /// Reads the document, and says on stderr when requests will not be checked.
    pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let document = file.map(Document::load).transpose()?.flatten();
        Ok(Self {
            document,
            checked: AtomicUsize::new(0),
        })
    }

    /// Whether requests are checked.
    pub(crate) fn is_checked(&self) -> bool {
        self.document.is_some()
    }

    /// How many requests were checked so far.
    pub(crate) fn checked(&self) -> usize {
        self.checked.load(Ordering::Relaxed)
    }

    /// Whether Gong has an operation at this real path.
    pub(crate) fn knows(&self, method: &Method, path: &str) -> bool {
        self.document
            .as_ref()
            .is_some_and(|document| document.knows(method, path))
    }

    /// Refuses a request with anything that the document does not have. A cursor in the query
    /// of a POST is let through, as Gong ignores it; see [`Self::ignored_cursor`].
    pub(crate) fn check(&self, method: &Method, request: &ApiRequest) -> Result<(), ApiError> {
        let Some(document) = &self.document else {
            return Ok(());
        };
        self.checked.fetch_add(1, Ordering::Relaxed);
        document.check(method, request)
    }

    /// Names a cursor in the query of a POST. Gong ignores it there without an error, so the
    /// first page comes again and again.
    pub(crate) fn ignored_cursor(method: &Method, request: &ApiRequest) -> Option<String> {
        (method == Method::POST && request.query("cursor").is_some()).then(|| {
            format!(
                "{method} {}: the cursor is in the query, where Gong ignores it; it belongs into the body",
                request.operation
            )
        })
    }
}
