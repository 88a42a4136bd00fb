//! Signing in, sessions and cookies.

use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::ConnectInfo;
use jiff::Timestamp;

use super::*;
use crate::config::{Token, Tokens};

#[tokio::test]
async fn a_token_opens_a_session_and_nothing_else_does() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let cookie = browser.cookies[0].1.clone();
    assert!(
        browser
            .get("")
            .await
            .text
            .contains("Signed in as</span> ada")
    );
    for path in [
        "",
        "/t/acme/tools",
        "/audit",
        "/audit.jsonl",
        "/t/acme/users/mia",
    ] {
        let stranger = Request::get(format!("/admin{path}")).header("host", HOST);
        let answer = gateway.send(stranger.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("location"), "/admin/sign-in", "{path}");
        assert_eq!(answer.text, "");
    }
    // An invented cookie does not open one, nor does the hash in the store.
    let hash = TokenHash::of(&cookie).to_string();
    for made_up in ["x", "", &"A".repeat(43), &hash] {
        browser.cookies[0].1 = made_up.to_owned();
        let answer = browser.get("").await;
        assert_eq!(answer.header("location"), "/admin/sign-in");
    }
    browser.cookies = vec![("gong-gateway-admin".to_owned(), cookie.clone())];
    assert_eq!(browser.get("/sign-in").await.header("location"), "/admin");
    browser.post("/sign-out", &[]).await;
    assert!(browser.cookies.is_empty());
    browser.cookies = vec![("gong-gateway-admin".to_owned(), cookie)];
    assert_eq!(browser.get("").await.header("location"), "/admin/sign-in");
    assert_eq!(gateway.acts(), ["ada sign-out  ", "ada sign-in  "]);
}

#[tokio::test]
async fn the_cookie_is_of_this_page_alone() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let enter = |origin| [("origin", origin)];
    let token = test_token("ada's token");
    let fields = [("token", &*token)];
    let answer = browser.post_raw("/sign-in", &fields, &enter(ORIGIN)).await;
    let cookie = answer.header("set-cookie").to_owned();
    assert!(
        cookie.ends_with("; Path=/admin; Max-Age=28800; HttpOnly; SameSite=Strict; Secure"),
        "{cookie}"
    );
    let plain = enter("http://gateway.example");
    let answer = browser.post_raw("/sign-in", &fields, &plain).await;
    assert!(answer.header("set-cookie").ends_with("SameSite=Strict"));
}

#[tokio::test]
async fn a_session_ends_with_the_administrators_token_and_entry() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let renewed = config("ada's new token");
    gateway.store.declare(&renewed).unwrap();
    gateway.config.store(Arc::new(renewed));
    assert_eq!(browser.get("").await.header("location"), "/admin/sign-in");

    let mut browser = gateway.signed_in("ada's new token").await;
    let mut gone = config("ada's new token");
    gone.admins.remove("ada");
    gateway.config.store(Arc::new(gone));
    assert_eq!(browser.get("").await.header("location"), "/admin/sign-in");
}

/// The wall clock is set back, or on and back again, while somebody is signed in.
#[tokio::test]
async fn no_jump_of_the_clock_prolongs_a_session() {
    let hours = |hours: u64| Duration::from_secs(hours * 60 * 60);
    let years = hours(10 * 366 * 24);
    for jump_on in [false, true] {
        let gateway = Gateway::new();
        let (began, _) = *gateway.time.lock().unwrap();
        let set = |wall: Timestamp, elapsed: Duration| {
            *gateway.time.lock().unwrap() = (wall, elapsed);
            gateway.clock.observe();
        };
        if jump_on {
            set(began + years, Duration::ZERO);
        }
        let mut browser = gateway.signed_in("ada's token").await;
        set(began + hours(7) - years, hours(7));
        assert_eq!(browser.get("").await.status, StatusCode::OK);
        set(began + hours(9) - years, hours(9));
        assert_eq!(browser.get("").await.header("location"), "/admin/sign-in");
        // Nor is it ended early.
        let mut browser = gateway.signed_in("ada's token").await;
        set(began + hours(10) + years, hours(10));
        assert_eq!(browser.get("").await.status, StatusCode::OK);
    }
}

/// Every page says that a gateway is for stand-ins.
#[tokio::test]
async fn stand_ins_are_loud_on_every_page() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let loud = "This gateway is for stand-ins only.";
    for path in ["", "/audit", "/t/acme/quota"] {
        assert!(!browser.get(path).await.text.contains(loud), "{path}");
    }
    let mut config = config("ada's token");
    config.stand_in = true;
    gateway.config.store(Arc::new(config));
    for path in ["", "/audit", "/t/acme/quota"] {
        assert!(browser.get(path).await.text.contains(loud), "{path}");
    }
}

