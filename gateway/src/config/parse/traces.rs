//! The keys of `[traces]`.

use std::path::Path;

use super::super::document::Table;
use super::url;
use crate::config::{SecretRef, TracesConfig};

pub(super) const EXAMPLE: &str =
    "[traces] with url = \"https://collector.acme.example:4318/v1/traces\"";
const URL: &str = "https://collector.acme.example:4318/v1/traces";

pub(super) fn traces(
    mut table: Table<'_, '_>,
    folder: &Path,
    stand_in: bool,
) -> Option<TracesConfig> {
    let authorization = table.get("authorization");
    // A collector often runs beside the gateway and takes no secret.
    let plain = stand_in || authorization.is_none();
    let url = table
        .required("url", URL)
        .and_then(|value| value.or_error(url::https(value.text(URL)?, plain, URL)));
    let authorization = authorization.and_then(|value| {
        let example = "env:OTLP_AUTHORIZATION";
        value.or_error(SecretRef::parse(value.text(example)?, folder))
    });
    table.finish();
    Some(TracesConfig {
        url: url?,
        authorization,
    })
}
