//! Printing for people, for commands on this library. Colours appear on a terminal only, and not with `NO_COLOR`.

use std::fmt::{self, Display};
use std::io::Write as _;

use anstyle::{AnsiColor, Style};

/// Prints a line to standard output; a reader that has gone away is no error.
pub fn line(text: impl Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// Prints a line, moved to the right.
pub fn indented(text: impl Display) {
    line(format_args!("    {text}"));
}

/// For headings.
pub fn bold<T: Display>(text: T) -> Styled<T> {
    Styled(Style::new().bold(), text)
}

/// For what is there to be looked up, not read.
pub fn dim<T: Display>(text: T) -> Styled<T> {
    Styled(Style::new().dimmed(), text)
}

/// For what went wrong.
pub fn failure<T: Display>(text: T) -> Styled<T> {
    let red = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    Styled(red, text)
}

/// A text in a style.
#[derive(Debug)]
pub struct Styled<T>(Style, T);

impl<T: Display> Display for Styled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.0, self.1, self.0.render_reset())
    }
}
