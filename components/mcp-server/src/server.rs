//! The methods of MCP.

use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::cell::OnceCell;

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use crate::{
    plug::{GuideError, Plug, Prompt, Resource, Tool},
    results,
    revision::Revision,
    rpc::{self, Error, Object, Request},
    settings::{About, Settings},
};

/// In `_meta`: the revision that a request speaks.
pub const META_REVISION: &str = "io.modelcontextprotocol/protocolVersion";
/// In `_meta`: what the client can do.
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// How the two sides began to talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// They have not yet.
    None,
    /// With `initialize`, or an HTTP header that stands for it.
    Initialized(Revision),
    /// Each request says by itself what it speaks, as since 2026-07-28.
    PerRequest,
}

/// One component, served to one party.
#[derive(Debug)]
pub struct Server<P> {
    plug: P,
    about: About,
    tools: Vec<Tool>,
    names: Vec<String>,
    prompts: OnceCell<Vec<Prompt>>,
    resources: OnceCell<Vec<Resource>>,
}

/// What a request got.
pub type Outcome = Result<Box<RawValue>, Error>;

impl<P: Plug> Server<P> {
    /// Lists the component's tools and keeps those that the settings show.
    ///
    /// # Errors
    ///
    /// The settings show none, or name toolsets that are not there.
    pub fn new(plug: P, settings: &Settings) -> Result<Self, String> {
        let tools = plug.list_tools();
        let mut about = settings.about.clone();
        about.name = about.name.or_else(|| family(&tools));
        let tools = settings.selection.select(tools)?;
        Ok(Self {
            names: tools.iter().map(|tool| tool.name.clone()).collect(),
            about,
            tools,
            plug,
            prompts: OnceCell::new(),
            resources: OnceCell::new(),
        })
    }

    /// The tool of that name, if it is shown.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// Prompts of which every tool is shown.
    fn prompts(&self) -> &[Prompt] {
        self.prompts.get_or_init(|| {
            let mut prompts = self.plug.list_prompts();
            prompts.retain(|prompt| prompt.tools.iter().all(|tool| self.names.contains(tool)));
            prompts
        })
    }

    /// Resources whose tool is shown.
    fn resources(&self) -> &[Resource] {
        self.resources.get_or_init(|| {
            let mut resources = self.plug.list_resources();
            resources.retain(|resource| self.names.contains(&resource.tool));
            resources
        })
    }

    /// Answers a request, and begins a session where it does.
    pub fn answer(&self, request: &Request<'_>, session: &mut Session) -> Outcome {
        let meta = Meta::read(&request.params)?;
        if request.method == "initialize" && !meta.is_modern() {
            let revision = negotiated(&request.params)?;
            let result = written(&self.initialized(revision), false);
            *session = Session::Initialized(revision);
            return result;
        }
        let named = match &meta.revision {
            None => None,
            Some(name) => Some(Revision::named(name).ok_or_else(|| unsupported(name))?),
        };
        let discovers = request.method == "server/discover";
        if *session == Session::None && request.method == "ping" && named.is_none() {
            return written(&results::Empty {}, false);
        }
        let initialized = match session {
            Session::Initialized(revision) => Some(*revision),
            Session::None | Session::PerRequest => None,
        };
        let per_request =
            discovers || initialized.is_none() || named >= Some(Revision::V2026_07_28);
        let revision = match (named, initialized) {
            (Some(named), _) if meta.capabilities || !per_request => named,
            (None, Some(revision)) if !per_request => revision,
            _ => return Err(meta.incomplete()),
        };
        if *session == Session::None && !discovers {
            *session = Session::PerRequest;
        }
        let legacy = !per_request && revision.has_initialize();
        self.dispatch(request, legacy, revision >= Revision::V2026_07_28)
    }

    fn dispatch(&self, request: &Request<'_>, legacy: bool, modern: bool) -> Outcome {
        let params = &request.params;
        match &*request.method {
            "ping" if legacy => written(&results::Empty {}, false),
            "server/discover" => {
                // It has its own hints, whatever the revision.
                written(&self.discovered(), false)
            }
            "tools/list" => {
                let tools = self.tools.iter().map(results::Tool::new);
                let tools = tools.collect::<Result<_, _>>().map_err(broken)?;
                written(&results::Tools { tools }, modern)
            }
            "tools/call" => self.call(params, modern),
            "prompts/list" => {
                let prompts = self.prompts().iter().map(results::Prompt::new).collect();
                written(&results::Prompts { prompts }, modern)
            }
            "prompts/get" => self.prompt(params, modern),
            "resources/list" => {
                let resources = self.resources().iter().map(results::Resource::new);
                let resources = resources.collect();
                written(&results::Resources { resources }, modern)
            }
            "resources/templates/list" if !self.resources().is_empty() => written(
                &results::Templates {
                    resource_templates: [],
                },
                modern,
            ),
            "resources/read" => self.resource(params, modern),
            other => Err(Error::new(
                Error::METHOD_NOT_FOUND,
                format!("There is no method {other:?} here."),
            )),
        }
    }

