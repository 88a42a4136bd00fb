//! MCP over Streamable HTTP, without sessions: each request stands for itself, so that any
//! number of servers can share them.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use crate::{
    headers::{Headers, agree},
    plug::Plug,
    revision::Revision,
    rpc::{self, Error, Id, Incoming, Message, Notification, Request},
    server::{Meta, Server, Session},
    settings::Settings,
};

/// Most bytes that a request may have.
pub const MOST_BYTES: usize = 4 << 20;

/// Where MCP is. The root is for hosts that route by path themselves.
const PATHS: [&str; 2] = ["/mcp", "/"];

/// What a client sent, but its body.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Such as `POST`.
    pub method: String,
    /// With the query, if any.
    pub path: String,
    /// Host and port that the request is addressed to. Where the host does not say, the header
    /// `Host` does, which other hosts keep to themselves.
    pub authority: Option<String>,
    /// All headers.
    pub headers: Headers,
}

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadBody {
    /// It has more bytes than asked for.
    TooLong,
    /// The connection broke off.
    BrokeOff,
}

/// What is sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status, such as 200.
    pub status: u16,
    /// Headers, with names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Reply {
    fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    fn text(status: u16, text: impl Into<String>) -> Self {
        Self::empty(status).with_body("text/plain; charset=utf-8", text.into())
    }

    fn with_body(mut self, content_type: &str, body: String) -> Self {
        self.headers.push(("content-type", content_type.to_owned()));
        self.body = body;
        self
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// An error before anything was asked of the server.
    fn error(id: Option<Id<'_>>, error: Error) -> Self {
        Self::empty(400).with_body("application/json", rpc::answer(id, &Err(error)))
    }
}

/// Answers a request. `body` is read only from those who may ask, and is given the most bytes to
/// read; `server`, which lists all tools, is made only if it holds a request of MCP's.
pub fn handle<P: Plug>(
    settings: &Result<Settings, String>,
    server: impl FnOnce(&Settings) -> Result<Server<P>, String>,
    asked: &Asked,
    body: impl FnOnce(usize) -> Result<Vec<u8>, BadBody>,
) -> Reply {
    let settings = match settings {
        Ok(settings) => settings,
        Err(_) => return misconfigured(),
    };
    let host = || asked.headers.one("host").ok().flatten();
    let authority = asked.authority.as_deref().or_else(host).unwrap_or_default();
    if !settings.access.host(authority) {
        return Reply::text(
            403,
            "This server does not answer to that host name. Whoever runs it can name it in MCP_ALLOWED_HOSTS.",
        );
    }
    let origin = match asked.headers.one("origin") {
        Ok(None) => None,
        Ok(Some(origin)) if settings.access.origin(origin, authority) => Some(origin),
        _ => {
            return Reply::text(
                403,
                "Web pages of that origin may not send requests. Whoever runs the server can name it in MCP_ALLOWED_ORIGINS.",
            );
        }
    };
    let reply = allowed(settings, server, asked, body);
    match origin {
        // Without these a browser keeps the answer from the page.
        Some(origin) => reply
            .with("access-control-allow-origin", origin)
            .with("access-control-expose-headers", "www-authenticate")
            .with("vary", "origin"),
        None => reply,
    }
}

/// What is said while a setting can not be right: to the client not more than that, for the
/// rest is for whoever reads the log.
fn misconfigured() -> Reply {
    Reply::text(
        500,
        "The server's settings are not right; its log says which.",
    )
}

