//! A small WebDriver client for headless Chromium, with what the tests of the page need.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};

use crate::support::Folder;

/// The key under which WebDriver gives an element's id.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Arguments for Chromium, so that it runs in containers and without a network.
const ARGUMENTS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
];

/// The path of a program: that of the variable, or Debian's.
fn program(variable: &str, usual: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map_or_else(|| PathBuf::from(usual), PathBuf::from);
    path.is_file().then_some(path)
}

/// The driver's process, killed when dropped.
#[derive(Debug)]
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A browser for one test.
#[derive(Debug)]
pub(crate) struct Browser {
    client: Client<HttpConnector, Full<Bytes>>,
    session: String,
    profile: Folder,
    _driver: Driver,
}

impl Browser {
    /// Starts a browser. `None` where Chromium or its driver is not installed.
    pub(crate) async fn start() -> Option<Self> {
        let chromium = program("CHROMIUM", "/usr/bin/chromium")?;
        let chromedriver = program("CHROMEDRIVER", "/usr/bin/chromedriver")?;
        let (driver, port) = tokio::task::spawn_blocking(move || {
            let mut child = Command::new(chromedriver)
                .arg("--port=0")
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .expect("the driver starts");
            let out = child.stdout.take().expect("it is piped");
            let mut lines = BufReader::new(out).lines().map_while(Result::ok);
            let port = lines.find_map(|line| {
                let (_, port) = line.split_once("started successfully on port ")?;
                port.trim_end_matches('.').parse::<u16>().ok()
            });
            // The driver goes on writing; nobody needs to read it.
            std::thread::spawn(move || lines.for_each(drop));
            (Driver(child), port.expect("the driver names its port"))
        })
        .await
        .expect("it ends");
        let profile = Folder::new();
        let user_data = format!("--user-data-dir={}", profile.0.display());
        let arguments: Vec<&str> = ARGUMENTS.into_iter().chain([&*user_data]).collect();
        let mut browser = Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            session: format!("http://127.0.0.1:{port}/session"),
            profile,
            _driver: driver,
        };
        let capabilities = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": chromium, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let begun = browser.send(Method::POST, "", capabilities).await;
        let id = begun["sessionId"].as_str().expect("a session");
        browser.session = format!("{}/{id}", browser.session);
        // The page that a click leads to may take a moment.
        let wait = json!({"implicit": 5_000});
        browser.post("/timeouts", wait).await;
        let folder = browser.downloads();
        browser
            .devtools(
                "Browser.setDownloadBehavior",
                json!({"behavior": "allow", "downloadPath": folder}),
            )
            .await;
        Some(browser)
    }

    /// The folder for downloaded files.
    pub(crate) fn downloads(&self) -> PathBuf {
        self.profile.0.join("downloads")
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Value {
        let answer = self.attempt(method, path, body).await;
        answer.unwrap_or_else(|why| panic!("{why}"))
    }

    /// Like `send`, but returns errors of the driver.
    async fn attempt(&self, method: Method, path: &str, body: Value) -> Result<Value, String> {
        let body = match method {
            Method::POST => body.to_string(),
            _ => String::new(),
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.session))
            .header("content-type", "application/json")
            .body(Full::from(body))
            .expect("a request");
        let answer = tokio::time::timeout(Duration::from_secs(60), self.client.request(request))
            .await
            .expect("the driver answers in time")
            .expect("the driver answers");
        let status = answer.status();
        let body = answer.into_body().collect().await.expect("an answer");
        let mut answer: Value = serde_json::from_slice(&body.to_bytes()).expect("JSON");
        if !status.is_success() {
            return Err(format!("{path}: {}", answer["value"]["message"]));
        }
        Ok(answer["value"].take())
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.send(Method::POST, path, body).await
    }

    /// A command of Chromium's own protocol.
    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.post("/goog/cdp/execute", body).await
    }

    /// Switches the page's scripts off, or on.
    pub(crate) async fn scripts(&self, on: bool) {
        let off = json!({"value": !on});
        self.devtools("Emulation.setScriptExecutionDisabled", off)
            .await;
    }

    /// Shows pages in a window of that size, in light or dark colours.
    pub(crate) async fn window(&self, width: u32, height: u32, dark: bool) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", size)
            .await;
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    pub(crate) async fn open(&self, url: &str) {
        self.post("/url", json!({"url": url})).await;
    }

    /// The path of the present page, with its query.
    pub(crate) async fn path(&self) -> String {
        let url = self.send(Method::GET, "/url", Value::Null).await;
        let url = url.as_str().expect("a text").to_owned();
        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
        format!("/{path}")
    }

    pub(crate) async fn title(&self) -> String {
        let title = self.send(Method::GET, "/title", Value::Null).await;
        title.as_str().expect("a text").to_owned()
    }

    /// The first element of that CSS selector, or with that text if it begins with `=`.
    async fn find(&self, what: &str) -> String {
        let (using, value) = match what.strip_prefix('=') {
            Some(text) => (
                "xpath",
                format!(
                    "//*[self::a or self::button or self::summary][normalize-space()='{text}']"
                ),
            ),
            None => ("css selector", what.to_owned()),
        };
        let found = self
            .post("/element", json!({"using": using, "value": value}))
            .await;
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    pub(crate) async fn click(&self, what: &str) {
        // The driver does not scroll when a fixed bar covers the element.
        let script = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})";
        self.touch(what, async |element| {
            let arguments = json!({"script": script, "args": [{ELEMENT: element}]});
            self.attempt(Method::POST, "/execute/sync", arguments)
                .await?;
            let click = format!("/element/{element}/click");
            self.attempt(Method::POST, &click, json!({})).await
        })
        .await;
    }

    /// Does something with an element, and tries again if the page has changed meanwhile.
    async fn touch(&self, what: &str, work: impl AsyncFn(&str) -> Result<Value, String>) {
        loop {
            match work(&self.find(what).await).await {
                Ok(_) => return,
                Err(why) if why.contains("stale element") => {}
                Err(why) => panic!("{what}: {why}"),
            }
        }
    }

    /// Replaces the text of a field.
    pub(crate) async fn fill(&self, what: &str, text: &str) {
        self.touch(what, async |element| {
            let clear = format!("/element/{element}/clear");
            self.attempt(Method::POST, &clear, json!({})).await?;
            let value = format!("/element/{element}/value");
            let text = json!({"text": text});
            self.attempt(Method::POST, &value, text).await
        })
        .await;
    }

    /// Presses keys in the focused element.
    pub(crate) async fn keys(&self, keys: &str) {
        let pressed: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()}))
            })
            .collect();
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": pressed}]});
        self.post("/actions", actions).await;
    }

    /// All visible text. Empty while a page loads.
    pub(crate) async fn text(&self) -> String {
        let text = self.value("document.body?.innerText").await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The value of a JavaScript expression, evaluated through the DevTools protocol.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true});
        let answer = self.devtools("Runtime.evaluate", parameters).await;
        answer["result"]["value"].clone()
    }

    /// The console since the last call: errors of the network and of the page, and violations
    /// of its policy.
    pub(crate) async fn console_errors(&self) -> Vec<String> {
        let log = self.post("/se/log", json!({"type": "browser"})).await;
        let entries = log.as_array().expect("a list").iter();
        entries
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Saves a screenshot of the upper part of the page.
    pub(crate) async fn picture(&self, path: &Path) {
        let page = self.value("document.documentElement.scrollHeight").await;
        let width = self.value("innerWidth").await;
        let height = page.as_u64().expect("a number").min(1_500);
        let whole = json!({"format": "png", "captureBeyondViewport": true, "clip": {
            "x": 0, "y": 0, "width": width, "height": height, "scale": 1,
        }});
        let picture = self.devtools("Page.captureScreenshot", whole).await;
        let picture = picture["data"].as_str().expect("a picture");
        let picture = BASE64_STANDARD.decode(picture).expect("base64");
        std::fs::write(path, picture).expect("it can be written");
    }

    /// Ends the browser.
    pub(crate) async fn quit(self) {
        self.send(Method::DELETE, "", Value::Null).await;
    }
}
