//! The results of MCP's methods, with the names of its schema.

use alloc::{borrow::Cow, format, string::String, vec::Vec};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    provider::{self, Classification, Effect},
    settings::ServerInfo,
};

/// A result with the fields that a revision adds to all results.
#[derive(Serialize)]
pub(crate) struct WithHints<'a, H, T> {
    #[serde(flatten)]
    pub(crate) hints: Option<H>,
    #[serde(flatten)]
    pub(crate) result: &'a T,
}

/// Since 2026-07-28: the result is not a partial one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Complete {
    result_type: &'static str,
}

impl Complete {
    pub(crate) const COMPLETE: Self = Self {
        result_type: "complete",
    };
}

/// Since 2026-07-28: how long clients may cache a complete result, and for whom.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CacheHints {
    result_type: &'static str,
    ttl_ms: u32,
    cache_scope: &'static str,
}

impl CacheHints {
    /// Not at all: what is listed depends on settings, which may change at any time.
    pub(crate) const NO_CACHE: Self = Self {
        result_type: "complete",
        ttl_ms: 0,
        cache_scope: "private",
    };
}

#[derive(Serialize)]
pub(crate) struct Empty {}

#[derive(Serialize)]
pub(crate) struct ServerCapabilities {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompts: Option<Empty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resources: Option<Empty>,
    pub(crate) tools: Empty,
}

#[derive(Serialize)]
pub(crate) struct Implementation<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    version: &'a str,
}

impl<'a> Implementation<'a> {
    pub(crate) fn new(info: &'a ServerInfo) -> Self {
        Self {
            name: info.name.as_deref().unwrap_or("mcp-server"),
            title: info.title.as_deref(),
            version: &info.version,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InitializeResult<'a> {
    pub(crate) protocol_version: &'static str,
    pub(crate) capabilities: ServerCapabilities,
    pub(crate) server_info: Implementation<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instructions: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DiscoverResult<'a> {
    #[serde(flatten)]
    pub(crate) hints: CacheHints,
    pub(crate) supported_versions: [&'static str; 5],
    pub(crate) capabilities: ServerCapabilities,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instructions: Option<String>,
    #[serde(rename = "_meta")]
    pub(crate) meta: DiscoverMeta<'a>,
}

#[derive(Serialize)]
pub(crate) struct DiscoverMeta<'a> {
    #[serde(rename = "io.modelcontextprotocol/serverInfo")]
    pub(crate) server_info: Implementation<'a>,
}

#[derive(Serialize)]
pub(crate) struct ListToolsResult<'a> {
    pub(crate) tools: Vec<Tool<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tool<'a> {
    name: &'a str,
    title: &'a str,
    description: &'a str,
    input_schema: Cow<'a, RawValue>,
    output_schema: Cow<'a, RawValue>,
    annotations: ToolAnnotations<'a>,
    #[serde(rename = "_meta")]
    meta: ToolMeta<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToolAnnotations<'a> {
    title: &'a str,
    read_only_hint: bool,
    destructive_hint: bool,
    idempotent_hint: bool,
    open_world_hint: bool,
}

/// What MCP has no field for. `host-harness` uses the same keys.
#[derive(Serialize)]
struct ToolMeta<'a> {
    #[serde(rename = "gong-tools/toolset")]
    toolset: &'a str,
    #[serde(rename = "gong-tools/effect")]
    effect: &'static str,
    #[serde(rename = "gong-tools/scopes")]
    scopes: &'a [String],
    #[serde(rename = "gong-tools/classification")]
    classification: Vec<&'static str>,
    #[serde(rename = "gong-tools/operations")]
    operations: &'a [String],
}

impl<'a> Tool<'a> {
    /// A tool as MCP lists it.
    ///
    /// # Errors
    ///
    /// One of its schemas is not a JSON object.
    pub(crate) fn new(tool: &'a provider::Tool) -> Result<Self, String> {
        let schema = |which, json: &'a str| {
            one_line_object(json)
                .ok_or_else(|| format!("The {which} schema of {} is not a JSON object.", tool.name))
        };
        Ok(Self {
            name: &tool.name,
            title: &tool.title,
            description: &tool.description,
            input_schema: schema("input", &tool.input_schema)?,
            output_schema: schema("output", &tool.output_schema)?,
            annotations: ToolAnnotations {
                title: &tool.title,
                read_only_hint: tool.annotations.read_only_hint,
                destructive_hint: tool.annotations.destructive_hint,
                idempotent_hint: tool.annotations.idempotent_hint,
                open_world_hint: tool.annotations.open_world_hint,
            },
            meta: ToolMeta {
                toolset: &tool.toolset,
                effect: effect_name(tool.effect),
                scopes: &tool.scopes,
                classification: tool
                    .classification
                    .iter()
                    .map(|one| classification_name(*one))
                    .collect(),
                operations: &tool.operations,
            },
        })
    }
}