#[tokio::test]
async fn a_session_ends_when_its_token_does_and_not_with_the_other_one() {
    let gateway = Gateway::new();
    let mut browser = gateway.signed_in("ada's token").await;
    let with = |old: Option<Timestamp>| {
        let mut config = config("ada's token");
        let tokens = [("ada's token", old), ("ada's new token", None)];
        let tokens = tokens.map(|(name, expires)| Token {
            hash: test_hash(name),
            expires,
        });
        config.admins.get_mut("ada").unwrap().tokens = Tokens::new(tokens.to_vec()).unwrap();
        gateway.store.declare(&config).unwrap();
        gateway.config.store(Arc::new(config));
    };
    let (now, _) = *gateway.time.lock().unwrap();
    with(Some(now + Duration::from_secs(600)));
    assert_eq!(browser.get("").await.status, StatusCode::OK);
    // A session that begins with a token that ends lasts no longer than it.
    let token = test_token("ada's token");
    let answer = browser.post("/sign-in", &[("token", &token)]).await;
    let cookie = answer.header("set-cookie").to_owned();
    let secret = cookie.split(['=', ';']).nth(1).unwrap();
    let session = gateway
        .store
        .session(&TokenHash::of(secret), now)
        .unwrap()
        .unwrap();
    assert!(session.expires_at <= now + Duration::from_secs(600));
    let mut other = gateway.signed_in("ada's new token").await;

    with(Some(now));
    assert_eq!(browser.get("").await.header("location"), "/admin/sign-in");
    let answer = browser.post("/sign-in", &[("token", &token)]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(other.get("").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn failed_sign_ins_are_slow_limited_and_in_the_audit_without_the_token() {
    let gateway = Gateway::new();
    let mut browser = Browser {
        gateway: &gateway,
        cookies: Vec::new(),
        csrf: String::new(),
    };
    let start = tokio::time::Instant::now();
    for _ in 0..10 {
        let answer = browser.post("/sign-in", &[("token", "gg_wrong")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(
            answer
                .text
                .contains("No administrator of this name has this token.")
        );
        assert!(!answer.text.contains("gg_wrong"));
    }
    assert!(start.elapsed().as_secs() >= 10);
    let token = test_token("ada's token");
    let answer = browser.post("/sign-in", &[("token", &token)]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!((1..=60).contains(&answer.header("retry-after").parse::<u32>().unwrap()));
    assert!(
        answer.text.contains("`gong-gateway admin`"),
        "{}",
        answer.text
    );
    // It does not keep anybody out who says who they are, nor those who are elsewhere.
    let fields = [("name", "ada"), ("token", &*token)];
    let answer = browser.post("/sign-in", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let bos = test_token("bo's token");
    let wrong = [("name", "ada"), ("token", &*bos)];
    for _ in 0..10 {
        let answer = browser.post("/sign-in", &wrong).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let locked = browser.post("/sign-in", &fields).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    let mut elsewhere = sign_in_request(&fields);
    elsewhere
        .extensions_mut()
        .insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4711))));
    let answer = gateway.send(elsewhere).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);

    assert_eq!(gateway.acts(), ["ada sign-in  ", "ada sign-in  "]);
    gateway.failed_tokens.write(&gateway.store);
    assert_eq!(
        gateway.acts()[0],
        "unknown sign-in-refused  other addresses"
    );
    let mut lines = Vec::new();
    gateway
        .store
        .export_audit(&AuditFilter::default(), &mut lines)
        .unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert!(!lines.contains("gg_wrong"));
    assert!(lines.contains("20 with a wrong token; as ada"), "{lines}");
}

fn sign_in_request(fields: &[(&str, &str)]) -> Request<Body> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    let form = form.extend_pairs(fields).finish();
    Request::post("/admin/sign-in")
        .header("host", HOST)
        .header("origin", ORIGIN)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form.into())
        .unwrap()
}

/// Requests whose bodies come late do not pass the limit.
#[tokio::test(start_paused = true)]
async fn attempts_at_the_same_time_count_as_those_one_after_the_other() {
    let gateway = Gateway::new();
    let mut open = Vec::new();
    for _ in 0..50 {
        let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Vec<u8>>>(1);
        let mut request = sign_in_request(&[]);
        let body = tokio_stream::wrappers::ReceiverStream::new(receiver);
        *request.body_mut() = Body::from_stream(body);
        let app = gateway.app.clone();
        let answer = tokio::spawn(async move { app.oneshot(request).await.unwrap().status() });
        open.push((sender, answer));
    }
    tokio::task::yield_now().await;
    let mut refused = 0;
    let mut tried = 0;
    for (sender, _) in &open {
        let form = b"name=ada&token=gg_wrong".to_vec();
        sender.send(Ok(form)).await.unwrap();
    }
    let answers: Vec<_> = open.into_iter().map(|(_, answer)| answer).collect();
    for answer in answers {
        match answer.await.unwrap() {
            StatusCode::FORBIDDEN => tried += 1,
            StatusCode::TOO_MANY_REQUESTS => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!((tried, refused), (10, 40));
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_is_counted_by_itself() {
    let gateway = Gateway::new();
    let mut trusting = config("ada's token");
    trusting.listen.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    gateway.config.store(Arc::new(trusting));
    let through_proxy = |client: &str, token: &str| {
        let mut request = sign_in_request(&[("name", "ada"), ("token", token)]);
        let client = client.parse().unwrap();
        request.headers_mut().insert("x-forwarded-for", client);
        let proxy = SocketAddr::from(([10, 1, 2, 3], 4711));
        request.extensions_mut().insert(ConnectInfo(proxy));
        gateway.send(request)
    };
    let adas = test_token("ada's token");
    tokio::time::pause();
    for _ in 0..10 {
        let answer = through_proxy("192.0.2.66", "gg_wrong").await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let answer = through_proxy("192.0.2.66", &adas).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    let answer = through_proxy("192.0.2.7", &adas).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}
