//! Responses of operations, and errors in Gong's words.

use axum::body::Body;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};
use serde_json::{Map, Value};

/// What every error says that comes from the OpenAPI document and not from Gong.
pub(crate) const UNDOCUMENTED: &str = "(stand-in: not in Gong's OpenAPI document)";

/// The result of an operation.
pub(crate) type ApiResult = Result<ApiResponse, ApiError>;

/// A JSON object to which the `requestId` is still added.
#[derive(Debug)]
pub(crate) struct ApiResponse {
    /// 200 almost always.
    pub(crate) status: StatusCode,
    /// The object.
    pub(crate) body: Value,
}

impl From<Value> for ApiResponse {
    fn from(body: Value) -> Self {
        Self {
            status: StatusCode::OK,
            body,
        }
    }
}

impl ApiResponse {
    /// 201: something was made, or was taken in to be worked on.
    pub(crate) fn created(body: Value) -> Self {
        Self {
            status: StatusCode::CREATED,
            body,
        }
    }

    /// 202: work goes on afterwards.
    pub(crate) fn accepted(body: Value) -> Self {
        Self {
            status: StatusCode::ACCEPTED,
            body,
        }
    }
}

/// A 4xx or 5xx. Gong has no error codes, only English texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// The texts of `errors`.
    pub(crate) errors: Vec<String>,
    /// Seconds for the header `Retry-After`.
    pub(crate) retry_after: Option<u32>,
    /// Further keys of the body, which only meetings have.
    pub(crate) details: Map<String, Value>,
}

impl ApiError {
    /// An error with one text.
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self {
            status,
            errors: vec![error.into()],
            retry_after: None,
            details: Map::new(),
        }
    }

    /// 400 with one text.
    pub(crate) fn bad_request(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// 404 with one text.
    pub(crate) fn not_found(error: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, error)
    }

    /// 400, in Gong's words, for a multipart body that lacks this part.
    pub(crate) fn missing_part(name: &str) -> Self {
        Self::bad_request(format!("{name} part is missing"))
    }

    /// 415: the body is of another type than the operation takes, or has none.
    pub(crate) fn unsupported_media_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type")
    }

    /// 429, to be tried again after so many seconds.
    pub(crate) fn too_many(retry_after: u32) -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            retry_after: Some(retry_after),
            ..Self::bad_request("API request limit exceeded")
        }
    }

    /// What Gong says, on the list endpoints, when no call fits: 404, not an empty list.
    pub(crate) fn no_calls() -> Self {
        Self::not_found("No calls found corresponding to the provided filters")
    }
}

/// The HTTP response. Every response of Gong's, errors too, has a `requestId`.
pub(crate) fn http_response(result: ApiResult, request_id: &str) -> Response<Body> {
    match result {
        Ok(answer) => {
            let body = match answer.body {
                // The first field, where the order is kept, as in Gong's documentation.
                Value::Object(fields) => {
                    let id = ("requestId".to_owned(), request_id.into());
                    Value::Object(std::iter::once(id).chain(fields).collect())
                }
                other => other,
            };
            json_response(answer.status, &body)
        }
        Err(error) => {
            let mut body = error.details;
            body.insert("requestId".to_owned(), request_id.into());
            body.insert("errors".to_owned(), error.errors.into());
            let mut response = json_response(error.status, &body.into());
            if let Some(seconds) = error.retry_after {
                response
                    .headers_mut()
                    .insert(RETRY_AFTER, HeaderValue::from(seconds));
            }
            response
        }
    }
}

/// A response with this JSON as its body.
pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json;charset=UTF-8"),
    );
    response
}
