//! What is said beside the tools: instructions, prompts and resources: the
//! interface `mcp-guide` of the world `gong-mcp`.
#![cfg(any(feature = "mcp", not(target_family = "wasm")))]

use alloc::{format, string::String, vec::Vec};

use crate::{
    bindings::mcp::exports::gong::tools::mcp_guide::{GuideError, Prompt, Resource},
    gong::Wire,
};

/// In which order to use the tools that are shown.
pub(crate) fn instructions(_tools: &[String]) -> String {
    String::new()
}

/// All prompts, sorted by name.
pub(crate) fn list_prompts() -> Vec<Prompt> {
    Vec::new()
}

/// A prompt's one message.
///
/// # Errors
/// `bad-request`.
pub(crate) fn get_prompt(
    name: &str,
    _arguments: &[(String, String)],
) -> Result<String, GuideError> {
    Err(GuideError::BadRequest(format!(
        "There is no prompt {name}."
    )))
}

/// All resources, sorted by URI.
pub(crate) fn list_resources() -> Vec<Resource> {
    Vec::new()
}

/// A resource's text.
///
/// # Errors
/// `bad-request` for an unknown URI; `failed` with what Gong's refusal means.
pub(crate) fn read_resource(_wire: &dyn Wire, uri: &str) -> Result<String, GuideError> {
    Err(GuideError::BadRequest(format!(
        "There is no resource {uri}."
    )))
}
