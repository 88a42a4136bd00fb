//! Logs to standard error, as lines for people or JSON for programs.
//!
//! Every line about a call has the fields of its [`call_span`]: the request id, which the audit
//! and the answer have too, the client's trace, the tenant, the user and the tool. Tokens are removed from a request
//! before anything can log it, and credentials are header values that print as `Sensitive`.

use std::io::IsTerminal as _;

use clap::ValueEnum;
use host_harness::mcp::names::MAX_NAME;
use tracing::Span;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::cut::cut;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object on each line.
    Json,
}

/// The filter when `RUST_LOG` is not set.
pub const DEFAULT_FILTER: &str = "warn,gateway=info,gong_gateway=info,host_harness=info";

/// Starts logging, by `RUST_LOG` or else by `default_filter`. A second call does nothing.
pub fn start(format: Format, default_filter: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| default_filter.into());
    let colour = std::io::stderr().is_terminal();
    let _ = tracing::subscriber::set_global_default(subscriber(
        format,
        filter,
        colour,
        std::io::stderr,
    ));
}

fn subscriber<W>(
    format: Format,
    filter: EnvFilter,
    colour: bool,
    writer: W,
) -> Box<dyn tracing::Subscriber + Send + Sync>
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(colour);
    match format {
        Format::Text => Box::new(builder.with_target(false).finish()),
        Format::Json => Box::new(
            builder
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(true)
                .finish(),
        ),
    }
}

/// The span of one call. `tool` is the client's text, and is cut.
#[must_use]
pub fn call_span(
    request_id: &str,
    trace_id: Option<&str>,
    tenant: &str,
    user: &str,
    tool: &str,
) -> Span {
    let tool = cut(tool, MAX_NAME);
    tracing::info_span!("call", request_id, trace_id, tenant, user, tool)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::Value;
    use tracing::Instrument as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn every_line_of_a_call_says_whose_it_is() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(Format::Json, "info".into(), false, move || writer.clone());
        let _guard = tracing::subscriber::set_default(subscriber);
        async {
            tracing::info!(requests = 2, "answered");
        }
        .instrument(call_span(
            "018f",
            Some("0af7651916cd43dd8448eb211c80319c"),
            "acme",
            "mia",
            "gong_get_call",
        ))
        .await;
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "answered");
        assert_eq!(line["requests"], 2);
        assert_eq!(line["level"], "INFO");
        let span = &line["spans"][0];
        assert_eq!(span["request_id"], "018f");
        assert_eq!(span["trace_id"], "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(span["tenant"], "acme");
        assert_eq!(span["user"], "mia");
        assert_eq!(span["tool"], "gong_get_call");
    }

    #[test]
    fn a_field_that_a_client_sends_is_cut() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = subscriber(Format::Json, "info".into(), false, move || writer.clone());
        let _guard = tracing::subscriber::set_default(subscriber);
        call_span("018f", None, "acme", "mia", &"x".repeat(1 << 20))
            .in_scope(|| tracing::info!("said"));
        let written = lines.0.lock().unwrap().len();
        assert!((200..1000).contains(&written), "{written}");
    }
}
