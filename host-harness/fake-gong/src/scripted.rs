//! A server that plays a script of exchanges, in their order, and reports requests that differ
//! from it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::{Body, Bytes};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// One request as it is expected, and the answer to it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The method that is expected.
    pub method: String,
    /// The path that is expected.
    pub path: String,
    /// The query that is expected, as it is written; `None` expects none.
    pub query: Option<String>,
    /// The JSON body that is expected, whatever the order of its fields, or the text of another
    /// type's body; `None` expects none.
    pub body: Option<Value>,
    /// The answer's status.
    pub status: u16,
    /// The answer's headers; `content-type: application/json` unless it is among them.
    pub headers: Vec<(String, String)>,
    /// The answer's body.
    pub answer: String,
}

/// A request that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query as it was written.
    pub query: Option<String>,
    /// The headers in their order, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body's bytes.
    pub body: Vec<u8>,
}

/// A running script. It ends when this is dropped.
pub struct Scripted {
    addr: SocketAddr,
    play: Arc<Mutex<Play>>,
    _alive: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Play {
    left: VecDeque<Exchange>,
    seen: Vec<Seen>,
    differences: Vec<String>,
}

impl Scripted {
    /// Plays these exchanges on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(exchanges: Vec<Exchange>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let addr = listener.local_addr()?;
        let play = Arc::new(Mutex::new(Play {
            left: exchanges.into(),
            ..Play::default()
        }));
        let (alive, ending) = watch::channel(());
        tokio::spawn(run(listener, Arc::clone(&play), ending));
        Ok(Self {
            addr,
            play,
            _alive: alive,
        })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Ends the play and gives the requests that came.
    ///
    /// # Errors
    ///
    /// Requests differed from the script or are missing: one line each.
    pub fn finish(self) -> Result<Vec<Seen>, String> {
        let mut play = lock(&self.play);
        let number = play.seen.len();
        let missing: Vec<String> = play
            .left
            .drain(..)
            .enumerate()
            .map(|(index, exchange)| {
                let number = number + index + 1;
                format!(
                    "exchange {number}: {} {} was never requested",
                    exchange.method, exchange.path
                )
            })
            .collect();
        play.differences.extend(missing);
        if play.differences.is_empty() {
            Ok(std::mem::take(&mut play.seen))
        } else {
            Err(play.differences.join("\n"))
        }
    }
}

async fn run(listener: TcpListener, play: Arc<Mutex<Play>>, mut ending: watch::Receiver<()>) {
    loop {
        let stream = tokio::select! {
            _ = ending.changed() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(_) => continue,
            },
        };
        let play = Arc::clone(&play);
        let mut ending = ending.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(&play, request));
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            tokio::select! {
                _ = ending.changed() => {}
                _ = connection => {}
            }
        });
    }
}

async fn answer(
    play: &Mutex<Play>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::new(),
    };
    let headers = head.headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), value.into_owned())
    });
    let seen = Seen {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: headers.collect(),
        body: body.to_vec(),
    };
    let mut play = lock(play);
    let number = play.seen.len() + 1;
    let exchange = play.left.pop_front();
    let differences = match &exchange {
        None => vec![format!(
            "{} {} is not in the script",
            seen.method, seen.path
        )],
        Some(exchange) => differences(exchange, &seen),
    };
    let lines = differences
        .iter()
        .map(|difference| format!("exchange {number}: {difference}"));
    play.differences.extend(lines);
    play.seen.push(seen);
    Ok(match exchange {
        Some(exchange) => response(exchange),
        None => {
            let mut end = Response::new(Body::from("the script has no further exchange"));
            *end.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            end
        }
    })
}

/// In what the request differs from the written one.
fn differences(exchange: &Exchange, seen: &Seen) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, expected: String, got: String| {
        if expected != got {
            differences.push(format!("the {what} is {got}, the script has {expected}"));
        }
    };
    compare("method", exchange.method.clone(), seen.method.clone());
    compare("path", exchange.path.clone(), seen.path.clone());
    let query = |query: &Option<String>| query.clone().unwrap_or_else(|| "none".to_owned());
    compare("query", query(&exchange.query), query(&seen.query));
    let written = exchange
        .body
        .as_ref()
        .map_or_else(|| "none".to_owned(), sorted);
    let got = match serde_json::from_slice::<Value>(&seen.body) {
        Ok(body) => sorted(&body),
        Err(_) if seen.body.is_empty() => "none".to_owned(),
        // A body of another type is written as a text.
        Err(_) => Value::from(String::from_utf8_lossy(&seen.body)).to_string(),
    };
    compare("body", written, got);
    differences
}

/// JSON text that does not depend on the order in which fields were written.
fn sorted(value: &Value) -> String {
    let mut value = value.clone();
    value.sort_all_objects();
    value.to_string()
}

fn response(exchange: Exchange) -> Response<Body> {
    let mut response = Response::new(Body::from(exchange.answer));
    *response.status_mut() =
        StatusCode::from_u16(exchange.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    for (name, value) in exchange.headers {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(&value),
        ) {
            headers.insert(name, value);
        }
    }
    response
}

/// A lock whose holder panicked is still good: what it holds is only a list of notes.
fn lock(play: &Mutex<Play>) -> MutexGuard<'_, Play> {
    play.lock().unwrap_or_else(|error| error.into_inner())
}
