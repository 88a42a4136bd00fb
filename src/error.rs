//! The tools' error: a case of the WIT's `error`, and a text that says who can act and how.

use crate::{prelude::*, wit};

/// An error: one of the WIT's cases, and its text.
#[derive(Debug)]
pub(crate) struct Error {
    case: Case,
    text: String,
    /// How many bytes of the text say what happened; advice follows.
    fact: usize,
    /// Whether the request may have reached Gong.
    sent: bool,
    /// The status of Gong's answer, if there was one.
    status: Option<u16>,
}

macro_rules! cases {
    ($($case:ident $make:ident;)*) => {
        /// The cases of the WIT's `error`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Case {
            $(#[doc = concat!("As the WIT's `", stringify!($make), "`.")] $case,)*
        }

        impl Error {
            $(#[doc = concat!("An error of the WIT's case `", stringify!($make), "`.")]
            #[cfg_attr(
                not(target_family = "wasm"),
                allow(dead_code, reason = "some are made only by transport.rs")
            )]
            pub(crate) fn $make(text: String) -> Self {
                Self { case: Case::$case, fact: text.len(), text, sent: false, status: None }
            })*
        }

        impl From<Error> for wit::types::Error {
            fn from(Error { case, text, .. }: Error) -> Self {
                match case {
                    $(Case::$case => Self::$case(text),)*
                }
            }
        }
    };
}
cases! {
    BadArgument bad_argument;
    NotConfigured not_configured;
    WrongKey wrong_key;
    MissingScope missing_scope;
    Forbidden forbidden;
    NotFound not_found;
    PrivateCall private_call;
    RateLimited rate_limited;
    OutOfCredits out_of_credits;
    NetworkDenied network_denied;
    Unreachable unreachable;
    TimedOut timed_out;
    Tls tls;
    UnexpectedAnswer unexpected_answer;
}

impl Error {
    /// The case.
    pub(crate) fn case(&self) -> Case {
        self.case
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What happened, without the advice that was added.
    pub(crate) fn fact(&self) -> &str {
        &self.text[..self.fact]
    }

    /// Whether the request may have reached Gong, so that what it changes may be changed.
    pub(crate) fn was_sent(&self) -> bool {
        self.sent
    }

    /// The status of Gong's answer, if it is why there is an error.
    pub(crate) fn status(&self) -> Option<u16> {
        self.status
    }

    /// Whether the same request may succeed soon: a limit, or a fault on the way or of Gong's.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(
            self.case,
            Case::RateLimited | Case::Unreachable | Case::TimedOut
        ) || self.status.is_some_and(|status| status >= 500)
    }

    /// The text, owned.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// The same error of a request that may have reached Gong.
    pub(crate) fn after_sending(self) -> Self {
        Self { sent: true, ..self }
    }

    /// The same error with the status of Gong's answer. Only a fault of Gong's own, 5xx, leaves open
    /// whether it did what was requested.
    pub(crate) fn with_status(self, status: u16) -> Self {
        Self {
            status: Some(status),
            sent: status >= 500,
            ..self
        }
    }

    /// The same error with another sentence at the end of its text.
    pub(crate) fn adding(mut self, sentence: &str) -> Self {
        self.text.push(' ');
        self.text.push_str(sentence);
        self
    }

    /// The same case with another text.
    pub(crate) fn saying(self, text: String) -> Self {
        Self {
            fact: text.len(),
            text,
            ..self
        }
    }
}

/// `bad-argument`: the argument's name, what is wrong, and an example that works.
pub(crate) fn bad_argument(argument: &str, problem: &str, example: &str) -> Error {
    Error::bad_argument(format!(
        "Argument `{argument}`: {problem} Example: {example}"
    ))
}

/// A setting that is missing or wrong.
pub(crate) fn not_configured(variable: &str, problem: &str) -> Error {
    Error::not_configured(format!(
        "Setting {variable}: {problem} Whoever runs the gateway can set it."
    ))
}