    fn call(&self, params: &Object<'_>, modern: bool) -> Outcome {
        let example = self.names.first().map_or("search", String::as_str);
        let name = rpc::string_of(params, "name", example)?;
        let arguments = rpc::object_of(params, "arguments", "{\"limit\": 10}")?;
        if self.tool(&name).is_none() {
            return Err(Error::params(self.unknown(&name)));
        }
        let arguments = arguments.map_or("{}", |(raw, _)| raw.get());
        let result = self.plug.call_tool(&name, arguments);
        let structured = match &result.structured {
            Some(json) if !result.is_error => Some(results::object(json).ok_or_else(|| {
                broken(format!(
                    "The structured answer of {name} is not a JSON object."
                ))
            })?),
            _ => None,
        };
        let called = results::Called {
            content: [results::Text::new(&result.text)],
            structured_content: structured,
            is_error: result.is_error,
        };
        written_complete(&called, modern)
    }

    /// What is said of a tool that is not shown: which ones are named alike.
    fn unknown(&self, name: &str) -> String {
        let mut alike: Vec<(usize, &str)> = self
            .names
            .iter()
            .map(|other| (edits(name, other), &**other))
            .filter(|(edits, other)| *edits <= other.len().min(name.len()) / 4)
            .collect();
        alike.sort_unstable();
        let names: Vec<&str> = alike.into_iter().take(3).map(|(_, name)| name).collect();
        if names.is_empty() {
            format!("There is no tool {name:?}. tools/list names all.")
        } else {
            let names = names.join(", ");
            format!("There is no tool {name:?}. Did you mean one of: {names}?")
        }
    }

    fn prompt(&self, params: &Object<'_>, modern: bool) -> Outcome {
        let example = self.prompts().first().map_or("review", |one| &*one.name);
        let name = rpc::string_of(params, "name", example)?;
        let given = rpc::object_of(params, "arguments", "{\"topic\": \"pricing\"}")?;
        let Some(prompt) = self.prompts().iter().find(|one| one.name == name) else {
            return Err(Error::params(format!(
                "There is no prompt {name:?}. prompts/list names all."
            )));
        };
        let mut arguments = Vec::new();
        for (name, value) in given.into_iter().flat_map(|(_, object)| object) {
            let Some(value) = rpc::string(value) else {
                return Err(Error::params(format!(
                    "Argument {name:?} of a prompt must be a string."
                )));
            };
            arguments.push((name, value));
        }
        let text = self.plug.get_prompt(&name, &arguments);
        let text = text.map_err(|error| refused(error, None))?;
        let got = results::Got {
            description: &prompt.description,
            messages: [results::Said {
                role: "user",
                content: results::Text::new(&text),
            }],
        };
        written_complete(&got, modern)
    }

    fn resource(&self, params: &Object<'_>, modern: bool) -> Outcome {
        let example = self.resources().first().map_or("a://b", |one| &*one.uri);
        let uri = rpc::string_of(params, "uri", example)?;
        let data = Some(json!({ "uri": uri }));
        let Some(resource) = self.resources().iter().find(|one| one.uri == uri) else {
            let code = if modern {
                Error::INVALID_PARAMS
            } else {
                Error::RESOURCE_NOT_FOUND
            };
            let text = format!("There is no resource {uri:?}. resources/list names all.");
            return Err(Error::new(code, text).with_data(data));
        };
        let text = self.plug.read_resource(&uri);
        let text = text.map_err(|error| refused(error, data))?;
        let contents = [results::Content {
            uri: &uri,
            mime_type: &resource.mime_type,
            text: &text,
        }];
        written(&results::Contents { contents }, modern)
    }

    fn capabilities(&self) -> results::Capabilities {
        let has = |has: bool| has.then_some(results::Empty {});
        results::Capabilities {
            prompts: has(!self.prompts().is_empty()),
            resources: has(!self.resources().is_empty()),
            tools: results::Empty {},
        }
    }

    fn instructions(&self) -> Option<String> {
        let text = self.plug.instructions(&self.names);
        (!text.is_empty()).then_some(text)
    }

    fn initialized(&self, revision: Revision) -> results::Initialized<'_> {
        results::Initialized {
            protocol_version: revision.name(),
            capabilities: self.capabilities(),
            server_info: results::About::new(&self.about),
            instructions: self.instructions(),
        }
    }

    fn discovered(&self) -> results::Discovered<'_> {
        results::Discovered {
            hints: results::Hints::NOT_KEPT,
            supported_versions: Revision::ALL.map(Revision::name),
            capabilities: self.capabilities(),
            instructions: self.instructions(),
            meta: results::DiscoveredMeta {
                server_info: results::About::new(&self.about),
            },
        }
    }
}

/// The first word of all tools' names, as `gong` of `gong_get_call`: what they are the tools of.
fn family(tools: &[Tool]) -> Option<String> {
    let (first, _) = tools.first()?.name.split_once('_')?;
    let same = |tool: &Tool| {
        let word = tool.name.split_once('_');
        word.is_some_and(|(word, _)| word == first)
    };
    (!first.is_empty() && tools.iter().all(same)).then(|| first.into())
}

