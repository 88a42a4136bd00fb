//! Which of the component's tools are listed.

use alloc::{borrow::ToOwned, collections::BTreeSet, format, string::String, vec::Vec};

use crate::provider::{Effect, Tool};

/// Which tools are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Names of toolsets, `default` or `all`. Empty means `default`.
    pub toolsets: BTreeSet<String>,
    /// Only tools that change nothing, whatever the toolsets.
    pub read_only: bool,
}

const DEFAULT: &str = "default";
const ALL: &str = "all";

impl Selection {
    /// The tools that are listed, in their order. If a component marks no tool as a default one,
    /// all are listed by default.
    ///
    /// # Errors
    ///
    /// There is no such toolset, and the error lists those that exist. Or no tool is left.
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
        let selected = |name: &str| self.toolsets.contains(name);
        let default = self.toolsets.is_empty() || selected(DEFAULT);
        let some_default = tools.iter().any(|tool| tool.default);
        let listed: Vec<Tool> = tools
            .into_iter()
            .filter(|tool| {
                selected(ALL)
                    || selected(&tool.toolset)
                    || default && (tool.default || !some_default)
            })
            .filter(|tool| !self.read_only || changes_nothing(tool))
            .collect();
        if listed.is_empty() {
            return Err(
                "MCP_READ_ONLY: the toolsets have no tools that only read. Leave it out, or name others in MCP_TOOLSETS."
                    .to_owned(),
            );
        }
        Ok(listed)
    }
}

/// Whether a tool changes nothing. It may still cost credits.
fn changes_nothing(tool: &Tool) -> bool {
    matches!(tool.effect, Effect::Read | Effect::MeteredRead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        settings::Settings,
        tests::fake_provider::{some_tools, tool},
    };

    fn listed(toolsets: &str, read_only: &str) -> Result<Vec<String>, String> {
        let variables = [("MCP_TOOLSETS", toolsets), ("MCP_READ_ONLY", read_only)];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let settings = Settings::read(variables.into())?;
        let tools = settings.selection.select(some_tools())?;
        Ok(tools.into_iter().map(|tool| tool.name).collect())
    }

    #[test]
    fn toolsets_are_selected() {
        assert_eq!(listed("", "").unwrap(), ["echo"]);
        assert_eq!(listed("default", "no").unwrap(), ["echo"]);
        assert_eq!(listed("all", "off").unwrap(), ["echo", "fail", "wipe"]);
        assert_eq!(
            listed("other, default", "").unwrap(),
            ["echo", "fail", "wipe"]
        );
        assert_eq!(listed("all", "true").unwrap(), ["echo", "fail"]);
        let error = listed("nope", "").unwrap_err();
        assert!(error.contains("nope") && error.contains("other"), "{error}");
        let error = Selection {
            toolsets: BTreeSet::default(),
            read_only: true,
        };
        let error = error.select(vec![tool("wipe", Effect::Destructive)]);
        assert!(error.unwrap_err().contains("MCP_READ_ONLY"));
    }
}
