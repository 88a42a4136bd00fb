//! Secrets, and references to them.

use std::fmt;
use std::path::{Path, PathBuf};

use sandbox::is_quoted;

use super::Files;

/// Where a secret is: `env:ACME_KEY`, or `file:/run/secrets/acme-key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// An environment variable of the gateway.
    Env(String),
    /// A file that holds only the secret. Line ends after it are ignored.
    File(PathBuf),
}

impl SecretRef {
    /// Parses a reference. A relative path is resolved against `folder`.
    ///
    /// # Errors
    ///
    /// It is not a reference. The error does not quote the text, which could be the secret itself.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, String> {
        let expected = "a reference to the secret is expected, such as env:ACME_KEY or file:/run/secrets/acme-key";
        match text.split_once(':') {
            Some(("env", name)) => {
                let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
                if name.is_empty() || !name.chars().all(fits) {
                    return Err(
                        "after env: the name of an environment variable is expected, such as env:ACME_KEY"
                            .to_owned(),
                    );
                }
                Ok(Self::Env(name.to_owned()))
            }
            Some(("file", path)) => {
                if path.trim().is_empty() {
                    return Err(
                        "after file: a path is expected, such as file:/run/secrets/acme-key"
                            .to_owned(),
                    );
                }
                Ok(Self::File(folder.join(path)))
            }
            _ => Err(format!(
                "{expected}; the secret itself must not be in this file"
            )),
        }
    }

    /// The value of the secret. A file is read through `files`.
    ///
    /// # Errors
    ///
    /// The variable is not set, the file can not be read, or the secret is empty or has
    /// characters that are not allowed in HTTP headers.
    pub fn resolve(&self, files: &mut Files) -> Result<Secret, SecretError> {
        let fail = |why: &str| Err(SecretError(format!("{self}: {why}")));
        let value = match self {
            Self::Env(name) => match std::env::var(name) {
                Ok(value) => value,
                Err(std::env::VarError::NotPresent) => {
                    return fail("this environment variable is not set");
                }
                Err(std::env::VarError::NotUnicode(_)) => return fail("it is not text (UTF-8)"),
            },
            Self::File(path) => match files.read(path) {
                Ok(bytes) => match std::str::from_utf8(bytes) {
                    Ok(text) => text.to_owned(),
                    Err(_) => return fail("it is not text (UTF-8)"),
                },
                Err(error) => return fail(&format!("it can not be read ({error})")),
            },
        };
        let value = value.trim_end_matches(['\r', '\n']);
        if value.trim().is_empty() {
            return fail("it is empty");
        }
        if value.chars().any(char::is_control) {
            return fail("it holds line ends or other control characters");
        }
        if is_quoted(value) {
            return fail(
                "it is in quotation marks, which are part of it; it has to be without them",
            );
        }
        Ok(Secret(value.to_owned()))
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// Why a secret can not be read. The sentence names the reference, never the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretError(String);

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SecretError {}

/// A text that neither `Debug` nor `Display` shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}
