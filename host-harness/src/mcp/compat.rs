//! What clients send instead of what the specification asks, so that rmcp takes it: messages in another
//! form, and any headers `Accept` and `Content-Type`; and what is answered where rmcp takes it in no
//! form. For all hosts on this library.

use std::borrow::Cow;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use lenient_messages::Fault;
use rmcp::ErrorData;
use rmcp::model::{ErrorCode, RequestId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::client_label::ClientLabel;

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// The body in the form that MCP has; the same bytes if it has it already.
#[must_use]
pub fn mend(body: Bytes) -> Bytes {
    match lenient_messages::mend(&body) {
        Cow::Borrowed(text) => body.slice_ref(text),
        Cow::Owned(mended) => mended.into(),
    }
}

/// What is looked at of a message before rmcp parses it.
#[derive(Debug, Default)]
pub struct Message<'a> {
    /// As it was written.
    pub id: Option<&'a RawValue>,
    /// Empty where it has none.
    pub method: String,
    /// What is looked at of its parameters.
    pub params: Params<'a>,
    /// Why it is no message, if it is none.
    pub fault: Option<Fault<'a>>,
}

/// What is looked at of a message's parameters.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Params<'a> {
    /// Of a tool or a prompt.
    #[serde(borrow)]
    pub name: Option<Cow<'a, str>>,
    /// Of a resource.
    #[serde(borrow)]
    pub uri: Option<Cow<'a, str>>,
    /// Which request is cancelled.
    pub request_id: Option<RequestId>,
    #[serde(borrow)]
    client_info: Option<Client<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Client<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    version: Cow<'a, str>,
}

impl<'a> Message<'a> {
    /// What is not as MCP has it is left out.
    #[must_use]
    pub fn read(body: &'a [u8]) -> Self {
        let envelope = match lenient_messages::single(body) {
            Ok(envelope) => envelope,
            Err(fault) => {
                return Self {
                    id: fault.id,
                    fault: Some(fault),
                    ..Self::default()
                };
            }
        };
        let params = envelope.params.map(RawValue::get);
        let params = params.and_then(|json| serde_json::from_str(json).ok());
        Self {
            id: envelope.id,
            method: envelope.method.unwrap_or_default(),
            params: params.unwrap_or_default(),
            fault: None,
        }
    }

    /// A session id for the client that sends this `initialize`.
    #[must_use]
    pub fn label(&self) -> ClientLabel {
        match &self.params.client_info {
            Some(client) => ClientLabel::new(&client.name, &client.version),
            None => ClientLabel::new("", ""),
        }
    }
}

/// The answer to a message that rmcp can not read.
#[derive(Debug)]
pub struct Unreadable {
    /// The message's id, where it has one.
    pub id: Option<RequestId>,
    /// What is wrong.
    pub error: ErrorData,
}

impl Unreadable {
    /// The answer to this message, should rmcp not read it.
    #[must_use]
    pub fn new(message: Message<'_>) -> Self {
        let error = match message.fault {
            Some(fault) => ErrorData::new(ErrorCode(fault.code), fault.text, None),
            None => ErrorData::invalid_request(
                "This is no request, notification or response as JSON-RPC has them.",
                None,
            ),
        };
        Self {
            id: message
                .id
                .and_then(|id| serde_json::from_str(id.get()).ok()),
            error,
        }
    }

    /// The response, or this answer where rmcp could not read the message. It has checked host and
    /// origin before.
    #[must_use]
    pub fn unless_read(self, response: Response) -> Response {
        // [`take_any_headers`] leaves no other reason for it.
        if response.status() != StatusCode::UNSUPPORTED_MEDIA_TYPE {
            return response;
        }
        refusal(StatusCode::BAD_REQUEST, &self.error, self.id.as_ref())
    }
}

/// An answer in HTTP and in JSON-RPC.
#[must_use]
pub fn refusal(
    status: StatusCode,
    error: &ErrorData,
    id: Option<&(impl Serialize + ?Sized)>,
) -> Response {
    let body = json!({"jsonrpc": "2.0", "id": id, "error": error});
    (status, axum::Json(body)).into_response()
}

/// Accepts both forms of an answer, and calls the body JSON, as rmcp demands of each request. Browsers
/// are kept out by their `Origin`, whatever type a page gives to its text.
pub fn take_any_headers(headers: &mut HeaderMap) {
    let both = HeaderValue::from_static("application/json, text/event-stream");
    headers.insert(header::ACCEPT, both);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
}

/// The form of the answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseFormat {
    /// JSON: for clients that do not accept events by name.
    Json,
    /// As rmcp answers: events mostly.
    Events,
}

