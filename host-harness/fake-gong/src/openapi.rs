//! Checks a request against Gong's OpenAPI document.

use std::path::Path;

use http::Method;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use crate::request::ApiRequest;
use crate::response::{ApiError, UNDOCUMENTED};

mod document;

pub(crate) use document::Document;
use document::Parameter;

impl Document {
    /// Reads the file. Without one it says on stderr that requests are not checked.
    pub(crate) fn load(file: &Path) -> anyhow::Result<Option<Self>> {
        match std::fs::read_to_string(file) {
            Ok(text) => Self::read(&text).map(Some),
            Err(_) => {
                eprintln!(
                    "fake-gong: Gong's OpenAPI document not found at {}: request fields are not checked",
                    file.display()
                );
                Ok(None)
            }
        }
    }

    /// Refuses a request with anything that the document does not have.
    pub(crate) fn check(&self, method: &Method, request: &ApiRequest) -> Result<(), ApiError> {
        let Some(operation) = self.operation(method, request.operation) else {
            return Err(ApiError::bad_request(format!(
                "{method} {} {UNDOCUMENTED}",
                request.operation
            )));
        };
        let mut errors = Vec::new();
        for (name, value) in &request.query {
            match operation
                .parameters
                .iter()
                .find(|known| known.name == *name)
            {
                Some(known) => errors.extend(value_error(known, value)),
                None if method == Method::POST && name == "cursor" => {}
                None => errors.push(format!("{name}: unknown query parameter {UNDOCUMENTED}")),
            }
        }
        for known in &operation.parameters {
            if known.required && request.query(&known.name).is_none() {
                errors.push(format!("{}: must not be null", known.name));
            }
        }
        match self.validator(operation) {
            Some(validator) => errors.extend(validator.iter_errors(&request.body).map(body_error)),
            None if !request.body.is_null() => errors.push(format!("body: unknown {UNDOCUMENTED}")),
            None => {}
        }
        for part in &request.parts {
            let mut known = operation.parts.iter();
            if !known.any(|known| known.name == part.name) {
                errors.push(format!("{}: unknown part {UNDOCUMENTED}", part.name));
            }
        }
        for known in operation.parts.iter().filter(|known| known.required) {
            if let Err(error) = request.part(&known.name) {
                errors.extend(error.errors);
            }
        }
        if errors.is_empty() {
            return Ok(());
        }
        Err(ApiError {
            errors,
            ..ApiError::bad_request("")
        })
    }
}

/// What is wrong with a query parameter's value.
fn value_error(parameter: &Parameter, value: &str) -> Option<String> {
    let name = &parameter.name;
    let good = match parameter.kind.as_str() {
        "boolean" => value == "true" || value == "false",
        "integer" => crate::request::is_id(value),
        _ => true,
    };
    if !good {
        return Some(format!(
            "{name}: \"{value}\" is not a {} {UNDOCUMENTED}",
            parameter.kind
        ));
    }
    (!parameter.allowed.is_empty() && !parameter.allowed.iter().any(|known| known == value))
        .then(|| format!("{name}: \"{value}\" {UNDOCUMENTED}"))
}

/// An error of the body, naming the field as Gong does: `filter.callIds`.
fn body_error(error: ValidationError<'_>) -> String {
    let path = error.instance_path().to_string();
    let path = path.trim_start_matches('/').replace('/', ".");
    let field = |name: &str| match path.as_str() {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let fields: Vec<String> = unexpected.iter().map(|name| field(name)).collect();
            format!("{}: unknown field {UNDOCUMENTED}", fields.join(", "))
        }
        // Gong's own complaint, so without the stand-in's mark.
        ValidationErrorKind::Required { property } => {
            format!(
                "{}: must not be null",
                field(property.as_str().unwrap_or_default())
            )
        }
        _ if path.is_empty() => format!("body: {error} {UNDOCUMENTED}"),
        _ => format!("{path}: {error} {UNDOCUMENTED}"),
    }
}
