//! Which HTTP requests are answered: path, host, origin, token, content type.

use serde_json::{Value, json};

use super::{
    fake_provider::FakeProvider,
    http_client::{header, headers, post, send, send_to_provider, valid_request},
    request, settings,
};
use crate::{
    http::{self, HttpRequest},
    server::Server,
    settings::Settings,
};

#[test]
fn http_methods_and_paths() {
    let settings = settings(&[]);
    let body = request(1, "ping", json!({})).to_string();
    let status = |method: &str, path: &str| {
        let request = HttpRequest {
            method: method.to_owned(),
            path: path.to_owned(),
            ..valid_request()
        };
        send(&settings, &request, body.as_bytes())
    };
    for path in ["/mcp", "/", "/mcp?x=1"] {
        assert_eq!(status("POST", path).status, 200, "{path}");
    }
    for path in ["/mcp/", "/other", ""] {
        assert_eq!(status("POST", path).status, 404, "{path}");
    }
    for method in ["GET", "DELETE", "PUT", "BREW"] {
        let response = status(method, "/mcp");
        assert_eq!(response.status, 405, "{method}");
        assert_eq!(header(&response, "allow"), Some("POST, OPTIONS"));
    }
    let response = status("OPTIONS", "/mcp");
    assert_eq!((response.status, &*response.body), (204, ""));
    assert_eq!(header(&response, "access-control-allow-origin"), None);
    assert_eq!(response.content_length(), None);
}

#[test]
fn http_hosts_pages_and_tokens() {
    let body = request(1, "ping", json!({})).to_string();
    let response =
        |variables: &[(&str, &str)], authority: &str, more: &[(&str, &str)], method: &str| {
            let request = HttpRequest {
                method: method.to_owned(),
                authority: Some(authority.to_owned()),
                headers: headers(more),
                ..valid_request()
            };
            send(&settings(variables), &request, body.as_bytes())
        };
    assert_eq!(response(&[], "evil.example.com", &[], "POST").status, 403);
    assert_eq!(response(&[], "", &[], "POST").status, 403);
    let without_authority = |host| {
        let request = HttpRequest {
            authority: None,
            headers: headers(&[("Host", host)]),
            ..valid_request()
        };
        send(&settings(&[]), &request, body.as_bytes()).status
    };
    assert_eq!(without_authority("localhost"), 200);
    assert_eq!(without_authority("evil.example.com"), 403);
    assert_eq!(without_authority(""), 403);
    let evil = ("Origin", "https://evil.example.com");
    assert_eq!(response(&[], "localhost", &[evil], "POST").status, 403);
    let local = ("Origin", "http://localhost:6274");
    assert_eq!(
        response(&[], "localhost", &[local, evil], "POST").status,
        403
    );
    let page = response(&[], "127.0.0.1:8080", &[local], "POST");
    assert_eq!(page.status, 200);
    assert_eq!(header(&page, "access-control-allow-origin"), Some(local.1));

    let open = [
        ("MCP_ALLOWED_HOSTS", "mcp.example.com"),
        ("MCP_ALLOWED_ORIGINS", "https://app.example.com"),
        ("MCP_BEARER_TOKEN", "geheim"),
    ];
    let page = ("Origin", "https://app.example.com");
    // A preflight request comes without the token.
    assert_eq!(
        response(&open, "mcp.example.com", &[page], "OPTIONS").status,
        204
    );
    let without = response(&open, "mcp.example.com", &[page], "POST");
    assert_eq!(without.status, 401);
    assert_eq!(header(&without, "www-authenticate"), Some("Bearer"));
    assert_eq!(
        header(&without, "access-control-allow-origin"),
        Some(page.1)
    );
    let wrong = response(
        &open,
        "mcp.example.com",
        &[("Authorization", "Bearer falsch")],
        "POST",
    );
    assert_eq!(wrong.status, 401);
    assert!(
        header(&wrong, "www-authenticate")
            .unwrap()
            .contains("invalid_token")
    );
    assert!(!wrong.body.contains("geheim"));
    let twice = [
        ("Authorization", "Bearer geheim"),
        ("Authorization", "Bearer geheim"),
    ];
    assert_eq!(
        response(&open, "mcp.example.com", &twice, "POST").status,
        401
    );
    assert_eq!(
        response(&open, "mcp.example.com", &twice[..1], "POST").status,
        200
    );
}

