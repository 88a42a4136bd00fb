//! The methods of MCP.

use alloc::{boxed::Box, format, string::String, vec::Vec};
use core::cell::OnceCell;

use serde::Serialize;
use serde_json::{Value, json, value::RawValue};

use crate::{
    jsonrpc::{Error, Object, Request, as_string, optional_object, required_string},
    provider::{GuideError, Prompt, Provider, Resource, Tool},
    request_meta::RequestMeta,
    result_types::{
        self, CacheHints, CallToolResult, Complete, DiscoverMeta, DiscoverResult, Empty,
        GetPromptResult, Implementation, InitializeResult, ListPromptsResult,
        ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PromptMessage,
        ReadResourceResult, ServerCapabilities, TextContent, TextResourceContents, WithHints,
        one_line_object,
    },
    revision::Revision,
    settings::{ServerInfo, Settings},
    suggest,
};

/// How the client names the revision that it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// It has not yet, and need not: a request that names none is one of [`Revision::UNNAMED`].
    None,
    /// With `initialize`, or with a header of HTTP.
    Initialized(Revision),
    /// In each request: with a header of HTTP that says 2026-07-28.
    PerRequest,
}

/// A component's tools, prompts and resources, for one client.
#[derive(Debug)]
pub struct Server<P> {
    provider: P,
    info: ServerInfo,
    tools: Vec<Tool>,
    tool_names: Vec<String>,
    prompts: OnceCell<Vec<Prompt>>,
    resources: OnceCell<Vec<Resource>>,
}

/// A method's result as JSON, or its error.
pub type MethodResult = Result<Box<RawValue>, Error>;

impl<P: Provider> Server<P> {
    /// Lists the component's tools and keeps those that the settings select.
    ///
    /// # Errors
    ///
    /// The settings select none, or name unknown toolsets.
    pub fn new(provider: P, settings: &Settings) -> Result<Self, String> {
        let tools = provider.list_tools();
        let mut info = settings.server_info.clone();
        info.name = info.name.or_else(|| common_prefix(&tools));
        let tools = settings.selection.select(tools)?;
        Ok(Self {
            tool_names: tools.iter().map(|tool| tool.name.clone()).collect(),
            info,
            tools,
            provider,
            prompts: OnceCell::new(),
            resources: OnceCell::new(),
        })
    }

    /// The tool with that name, if it is listed.
    pub fn tool(&self, name: &str) -> Option<&Tool> {
        self.tools.iter().find(|tool| tool.name == name)
    }

    /// Prompts of which every tool is listed.
    fn prompts(&self) -> &[Prompt] {
        self.prompts.get_or_init(|| {
            let mut prompts = self.provider.list_prompts();
            prompts.retain(|prompt| {
                prompt
                    .tools
                    .iter()
                    .all(|tool| self.tool_names.contains(tool))
            });
            prompts
        })
    }

    /// Resources whose tool is listed.
    fn resources(&self) -> &[Resource] {
        self.resources.get_or_init(|| {
            let mut resources = self.provider.list_resources();
            resources.retain(|resource| self.tool_names.contains(&resource.tool));
            resources
        })
    }

    /// Handles a request. `initialize` changes the session, and no request needs one.
    pub fn handle(&self, request: &Request<'_>, session: &mut Session) -> MethodResult {
        let meta = RequestMeta::read(&request.params)?;
        if request.method == "initialize" && !meta.is_modern() {
            let revision = negotiate(&request.params);
            let result = serialize(&self.initialize_result(revision));
            *session = Session::Initialized(revision);
            return result;
        }
        let named = match &meta.revision {
            None => None,
            Some(name) => Some(Revision::parse(name).ok_or_else(|| unsupported_revision(name))?),
        };
        let is_discover = request.method == "server/discover";
        let initialized = match session {
            Session::Initialized(revision) => Some(*revision),
            Session::None => Some(Revision::UNNAMED),
            Session::PerRequest => None,
        };
        let per_request =
            is_discover || initialized.is_none() || named >= Some(Revision::V2026_07_28);
        let revision = match (named, initialized) {
            (Some(named), _) if meta.capabilities || !per_request => named,
            (None, Some(revision)) if !per_request => revision,
            _ => return Err(meta.incomplete()),
        };
        let legacy = !per_request && revision.has_initialize();
        self.dispatch(request, legacy, revision >= Revision::V2026_07_28)
    }

