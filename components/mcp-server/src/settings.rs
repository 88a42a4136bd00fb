//! The settings, from environment variables.

use alloc::{borrow::ToOwned, collections::BTreeMap, format, string::String, vec::Vec};

use crate::{access_control::AccessControl, selection::Selection};

/// All settings.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which tools are listed.
    pub selection: Selection,
    /// The server's name and version.
    pub server_info: ServerInfo,
    /// Which HTTP requests are allowed.
    pub access: AccessControl,
}

/// The server's name and version, as clients see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerInfo {
    /// For programs. Without it the server is named after the prefix of its tools' names.
    pub name: Option<String>,
    /// For people.
    pub title: Option<String>,
    /// The server's version.
    pub version: String,
}

impl Default for ServerInfo {
    fn default() -> Self {
        Self {
            name: None,
            title: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl Settings {
    /// Reads the variables that begin with `MCP_`. Empty ones count as not set, except for the token.
    ///
    /// # Errors
    ///
    /// One of them is invalid. The error names it and shows an example.
    pub fn read(variables: Vec<(String, String)>) -> Result<Self, String> {
        let variables: BTreeMap<String, String> = variables.into_iter().collect();
        let get = |name: &str| {
            let value = variables.get(name)?.trim();
            (!value.is_empty()).then(|| value.to_owned())
        };
        let list = |name: &str| -> Vec<String> {
            let text = get(name).unwrap_or_default();
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            items.map(str::to_owned).collect()
        };

        let hosts = list("MCP_ALLOWED_HOSTS");
        if let Some(wrong) = hosts.iter().find(|host| host.contains('/')) {
            return Err(format!(
                "MCP_ALLOWED_HOSTS: {wrong:?} is not a host name. An example: mcp.example.com,mcp.example.com:8443"
            ));
        }
        let origins = list("MCP_ALLOWED_ORIGINS");
        let good = |origin: &str| {
            let rest = origin.split_once("://").map(|(_, rest)| rest);
            origin == "*"
                || origin == "null"
                || rest.is_some_and(|rest| !rest.is_empty() && !rest.contains('/'))
        };
        if let Some(wrong) = origins.iter().find(|origin| !good(origin)) {
            return Err(format!(
                "MCP_ALLOWED_ORIGINS: {wrong:?} is not an origin. An example: https://app.example.com,http://localhost:*"
            ));
        }
        let token = variables.get("MCP_BEARER_TOKEN").cloned();
        // With an empty token the server would be open to everybody.
        let plain = |token: &str| !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
        if token.as_deref().is_some_and(|token| !plain(token)) {
            return Err(
                "MCP_BEARER_TOKEN is empty or has blanks or other characters that can not be in a header. \
                 An example: what `openssl rand -hex 32` prints."
                    .to_owned(),
            );
        }
        let default = ServerInfo::default();
        Ok(Self {
            selection: Selection {
                toolsets: list("MCP_TOOLSETS").into_iter().collect(),
                read_only: get("MCP_READ_ONLY").is_some_and(|value| !is_no(&value)),
            },
            server_info: ServerInfo {
                name: get("MCP_SERVER_NAME"),
                title: get("MCP_SERVER_TITLE"),
                version: get("MCP_SERVER_VERSION").unwrap_or(default.version),
            },
            access: AccessControl {
                hosts,
                origins,
                token,
            },
        })
    }
}

/// Whether it is one of the words for no.
fn is_no(value: &str) -> bool {
    ["0", "n", "no", "f", "false", "off"]
        .iter()
        .any(|no| value.eq_ignore_ascii_case(no))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let owned = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::read(owned.collect())
    }

    #[test]
    fn the_defaults_are_safe() {
        let settings = read(&[
            ("PATH", "/bin"),
            ("MCP_TOOLSETS", " "),
            ("MCP_READ_ONLY", ""),
        ]);
        let settings = settings.unwrap();
        assert_eq!(settings.selection, Selection::default());
        assert_eq!(settings.access, AccessControl::default());
        assert_eq!(settings.server_info, ServerInfo::default());
    }

    #[test]
    fn wrong_settings_are_named() {
        for (name, value) in [
            ("MCP_ALLOWED_HOSTS", "https://mcp.example.com"),
            ("MCP_ALLOWED_ORIGINS", "app.example.com"),
            ("MCP_ALLOWED_ORIGINS", "https://app.example.com/"),
            ("MCP_BEARER_TOKEN", ""),
            ("MCP_BEARER_TOKEN", "two words"),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(error.starts_with(name), "{error}");
            assert!(error.contains("example"), "{error}");
            assert!(!error.contains("two words"), "{error}");
        }
    }

    #[test]
    fn the_token_is_not_printed() {
        let settings = read(&[("MCP_BEARER_TOKEN", "geheim")]).unwrap();
        assert_eq!(settings.access.token.as_deref(), Some("geheim"));
        assert!(!format!("{settings:?}").contains("geheim"));
    }
}