impl ResponseFormat {
    /// The form that the headers `Accept` allow, or that the message needs.
    #[must_use]
    pub fn of(headers: &HeaderMap, message: &Message<'_>) -> Self {
        let values = headers.get_all(header::ACCEPT).iter();
        let mut ranges = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        let accepts_events = ranges.any(|range| {
            let mut parts = range.split(';').map(str::trim);
            let is_events = parts.next().is_some_and(|name| {
                [EVENTS, "text/*"]
                    .iter()
                    .any(|one| name.eq_ignore_ascii_case(one))
            });
            is_events && !parts.any(is_zero_weight)
        });
        // A subscription has no single answer.
        match accepts_events || message.method == "subscriptions/listen" {
            true => Self::Events,
            false => Self::Json,
        }
    }

    /// Puts rmcp's response into this form. Of several events JSON is the last, which is the answer:
    /// those before it are notifications.
    pub async fn apply(self, response: Response) -> Response {
        let content_type = response.headers().get(header::CONTENT_TYPE);
        if self == Self::Events || content_type.is_none_or(|value| value != EVENTS) {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        let events = match body.collect().await {
            Ok(events) => events.to_bytes(),
            Err(_) => return stopped(),
        };
        let lines = events.split(|byte| *byte == b'\n');
        let data = lines.filter_map(|line| line.strip_prefix(b"data:"));
        let Some(answer) = data.map(<[u8]>::trim_ascii).rfind(|data| !data.is_empty()) else {
            return stopped();
        };
        let answer = events.slice_ref(answer);
        parts
            .headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        Response::from_parts(parts, Body::from(answer))
    }
}

/// Whether a parameter of a media range is `q=0`.
fn is_zero_weight(parameter: &str) -> bool {
    let weight = parameter.split_once('=');
    weight.is_some_and(|(name, weight)| {
        name.trim().eq_ignore_ascii_case("q") && weight.trim().parse() == Ok(0.0)
    })
}

/// The answer where the stream ended before its own.
fn stopped() -> Response {
    let text = "The server is being stopped; try again in a moment.\n";
    (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_whatever_its_order_and_its_faults() {
        let call = br#"{"params":{"arguments":{"a":[1,{}]},"name":"gong_\u0067et_call"},"method":"tools/call","id":"7","jsonrpc":"2.0"}"#;
        let message = Message::read(call);
        assert_eq!(message.method, "tools/call");
        assert_eq!(message.params.name.as_deref(), Some("gong_get_call"));
        assert_eq!(message.id.unwrap().get(), "\"7\"");
        let cancelled =
            br#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}"#;
        let message = Message::read(cancelled);
        assert_eq!(message.params.request_id, Some(RequestId::Number(3)));
        for other in [&b"[]"[..], b"{", b"", b"{\"method\":1}", b"{\"params\":[]}"] {
            let message = Message::read(other);
            assert_eq!(message.method, "");
            assert!(message.fault.is_some());
        }
    }

    #[test]
    fn events_are_for_those_who_name_them() {
        let format = |accept: &[&'static str], method: &'static str| {
            let headers = accept
                .iter()
                .map(|value| (header::ACCEPT, HeaderValue::from_static(value)));
            let message = Message {
                method: method.into(),
                ..Message::default()
            };
            ResponseFormat::of(&headers.collect(), &message)
        };
        for accept in [
            &["application/json, text/event-stream"][..],
            &["text/event-stream"],
            &["application/json", "TEXT/Event-Stream;q=0.5"],
            &["text/*"],
        ] {
            assert_eq!(
                format(accept, "tools/call"),
                ResponseFormat::Events,
                "{accept:?}"
            );
        }
        for accept in [
            &[][..],
            &["application/json"],
            &["*/*"],
            &["text/html"],
            &["text/event-stream;q=0, */*"],
            &["text/event-stream; Q=0.000"],
        ] {
            assert_eq!(
                format(accept, "tools/call"),
                ResponseFormat::Json,
                "{accept:?}"
            );
            assert_eq!(
                format(accept, "subscriptions/listen"),
                ResponseFormat::Events
            );
        }
    }

    #[tokio::test]
    async fn json_is_the_last_event() {
        let events = |text: &'static str| {
            let content_type = [(header::CONTENT_TYPE, EVENTS)];
            (content_type, text).into_response()
        };
        let stream = "retry: 3000\ndata: \n\n: ping\n\ndata: {\"method\":\"notifications/progress\"}\n\ndata: {\"id\":1}\n\n";
        let answer = ResponseFormat::Json.apply(events(stream)).await;
        assert_eq!(answer.headers()[header::CONTENT_TYPE], JSON);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(&*body, b"{\"id\":1}");
        let cut = ResponseFormat::Json.apply(events(": ping\n\n")).await;
        assert_eq!(cut.status(), StatusCode::SERVICE_UNAVAILABLE);
        let kept = ResponseFormat::Events.apply(events(stream)).await;
        assert_eq!(kept.headers()[header::CONTENT_TYPE], EVENTS);
        let json = ResponseFormat::Json.apply("{}".into_response()).await;
        assert_eq!(json.into_body().collect().await.unwrap().to_bytes(), "{}");
    }
}
