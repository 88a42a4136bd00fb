//! Printing: for people as host-harness does, and for programs.

use std::io;

pub(crate) use host_harness::out::{bold, dim, failure, indented, line};

/// Standard output as it is, for programs. A reader that goes away ends the writing.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    gone: bool,
}

impl Reader {
    /// Whether the reader has gone away, which is no error.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone
    }

    fn note<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.gone |= error.kind() == io::ErrorKind::BrokenPipe;
        }
        result
    }
}

impl io::Write for Reader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = io::stdout().lock().write(bytes);
        self.note(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = io::stdout().lock().flush();
        self.note(flushed)
    }
}
