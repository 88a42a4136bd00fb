//! The schema of the generic CRM integration: the fields that were added to Gong's own.
//! GET /v2/crm/entity-schema; api:crm:schema. Not paged.

use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse},
    error::Error,
    json_ext::JsonExt,
    prelude::*,
};

/// Each object type with its fields, as Gong sends them; of one object type or of all.
///
/// # Errors
/// Whatever the request fails with; `unexpected-answer`.
pub(crate) fn read(
    gong: &Gong<'_>,
    integration: &str,
    object_type: Option<&str>,
) -> Result<Vec<(String, Vec<Value>)>, Error> {
    let ApiResponse(answer) = gong.get(
        "/v2/crm/entity-schema",
        &[
            ("integrationId", Some(integration)),
            ("objectType", object_type),
        ],
    )?;
    let mut types = match answer.get("objectTypeToSelectedFields") {
        Some(Value::Object(types)) => types
            .iter()
            .map(|(name, fields)| (name.clone(), fields.as_array().cloned().unwrap_or_default()))
            .collect(),
        Some(Value::Null) => Vec::new(),
        _ => {
            return Err(Error::unexpected_answer(
                "Gong's answer to GET /v2/crm/entity-schema is JSON of another shape than its documentation says (no \
                 objectTypeToSelectedFields in it)."
                    .into(),
            ));
        }
    };
    types.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    Ok(types)
}

/// A field's name: `uniqueName` in Gong's schema of the answer, `name` in its example.
pub(crate) fn name(field: &Value) -> String {
    field
        .text("uniqueName")
        .or_else(|| field.text("name"))
        .unwrap_or_default()
}
