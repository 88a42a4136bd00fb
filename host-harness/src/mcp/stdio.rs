//! MCP over standard input and output, without a session: a request needs no `initialize` before it.

use std::io;

use rmcp::RoleServer;
use rmcp::service::{RunningService, serve_directly};
use rmcp::transport::async_rw::DEFAULT_MAX_LINE_LENGTH;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};

use super::McpServer;

/// Bytes of lines that wait for rmcp to read them.
const BUFFER: usize = 1 << 16;

/// Serves until the input ends.
pub fn serve(
    server: McpServer,
    input: impl AsyncRead + Send + Unpin + 'static,
    output: impl AsyncWrite + Send + Unpin + 'static,
) -> RunningService<RoleServer, McpServer> {
    let (lines, mended) = tokio::io::duplex(BUFFER);
    tokio::spawn(async move {
        if let Err(error) = mend_lines(input, lines).await {
            // rmcp has stopped reading, or the input broke off: both end the service.
            tracing::debug!("standard input: {error}");
        }
    });
    serve_directly(server, (mended, output), None)
}

/// Passes lines on, each in the form that MCP has. The last one needs no line break.
async fn mend_lines(
    input: impl AsyncRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let most = DEFAULT_MAX_LINE_LENGTH as u64;
    let mut input = BufReader::new(input);
    let mut line = Vec::new();
    let mut is_tail = false;
    loop {
        line.clear();
        let read = (&mut input).take(most).read_until(b'\n', &mut line).await?;
        if read == 0 {
            return Ok(());
        }
        // Of a line that is too long rmcp takes nothing, so it goes there in pieces, as it is.
        let is_piece = is_tail || (read as u64 == most && !line.ends_with(b"\n"));
        if is_piece {
            is_tail = !line.ends_with(b"\n");
            output.write_all(&line).await?;
            continue;
        }
        output
            .write_all(&lenient_messages::mend(line.trim_ascii()))
            .await?;
        output.write_all(b"\n").await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_mended_and_the_last_one_ends() {
        let mut output = Vec::new();
        let input = b"{\"a\":\"\\ud83d\"}\r\n\nnonsense\n{\"b\":1}";
        mend_lines(&input[..], &mut output).await.unwrap();
        let output = String::from_utf8(output).unwrap();
        assert_eq!(output, "{\"a\":\"\\ufffd\"}\n\nnonsense\n{\"b\":1}\n");

        let long = [vec![b'x'; DEFAULT_MAX_LINE_LENGTH + 5], b"\n{}\n".to_vec()].concat();
        let mut output = Vec::new();
        mend_lines(&long[..], &mut output).await.unwrap();
        assert_eq!(output, long);
    }
}
