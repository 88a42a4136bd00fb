//! MCP over Streamable HTTP, without sessions: each request is independent, so any number of
//! instances can share them.

use alloc::{format, string::String, vec::Vec};

use crate::{provider::Provider, server::Server, settings::Settings};

mod accept;
mod body;
mod headers;
mod mirrored_headers;
mod types;

use accept::ResponseFormat;
pub use headers::Headers;
pub use types::{BodyError, HttpRequest, HttpResponse};

/// Most bytes of a request's body.
pub const MAX_BYTES: usize = 4 << 20;

/// Where MCP is. The root is for hosts that route by path themselves.
const PATHS: [&str; 2] = ["/mcp", "/"];

/// Answers a request. `body`, which is called with the most bytes to read, is called only if the
/// request is allowed; `server`, which lists all tools, only if the body has an MCP request.
pub fn handle<P: Provider>(
    settings: &Result<Settings, String>,
    server: impl FnOnce(&Settings) -> Result<Server<P>, String>,
    request: &HttpRequest,
    body: impl FnOnce(usize) -> Result<Vec<u8>, BodyError>,
) -> HttpResponse {
    let settings = match settings {
        Ok(settings) => settings,
        Err(_) => return HttpResponse::misconfigured(),
    };
    let host = || request.headers.single("host").ok().flatten();
    let authority = request
        .authority
        .as_deref()
        .or_else(host)
        .unwrap_or_default();
    if !settings.access.allows_host(authority) {
        return HttpResponse::text(
            403,
            "This server does not answer to that host name. Whoever runs it can name it in MCP_ALLOWED_HOSTS.",
        );
    }
    let origin = match request.headers.single("origin") {
        Ok(None) => None,
        Ok(Some(origin)) if settings.access.allows_origin(origin, authority) => Some(origin),
        _ => {
            return HttpResponse::text(
                403,
                "Web pages of that origin may not send requests. Whoever runs the server can name it in MCP_ALLOWED_ORIGINS.",
            );
        }
    };
    let response = respond(settings, server, request, body);
    match origin {
        // Without these a browser hides the response from the page.
        Some(origin) => response
            .with_header("access-control-allow-origin", origin)
            .with_header("access-control-expose-headers", "www-authenticate")
            .with_header("vary", "origin"),
        None => response,
    }
}

fn respond<P: Provider>(
    settings: &Settings,
    server: impl FnOnce(&Settings) -> Result<Server<P>, String>,
    request: &HttpRequest,
    body: impl FnOnce(usize) -> Result<Vec<u8>, BodyError>,
) -> HttpResponse {
    let path = request.path.split('?').next().unwrap_or_default();
    if !PATHS.contains(&path) {
        return HttpResponse::text(404, "MCP is at /mcp.");
    }
    match &*request.method {
        "POST" => {}
        // A browser's preflight request.
        "OPTIONS" => {
            return HttpResponse::empty(204)
                .with_header("allow", "POST, OPTIONS")
                .with_header("access-control-allow-methods", "POST")
                .with_header(
                    "access-control-allow-headers",
                    "accept, authorization, content-type, mcp-method, mcp-name, mcp-protocol-version",
                )
                .with_header("access-control-max-age", "600");
        }
        _ => {
            return HttpResponse::text(
                405,
                "Send MCP messages by POST. There are no sessions here.",
            )
            .with_header("allow", "POST, OPTIONS");
        }
    }
    let authorization = request.headers.single("authorization").unwrap_or_default();
    if !settings.access.allows_authorization(authorization) {
        let error = match authorization {
            None => "Bearer",
            Some(_) => "Bearer error=\"invalid_token\"",
        };
        return HttpResponse::text(
            401,
            "Send the header `Authorization: Bearer …` with the server's token.",
        )
        .with_header("www-authenticate", error);
    }
    let format = ResponseFormat::negotiate(&request.headers);
    // Whatever Content-Type says, the body is JSON or not. A page of another origin is refused above.
    let body = match body(MAX_BYTES) {
        Ok(body) => body,
        Err(BodyError::TooLong) => {
            return HttpResponse::text(
                413,
                format!("The request is too long: {MAX_BYTES} bytes are the most."),
            );
        }
        Err(BodyError::BrokeOff) => return HttpResponse::text(400, "The request broke off."),
    };
    format.apply(body::respond(|| server(settings), &request.headers, &body))
}