fn allowed<P: Plug>(
    settings: &Settings,
    server: impl FnOnce(&Settings) -> Result<Server<P>, String>,
    asked: &Asked,
    body: impl FnOnce(usize) -> Result<Vec<u8>, BadBody>,
) -> Reply {
    let path = asked.path.split('?').next().unwrap_or_default();
    if !PATHS.contains(&path) {
        return Reply::text(404, "MCP is at /mcp.");
    }
    match &*asked.method {
        "POST" => {}
        // What a browser asks before it lets a page send a request.
        "OPTIONS" => {
            return Reply::empty(204)
                .with("allow", "POST, OPTIONS")
                .with("access-control-allow-methods", "POST")
                .with(
                    "access-control-allow-headers",
                    "accept, authorization, content-type, mcp-method, mcp-name, mcp-protocol-version",
                )
                .with("access-control-max-age", "600");
        }
        _ => {
            return Reply::text(
                405,
                "Send MCP messages by POST. There are no sessions here.",
            )
            .with("allow", "POST, OPTIONS");
        }
    }
    let authorization = asked.headers.one("authorization").unwrap_or_default();
    if !settings.access.token(authorization) {
        let error = match authorization {
            None => "Bearer",
            Some(_) => "Bearer error=\"invalid_token\"",
        };
        return Reply::text(
            401,
            "Send the header `Authorization: Bearer …` with the server's token.",
        )
        .with("www-authenticate", error);
    }
    let Some(form) = Form::wanted(&asked.headers) else {
        return Reply::text(
            406,
            "The header Accept must have application/json or text/event-stream, or better both.",
        );
    };
    let content_type = asked.headers.one("content-type").ok().flatten();
    let essence = content_type.and_then(|value| value.split(';').next());
    if !essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json")) {
        return Reply::text(415, "The header Content-Type must be application/json.");
    }
    let body = match body(MOST_BYTES) {
        Ok(body) => body,
        Err(BadBody::TooLong) => {
            return Reply::text(
                413,
                format!("The request is too long: {MOST_BYTES} bytes are the most."),
            );
        }
        Err(BadBody::BrokeOff) => return Reply::text(400, "The request broke off."),
    };
    form.shape(messages(|| server(settings), &asked.headers, &body))
}

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    /// For those who take nothing else: nothing here has more to say than one answer.
    Events,
}

impl Form {
    /// What the `Accept` header wants; JSON where there is none.
    fn wanted(headers: &Headers) -> Option<Self> {
        if headers.all("accept").next().is_none() {
            return Some(Self::Json);
        }
        let accepted = headers
            .all("accept")
            .flat_map(|value| value.split(','))
            .filter(|range| !refused(range))
            .map(|range| range.split(';').next().unwrap_or_default().trim());
        let mut events = false;
        for range in accepted {
            match &*range.to_ascii_lowercase() {
                "application/json" | "application/*" | "*/*" => return Some(Self::Json),
                "text/event-stream" | "text/*" => events = true,
                _ => {}
            }
        }
        events.then_some(Self::Events)
    }

    fn shape(self, mut reply: Reply) -> Reply {
        let json = ("content-type", "application/json".to_owned());
        if self == Self::Events && reply.status == 200 && reply.headers.contains(&json) {
            reply.headers.retain(|header| *header != json);
            let events = format!("event: message\ndata: {}\n\n", reply.body);
            reply = reply.with_body("text/event-stream", events);
            reply = reply.with("cache-control", "no-cache");
        }
        reply
    }
}

/// Whether a media range is listed as unwanted, `q=0`.
fn refused(range: &str) -> bool {
    range.split(';').skip(1).any(|parameter| {
        let parameter = parameter.trim();
        let weight = parameter
            .strip_prefix("q=")
            .or(parameter.strip_prefix("Q="));
        weight.is_some_and(|weight| {
            weight.starts_with('0') && weight.bytes().all(|byte| matches!(byte, b'0' | b'.'))
        })
    })
}

fn messages<P: Plug>(
    server: impl FnOnce() -> Result<Server<P>, String>,
    headers: &Headers,
    body: &[u8],
) -> Reply {
    let named = match headers.one("mcp-protocol-version") {
        Ok(named) => named,
        Err(error) => return Reply::error(None, Error::new(Error::HEADER_MISMATCH, error)),
    };
    let modern = named.is_some_and(|named| named >= Revision::V2026_07_28.name());
    match rpc::read(body) {
        Incoming::One(Ok(Message::Request(request))) => match server() {
            Ok(server) => asked(&server, headers, named, modern, &request),
            Err(_) => misconfigured(),
        },
        Incoming::One(Ok(Message::Answer)) => Reply::empty(202),
        Incoming::One(Ok(Message::Notification(notification))) => {
            told(headers, named, modern, &notification)
        }
        Incoming::One(Err(bad)) => Reply::error(bad.id, bad.error),
        Incoming::Batch(parts) => {
            let revision = named.map_or(Some(Revision::V2025_03_26), Revision::named);
            let Some(revision) = revision.filter(|revision| revision.has_batches()) else {
                return Reply::error(None, rpc::no_batches());
            };
            let Ok(server) = server() else {
                return misconfigured();
            };
            let answers = rpc::answers(parts, |request| {
                let outcome = server.answer(&request, &mut Session::Initialized(revision));
                Some(rpc::answer(Some(request.id), &outcome))
            });
            match answers {
                Some(answers) => Reply::empty(200).with_body("application/json", answers),
                None => Reply::empty(202),
            }
        }
    }
}

