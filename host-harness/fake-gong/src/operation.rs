//! What the server needs to know about an operation of Gong's API.

use http::Method;

use crate::gong::Gong;
use crate::request::ApiRequest;
use crate::response::ApiResult;

/// One operation of Gong's.
pub(crate) struct Operation {
    /// The HTTP method. Some reads are a POST.
    pub(crate) method: Method,
    /// The path with its placeholders.
    pub(crate) path: &'static str,
    /// The scope without which the answer is 401.
    pub(crate) scope: &'static str,
    /// The kind of body that it takes.
    pub(crate) takes: Takes,
    /// Whether it changes the company.
    pub(crate) writes: bool,
    /// What it does.
    pub(crate) run: Run,
}

/// The function that handles an operation's requests.
pub(crate) type Run = fn(&Gong, &ApiRequest) -> ApiResult;

/// The kind of body that an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// None.
    Nothing,
    /// JSON, without which Gong answers 415.
    Json,
    /// Parts of multipart/form-data.
    Parts,
}

impl Operation {
    /// A GET that reads and takes no body, as nearly all do.
    pub(crate) const fn get(path: &'static str, scope: &'static str, run: Run) -> Self {
        Self::read(Method::GET, path, scope, Takes::Nothing, run)
    }

    /// A POST that reads, by a filter in its body.
    pub(crate) const fn post(path: &'static str, scope: &'static str, run: Run) -> Self {
        Self::read(Method::POST, path, scope, Takes::Json, run)
    }

    /// An operation that changes nothing.
    pub(crate) const fn read(
        method: Method,
        path: &'static str,
        scope: &'static str,
        takes: Takes,
        run: Run,
    ) -> Self {
        Self {
            method,
            path,
            scope,
            takes,
            writes: false,
            run,
        }
    }

    /// An operation that changes the company.
    pub(crate) const fn write(
        method: Method,
        path: &'static str,
        scope: &'static str,
        takes: Takes,
        run: Run,
    ) -> Self {
        Self {
            method,
            path,
            scope,
            takes,
            writes: true,
            run,
        }
    }
}
