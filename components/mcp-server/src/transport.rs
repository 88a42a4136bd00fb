//! The exports, and WASI's standard streams, environment and incoming HTTP. No other module uses
//! WASI.

use alloc::{format, string::String, vec::Vec};

use wasi::{
    cli::{environment::get_environment, stderr::get_stderr, stdin::get_stdin, stdout::get_stdout},
    exports::{cli::run, http::incoming_handler},
    http::types::{
        Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
    },
    io::streams::{InputStream, OutputStream, StreamError},
};

use crate::{
    http::{self, BodyError, Headers, HttpRequest, HttpResponse},
    provider::ImportedProvider,
    server::Server,
    settings::Settings,
    stdio::{self, Input, Output},
};

/// Most bytes of one read.
const CHUNK: u64 = 64 << 10;

struct Component;

wasi::cli::command::export!(Component);
wasi::http::proxy::export!(Component);

impl run::Guest for Component {
    fn run() -> Result<(), ()> {
        serve_stdio()
    }
}

impl incoming_handler::Guest for Component {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        handle(&request, response_out);
    }
}

/// Serves over standard input and output until the input ends.
fn serve_stdio() -> Result<(), ()> {
    let settings = Settings::read(get_environment());
    let server = settings.and_then(|settings| Server::new(ImportedProvider, &settings));
    match server {
        Ok(server) => {
            stdio::serve(&server, Stdin(get_stdin()), &mut Stdout(get_stdout()));
            Ok(())
        }
        Err(error) => {
            log(&error);
            Err(())
        }
    }
}

/// Writes a line to standard error.
fn log(text: &str) {
    let line = format!("mcp-server: {text}\n");
    // Without standard error there is nowhere to report that.
    let _ = write_all(&get_stderr(), line.as_bytes());
}

struct Stdin(InputStream);

impl Input for Stdin {
    fn read(&mut self) -> Option<Vec<u8>> {
        self.0.blocking_read(CHUNK).ok()
    }

    fn read_available(&mut self) -> Option<Vec<u8>> {
        self.0.read(CHUNK).ok()
    }
}

struct Stdout(OutputStream);

impl Output for Stdout {
    fn write_line(&mut self, line: &str) -> bool {
        write_all(&self.0, format!("{line}\n").as_bytes()).is_ok()
    }
}

fn write_all(stream: &OutputStream, mut bytes: &[u8]) -> Result<(), StreamError> {
    while !bytes.is_empty() {
        let room = stream.check_write()? as usize;
        if room == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, later) = bytes.split_at(room.min(bytes.len()));
        stream.write(now)?;
        bytes = later;
    }
    stream.blocking_flush()
}

/// Answers one HTTP request.
fn handle(request: &IncomingRequest, out: ResponseOutparam) {
    let head = HttpRequest {
        method: method(request.method()),
        path: request.path_with_query().unwrap_or_default(),
        authority: request.authority(),
        headers: Headers::new(request.headers().entries()),
    };
    let settings = Settings::read(get_environment());
    if let Err(error) = &settings {
        log(error);
    }
    let server = |settings: &Settings| {
        Server::new(ImportedProvider, settings).inspect_err(|error| log(error))
    };
    let response = http::handle(&settings, server, &head, |max| read_body(request, max));
    respond(out, &response);
}

fn method(method: Method) -> String {
    match method {
        Method::Get => "GET".into(),
        Method::Head => "HEAD".into(),
        Method::Post => "POST".into(),
        Method::Put => "PUT".into(),
        Method::Delete => "DELETE".into(),
        Method::Connect => "CONNECT".into(),
        Method::Options => "OPTIONS".into(),
        Method::Trace => "TRACE".into(),
        Method::Patch => "PATCH".into(),
        Method::Other(name) => name,
    }
}

fn read_body(request: &IncomingRequest, max: usize) -> Result<Vec<u8>, BodyError> {
    let body = request.consume().map_err(|()| BodyError::BrokeOff)?;
    let stream = body.stream().map_err(|()| BodyError::BrokeOff)?;
    let mut all = Vec::new();
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(bytes) if all.len() + bytes.len() > max => return Err(BodyError::TooLong),
            Ok(bytes) => all.extend_from_slice(&bytes),
            Err(StreamError::Closed) => return Ok(all),
            Err(StreamError::LastOperationFailed(_)) => return Err(BodyError::BrokeOff),
        }
    }
}

fn respond(out: ResponseOutparam, response: &HttpResponse) {
    let length = response
        .content_length()
        .map(|length| ("content-length", length));
    let headers: Vec<(String, Vec<u8>)> = response
        .headers
        .iter()
        .chain(&length)
        .map(|(name, value)| ((*name).into(), value.as_bytes().to_vec()))
        .collect();
    // All names and values are valid; should a host refuse them, the response goes without headers.
    let headers = Fields::from_list(&headers).unwrap_or_else(|_| Fields::new());
    let outgoing = OutgoingResponse::new(headers);
    let _ = outgoing.set_status_code(response.status);
    // It fails only the second time.
    let Ok(body) = outgoing.body() else {
        return;
    };
    ResponseOutparam::set(out, Ok(outgoing));
    // From here on an error means that the client is gone.
    if let Ok(stream) = body.write() {
        let written = write_all(&stream, response.body.as_bytes());
        drop(stream);
        if written.is_ok() {
            let _ = OutgoingBody::finish(body, None);
        }
    }
}
