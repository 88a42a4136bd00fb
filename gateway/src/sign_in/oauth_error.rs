//! Errors in OAuth's form, for programs.

use std::fmt;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::store::StoreError;

/// What an endpoint for clients answers when it does not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OAuthError {
    status: StatusCode,
    code: &'static str,
    description: String,
}

impl OAuthError {
    /// An error with OAuth's code for it. The description must not quote a secret.
    pub(super) fn new(code: &'static str, description: impl fmt::Display) -> Self {
        let status = match code {
            "invalid_client" => StatusCode::UNAUTHORIZED,
            "access_denied" => StatusCode::FORBIDDEN,
            "slow_down" => StatusCode::TOO_MANY_REQUESTS,
            "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
            "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            status,
            code,
            description: description.to_string(),
        }
    }

    /// The code or token is not, or no longer, worth anything.
    pub(super) fn invalid_grant(description: impl fmt::Display) -> Self {
        Self::new("invalid_grant", description)
    }

    /// A parameter is missing or wrong.
    pub(super) fn invalid_request(description: impl fmt::Display) -> Self {
        Self::new("invalid_request", description)
    }

    /// OAuth's code.
    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    /// The sentence for people.
    pub(super) fn description(&self) -> &str {
        &self.description
    }
}

impl From<StoreError> for OAuthError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(text) => Self::new("slow_down", text),
            StoreError::Failed(text) => {
                tracing::error!("sign-in: {text}");
                let text = "The gateway can not read or write its state at the moment.";
                Self::new("temporarily_unavailable", text)
            }
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.code, "error_description": self.description });
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
