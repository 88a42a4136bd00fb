//! What a component says of its functions, for hosts that make tools of them.
//!
//! Wassette reads the custom section `package-docs`, and in it the text of each exported
//! function and nothing else: what a model has to know of the arguments must be in that text.
//! It also says of every argument that it is required, and calls all as the WIT does.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use wit_parser::{Function, PackageMetadata, Resolve, Type, TypeDefKind, WorldItem};

use super::wit::Wit;

/// What tools that read a component call its world, whose name it does not keep. Many refuse
/// documentation of any other.
const ROOT: &str = "root";

impl Wit {
    /// The content of a section `package-docs` for a component of this world.
    ///
    /// # Errors
    ///
    /// There is no such world, or one of its functions has no documentation.
    pub(super) fn docs(&self, world: &str) -> anyhow::Result<Vec<u8>> {
        let mut resolve = self.resolve.clone();
        let package = &mut resolve.packages[self.package];
        let id = *package
            .worlds
            .get(world)
            .with_context(|| format!("the WIT has no world {world}"))?;
        package.worlds.clear();
        package.worlds.insert(ROOT.to_owned(), id);
        package.interfaces.clear();

        let names = names(&self.resolve);
        for (key, item) in &self.resolve.worlds[id].exports {
            let WorldItem::Function(function) = item else {
                continue;
            };
            let text = text(&self.resolve, function)?;
            let mut described = function.clone();
            described.docs.contents = Some(as_in_wit(&text, &names));
            let described = WorldItem::Function(described);
            resolve.worlds[id].exports.insert(key.clone(), described);
        }
        PackageMetadata::extract(&resolve, self.package).encode()
    }
}

/// A function's description, what it does to Gong, and its documented arguments.
fn text(resolve: &Resolve, function: &Function) -> anyhow::Result<String> {
    let docs = function.docs.contents.as_deref().unwrap_or_default().trim();
    ensure!(!docs.is_empty(), "{} has no documentation", function.name);
    let (description, facts) = docs.split_once("\n\n").unwrap_or((docs, ""));
    let mut text = description.replace('\n', " ");

    // Who calls it should know these; the other facts are for those who run it.
    let facts: Vec<&str> = facts
        .split_terminator('.')
        .map(str::trim)
        .filter(|fact| fact.starts_with("Effect: ") || fact.starts_with("Risk: "))
        .filter(|fact| *fact != "Risk: none")
        .collect();
    if !facts.is_empty() {
        text += &format!("\n\n{}.", facts.join(". "));
    }

    for parameter in &function.params {
        let mut members = Members::default();
        members.add(resolve, &parameter.ty, 0);
        if members.optional {
            text += &format!(
                "\n\nEvery member of {} must be there; null, or [] for a list, leaves it out.",
                parameter.name
            );
        }
        if !members.lines.is_empty() {
            text += &format!("\n\n{}:{}", parameter.name, members.lines);
        }
    }
    Ok(text)
}

/// What is said of a record's members.
#[derive(Default)]
struct Members {
    /// A line each, those of inner records further to the right.
    lines: String,
    /// Whether some member may be left out.
    optional: bool,
}

