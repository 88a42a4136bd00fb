//! Errors of JSON-RPC.

use alloc::string::String;

use serde::Serialize;
use serde_json::Value;

/// The `error` object of a response.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Error {
    /// One of the constants here.
    pub code: i32,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Details for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl Error {
    /// The text is not JSON.
    pub const PARSE: i32 = lenient_messages::PARSE;
    /// The JSON is not a message.
    pub const INVALID_REQUEST: i32 = lenient_messages::INVALID_REQUEST;
    /// There is no such method.
    pub const METHOD_NOT_FOUND: i32 = -32601;
    /// A parameter is missing or wrong.
    pub const INVALID_PARAMS: i32 = lenient_messages::INVALID_PARAMS;
    /// The method failed.
    pub const INTERNAL: i32 = -32603;
    /// There is no such resource, before MCP 2026-07-28.
    pub const RESOURCE_NOT_FOUND: i32 = -32002;
    /// An HTTP header contradicts the body.
    pub const HEADER_MISMATCH: i32 = -32020;
    /// This server does not have the revision that a request names.
    pub const UNSUPPORTED_REVISION: i32 = -32022;

    /// An error without data.
    #[must_use]
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            data: None,
        }
    }

    /// A parameter is missing or wrong.
    #[must_use]
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(Self::INVALID_PARAMS, message)
    }

    /// The JSON is not a message.
    #[must_use]
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(Self::INVALID_REQUEST, message)
    }

    /// The method failed.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Self::INTERNAL, message)
    }

    /// The same error with data for programs.
    #[must_use]
    pub fn with_data(mut self, data: Option<Value>) -> Self {
        self.data = data;
        self
    }
}
