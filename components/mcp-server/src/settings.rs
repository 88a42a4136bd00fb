//! What the environment says.

use alloc::{
    borrow::ToOwned,
    collections::{BTreeMap, BTreeSet},
    format,
    string::String,
    vec::Vec,
};

use crate::plug::{Effect, Tool};

/// The settings, from variables of the environment.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Which tools are shown.
    pub selection: Selection,
    /// What the server calls itself.
    pub about: About,
    /// Whom the HTTP server answers.
    pub access: Access,
}

/// What the server calls itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// For programs; none is what the tools' names begin with.
    pub name: Option<String>,
    /// For people.
    pub title: Option<String>,
    /// Of the server.
    pub version: String,
}

impl Default for About {
    fn default() -> Self {
        Self {
            name: None,
            title: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// Whom the HTTP server answers.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Host names, with or without port, that requests may be addressed to beside those of this
    /// machine; `*` is any.
    pub hosts: Vec<String>,
    /// Origins of web pages that may send requests; `*` is any, and `:*` any port.
    pub origins: Vec<String>,
    /// What requests must show.
    pub token: Option<String>,
}

impl core::fmt::Debug for Access {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Access")
            .field("hosts", &self.hosts)
            .field("origins", &self.origins)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .finish()
    }
}

impl Settings {
    /// Reads the variables that begin with `MCP_`. Empty ones count as not set, but the token.
    ///
    /// # Errors
    ///
    /// One of them can not be right: the error names it and an example.
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
        // A secret that is not there must not open the door.
        let plain = |token: &str| !token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic());
        if token.as_deref().is_some_and(|token| !plain(token)) {
            return Err(
                "MCP_BEARER_TOKEN is empty or has blanks or other characters that can not be in a header. \
                 An example: what `openssl rand -hex 32` prints."
                    .to_owned(),
            );
        }
        let default = About::default();
        Ok(Self {
            selection: Selection {
                toolsets: list("MCP_TOOLSETS").into_iter().collect(),
                read_only: get("MCP_READ_ONLY").is_some_and(|value| !falsy(&value)),
            },
            about: About {
                name: get("MCP_SERVER_NAME"),
                title: get("MCP_SERVER_TITLE"),
                version: get("MCP_SERVER_VERSION").unwrap_or(default.version),
            },
            access: Access {
                hosts,
                origins,
                token,
            },
        })
    }
}

/// What people write for no.
fn falsy(value: &str) -> bool {
    ["0", "n", "no", "f", "false", "off"]
        .iter()
        .any(|no| value.eq_ignore_ascii_case(no))
}

/// Which tools are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Toolsets by name; `default` and `all` are names too, and none is `default`.
    pub toolsets: BTreeSet<String>,
    /// Only tools that change nothing, whatever else is asked for.
    pub read_only: bool,
}

const DEFAULT: &str = "default";
const ALL: &str = "all";

impl Selection {
    /// The tools that are shown, in the order given. A component that marks no tool as a
    /// default one shows all by default.
    ///
    /// # Errors
    ///
    /// A toolset that no tool is in: the error lists those that there are. Or nothing is left.
    pub fn select(&self, tools: Vec<Tool>) -> Result<Vec<Tool>, String> {
        let known: BTreeSet<&str> = tools.iter().map(|tool| &*tool.toolset).collect();
        let unknown =
            |name: &&String| ![DEFAULT, ALL].contains(&&***name) && !known.contains(&***name);
        if let Some(name) = self.toolsets.iter().find(unknown) {
            let known = Vec::from_iter(known).join(", ");
            return Err(format!(
                "MCP_TOOLSETS: there is no toolset {name:?}. Toolsets: {DEFAULT}, {ALL}, {known}"
            ));
        }
        let asked = |name: &str| self.toolsets.contains(name);
        let default = self.toolsets.is_empty() || asked(DEFAULT);
        let some_default = tools.iter().any(|tool| tool.default);
        let shown: Vec<Tool> = tools
            .into_iter()
            .filter(|tool| {
                asked(ALL) || asked(&tool.toolset) || default && (tool.default || !some_default)
            })
            .filter(|tool| !self.read_only || reads(tool))
            .collect();
        if shown.is_empty() {
            return Err(
                "MCP_READ_ONLY: the toolsets have no tools that only read. Leave it out, or name others in MCP_TOOLSETS."
                    .to_owned(),
            );
        }
        Ok(shown)
    }
}

/// Whether a tool changes nothing. What it costs is another question.
fn reads(tool: &Tool) -> bool {
    matches!(tool.effect, Effect::Read | Effect::MeteredRead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{some_tools, tool};

    fn read(variables: &[(&str, &str)]) -> Result<Settings, String> {
        let owned = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::read(owned.collect())
    }

    #[test]
    fn nothing_said_is_the_safe_default() {
        let settings = read(&[
            ("PATH", "/bin"),
            ("MCP_TOOLSETS", " "),
            ("MCP_READ_ONLY", ""),
        ]);
        let settings = settings.unwrap();
        assert_eq!(settings.selection, Selection::default());
        assert_eq!(settings.access, Access::default());
        assert_eq!(settings.about, About::default());
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

    fn shown(toolsets: &str, read_only: &str) -> Result<Vec<String>, String> {
        let settings = read(&[("MCP_TOOLSETS", toolsets), ("MCP_READ_ONLY", read_only)])?;
        let tools = settings.selection.select(some_tools())?;
        Ok(tools.into_iter().map(|tool| tool.name).collect())
    }

    #[test]
    fn toolsets_choose() {
        assert_eq!(shown("", "").unwrap(), ["echo"]);
        assert_eq!(shown("default", "no").unwrap(), ["echo"]);
        assert_eq!(shown("all", "off").unwrap(), ["echo", "fail", "wipe"]);
        assert_eq!(
            shown("other, default", "").unwrap(),
            ["echo", "fail", "wipe"]
        );
        assert_eq!(shown("all", "true").unwrap(), ["echo", "fail"]);
        let error = shown("nope", "").unwrap_err();
        assert!(error.contains("nope") && error.contains("other"), "{error}");
        let error = Selection {
            toolsets: BTreeSet::default(),
            read_only: true,
        };
        let error = error.select(vec![tool("wipe", Effect::Destructive)]);
        assert!(error.unwrap_err().contains("MCP_READ_ONLY"));
    }
}
