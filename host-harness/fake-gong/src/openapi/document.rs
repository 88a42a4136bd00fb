//! Gong's OpenAPI document, made ready for checking requests: the known mistakes corrected,
//! and every object closed, so that a field Gong does not have is an error.

use std::sync::OnceLock;

use http::Method;
use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// The document.
pub(crate) struct Document {
    pub(crate) operations: Vec<DocumentedOperation>,
    components: Value,
}

/// One operation of the document.
pub(crate) struct DocumentedOperation {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) parts: Vec<PartName>,
    body: Option<Value>,
    validator: OnceLock<Validator>,
}

/// One query parameter.
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) kind: String,
    pub(crate) allowed: Vec<String>,
}

/// A part of the operation's multipart/form-data body.
pub(crate) struct PartName {
    pub(crate) name: String,
    pub(crate) required: bool,
}

/// Parameters that the document calls required against its own text: "if not provided, …".
const NOT_REQUIRED: [(&str, &str, &str); 3] = [
    ("GET", "/v2/calls", "fromDateTime"),
    ("GET", "/v2/calls", "toDateTime"),
    ("GET", "/v2/crm/entity-schema", "objectType"),
];

/// Required query parameters that exist in the document's prose only.
const FROM_PROSE: [(&str, &str, [&str; 3]); 1] = [(
    "POST",
    "/v2/crm/entities",
    ["integrationId", "objectType", "clientRequestId"],
)];

/// A list that is declared as a query parameter but is the JSON body, an array of texts.
const IN_THE_BODY: (&str, &str, &str) = ("GET", "/v2/crm/entities", "objectsCrmIds");

/// Two operations that Gong added in July 2026, after the document was made. Only what
/// others wrote about them is known.
fn targets() -> Value {
    let text = json!({ "type": "string" });
    let workspace =
        json!({ "name": "workspaceId", "in": "query", "required": true, "schema": text });
    json!({
        "/v2/targets": { "get": { "parameters": [workspace] } },
        "/v2/targets/{targetId}/assignments": { "post": {
            "parameters": [
                workspace,
                { "name": "validateOnly", "in": "query", "schema": { "type": "boolean" } },
            ],
            "requestBody": { "content": { "multipart/form-data": { "schema": {
                "required": ["file"],
                "properties": { "file": { "type": "string", "format": "binary" } },
            } } } },
        } },
    })
}

/// The schema of a permission profile.
const PROFILE: &str = "PermissionProfileDTO";

impl Document {
    /// Reads the document.
    pub(crate) fn read(text: &str) -> anyhow::Result<Self> {
        let document: Value = serde_json::from_str(text)?;
        let mut components = document["components"].clone();
        close(&mut components);
        let schemas = components["schemas"].as_object_mut();
        for (name, schema) in schemas.into_iter().flatten() {
            allow_null(name, schema);
        }
        let mut operations = Vec::new();
        let paths = document["paths"]
            .as_object()
            .ok_or_else(|| anyhow::anyhow!("the OpenAPI document has no paths"))?;
        let targets = targets();
        let later = targets.as_object().into_iter().flatten();
        let later = later.filter(|(path, _)| !paths.contains_key(*path));
        for (path, methods) in paths.iter().chain(later) {
            for (method, operation) in methods.as_object().into_iter().flatten() {
                if let Ok(method) = Method::from_bytes(method.to_uppercase().as_bytes()) {
                    operations.push(DocumentedOperation::read(method, path, operation));
                }
            }
        }
        Ok(Self {
            operations,
            components,
        })
    }

    /// The operation with this method and this path, placeholders and all.
    pub(crate) fn operation(&self, method: &Method, path: &str) -> Option<&DocumentedOperation> {
        self.operations
            .iter()
            .find(|operation| operation.method == *method && operation.path == path)
    }

    /// Whether the document has an operation for this real path.
    pub(crate) fn knows(&self, method: &Method, path: &str) -> bool {
        self.operations
            .iter()
            .any(|operation| operation.method == *method && fits(&operation.path, path))
    }

    /// What checks the operation's JSON body; `None` where the document has no JSON body for it.
    pub(crate) fn validator<'a>(
        &self,
        operation: &'a DocumentedOperation,
    ) -> Option<&'a Validator> {
        let schema = operation.body.as_ref()?;
        Some(operation.validator.get_or_init(|| {
            let mut root = schema.clone();
            root["components"] = self.components.clone();
            jsonschema::validator_for(&root).expect("the schemas of Gong's OpenAPI document")
        }))
    }
}

