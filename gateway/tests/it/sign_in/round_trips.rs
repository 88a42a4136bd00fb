//! How many requests it takes from the 401 to the first answer of a tool.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::agent::Agent;
use super::company::Company;
use super::flow::rmcp_client;
use crate::support::{Setup, succeed};

/// A proxy that notes the request lines which pass it.
#[derive(Clone, Debug, Default)]
struct Counter(Arc<Mutex<Vec<String>>>);

impl Counter {
    /// Listens in front of an address, and returns its own origin.
    fn start(&self, to: SocketAddr) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener.set_nonblocking(true).expect("set");
        let address = listener.local_addr().expect("it has an address");
        let listener = TcpListener::from_std(listener).expect("it listens");
        let counter = self.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let counter = counter.clone();
                tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(to).await else {
                        return;
                    };
                    let (from_client, mut to_client) = client.into_split();
                    let (mut from_server, to_server) = server.into_split();
                    tokio::spawn(async move {
                        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
                    });
                    counter.pass(from_client, to_server).await;
                });
            }
        });
        format!("http://{address}")
    }

    async fn pass(
        &self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl tokio::io::AsyncWrite + Unpin,
    ) {
        let mut buffer = vec![0; 64 << 10];
        let mut line = Vec::new();
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            for byte in &buffer[..count] {
                match byte {
                    b'\n' => self.note(&std::mem::take(&mut line)),
                    // A body has no line end, so the next request line comes after it.
                    _ => line.push(*byte),
                }
            }
            if to.write_all(&buffer[..count]).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    }

    fn note(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let Some(head) = line.trim_end().strip_suffix(" HTTP/1.1") else {
            return;
        };
        let methods = ["GET ", "POST ", "DELETE "];
        // What comes before it is the body of the request before.
        let Some(begin) = methods.iter().filter_map(|method| head.rfind(method)).max() else {
            return;
        };
        let path = head[begin..].split('?').next().unwrap_or_default();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(path.to_owned());
    }

    fn seen(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_requests_lead_from_the_401_to_the_answer_of_a_tool() {
    let counter = Counter::default();
    let front = counter.clone();
    let company = Company::start_behind(Setup::default(), "", |to| front.start(to)).await;
    let client = rmcp_client(&company, &mut Agent::new()).await;
    succeed(&client, "gong_list_workspaces", json!({})).await;
    let seen = counter.seen();
    let expected = [
        // The client: 401, where to sign in, and how.
        "POST /t/acme/mcp",
        "GET /.well-known/oauth-protected-resource/t/acme/mcp",
        "GET /.well-known/oauth-authorization-server/t/acme",
        "POST /t/acme/oauth/register",
        // The browser: the consent, its decision, and the way back from the provider.
        "GET /t/acme/oauth/authorize",
        "POST /t/acme/oauth/authorize",
        "GET /t/acme/oauth/callback",
        // The client: its tokens, and the two requests of MCP.
        "POST /t/acme/oauth/token",
        "POST /t/acme/mcp",
        "POST /t/acme/mcp",
    ];
    assert_eq!(seen, expected);
    // The provider: its metadata and its keys, once for all; the browser; the code.
    let provider = &company.provider;
    let asked = ["metadata", "keys", "authorize", "token"].map(|what| provider.requests(what));
    assert_eq!(asked, [1, 1, 1, 1]);
    // The next call takes one.
    succeed(&client, "gong_list_workspaces", json!({})).await;
    assert_eq!(counter.seen().len(), expected.len() + 1);
}