/// A result of which 2026-07-28 says how long it may be kept.
fn written(result: &impl Serialize, modern: bool) -> Outcome {
    let hints = modern.then_some(results::Hints::NOT_KEPT);
    write(&results::Hinted { hints, result })
}

/// A result of which 2026-07-28 says only that it is complete.
fn written_complete(result: &impl Serialize, modern: bool) -> Outcome {
    let hints = modern.then_some(results::Complete::IT_IS);
    write(&results::Hinted { hints, result })
}

fn write(result: &impl Serialize) -> Outcome {
    serde_json::value::to_raw_value(result).map_err(|error| broken(format!("{error}")))
}

/// How many characters must be added, taken out or changed to make one word the other
/// (Levenshtein). The crates that count it need std.
fn edits(one: &str, other: &str) -> usize {
    // A name is never longer; somebody else's text could cost the square of its length.
    if one.len() > 256 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = core::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.chars().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

fn broken(text: String) -> Error {
    Error::new(Error::INTERNAL, text)
}

fn refused(error: GuideError, data: Option<Value>) -> Error {
    match error {
        GuideError::BadRequest(text) => Error::params(text),
        GuideError::Failed(text) => broken(text),
    }
    .with_data(data)
}

fn unsupported(name: &str) -> Error {
    let data = json!({ "requested": name, "supported": Revision::ALL.map(Revision::name) });
    let text = format!("Revision {name:?} of MCP is not spoken here.");
    Error::new(Error::UNSUPPORTED_REVISION, text).with_data(Some(data))
}

/// What `initialize` is answered with: the client's revision, or the newest that has that method.
fn negotiated(params: &Object<'_>) -> Result<Revision, Error> {
    let last = Revision::LAST_WITH_INITIALIZE;
    let asked = rpc::string_of(params, "protocolVersion", last.name())?;
    for (name, example) in [
        ("capabilities", "{}"),
        ("clientInfo", "{\"name\": \"client\", \"version\": \"1\"}"),
    ] {
        if rpc::object_of(params, name, example)?.is_none() {
            return Err(Error::params(format!(
                "Parameter \"{name}\" is missing. It is an object, such as {example}."
            )));
        }
    }
    let known = Revision::named(&asked).filter(|revision| revision.has_initialize());
    Ok(known.unwrap_or(last))
}

/// What a request says of itself.
pub(crate) struct Meta {
    /// The revision, known or not.
    pub(crate) revision: Option<String>,
    /// Whether it says what the client can do.
    pub(crate) capabilities: bool,
}

impl Meta {
    /// Reads `_meta`.
    ///
    /// # Errors
    ///
    /// It is not an object.
    pub(crate) fn read(params: &Object<'_>) -> Result<Self, Error> {
        let meta = rpc::object_of(params, "_meta", "{}")?;
        let meta = meta.map(|(_, object)| object).unwrap_or_default();
        Ok(Self {
            revision: meta.get(META_REVISION).and_then(|raw| rpc::string(raw)),
            capabilities: meta
                .get(META_CAPABILITIES)
                .is_some_and(|raw| rpc::object(raw).is_some()),
        })
    }

    /// Whether it speaks a revision that has no `initialize`, or a later one.
    pub(crate) fn is_modern(&self) -> bool {
        let first = Revision::V2026_07_28.name();
        self.revision.as_deref().is_some_and(|named| named >= first)
    }

    /// What is said when something is missing.
    pub(crate) fn incomplete(&self) -> Error {
        let mut missing = Vec::new();
        if self.revision.is_none() {
            missing.push(META_REVISION);
        }
        if !self.capabilities {
            missing.push(META_CAPABILITIES);
        }
        Error::params(format!(
            "The request's _meta has not, or not as they must be: {}. An example: \
             {{\"{META_REVISION}\": \"{}\", \"{META_CAPABILITIES}\": {{}}}}. Before 2026-07-28 \
             \"initialize\" comes first.",
            missing.join(", "),
            Revision::V2026_07_28,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::{edits, family};
    use crate::{plug::Effect, tests::tool};

    #[test]
    fn a_server_is_named_after_its_tools() {
        let named = |names: &[&str]| {
            let tools = names.iter().map(|name| tool(name, Effect::Read));
            family(&Vec::from_iter(tools))
        };
        assert_eq!(named(&["crm_get_deal", "crm_list"]).as_deref(), Some("crm"));
        assert_eq!(named(&["wat_tool"]).as_deref(), Some("wat"));
        for none in [
            &["crm_list", "erp_list"][..],
            &["crm_list", "crm"],
            &["list"],
            &["_x"],
            &[],
        ] {
            assert_eq!(named(none), None, "{none:?}");
        }
    }

    #[test]
    fn edits_are_counted() {
        for (one, other, count) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("list_cals", "list_calls", 1),
            ("über", "uber", 1),
        ] {
            assert_eq!(edits(one, other), count, "{one} {other}");
            assert_eq!(edits(other, one), count, "{other} {one}");
        }
        assert_eq!(edits(&"x".repeat(257), "x"), usize::MAX);
    }
}
