//! Results as MCP writes them.

use alloc::{format, string::String, vec::Vec};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    plug::{self, Classification, Effect},
    settings,
};

/// A result with what a revision adds to it.
#[derive(Serialize)]
pub(crate) struct Hinted<'a, H, T> {
    #[serde(flatten)]
    pub(crate) hints: Option<H>,
    #[serde(flatten)]
    pub(crate) result: &'a T,
}

/// Since 2026-07-28: there is no more to come.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Complete {
    result_type: &'static str,
}

impl Complete {
    pub(crate) const IT_IS: Self = Self {
        result_type: "complete",
    };
}

/// Since 2026-07-28: how long it may be kept, and for whom.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hints {
    result_type: &'static str,
    ttl_ms: u32,
    cache_scope: &'static str,
}

impl Hints {
    /// Not at all: what is shown follows from settings that may change at any time.
    pub(crate) const NOT_KEPT: Self = Self {
        result_type: "complete",
        ttl_ms: 0,
        cache_scope: "private",
    };
}

#[derive(Serialize)]
pub(crate) struct Empty {}

#[derive(Serialize)]
pub(crate) struct Capabilities {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prompts: Option<Empty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resources: Option<Empty>,
    pub(crate) tools: Empty,
}

#[derive(Serialize)]
pub(crate) struct About<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    version: &'a str,
}

impl<'a> About<'a> {
    pub(crate) fn new(about: &'a settings::About) -> Self {
        Self {
            name: about.name.as_deref().unwrap_or("mcp-server"),
            title: about.title.as_deref(),
            version: &about.version,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Initialized<'a> {
    pub(crate) protocol_version: &'static str,
    pub(crate) capabilities: Capabilities,
    pub(crate) server_info: About<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instructions: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Discovered<'a> {
    #[serde(flatten)]
    pub(crate) hints: Hints,
    pub(crate) supported_versions: [&'static str; 5],
    pub(crate) capabilities: Capabilities,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) instructions: Option<String>,
    #[serde(rename = "_meta")]
    pub(crate) meta: DiscoveredMeta<'a>,
}

#[derive(Serialize)]
pub(crate) struct DiscoveredMeta<'a> {
    #[serde(rename = "io.modelcontextprotocol/serverInfo")]
    pub(crate) server_info: About<'a>,
}

#[derive(Serialize)]
pub(crate) struct Tools<'a> {
    pub(crate) tools: Vec<Tool<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tool<'a> {
    name: &'a str,
    title: &'a str,
    description: &'a str,
    input_schema: &'a RawValue,
    output_schema: &'a RawValue,
    annotations: Annotations<'a>,
    #[serde(rename = "_meta")]
    meta: ToolMeta<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Annotations<'a> {
    title: &'a str,
    read_only_hint: bool,
    destructive_hint: bool,
    idempotent_hint: bool,
    open_world_hint: bool,
}

/// What MCP has no field for, under the keys that `host-harness` writes it.
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
    pub(crate) fn new(tool: &'a plug::Tool) -> Result<Self, String> {
        let schema = |which, json: &'a str| {
            object(json)
                .ok_or_else(|| format!("The {which} schema of {} is not a JSON object.", tool.name))
        };
        Ok(Self {
            name: &tool.name,
            title: &tool.title,
            description: &tool.description,
            input_schema: schema("input", &tool.input_schema)?,
            output_schema: schema("output", &tool.output_schema)?,
            annotations: Annotations {
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

/// The JSON object that a text is, if it is one.
pub(crate) fn object(json: &str) -> Option<&RawValue> {
    let raw: &RawValue = serde_json::from_str(json).ok()?;
    raw.get().starts_with('{').then_some(raw)
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

/// A classification as gateways write it.
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
pub(crate) struct Text<'a> {
    r#type: &'static str,
    text: &'a str,
}

impl<'a> Text<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            r#type: "text",
            text,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Called<'a> {
    pub(crate) content: [Text<'a>; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) structured_content: Option<&'a RawValue>,
    pub(crate) is_error: bool,
}

#[derive(Serialize)]
pub(crate) struct Prompts<'a> {
    pub(crate) prompts: Vec<Prompt<'a>>,
}

#[derive(Serialize)]
pub(crate) struct Prompt<'a> {
    name: &'a str,
    title: &'a str,
    description: &'a str,
    arguments: Vec<Argument<'a>>,
}

#[derive(Serialize)]
struct Argument<'a> {
    name: &'a str,
    description: &'a str,
    required: bool,
}

impl<'a> Prompt<'a> {
    pub(crate) fn new(prompt: &'a plug::Prompt) -> Self {
        let arguments = prompt.arguments.iter().map(|argument| Argument {
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
pub(crate) struct Got<'a> {
    pub(crate) description: &'a str,
    pub(crate) messages: [Said<'a>; 1],
}

#[derive(Serialize)]
pub(crate) struct Said<'a> {
    pub(crate) role: &'static str,
    pub(crate) content: Text<'a>,
}

#[derive(Serialize)]
pub(crate) struct Resources<'a> {
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
    pub(crate) fn new(resource: &'a plug::Resource) -> Self {
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
pub(crate) struct Templates {
    pub(crate) resource_templates: [(); 0],
}

#[derive(Serialize)]
pub(crate) struct Contents<'a> {
    pub(crate) contents: [Content<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Content<'a> {
    pub(crate) uri: &'a str,
    pub(crate) mime_type: &'a str,
    pub(crate) text: &'a str,
}
