//! A browser for the tests: it keeps cookies, and follows redirections one by one.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    /// Where it redirects to.
    pub(crate) fn location(&self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.text);
        self.header("location").to_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// OAuth's code of an error.
    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }
}

/// The browser.
#[derive(Debug)]
pub(crate) struct Agent {
    client: Client<HttpConnector, Full<Bytes>>,
    /// By origin and name.
    pub(crate) cookies: BTreeMap<(String, String), String>,
}

/// Scheme and authority of a URL.
pub(crate) fn origin(url: &str) -> String {
    url.split('/').take(3).collect::<Vec<_>>().join("/")
}

/// The parameters of a URL.
pub(crate) fn query(url: &str) -> BTreeMap<String, String> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

/// A form or a query.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish()
}

impl Agent {
    pub(crate) fn new() -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            cookies: BTreeMap::new(),
        }
    }

    pub(crate) async fn get(&mut self, url: &str) -> Answer {
        self.send(Method::GET, url, &[], String::new()).await
    }

    /// Posts a form, as a page of that origin does.
    pub(crate) async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = origin(url);
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("origin", &*origin),
        ];
        self.send(Method::POST, url, &headers, form(fields)).await
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let here = origin(url);
        let mine = self
            .cookies
            .iter()
            .filter(|((origin, _), _)| *origin == here);
        let mine = mine.map(|((_, name), value)| format!("{name}={value}"));
        let cookies = mine.collect::<Vec<_>>().join("; ");
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies);
        }
        let request = request.body(Full::from(body)).expect("a request");
        let response = self.client.request(request).await;
        let (parts, body) = response.expect("an answer").into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().expect("ASCII");
            let pair = cookie.split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').expect("a pair");
            let key = (here.clone(), name.to_owned());
            match value.is_empty() {
                true => self.cookies.remove(&key),
                false => self.cookies.insert(key, value.to_owned()),
            };
        }
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// Opens the consent page of an authorization.
    pub(crate) async fn consent_page(&mut self, authorize: &str) -> Answer {
        let page = self.get(authorize).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        page
    }

    /// Consents to what a page says and to more, and returns where the browser is sent: the provider.
    pub(crate) async fn allow(&mut self, authorize: &str, page: &Answer, more: &[&str]) -> Answer {
        let request = hidden_request(&page.text);
        let ticked = ticked(&page.text);
        let mut fields = vec![("request", &*request), ("decision", "allow")];
        fields.extend(ticked.iter().map(|effect| ("allow", &**effect)));
        fields.extend(more.iter().map(|effect| ("allow", *effect)));
        let address = authorize.split('?').next().expect("an address");
        self.post(address, &fields).await
    }

    /// Walks the whole way: consent, the provider, back to the gateway. Returns where the client is
    /// answered.
    pub(crate) async fn walk(&mut self, authorize: &str, more: &[&str]) -> String {
        let page = self.consent_page(authorize).await;
        let to_provider = self.allow(authorize, &page, more).await.location();
        let back = self.get(&to_provider).await.location();
        self.get(&back).await.location()
    }
}

/// The signed request in a consent page.
pub(crate) fn hidden_request(page: &str) -> String {
    let (_, rest) = page
        .split_once("name=\"request\" value=\"")
        .expect("a consent page");
    rest.split('"').next().expect("it ends").to_owned()
}

/// The effects that a consent page has ticked.
pub(crate) fn ticked(page: &str) -> Vec<String> {
    let boxes = page.split("name=\"allow\" value=\"").skip(1);
    let ticked = boxes.filter_map(|rest| {
        let (effect, rest) = rest.split_once('"')?;
        rest.starts_with(" checked").then(|| effect.to_owned())
    });
    ticked.collect()
}