impl DocumentedOperation {
    fn read(method: Method, path: &str, operation: &Value) -> Self {
        let here = |(listed, at, name): &(&str, &str, &str), parameter: &str| {
            method.as_str() == *listed && path == *at && parameter == *name
        };
        let mut parameters: Vec<Parameter> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "query")
            .map(Parameter::read)
            .collect();
        parameters.retain(|parameter| !here(&IN_THE_BODY, &parameter.name));
        for parameter in &mut parameters {
            if NOT_REQUIRED
                .iter()
                .any(|listed| here(listed, &parameter.name))
            {
                parameter.required = false;
            }
        }
        for (listed, at, names) in FROM_PROSE {
            if method.as_str() == listed && path == at {
                parameters.extend(names.map(Parameter::required_text));
            }
        }
        let mut body = operation
            .pointer("/requestBody/content/application~1json/schema")
            .cloned();
        if method.as_str() == IN_THE_BODY.0 && path == IN_THE_BODY.1 {
            body = Some(json!({ "type": "array", "items": { "type": "string" } }));
        }
        if let Some(body) = &mut body {
            close(body);
        }
        Self {
            method,
            path: path.to_owned(),
            parameters,
            parts: parts(operation),
            body,
            validator: OnceLock::new(),
        }
    }
}

/// The parts that the operation's multipart/form-data body may have.
fn parts(operation: &Value) -> Vec<PartName> {
    let schema = operation.pointer("/requestBody/content/multipart~1form-data/schema");
    let Some(schema) = schema else {
        return Vec::new();
    };
    let required = schema["required"].as_array();
    let required: Vec<&Value> = required.into_iter().flatten().collect();
    let names = schema["properties"].as_object().into_iter().flatten();
    names
        .map(|(name, _)| PartName {
            name: name.clone(),
            required: required.iter().any(|listed| *listed == name),
        })
        .collect()
}

impl Parameter {
    fn read(parameter: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let allowed = parameter["schema"]["enum"].as_array();
        Self {
            name: text(&parameter["name"]),
            required: parameter["required"] == true,
            kind: text(&parameter["schema"]["type"]),
            allowed: allowed.into_iter().flatten().map(text).collect(),
        }
    }

    fn required_text(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            required: true,
            kind: "string".to_owned(),
            allowed: Vec::new(),
        }
    }
}

/// Closes every object that has properties, and repairs what Gong's document gets wrong in
/// schemas: an enum with a junk member, and `object` for what is any value.
fn close(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Object(fields) => {
            if fields.get("properties").is_some_and(Value::is_object) {
                fields.insert("additionalProperties".to_owned(), false.into());
            } else if is_any_value(fields) {
                fields.remove("type");
            }
            if let Some(Value::Array(members)) = fields.get_mut("enum") {
                *members = repaired(members);
            }
            fields.values_mut().for_each(close);
        }
        _ => {}
    }
}

/// Gong declares a CRM field's value as an object; it is a text, a number or a flag.
fn is_any_value(fields: &Map<String, Value>) -> bool {
    fields.get("type").is_some_and(|kind| kind == "object")
        && !fields.contains_key("additionalProperties")
        && !fields.contains_key("$ref")
}

/// An enum member that is a list of members ("all / own / none", "Lead,Contact") taken apart.
fn repaired(members: &[Value]) -> Vec<Value> {
    let mut repaired: Vec<Value> = Vec::new();
    for member in members {
        let parts: Vec<Value> = match member.as_str() {
            Some(text) => text
                .split(['/', ','])
                .map(|part| Value::from(part.trim()))
                .collect(),
            None => vec![member.clone()],
        };
        for part in parts {
            if !repaired.contains(&part) {
                repaired.push(part);
            }
        }
    }
    repaired
}

/// Lets those fields of a permission profile be null that Gong answers with null, so that a
/// profile can be read, changed and sent back.
fn allow_null(name: &str, schema: &mut Value) {
    for field in ["teamLeadIds", "libraryFolderIds", "description"] {
        let is_of_profile = name == PROFILE || field != "description";
        let known = schema
            .get_mut("properties")
            .and_then(|all| all.get_mut(field));
        if let Some(known) = known.filter(|_| is_of_profile) {
            *known = json!({ "anyOf": [{ "type": "null" }, known.take()] });
        }
    }
}

/// Whether a real path fits a path with placeholders.
fn fits(pattern: &str, path: &str) -> bool {
    let (mut parts, mut real) = (pattern.split('/'), path.split('/'));
    loop {
        match (parts.next(), real.next()) {
            (None, None) => return true,
            (Some(part), Some(real)) if part == real || part.starts_with('{') => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junk_members_of_enums_are_taken_apart() {
        let members = [
            json!("all"),
            json!("own"),
            json!("all / managers-team / own"),
        ];
        assert_eq!(
            repaired(&members),
            [json!("all"), json!("own"), json!("managers-team")]
        );
        assert_eq!(
            repaired(&[json!("number, string, url")]),
            [json!("number"), json!("string"), json!("url")]
        );
    }

    #[test]
    fn placeholders_fit_one_part_of_a_path() {
        assert!(fits("/v2/calls/{id}", "/v2/calls/123"));
        assert!(!fits("/v2/calls/{id}", "/v2/calls/123/media"));
        assert!(!fits("/v2/calls", "/v2/users"));
    }
}
