//! Which of a component's tools are shown: toolsets, and whether changes are.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::str::FromStr;

use anyhow::ensure;
use sandbox::{Effect, Tool};

/// Which tools are shown. Without more: the component's default ones, changes included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Which toolsets.
    pub toolsets: Toolsets,
    /// Only tools that change nothing, whatever the toolsets.
    pub read_only: bool,
}

/// Toolsets by name; `default` and `all` are names too. Parsed from `default`, `all` or
/// `NAME,NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolsets(BTreeSet<String>);

const DEFAULT: &str = "default";
const ALL: &str = "all";

impl Default for Toolsets {
    fn default() -> Self {
        Self(BTreeSet::from([DEFAULT.to_owned()]))
    }
}

impl Toolsets {
    /// Every tool.
    #[must_use]
    pub fn all() -> Self {
        Self(BTreeSet::from([ALL.to_owned()]))
    }
}

impl FromStr for Toolsets {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let names = text
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        Ok(Self(names.map(str::to_owned).collect()))
    }
}

impl Selection {
    /// The tools that are shown, in their order. A component that marks no tool as a
    /// default one shows all by default.
    ///
    /// # Errors
    ///
    /// A toolset that no tool is in: the error lists those that there are. Or nothing is left.
    pub fn select(&self, tools: Vec<Tool>) -> anyhow::Result<Vec<Tool>> {
        let known: BTreeSet<&str> = tools.iter().map(|tool| &*tool.toolset).collect();
        let unknown: Vec<&str> = self
            .toolsets
            .0
            .iter()
            .map(String::as_str)
            .filter(|name| ![DEFAULT, ALL].contains(name) && !known.contains(name))
            .collect();
        ensure!(
            unknown.is_empty(),
            "there is no toolset {}. Toolsets: {DEFAULT}, {ALL}, {}",
            unknown.join(", "),
            Vec::from_iter(known).join(", ")
        );
        let selected = |name: &str| self.toolsets.0.contains(name);
        let some_default = tools.iter().any(|tool| tool.default);
        let shown: Vec<Tool> = tools
            .into_iter()
            .filter(|tool| {
                selected(ALL)
                    || selected(&tool.toolset)
                    || selected(DEFAULT) && (tool.default || !some_default)
            })
            .filter(|tool| !self.read_only || reads(tool))
            .collect();
        ensure!(
            !shown.is_empty(),
            "these toolsets have no tools that only read; leave --read-only out or name others"
        );
        Ok(shown)
    }
}

/// Whether a tool changes nothing. It may still cost AI credits.
fn reads(tool: &Tool) -> bool {
    matches!(tool.effect, Effect::Read | Effect::MeteredRead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandbox::Annotations;

    fn tool(name: &str, toolset: &str, effect: Effect, default: bool) -> Tool {
        Tool {
            name: name.to_owned(),
            title: String::new(),
            description: String::new(),
            input_schema: String::new(),
            output_schema: String::new(),
            toolset: toolset.to_owned(),
            effect,
            scopes: Vec::new(),
            annotations: Annotations {
                read_only_hint: false,
                destructive_hint: false,
                idempotent_hint: false,
                open_world_hint: true,
            },
            default,
            classification: Vec::new(),
            operations: Vec::new(),
        }
    }

    fn shown(toolsets: &str, read_only: bool) -> Result<String, String> {
        let tools = vec![
            tool("ask", "ai", Effect::MeteredRead, false),
            tool("erase", "privacy", Effect::Destructive, false),
            tool("grant", "calls", Effect::Write, false),
            tool("search", "calls", Effect::Read, true),
        ];
        let Ok(toolsets) = toolsets.parse();
        let selection = Selection {
            toolsets,
            read_only,
        };
        let shown = selection.select(tools).map_err(|error| error.to_string())?;
        Ok(shown
            .into_iter()
            .map(|tool| tool.name)
            .collect::<Vec<_>>()
            .join(" "))
    }

    #[test]
    fn toolsets_choose_and_read_only_wins() {
        assert_eq!(shown("default", false).unwrap(), "search");
        assert_eq!(shown("all", false).unwrap(), "ask erase grant search");
        assert_eq!(shown("calls", false).unwrap(), "grant search");
        assert_eq!(shown("default, ai", false).unwrap(), "ask search");
        assert_eq!(shown("all", true).unwrap(), "ask search");
        assert_eq!(shown("calls", true).unwrap(), "search");
        assert!(shown("privacy", true).unwrap_err().contains("only read"));
    }

    #[test]
    fn an_unknown_toolset_is_answered_with_those_there_are() {
        assert_eq!(
            shown("call,all", false).unwrap_err(),
            "there is no toolset call. Toolsets: default, all, ai, calls, privacy"
        );
        assert!(shown("", false).is_err());
    }

    #[test]
    fn a_component_without_defaults_shows_all() {
        let tools = vec![tool("one", "x", Effect::Write, false)];
        assert_eq!(Selection::default().select(tools).unwrap().len(), 1);
    }
}
