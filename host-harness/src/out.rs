//! Printing for people. Colours appear on a terminal only, and not with `NO_COLOR`.

use std::fmt::{self, Display};
use std::io::Write as _;

use anstyle::{AnsiColor, Style};

/// Prints a line to standard output. It is no error if nobody reads it any more.
pub fn line(text: impl Display) {
    let _ = writeln!(anstream::stdout(), "{text}");
}

/// Prints an indented line.
pub fn indented(text: impl Display) {
    line(format_args!("    {text}"));
}

/// For headings.
pub fn bold<T: Display>(text: T) -> Styled<T> {
    Styled(Style::new().bold(), text)
}

/// For details.
pub fn dim<T: Display>(text: T) -> Styled<T> {
    Styled(Style::new().dimmed(), text)
}

/// For errors.
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
