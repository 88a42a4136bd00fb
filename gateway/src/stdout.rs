//! Standard output: for people in the style of host-harness, and plain for programs.

use std::io;

pub(crate) use host_harness::out::{bold, failure, line};
#[cfg(feature = "demo")]
pub(crate) use host_harness::out::{dim, indented};

/// Plain standard output, for programs. Remembers whether the reader has closed the pipe.
#[derive(Debug, Default)]
pub(crate) struct Pipe {
    closed: bool,
}

impl Pipe {
    /// Whether the reader has closed the pipe, which is not an error.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.closed |= error.kind() == io::ErrorKind::BrokenPipe;
        }
        result
    }
}

impl io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = io::stdout().lock().write(bytes);
        self.note(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = io::stdout().lock().flush();
        self.note(flushed)
    }
}
