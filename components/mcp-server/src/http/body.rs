//! The JSON-RPC messages in the body of a request.

use alloc::{format, string::String};

use super::{headers::Headers, mirrored_headers, types::HttpResponse};
use crate::{
    jsonrpc::{self, Error, Incoming, Message, Notification, Request, as_string},
    provider::Provider,
    request_meta::RequestMeta,
    revision::Revision,
    server::{Server, Session},
};

/// Responds to the JSON-RPC message or batch in a body.
pub(super) fn respond<P: Provider>(
    server: impl FnOnce() -> Result<Server<P>, String>,
    headers: &Headers,
    body: &[u8],
) -> HttpResponse {
    let named = match headers.single("mcp-protocol-version") {
        Ok(named) => named,
        Err(error) => return HttpResponse::error(None, Error::new(Error::HEADER_MISMATCH, error)),
    };
    let modern = named.is_some_and(|named| named >= Revision::V2026_07_28.name());
    let body = lenient_messages::mend(body);
    match jsonrpc::parse(&body) {
        Incoming::Single(Ok(Message::Request(request))) => match server() {
            Ok(server) => respond_to_request(&server, headers, named, modern, &request),
            Err(_) => HttpResponse::misconfigured(),
        },
        Incoming::Single(Ok(Message::Response)) => HttpResponse::empty(202),
        Incoming::Single(Ok(Message::Notification(notification))) => {
            accept_notification(headers, named, modern, &notification)
        }
        Incoming::Single(Err(invalid)) => HttpResponse::error(invalid.id, invalid.error),
        Incoming::Batch(parts) => {
            let revision = named.map_or(Some(Revision::UNNAMED), Revision::parse);
            let Some(revision) = revision.filter(|revision| revision.has_batches()) else {
                return HttpResponse::error(None, jsonrpc::no_batches());
            };
            let Ok(server) = server() else {
                return HttpResponse::misconfigured();
            };
            let response = jsonrpc::batch_response(parts, |request| {
                let result = server.handle(&request, &mut Session::Initialized(revision));
                Some(jsonrpc::response(Some(request.id), &result))
            });
            match response {
                Some(response) => HttpResponse::empty(200).with_body("application/json", response),
                None => HttpResponse::empty(202),
            }
        }
    }
}

/// Accepts a notification. None of them has an effect here.
fn accept_notification(
    headers: &Headers,
    named: Option<&str>,
    modern: bool,
    notification: &Notification<'_>,
) -> HttpResponse {
    if let Some(named) = named
        && Revision::parse(named).is_none()
    {
        return HttpResponse::error(None, Error::invalid_request(unknown_revision(named)));
    }
    match modern
        .then(|| mirrored_headers::check(headers, &notification.method, &notification.params, None))
    {
        Some(Err(error)) => HttpResponse::error(None, Error::new(Error::HEADER_MISMATCH, error)),
        _ => HttpResponse::empty(202),
    }
}

fn unknown_revision(named: &str) -> String {
    let known = Revision::ALL.map(Revision::name).join(", ");
    format!(
        "Header MCP-Protocol-Version: revision {named:?} is not spoken here. Revisions: {known}."
    )
}

fn respond_to_request<P: Provider>(
    server: &Server<P>,
    headers: &Headers,
    named: Option<&str>,
    modern: bool,
    request: &Request<'_>,
) -> HttpResponse {
    let id = Some(request.id);
    let mismatch =
        |error: String| HttpResponse::error(id, Error::new(Error::HEADER_MISMATCH, error));
    let meta = match RequestMeta::read(&request.params) {
        Ok(meta) => meta,
        Err(error) => return HttpResponse::error(id, error),
    };
    if request.method == "initialize" && !meta.is_modern() {
        let inside = request
            .params
            .get("protocolVersion")
            .and_then(|raw| as_string(raw));
        if let (Some(named), Some(inside)) = (named, inside)
            && named != inside
        {
            return HttpResponse::error(
                id,
                Error::invalid_request(format!(
                    "Header MCP-Protocol-Version says {named:?}, and the body {inside:?}."
                )),
            );
        }
        // The two sides have not agreed on a revision yet, so it may be missing, but not wrong.
        match headers.single("mcp-method") {
            Ok(None | Some("initialize")) => {}
            Ok(Some(other)) if modern => {
                return mismatch(format!(
                    "Header Mcp-Method says {other:?}, and the body \"initialize\"."
                ));
            }
            Err(error) if modern => return mismatch(error),
            // Before 2026-07-28 the header means nothing.
            Ok(Some(_)) | Err(_) => {}
        }
        let result = server.handle(request, &mut Session::None);
        return HttpResponse::empty(200)
            .with_body("application/json", jsonrpc::response(id, &result));
    }
    let revision = named.map_or(Some(Revision::UNNAMED), Revision::parse);
    if revision.is_none() && meta.revision.is_none() {
        return HttpResponse::error(
            id,
            Error::invalid_request(unknown_revision(named.unwrap_or_default())),
        );
    }
    if modern {
        let called = request.params.get("name").and_then(|raw| as_string(raw));
        let schema = called.and_then(|name| server.tool(&name));
        let schema = schema.map(|tool| &*tool.input_schema);
        if let Err(error) =
            mirrored_headers::check(headers, &request.method, &request.params, schema)
        {
            return mismatch(error);
        }
    }
    let is_discover = request.method == "server/discover";
    match (&meta.revision, named) {
        (None, _) if modern || is_discover => return HttpResponse::error(id, meta.incomplete()),
        (Some(inside), None) => {
            return mismatch(format!(
                "Header MCP-Protocol-Version is missing, and the body says {inside:?}."
            ));
        }
        (Some(inside), Some(named)) if named != inside => {
            return mismatch(format!(
                "Header MCP-Protocol-Version says {named:?}, and the body {inside:?}."
            ));
        }
        _ => {}
    }
    let mut session = match revision {
        Some(revision) if revision.has_initialize() => Session::Initialized(revision),
        _ => Session::PerRequest,
    };
    let result = server.handle(request, &mut session);
    // For requests that name their revision, errors have an HTTP status as well.
    let status = match &result {
        Err(error) if meta.revision.is_some() || is_discover => match error.code {
            Error::UNSUPPORTED_REVISION | Error::HEADER_MISMATCH => 400,
            Error::INVALID_PARAMS if !meta.capabilities => 400,
            Error::METHOD_NOT_FOUND => 404,
            _ => 200,
        },
        _ => 200,
    };
    HttpResponse::empty(status).with_body("application/json", jsonrpc::response(id, &result))
}
