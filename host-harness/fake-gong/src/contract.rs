//! The contract: a request may only say what Gong's OpenAPI document has.
//!
//! The real Gong ignores much that it does not know; the stand-in refuses it, so that a field
//! that was made up is found in a test and not by a user who wonders why it has no effect.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;

use crate::answer::Refusal;
use crate::asked::Asked;
use crate::openapi::{Document, Parameter};

/// What every error says that comes from the document and not from Gong.
pub(crate) const MARK: &str = "(stand-in: not in Gong's OpenAPI document)";

/// The document, if there is one.
#[derive(Default)]
pub(crate) struct Contract {
    document: Option<Document>,
    checked: AtomicUsize,
}

impl Contract {
    /// Reads the document, and says on stderr when requests will not be checked.
    pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = file else {
            return Ok(Self::default());
        };
        let document = match std::fs::read_to_string(file) {
            Ok(text) => Some(Document::read(&text)?),
            Err(_) => {
                eprintln!(
                    "fake-gong: Gong's OpenAPI document not found at {}: request fields are not checked",
                    file.display()
                );
                None
            }
        };
        Ok(Self {
            document,
            checked: AtomicUsize::new(0),
        })
    }

    /// Whether requests are checked.
    pub(crate) fn is_checked(&self) -> bool {
        self.document.is_some()
    }

    /// How many requests were checked so far.
    pub(crate) fn checked(&self) -> usize {
        self.checked.load(Ordering::Relaxed)
    }

    /// Every operation that Gong is known to have.
    #[cfg(test)]
    pub(crate) fn operations(&self) -> Vec<(&Method, &str)> {
        let document = self.document.as_ref();
        let operations = document.map(|document| document.operations.iter());
        let operations = operations.into_iter().flatten();
        operations
            .map(|operation| (&operation.method, operation.path.as_str()))
            .collect()
    }

    /// What sort of body the document has for an operation.
    #[cfg(test)]
    pub(crate) fn takes(&self, method: &Method, path: &str) -> Option<crate::routes::Takes> {
        use crate::routes::Takes;

        let document = self.document.as_ref()?;
        let operation = document.operation(method, path)?;
        Some(if !operation.parts.is_empty() {
            Takes::Parts
        } else if document.validator(operation).is_some() {
            Takes::Json
        } else {
            Takes::Nothing
        })
    }

    /// Whether Gong has an operation at this real path.
    pub(crate) fn knows(&self, method: &Method, path: &str) -> bool {
        self.document
            .as_ref()
            .is_some_and(|document| document.knows(method, path))
    }

    /// What the request says that Gong does not have. A cursor in the query of a POST is not
    /// among it: Gong ignores that one, see [`Self::unheard`].
    pub(crate) fn check(&self, method: &Method, asked: &Asked) -> Result<(), Refusal> {
        let Some(document) = &self.document else {
            return Ok(());
        };
        self.checked.fetch_add(1, Ordering::Relaxed);
        let Some(operation) = document.operation(method, asked.operation) else {
            return Err(Refusal::malformed(format!(
                "{method} {} {MARK}",
                asked.operation
            )));
        };
        let mut errors = Vec::new();
        for (name, value) in &asked.query {
            match operation
                .parameters
                .iter()
                .find(|known| known.name == *name)
            {
                Some(known) => errors.extend(unfit(known, value)),
                None if method == Method::POST && name == "cursor" => {}
                None => errors.push(format!("{name}: unknown query parameter {MARK}")),
            }
        }
        for known in &operation.parameters {
            if known.required && asked.query(&known.name).is_none() {
                errors.push(format!("{}: must not be null", known.name));
            }
        }
        match document.validator(operation) {
            Some(validator) => errors.extend(validator.iter_errors(&asked.body).map(told)),
            None if !asked.body.is_null() => errors.push(format!("body: unknown {MARK}")),
            None => {}
        }
        for part in &asked.parts {
            let mut known = operation.parts.iter();
            if !known.any(|known| known.name == part.name) {
                errors.push(format!("{}: unknown part {MARK}", part.name));
            }
        }
        for known in operation.parts.iter().filter(|known| known.required) {
            if let Err(refusal) = asked.part(&known.name) {
                errors.extend(refusal.errors);
            }
        }
        if errors.is_empty() {
            return Ok(());
        }
        Err(Refusal {
            errors,
            ..Refusal::malformed("")
        })
    }

    /// What the request says in a place where Gong does not listen, and does not complain
    /// either: a cursor in the query of a POST brings the first page again and again.
    pub(crate) fn unheard(method: &Method, asked: &Asked) -> Option<String> {
        (method == Method::POST && asked.query("cursor").is_some()).then(|| {
            format!(
                "{method} {}: the cursor is in the query, where Gong ignores it; it belongs into the body",
                asked.operation
            )
        })
    }
}

/// What is wrong with a query parameter's value.
fn unfit(parameter: &Parameter, value: &str) -> Option<String> {
    let name = &parameter.name;
    let good = match parameter.kind.as_str() {
        "boolean" => value == "true" || value == "false",
        "integer" => crate::asked::is_id(value),
        _ => true,
    };
    if !good {
        return Some(format!(
            "{name}: \"{value}\" is not a {} {MARK}",
            parameter.kind
        ));
    }
    (!parameter.allowed.is_empty() && !parameter.allowed.iter().any(|known| known == value))
        .then(|| format!("{name}: \"{value}\" {MARK}"))
}

/// An error of the body, naming the field as Gong does: `filter.callIds`.
fn told(error: ValidationError<'_>) -> String {
    let path = error.instance_path().to_string();
    let path = path.trim_start_matches('/').replace('/', ".");
    let field = |name: &str| match path.as_str() {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    };
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let fields: Vec<String> = unexpected.iter().map(|name| field(name)).collect();
            format!("{}: unknown field {MARK}", fields.join(", "))
        }
        // Gong's own complaint, so without the stand-in's mark.
        ValidationErrorKind::Required { property } => {
            format!(
                "{}: must not be null",
                field(property.as_str().unwrap_or_default())
            )
        }
        _ if path.is_empty() => format!("body: {error} {MARK}"),
        _ => format!("{path}: {error} {MARK}"),
    }
}