    fn dispatch(&self, request: &Request<'_>, legacy: bool, modern: bool) -> MethodResult {
        let params = &request.params;
        match &*request.method {
            "ping" if legacy => serialize(&Empty {}),
            "server/discover" => {
                // Its result has hints in every revision.
                serialize(&self.discover_result())
            }
            "tools/list" => {
                let tools = self.tools.iter().map(result_types::Tool::new);
                let tools = tools.collect::<Result<_, _>>().map_err(Error::internal)?;
                with_cache_hints(&ListToolsResult { tools }, modern)
            }
            "tools/call" => self.call(params, modern),
            "prompts/list" => {
                let prompts = self
                    .prompts()
                    .iter()
                    .map(result_types::Prompt::new)
                    .collect();
                with_cache_hints(&ListPromptsResult { prompts }, modern)
            }
            "prompts/get" => self.prompt(params, modern),
            "resources/list" => {
                let resources = self.resources().iter().map(result_types::Resource::new);
                let resources = resources.collect();
                with_cache_hints(&ListResourcesResult { resources }, modern)
            }
            "resources/templates/list" if !self.resources().is_empty() => with_cache_hints(
                &ListResourceTemplatesResult {
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

    fn call(&self, params: &Object<'_>, modern: bool) -> MethodResult {
        let example = self.tool_names.first().map_or("search", String::as_str);
        let name = required_string(params, "name", example)?;
        let arguments = optional_object(params, "arguments", "{\"limit\": 10}")?;
        if self.tool(&name).is_none() {
            return Err(Error::invalid_params(self.unknown_tool(&name)));
        }
        let arguments = arguments.map_or("{}", |(raw, _)| raw.get());
        let result = self.provider.call_tool(&name, arguments);
        let structured = match &result.structured {
            Some(json) if !result.is_error => Some(one_line_object(json).ok_or_else(|| {
                Error::internal(format!(
                    "The structured answer of {name} is not a JSON object."
                ))
            })?),
            _ => None,
        };
        let called = CallToolResult {
            content: [TextContent::new(&result.text)],
            structured_content: structured,
            is_error: result.is_error,
        };
        with_complete(&called, modern)
    }

    /// The message for a tool that is not listed.
    fn unknown_tool(&self, name: &str) -> String {
        let similar = suggest::similar(name, &self.tool_names);
        if similar.is_empty() {
            format!("There is no tool {name:?}. tools/list names all.")
        } else {
            let similar = similar.join(", ");
            format!("There is no tool {name:?}. Did you mean one of: {similar}?")
        }
    }

    fn prompt(&self, params: &Object<'_>, modern: bool) -> MethodResult {
        let example = self.prompts().first().map_or("review", |one| &*one.name);
        let name = required_string(params, "name", example)?;
        let sent = optional_object(params, "arguments", "{\"topic\": \"pricing\"}")?;
        let Some(prompt) = self.prompts().iter().find(|one| one.name == name) else {
            return Err(Error::invalid_params(format!(
                "There is no prompt {name:?}. prompts/list names all."
            )));
        };
        let mut arguments = Vec::new();
        for (name, value) in sent.into_iter().flat_map(|(_, object)| object) {
            let Some(value) = as_string(value) else {
                return Err(Error::invalid_params(format!(
                    "Argument {name:?} of a prompt must be a string."
                )));
            };
            arguments.push((name, value));
        }
        let text = self.provider.get_prompt(&name, &arguments);
        let text = text.map_err(|error| guide_error(error, None))?;
        let got = GetPromptResult {
            description: &prompt.description,
            messages: [PromptMessage {
                role: "user",
                content: TextContent::new(&text),
            }],
        };
        with_complete(&got, modern)
    }

    fn resource(&self, params: &Object<'_>, modern: bool) -> MethodResult {
        let example = self.resources().first().map_or("a://b", |one| &*one.uri);
        let uri = required_string(params, "uri", example)?;
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
        let text = self.provider.read_resource(&uri);
        let text = text.map_err(|error| guide_error(error, data))?;
        let contents = [TextResourceContents {
            uri: &uri,
            mime_type: &resource.mime_type,
            text: &text,
        }];
        with_cache_hints(&ReadResourceResult { contents }, modern)
    }

    fn capabilities(&self) -> ServerCapabilities {
        let has = |has: bool| has.then_some(Empty {});
        ServerCapabilities {
            prompts: has(!self.prompts().is_empty()),
            resources: has(!self.resources().is_empty()),
            tools: Empty {},
        }
    }

    fn instructions(&self) -> Option<String> {
        let text = self.provider.instructions(&self.tool_names);
        (!text.is_empty()).then_some(text)
    }

    fn initialize_result(&self, revision: Revision) -> InitializeResult<'_> {
        InitializeResult {
            protocol_version: revision.name(),
            capabilities: self.capabilities(),
            server_info: Implementation::new(&self.info),
            instructions: self.instructions(),
        }
    }

    fn discover_result(&self) -> DiscoverResult<'_> {
        DiscoverResult {
            hints: CacheHints::NO_CACHE,
            supported_versions: Revision::ALL.map(Revision::name),
            capabilities: self.capabilities(),
            instructions: self.instructions(),
            meta: DiscoverMeta {
                server_info: Implementation::new(&self.info),
            },
        }
    }
}

/// The word that all tools' names begin with, such as `gong` of `gong_get_call`.
fn common_prefix(tools: &[Tool]) -> Option<String> {
    let (first, _) = tools.first()?.name.split_once('_')?;
    let same = |tool: &Tool| {
        let word = tool.name.split_once('_');
        word.is_some_and(|(word, _)| word == first)
    };
    (!first.is_empty() && tools.iter().all(same)).then(|| first.into())
}

/// The result of a method to which 2026-07-28 adds cache hints.
fn with_cache_hints(result: &impl Serialize, modern: bool) -> MethodResult {
    let hints = modern.then_some(CacheHints::NO_CACHE);
    serialize(&WithHints { hints, result })
}

/// The result of a method to which 2026-07-28 adds only that it is complete.
fn with_complete(result: &impl Serialize, modern: bool) -> MethodResult {
    let hints = modern.then_some(Complete::COMPLETE);
    serialize(&WithHints { hints, result })
}

fn serialize(result: &impl Serialize) -> MethodResult {
    serde_json::value::to_raw_value(result).map_err(|error| Error::internal(format!("{error}")))
}

fn guide_error(error: GuideError, data: Option<Value>) -> Error {
    match error {
        GuideError::BadRequest(text) => Error::invalid_params(text),
        GuideError::Failed(text) => Error::internal(text),
    }
    .with_data(data)
}

fn unsupported_revision(name: &str) -> Error {
    let data = json!({ "requested": name, "supported": Revision::ALL.map(Revision::name) });
    let text = format!("Revision {name:?} of MCP is not spoken here.");
    Error::new(Error::UNSUPPORTED_REVISION, text).with_data(Some(data))
}

/// The revision that `initialize` agrees on: the client's, or the newest that has `initialize`.
fn negotiate(params: &Object<'_>) -> Revision {
    let requested = params.get("protocolVersion").and_then(|raw| as_string(raw));
    let known = requested.and_then(|requested| Revision::parse(&requested));
    known
        .filter(|revision| revision.has_initialize())
        .unwrap_or(Revision::LAST_WITH_INITIALIZE)
}

#[cfg(test)]
mod tests {
    use super::common_prefix;
    use crate::{provider::Effect, tests::fake_provider::tool};

    #[test]
    fn a_server_is_named_after_its_tools() {
        let named = |names: &[&str]| {
            let tools = names.iter().map(|name| tool(name, Effect::Read));
            common_prefix(&Vec::from_iter(tools))
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
}