impl Members {
    fn add(&mut self, resolve: &Resolve, ty: &Type, depth: usize) {
        let Type::Id(id) = ty else {
            return;
        };
        match &resolve.types[*id].kind {
            TypeDefKind::Type(inner) => self.add(resolve, inner, depth),
            TypeDefKind::Option(inner) | TypeDefKind::List(inner) => {
                self.add(resolve, inner, depth);
            }
            TypeDefKind::Record(record) => {
                for field in &record.fields {
                    let docs = field.docs.contents.as_deref().unwrap_or_default().trim();
                    self.optional |= may_be_left_out(resolve, &field.ty, docs);
                    let before = self.lines.len();
                    self.add(resolve, &field.ty, depth + 1);
                    if !docs.is_empty() || self.lines.len() > before {
                        let indent = "  ".repeat(depth);
                        let line =
                            format!("\n{indent}- {}: {}", field.name, docs.replace('\n', " "));
                        self.lines.insert_str(before, line.trim_end());
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a member may be left out: an option, or a list that may be empty.
fn may_be_left_out(resolve: &Resolve, ty: &Type, docs: &str) -> bool {
    let Type::Id(id) = ty else {
        return false;
    };
    match &resolve.types[*id].kind {
        TypeDefKind::Option(_) => true,
        TypeDefKind::List(_) => !docs.starts_with("1 to ") && !docs.starts_with("1 or more"),
        _ => false,
    }
}

/// The names of more than one word in the WIT that a caller sees.
fn names(resolve: &Resolve) -> BTreeSet<&str> {
    let functions = resolve.worlds.iter().flat_map(|(_, world)| {
        world.exports.values().filter_map(|item| match item {
            WorldItem::Function(function) => Some(&*function.name),
            _ => None,
        })
    });
    let inner = resolve.types.iter().flat_map(|(_, ty)| {
        let names: Vec<&str> = match &ty.kind {
            TypeDefKind::Record(record) => record.fields.iter().map(|one| &*one.name).collect(),
            TypeDefKind::Enum(cases) => cases.cases.iter().map(|one| &*one.name).collect(),
            TypeDefKind::Variant(cases) => cases.cases.iter().map(|one| &*one.name).collect(),
            _ => Vec::new(),
        };
        names
    });
    functions
        .chain(inner)
        .filter(|name| name.contains('-'))
        .collect()
}

/// The WIT's documentation calls tools and members as MCP does, `gong_get_call`; whoever meets
/// the functions themselves sees `gong-get-call`.
fn as_in_wit(text: &str, names: &BTreeSet<&str>) -> String {
    let is_word = |one: char| one.is_ascii_alphanumeric() || one == '_';
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (before, word) = rest.split_at(start);
        let end = word.find(|one| !is_word(one)).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        result += before;
        let name = word.replace('_', "-");
        result += if names.contains(&*name) { &name } else { word };
        rest = after;
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIT: &str = "
        package test:docs@1.0.0;
        interface types {
            record guest {
                /// Their
                /// address.
                email: string,
                name: option<string>,
            }
            enum how { at-once, never }
            record order {
                /// Which one; see other_tool.
                of: string,
                /// Such as at_once, not GO_ON or by_hand.
                how: option<how>,
                silent-one: bool,
                invited: list<guest>,
            }
            record plain {
                silent-one: bool,
                /// 1 to 9 calls.
                calls: list<string>,
            }
        }
        world tools {
            use types.{order, plain};
            /// Does it, as
            /// other_tool.
            ///
            /// Toolset: x. Effect: write, idempotent. Risk: none. Operations: GET /v2/a.b. Scopes: a:b.
            export one-tool: func(args: order);
            /// Does
            /// that.
            ///
            /// Effect: read. Risk: sensitive, dangerous.
            export other-tool: func(args: plain);
        }
        world silent { export mute: func(); }
    ";

    fn wit() -> Wit {
        let mut resolve = Resolve::default();
        let package = resolve.push_str("test.wit", WIT).unwrap();
        Wit { resolve, package }
    }

    #[test]
    fn a_function_says_all_that_its_caller_must_know() {
        let section = wit().docs("tools").unwrap();
        let (version, json) = section.split_first().unwrap();
        assert_eq!(*version, 1);
        let docs: serde_json::Value = serde_json::from_slice(json).unwrap();
        let of = |name: &str| docs["worlds"]["root"]["func_exports"][name]["docs"].clone();
        assert_eq!(
            of("one-tool"),
            "Does it, as other-tool.\n\
            \n\
            Effect: write, idempotent.\n\
            \n\
            Every member of args must be there; null, or [] for a list, leaves it out.\n\
            \n\
            args:\n\
            - of: Which one; see other-tool.\n\
            - how: Such as at-once, not GO_ON or by_hand.\n\
            - invited:\n  \
              - email: Their address."
        );
        assert_eq!(
            of("other-tool"),
            "Does that.\n\nEffect: read. Risk: sensitive, dangerous.\n\nargs:\n- calls: 1 to 9 calls."
        );
        assert_eq!(docs["interfaces"], serde_json::Value::Null);
    }

    #[test]
    fn what_cannot_be_told_is_an_error() {
        let error = |world| wit().docs(world).unwrap_err().to_string();
        assert_eq!(error("silent"), "mute has no documentation");
        assert_eq!(error("nowhere"), "the WIT has no world nowhere");
    }
}