/// The text as a JSON object without line breaks, if it is an object. A message over stdio, and
/// the data of an event over HTTP, must be one line.
pub(crate) fn one_line_object(json: &str) -> Option<Cow<'_, RawValue>> {
    let raw: &RawValue = serde_json::from_str(json).ok()?;
    if !raw.get().starts_with('{') {
        return None;
    }
    let line_breaks = ['\n', '\r'];
    if !raw.get().contains(line_breaks) {
        return Some(Cow::Borrowed(raw));
    }
    // In valid JSON they stand between tokens only, so no string or number changes.
    let one_line = raw.get().split(line_breaks).map(str::trim).collect();
    RawValue::from_string(one_line).ok().map(Cow::Owned)
}

/// An effect's name in the WIT.
fn effect_name(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::MeteredRead => "metered-read",
        Effect::Write => "write",
        Effect::Outreach => "outreach",
        Effect::Destructive => "destructive",
    }
}

/// A classification in the spelling that gateways use.
fn classification_name(classification: Classification) -> &'static str {
    match classification {
        Classification::Read => "READ",
        Classification::Write => "WRITE",
        Classification::Destructive => "DESTRUCTIVE",
        Classification::Sensitive => "SENSITIVE",
        Classification::Dangerous => "DANGEROUS",
    }
}

#[derive(Serialize)]
pub(crate) struct TextContent<'a> {
    r#type: &'static str,
    text: &'a str,
}

impl<'a> TextContent<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            r#type: "text",
            text,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CallToolResult<'a> {
    pub(crate) content: [TextContent<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) structured_content: Option<Cow<'a, RawValue>>,
    pub(crate) is_error: bool,
}

#[derive(Serialize)]
pub(crate) struct ListPromptsResult<'a> {
    pub(crate) prompts: Vec<Prompt<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Prompt<'a> {
    name: &'a str,
    title: &'a str,
    description: &'a str,
    arguments: Vec<PromptArgument<'a>>,
}

#[derive(Serialize)]
struct PromptArgument<'a> {
    name: &'a str,
    description: &'a str,
    required: bool,
}

impl<'a> Prompt<'a> {
    pub(crate) fn new(prompt: &'a provider::Prompt) -> Self {
        let arguments = prompt.arguments.iter().map(|argument| PromptArgument {
            name: &argument.name,
            description: &argument.description,
            required: argument.required,
        });
        Self {
            name: &prompt.name,
            title: &prompt.title,
            description: &prompt.description,
            arguments: arguments.collect(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct GetPromptResult<'a> {
    pub(crate) description: &'a str,
    pub(crate) messages: [PromptMessage<'a>; 1],
}

#[derive(Serialize)]
pub(crate) struct PromptMessage<'a> {
    pub(crate) role: &'static str,
    pub(crate) content: TextContent<'a>,
}

#[derive(Serialize)]
pub(crate) struct ListResourcesResult<'a> {
    pub(crate) resources: Vec<Resource<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Resource<'a> {
    uri: &'a str,
    name: &'a str,
    title: &'a str,
    description: &'a str,
    mime_type: &'a str,
}

impl<'a> Resource<'a> {
    pub(crate) fn new(resource: &'a provider::Resource) -> Self {
        Self {
            uri: &resource.uri,
            name: &resource.name,
            title: &resource.title,
            description: &resource.description,
            mime_type: &resource.mime_type,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListResourceTemplatesResult {
    pub(crate) resource_templates: [(); 0],
}

#[derive(Serialize)]
pub(crate) struct ReadResourceResult<'a> {
    pub(crate) contents: [TextResourceContents<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TextResourceContents<'a> {
    pub(crate) uri: &'a str,
    pub(crate) mime_type: &'a str,
    pub(crate) text: &'a str,
}
