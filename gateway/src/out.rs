//! Printing for people. Colours appear on a terminal only, and not with `NO_COLOR`.

use std::fmt::{self, Display};
use std::io::{self, Write as _};

use anstyle::{AnsiColor, Style};

/// Prints a line to standard output; a reader that has gone away is no error.
pub(crate) fn line(text: impl Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

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

/// Prints a line, moved to the right.
pub(crate) fn indented(text: impl Display) {
    line(format_args!("    {text}"));
}

/// For headings.
pub(crate) fn bold<T: Display>(text: T) -> Styled<T> {
    Styled(Style::new().bold(), text)
}

/// For what is there to be looked up, not read.
pub(crate) fn dim<T: Display>(text: T) -> Styled<T> {
    Styled(Style::new().dimmed(), text)
}

/// For what went wrong.
pub(crate) fn failure<T: Display>(text: T) -> Styled<T> {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    Styled(red, text)
}

/// A text in a style.
pub(crate) struct Styled<T>(Style, T);

impl<T: Display> Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.0, self.1, self.0.render_reset())
    }
}
