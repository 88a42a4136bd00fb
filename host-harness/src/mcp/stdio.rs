//! MCP over standard input and output, without a session: a request needs no `initialize` before it.

use std::io;

use rmcp::model::{ClientJsonRpcMessage, JsonRpcMessage, ServerJsonRpcMessage};
use rmcp::service::{RunningService, serve_directly};
use rmcp::transport::Transport;
use rmcp::transport::async_rw::{AsyncRwTransport, DEFAULT_MAX_LINE_LENGTH};
use rmcp::{ErrorData, RoleServer};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, BufReader, Empty,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::McpServer;
use super::compat::{Message, Unreadable};

/// A message, or the answer to what is none.
type Line = Result<ClientJsonRpcMessage, Box<ServerJsonRpcMessage>>;

/// Serves until the input ends.
pub fn serve(
    server: McpServer,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
) -> RunningService<RoleServer, McpServer> {
    let (sender, lines) = mpsc::channel(1);
    tokio::spawn(async move {
        if let Err(error) = read_lines(input, DEFAULT_MAX_LINE_LENGTH, sender).await {
            tracing::debug!("standard input: {error}");
        }
    });
    let transport = Lines {
        lines,
        output: AsyncRwTransport::new_server(tokio::io::empty(), output),
        answer: JoinSet::new(),
    };
    serve_directly(server, transport, None)
}

/// rmcp's transport, which does not answer a line that it can not read, or not with its id; so lines
/// are read here, and it writes only.
struct Lines<W: AsyncWrite> {
    lines: mpsc::Receiver<Line>,
    output: AsyncRwTransport<RoleServer, Empty, W>,
    /// What is being written to a line that is no message: one answer at most. It is a task, as rmcp
    /// drops [`receive`](Transport::receive) whenever it has something to send.
    answer: JoinSet<io::Result<()>>,
}

impl<W: AsyncWrite + Send + Unpin + 'static> Transport<RoleServer> for Lines<W> {
    type Error = io::Error;

    fn send(
        &mut self,
        message: ServerJsonRpcMessage,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.output.send(message)
    }

    async fn receive(&mut self) -> Option<ClientJsonRpcMessage> {
        loop {
            if let Some(answered) = self.answer.join_next().await {
                // Nobody reads the output any more.
                answered.ok()?.ok()?;
            }
            match self.lines.recv().await? {
                Ok(message) => return Some(message),
                Err(answer) => drop(self.answer.spawn(self.output.send(*answer))),
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.output.close().await
    }
}

/// Reads lines until the input ends or nobody takes them. The last one needs no line break.
async fn read_lines(
    input: impl AsyncRead + Unpin,
    most: usize,
    lines: mpsc::Sender<Line>,
) -> io::Result<()> {
    let mut input = BufReader::new(input);
    let mut text = Vec::new();
    while read_up_to(&mut input, most, &mut text).await? > 0 {
        let line = if text.len() > most && !text.ends_with(b"\n") {
            while read_up_to(&mut input, most, &mut text).await? > 0 && !text.ends_with(b"\n") {}
            let error = format!("The line is too long: {} MiB is the most.", most >> 20);
            let error = ErrorData::invalid_request(error, None);
            Err(Box::new(JsonRpcMessage::error(error, None)))
        } else if text.trim_ascii().is_empty() {
            continue;
        } else {
            message(&text)
        };
        if lines.send(line).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// Reads a line, or the beginning of one that has more than `most` bytes.
async fn read_up_to(
    input: &mut (impl AsyncBufRead + Unpin),
    most: usize,
    text: &mut Vec<u8>,
) -> io::Result<usize> {
    text.clear();
    input.take(most as u64 + 1).read_until(b'\n', text).await
}

/// The message in a line.
fn message(text: &[u8]) -> Line {
    let text = lenient_messages::mend(text.trim_ascii());
    serde_json::from_slice(&text).map_err(|_| {
        let Unreadable { id, error } = Unreadable::new(Message::read(&text));
        Box::new(JsonRpcMessage::error(error, id))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The lines as JSON: messages in the form that MCP has, and answers.
    async fn read(input: &[u8], most: usize) -> Vec<Value> {
        let (sender, mut lines) = mpsc::channel(100);
        read_lines(input, most, sender).await.unwrap();
        let mut read = Vec::new();
        while let Some(line) = lines.recv().await {
            read.push(match line {
                Ok(message) => serde_json::to_value(message).unwrap(),
                Err(answer) => serde_json::to_value(answer).unwrap(),
            });
        }
        read
    }

    #[tokio::test]
    async fn lines_are_mended_and_the_last_one_ends() {
        let input = b"{\"id\":1,\"method\":\"a\",\"params\":{\"b\":\"\\ud83d\"}}\r\n\n \n{\"id\":\"2\",\"method\":\"ping\"}";
        let read = read(input, 100).await;
        assert_eq!(
            read,
            [
                json!({"jsonrpc": "2.0", "id": 1, "method": "a", "params": {"b": "\u{fffd}"}}),
                json!({"jsonrpc": "2.0", "id": "2", "method": "ping"}),
            ]
        );
    }

    #[tokio::test]
    async fn what_is_no_message_is_answered_with_its_id() {
        let input = "nonsense\n[]\n{\"id\":7}\n{\"id\":1.5,\"method\":\"ping\"}\n\
                     {\"id\":\"x\",\"method\":\"ping\",\"result\":{}}\n";
        let read = read(input.as_bytes(), 100).await;
        let answers: Vec<_> = read
            .iter()
            .map(|answer| (&answer["id"], answer["error"]["code"].as_i64().unwrap()))
            .collect();
        assert_eq!(
            answers,
            [
                (&Value::Null, -32700),
                (&Value::Null, -32600),
                (&json!(7), -32600),
                (&Value::Null, -32600),
                (&json!("x"), -32600),
            ]
        );
    }

    #[tokio::test]
    async fn a_line_that_is_too_long_is_answered_and_the_next_one_is_read() {
        const MOST: usize = 1 << 20;
        let ping = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
        for (length, long) in [(MOST, false), (MOST + 1, true), (5 * MOST, true)] {
            let mut line = ping.to_vec();
            line.resize(length, b' ');
            let read = read(&[&line, &b"\n"[..], ping].concat(), MOST).await;
            assert_eq!(read.len(), 2);
            assert_eq!(read[0]["error"]["code"] == -32600, long, "{length}");
            assert_eq!(read[1]["method"], "ping");
        }
    }
}
