//! A user signs in with the company's account, and leaves the company.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use gateway::serve::Server;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client as Http;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rmcp::transport::streamable_http_client::StreamableHttpClientTransportConfig;
use serde_json::{Value, json};

use super::provider::{GROUP, PERSON};
use super::{Demo, TOOLS, call, connect, heading, shows};
use crate::stdout;

/// Where the AI client of the demo would be answered. Nothing listens there.
const REDIRECT: &str = "http://127.0.0.1:5151/callback";

/// A PKCE verifier and its challenge, those of the RFC's example.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A browser, which keeps cookies and follows nothing by itself.
struct Browser {
    http: Http<HttpConnector, Full<Bytes>>,
    cookies: BTreeMap<String, String>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn header(&self, name: header::HeaderName) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }

    fn json(&self, member: &str) -> anyhow::Result<String> {
        let value: Value = serde_json::from_str(&self.text)?;
        let text = value[member].as_str().context("a text is answered")?;
        Ok(text.to_owned())
    }
}

impl Browser {
    async fn send(
        &mut self,
        method: Method,
        url: &str,
        media: &str,
        body: String,
    ) -> anyhow::Result<Answer> {
        let origin: Vec<&str> = url.splitn(4, '/').take(3).collect();
        let cookies = self.cookies.iter();
        let cookies = cookies.map(|(name, value)| format!("{name}={value}"));
        let request = Request::builder()
            .method(method)
            .uri(url)
            .header(header::CONTENT_TYPE, media)
            .header(header::ORIGIN, origin.join("/"))
            .header(header::COOKIE, cookies.collect::<Vec<_>>().join("; "))
            .body(Full::from(body))?;
        let (parts, body) = self.http.request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str()?.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    async fn get(&mut self, url: &str) -> anyhow::Result<Answer> {
        self.send(Method::GET, url, "", String::new()).await
    }

    async fn post(&mut self, url: &str, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let media = "application/x-www-form-urlencoded";
        self.send(Method::POST, url, media, form(fields)).await
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields);
    form.finish()
}

/// What stands between two texts.
fn between<'a>(text: &'a str, before: &str, after: &str) -> anyhow::Result<&'a str> {
    let found = text
        .split_once(before)
        .and_then(|(_, rest)| rest.split_once(after));
    Ok(found.with_context(|| format!("{before} is expected"))?.0)
}

impl Demo {
    /// Somebody signs in, calls a tool, and leaves.
    pub(super) async fn company_account(&self, server: &Server) -> anyhow::Result<()> {
        heading(
            "The company's account. Nobody is handed a token: the AI client has its user sign in",
        );
        let base = format!("http://{}", server.address);
        let endpoint = format!("{base}/t/acme/mcp");
        let mut browser = Browser {
            http: Http::builder(TokioExecutor::new()).build_http(),
            cookies: BTreeMap::new(),
        };
        let refused = browser.get(&endpoint).await?;
        ensure!(
            refused.status == StatusCode::UNAUTHORIZED,
            "a token is needed"
        );
        stdout::indented(format_args!(
            "The client asks {endpoint}, and the answer says where its user can sign in:"
        ));
        stdout::indented(stdout::dim(refused.header(header::WWW_AUTHENTICATE)));
        let oauth = |name: &str| format!("{base}/t/acme/oauth/{name}");
        let metadata = json!({ "client_name": "Demo client", "redirect_uris": [REDIRECT] });
        let registered = browser
            .send(
                Method::POST,
                &oauth("register"),
                "application/json",
                metadata.to_string(),
            )
            .await?;
        let client = registered.json("client_id")?;
        let query = form(&[
            ("response_type", "code"),
            ("client_id", &client),
            ("redirect_uri", REDIRECT),
            ("scope", "tools:read"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ]);
        let authorize = oauth("authorize");
        let page = browser.get(&format!("{authorize}?{query}")).await?;
        let question = between(&page.text, "<h1>", "</h1>")?;
        stdout::indented(format_args!(
            "A browser opens, and the gateway asks: {}",
            stdout::bold(question)
        ));
        let request = between(&page.text, "name=\"request\" value=\"", "\"")?;
        let consent = [
            ("request", request),
            ("decision", "allow"),
            ("allow", "read"),
        ];
        let to_provider = browser.post(&authorize, &consent).await?;
        stdout::indented(format_args!(
            "{} consents, and signs in at the company's provider, a stand-in: {}",
            stdout::bold(PERSON),
            self.provider.issuer()
        ));
        let back = browser.get(to_provider.header(header::LOCATION)).await?;
        let answered = browser.get(back.header(header::LOCATION)).await?;
        let (_, answer) = answered
            .header(header::LOCATION)
            .split_once('?')
            .context("the client is answered")?;
        let mut answer = form_urlencoded::parse(answer.as_bytes());
        let code = answer.find(|(name, _)| name == "code");
        let (_, code) = code.context("the client gets a code")?;
        let token = oauth("token");
        let tokens = browser
            .post(
                &token,
                &[
                    ("grant_type", "authorization_code"),
                    ("client_id", &client),
                    ("code", &code),
                    ("redirect_uri", REDIRECT),
                    ("code_verifier", VERIFIER),
                ],
            )
            .await?;
        let (access, refresh) = (tokens.json("access_token")?, tokens.json("refresh_token")?);
        let config = StreamableHttpClientTransportConfig::with_uri(endpoint.clone());
        let olga = connect(config.auth_header(access.clone())).await?;
        stdout::indented(format_args!("Her group {GROUP} gives her a profile."));
        shows(&olga, "olga", &TOOLS).await?;
        let answer = call(&olga, "olga", "gong_list_workspaces", json!({})).await?;
        ensure!(!answer.is_error, "she may call it");
        let audit = ["--tenant", "acme", "audit", "--limit", "2"];
        let text = self.admin(&audit).await?;
        ensure!(text.contains(PERSON), "the audit has her");

        heading(
            "A leaver. Her account is deleted, and the client refreshes its token, as it does every 15 minutes",
        );
        self.provider.leaves(PERSON);
        let again = [
            ("grant_type", "refresh_token"),
            ("client_id", &client),
            ("refresh_token", &refresh),
        ];
        let refused = browser.post(&token, &again).await?;
        ensure!(refused.json("error")? == "invalid_grant", "she is gone");
        stdout::indented(format_args!(
            "The client is answered: {}",
            refused.json("error_description")?
        ));
        let late = olga.list_all_tools().await;
        ensure!(late.is_err(), "the token before has ended too");
        stdout::indented("Her other tokens have ended with it: her client sees no tools any more.");
        let text = self
            .admin(&["--tenant", "acme", "audit", "--acts", "--limit", "1"])
            .await?;
        ensure!(text.contains("sign-in-ended"), "the audit says why");
        Ok(())
    }
}