fn told(headers: &Headers, named: Option<&str>, modern: bool, told: &Notification<'_>) -> Reply {
    if let Some(named) = named
        && Revision::named(named).is_none()
    {
        return Reply::error(None, Error::request(not_known(named)));
    }
    match modern.then(|| agree(headers, &told.method, &told.params, None)) {
        Some(Err(error)) => Reply::error(None, Error::new(Error::HEADER_MISMATCH, error)),
        _ => Reply::empty(202),
    }
}

fn not_known(named: &str) -> String {
    let known = Revision::ALL.map(Revision::name).join(", ");
    format!(
        "Header MCP-Protocol-Version: revision {named:?} is not spoken here. Revisions: {known}."
    )
}

fn asked<P: Plug>(
    server: &Server<P>,
    headers: &Headers,
    named: Option<&str>,
    modern: bool,
    request: &Request<'_>,
) -> Reply {
    let id = Some(request.id);
    let mismatch = |error: String| Reply::error(id, Error::new(Error::HEADER_MISMATCH, error));
    let meta = match Meta::read(&request.params) {
        Ok(meta) => meta,
        Err(error) => return Reply::error(id, error),
    };
    if request.method == "initialize" && !meta.is_modern() {
        let inside = request
            .params
            .get("protocolVersion")
            .and_then(|raw| rpc::string(raw));
        if let (Some(named), Some(inside)) = (named, inside)
            && named != inside
        {
            return Reply::error(
                id,
                Error::request(format!(
                    "Header MCP-Protocol-Version says {named:?}, and the body {inside:?}."
                )),
            );
        }
        // It need not be there before the two sides know each other's revision, but not be wrong.
        match headers.one("mcp-method") {
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
        let outcome = server.answer(request, &mut Session::None);
        return Reply::empty(200).with_body("application/json", rpc::answer(id, &outcome));
    }
    let revision = named.map_or(Some(Revision::V2025_03_26), Revision::named);
    if revision.is_none() && meta.revision.is_none() {
        return Reply::error(id, Error::request(not_known(named.unwrap_or_default())));
    }
    if modern {
        let called = request.params.get("name").and_then(|raw| rpc::string(raw));
        let schema = called.and_then(|name| server.tool(&name));
        let schema = schema.map(|tool| &*tool.input_schema);
        if let Err(error) = agree(headers, &request.method, &request.params, schema) {
            return mismatch(error);
        }
    }
    let discovers = request.method == "server/discover";
    match (&meta.revision, named) {
        (None, _) if modern || discovers => return Reply::error(id, meta.incomplete()),
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
    let outcome = server.answer(request, &mut session);
    // Whoever says in each request what it speaks is told by the status too.
    let status = match &outcome {
        Err(error) if meta.revision.is_some() || discovers => match error.code {
            Error::UNSUPPORTED_REVISION | Error::HEADER_MISMATCH => 400,
            Error::INVALID_PARAMS if !meta.capabilities => 400,
            Error::METHOD_NOT_FOUND => 404,
            _ => 200,
        },
        _ => 200,
    };
    Reply::empty(status).with_body("application/json", rpc::answer(id, &outcome))
}

/// The value of `content-length` for a reply, where it has one.
#[must_use]
pub fn length(reply: &Reply) -> Option<String> {
    (reply.status != 204).then(|| reply.body.len().to_string())
}
