//! WASI: standard streams, environment, HTTP in. The only file that names `wasi`.

use alloc::{format, string::String, vec::Vec};

use wasi::{
    cli::{environment::get_environment, stderr::get_stderr, stdin::get_stdin, stdout::get_stdout},
    http::types::{
        Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
    },
    io::streams::{InputStream, OutputStream, StreamError},
};

use crate::{
    headers::Headers,
    http::{self, Asked, BadBody, Reply},
    plug::Plugged,
    server::Server,
    settings::Settings,
    stdio::{self, Input, Output},
};

/// What one read asks for.
const CHUNK: u64 = 64 << 10;

/// Serves over standard input and output until the input ends.
pub(crate) fn run() -> Result<(), ()> {
    let settings = Settings::read(get_environment());
    let server = settings.and_then(|settings| Server::new(Plugged, &settings));
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

/// Says something to whoever runs the server.
fn log(text: &str) {
    let line = format!("mcp-server: {text}\n");
    // Nobody reads it, then.
    let _ = write_all(&get_stderr(), line.as_bytes());
}

struct Stdin(InputStream);

impl Input for Stdin {
    fn wait(&mut self) -> Option<Vec<u8>> {
        self.0.blocking_read(CHUNK).ok()
    }

    fn there(&mut self) -> Option<Vec<u8>> {
        self.0.read(CHUNK).ok()
    }
}

struct Stdout(OutputStream);

impl Output for Stdout {
    fn write(&mut self, line: &str) -> bool {
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
pub(crate) fn handle(request: IncomingRequest, out: ResponseOutparam) {
    let asked = Asked {
        method: method(request.method()),
        path: request.path_with_query().unwrap_or_default(),
        authority: request.authority(),
        headers: Headers::new(request.headers().entries()),
    };
    let settings = Settings::read(get_environment());
    if let Err(error) = &settings {
        log(error);
    }
    let server =
        |settings: &Settings| Server::new(Plugged, settings).inspect_err(|error| log(error));
    let reply = http::handle(&settings, server, &asked, |most| read(&request, most));
    respond(out, &reply);
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

fn read(request: &IncomingRequest, most: usize) -> Result<Vec<u8>, BadBody> {
    let body = request.consume().map_err(|()| BadBody::BrokeOff)?;
    let stream = body.stream().map_err(|()| BadBody::BrokeOff)?;
    let mut all = Vec::new();
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(bytes) if all.len() + bytes.len() > most => return Err(BadBody::TooLong),
            Ok(bytes) => all.extend_from_slice(&bytes),
            Err(StreamError::Closed) => return Ok(all),
            Err(StreamError::LastOperationFailed(_)) => return Err(BadBody::BrokeOff),
        }
    }
}

fn respond(out: ResponseOutparam, reply: &Reply) {
    let length = http::length(reply).map(|length| ("content-length", length));
    let headers: Vec<(String, Vec<u8>)> = reply
        .headers
        .iter()
        .chain(&length)
        .map(|(name, value)| ((*name).into(), value.as_bytes().to_vec()))
        .collect();
    // All names and values are good ones, and a host that knows better sends none of them.
    let headers = Fields::from_list(&headers).unwrap_or_else(|_| Fields::new());
    let response = OutgoingResponse::new(headers);
    let _ = response.set_status_code(reply.status);
    // The body of a response just made was never taken.
    let Ok(body) = response.body() else {
        return;
    };
    ResponseOutparam::set(out, Ok(response));
    // From here on an error means that the client is gone.
    if let Ok(stream) = body.write() {
        let written = write_all(&stream, reply.body.as_bytes());
        drop(stream);
        if written.is_ok() {
            let _ = OutgoingBody::finish(body, None);
        }
    }
}
