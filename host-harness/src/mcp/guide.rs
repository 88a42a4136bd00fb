//! Prompts and resources: the component's types as MCP's.

use rmcp::ErrorData;
use rmcp::model::{
    GetPromptRequestParams, GetPromptResponse, GetPromptResult, Prompt, PromptArgument,
    PromptMessage, ReadResourceResponse, ReadResourceResult, Resource, ResourceContents, Role,
};
use sandbox::{GuideError, Run, Sandbox, SandboxError};
use serde_json::{Value, json};

use super::names;

/// A prompt as MCP lists it.
#[must_use]
pub fn prompt(prompt: sandbox::Prompt) -> Prompt {
    let arguments = prompt.arguments.into_iter().map(|argument| {
        PromptArgument::new(argument.name)
            .with_description(argument.description)
            .with_required(argument.required)
    });
    Prompt::new(
        prompt.name,
        Some(prompt.description),
        Some(arguments.collect()),
    )
    .with_title(prompt.title)
}

/// A resource as MCP lists it.
#[must_use]
pub fn resource(resource: sandbox::Resource) -> Resource {
    Resource::new(resource.uri, resource.name)
        .with_title(resource.title)
        .with_description(resource.description)
        .with_mime_type(resource.mime_type)
}

/// The message of one of the prompts that are shown; `shown` is none when it is not.
///
/// # Errors
///
/// It is not shown, the arguments are not what it takes, or the component failed.
pub async fn get_prompt(
    sandbox: &Sandbox,
    shown: Option<&Prompt>,
    request: GetPromptRequestParams,
) -> Result<GetPromptResponse, ErrorData> {
    names::check("prompt", &request.name)?;
    let Some(prompt) = shown else {
        let text = format!(
            "There is no prompt {:?}. prompts/list names all.",
            request.name
        );
        return Err(ErrorData::invalid_params(text, None));
    };
    let mut arguments = Vec::new();
    for (name, value) in request.arguments.into_iter().flatten() {
        names::check("prompt", &name)?;
        let Value::String(value) = value else {
            let text = format!("Argument {name:?} of a prompt must be a string.");
            return Err(ErrorData::invalid_params(text, None));
        };
        arguments.push((name, value));
    }
    let text = sandbox.get_prompt(&prompt.name, &arguments).await;
    let text = text
        .map_err(broken)?
        .map_err(|error| refused(error, None))?;
    let mut result = GetPromptResult::new(vec![PromptMessage::new_text(Role::User, text)]);
    result.description.clone_from(&prompt.description);
    Ok(result.into())
}

/// The text of one of the resources that are shown; `shown` is none when it is not.
///
/// # Errors
///
/// It is not shown, it can not be read, or the component failed.
pub async fn read_resource(
    sandbox: &Sandbox,
    run: &Run,
    shown: Option<&Resource>,
    uri: &str,
) -> Result<ReadResourceResponse, ErrorData> {
    names::check("resource", uri)?;
    let Some(resource) = shown else {
        return Err(no_resource(uri));
    };
    let (read, _) = sandbox
        .read_resource(run, uri)
        .await
        .map_err(|stopped| broken(stopped.error))?;
    resource_answer(resource, read.content)
}

/// The answer to a client that reads a resource.
///
/// # Errors
///
/// It could not be read.
pub fn resource_answer(
    resource: &Resource,
    content: Result<String, GuideError>,
) -> Result<ReadResourceResponse, ErrorData> {
    let uri = &resource.uri;
    let text = content.map_err(|error| refused(error, Some(json!({ "uri": uri }))))?;
    let mut contents = ResourceContents::text(text, uri);
    if let Some(mime_type) = &resource.mime_type {
        contents = contents.with_mime_type(mime_type);
    }
    Ok(ReadResourceResult::new(vec![contents]).into())
}

/// The error for a resource that is not shown.
#[must_use]
pub fn no_resource(uri: &str) -> ErrorData {
    let text = format!("There is no resource {uri:?}. resources/list names all.");
    ErrorData::resource_not_found(text, Some(json!({ "uri": uri })))
}

fn refused(error: GuideError, data: Option<Value>) -> ErrorData {
    match error {
        GuideError::BadRequest(text) => ErrorData::invalid_params(text, data),
        GuideError::Failed(text) => ErrorData::internal_error(text, data),
    }
}

fn broken(error: SandboxError) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}