#[test]
fn http_content_is_checked() {
    let ping = request(1, "ping", json!({}));
    for (accept, status) in [
        ("application/json, text/event-stream", 200),
        ("application/json", 200),
        ("*/*", 200),
        ("", 200),
        ("TEXT/event-stream;q=0.5", 200),
        ("text/html", 200),
        ("application/json;q=0", 200),
        ("application/json; q=0.0, text/plain", 200),
    ] {
        assert_eq!(post(&[("Accept", accept)], &ping).0, status, "{accept}");
    }
    let evil = ("Origin", "https://evil.example.com");
    for content_type in [
        "application/json",
        "Application/JSON;charset=utf-8",
        "text/plain",
        "application/octet-stream",
        "application/json-rpc",
        "",
    ] {
        let content_type = ("Content-Type", content_type);
        assert_eq!(post(&[content_type], &ping).0, 200, "{content_type:?}");
        // A browser sends this without a preflight request.
        assert_eq!(post(&[content_type, evil], &ping).0, 403);
    }
    let events = send(
        &settings(&[]),
        &HttpRequest {
            headers: headers(&[("Accept", "text/event-stream")]),
            ..valid_request()
        },
        ping.to_string().as_bytes(),
    );
    assert_eq!(header(&events, "content-type"), Some("text/event-stream"));
    assert_eq!(
        events.body,
        "event: message\ndata: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n"
    );
    let long = vec![b' '; http::MAX_BYTES + 1];
    assert_eq!(send(&settings(&[]), &valid_request(), &long).status, 413);
    let bad = send(&settings(&[]), &valid_request(), b"{");
    assert_eq!(bad.status, 400);
    let bad: Value = serde_json::from_str(&bad.body).unwrap();
    assert_eq!(
        (&bad["error"]["code"], &bad["id"]),
        (&json!(-32700), &Value::Null)
    );
}

#[test]
fn http_with_invalid_settings_is_500() {
    let provider = FakeProvider::default();
    let wrong = Settings::read(vec![("MCP_BEARER_TOKEN".to_owned(), String::new())]);
    let server = |settings: &Settings| Server::new(&provider, settings);
    let response = http::handle(&wrong, server, &valid_request(), |_| Ok(Vec::new()));
    assert_eq!(response.status, 500);
    let unknown = settings(&[("MCP_TOOLSETS", "nope")]);
    let ping = request(1, "ping", json!({}));
    let batch = json!([ping]);
    for body in [ping, batch] {
        let response = send(&unknown, &valid_request(), body.to_string().as_bytes());
        assert_eq!(response.status, 500);
        assert!(!response.body.contains("nope"));
    }
}

#[test]
fn http_lists_the_tools_only_for_requests() {
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let list = request(1, "tools/list", json!({}));
    for (body, status, listed) in [
        (list.to_string(), 200, 1),
        (json!([list, list]).to_string(), 200, 1),
        (notification.to_string(), 202, 0),
        (
            json!({"jsonrpc": "2.0", "id": 1, "result": {}}).to_string(),
            202,
            0,
        ),
        ("{}".to_owned(), 400, 0),
        ("nonsense".to_owned(), 400, 0),
    ] {
        let provider = FakeProvider::default();
        let response =
            send_to_provider(&provider, &settings(&[]), &valid_request(), body.as_bytes());
        assert_eq!(
            (response.status, provider.listed.get()),
            (status, listed),
            "{body}"
        );
    }
}
