//! Conversations that are played by a script.

use fake_gong::{Exchange, Scripted};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpStream;

async fn ask(script: &Scripted, request: Request<Full<Bytes>>) -> (u16, Bytes) {
    let url = script.base_url();
    let stream = TcpStream::connect(url.trim_start_matches("http://")).await;
    let io = TokioIo::new(stream.unwrap());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    let response = sender.send_request(request).await.unwrap();
    let status = response.status().as_u16();
    (status, response.collect().await.unwrap().to_bytes())
}

fn exchange() -> Exchange {
    Exchange {
        method: "POST".to_owned(),
        path: "/v2/calls/extensive".to_owned(),
        query: None,
        body: Some(json!({"filter": {"callIds": ["1"]}, "cursor": "x"})),
        status: 404,
        headers: vec![("Retry-After".to_owned(), "1".to_owned())],
        answer: r#"{"errors":["none"]}"#.to_owned(),
    }
}

#[tokio::test]
async fn a_script_that_is_kept_to() {
    let script = Scripted::start(vec![exchange()]).await.unwrap();
    let body = r#"{"cursor":"x","filter":{"callIds":["1"]}}"#;
    let request = Request::post("/v2/calls/extensive").body(Full::from(body));
    let (status, bytes) = ask(&script, request.unwrap()).await;
    assert_eq!((status, &bytes[..]), (404, &br#"{"errors":["none"]}"#[..]));
    let seen = script.finish().unwrap();
    assert_eq!(seen[0].path, "/v2/calls/extensive");
}

#[tokio::test]
async fn a_script_tells_what_differed_and_what_never_came() {
    let script = Scripted::start(vec![exchange(), exchange()]).await.unwrap();
    let request = Request::get("/v2/calls/extensive?a=b").body(Full::default());
    ask(&script, request.unwrap()).await;
    let differences = script.finish().unwrap_err();
    for part in [
        "exchange 1: the method is GET, the script has POST",
        "exchange 1: the query is a=b, the script has none",
        "exchange 1: the body is none, the script has {",
        "exchange 2: POST /v2/calls/extensive was never requested",
    ] {
        assert!(differences.contains(part), "{differences}");
    }
}

#[tokio::test]
async fn more_than_the_script_has_is_told() {
    let script = Scripted::start(Vec::new()).await.unwrap();
    let request = Request::get("/v2/users").body(Full::default());
    assert_eq!(ask(&script, request.unwrap()).await.0, 500);
    assert!(
        script
            .finish()
            .unwrap_err()
            .contains("is not in the script")
    );
}
