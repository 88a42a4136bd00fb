//! The file as it is written: every setting as a text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// What stands in the file, to see what changes in it. It holds no secret, because the file does
/// not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The file's path.
    pub file: PathBuf,
    /// The values as JSON, by tenant and by key within it, such as `("acme", "users.mia.token")`.
    /// The tenant is empty for what concerns all.
    pub settings: BTreeMap<(String, String), String>,
}

impl Written {
    /// Takes the settings from a text that was checked before.
    pub(super) fn new(file: &str, text: &str) -> Self {
        let mut settings = BTreeMap::new();
        let mut all: Value = toml::from_str(text).unwrap_or_default();
        write_dates(&mut all);
        let tenants = all.as_object_mut().and_then(|all| all.remove("tenants"));
        if let Some(Value::Object(tenants)) = tenants {
            for (tenant, value) in tenants {
                flatten(&tenant, "", value, &mut settings);
            }
        }
        flatten("", "", all, &mut settings);
        Self {
            file: Path::new(file).to_owned(),
            settings,
        }
    }
}

/// Makes texts of dates and times, which the parser of TOML gives as an object.
fn write_dates(value: &mut Value) {
    const DATE: &str = "$__toml_private_datetime";
    match value {
        Value::Object(members) => match members.get(DATE) {
            Some(date) => *value = date.clone(),
            None => members.values_mut().for_each(write_dates),
        },
        Value::Array(items) => items.iter_mut().for_each(write_dates),
        _ => {}
    }
}

fn flatten(
    tenant: &str,
    key: &str,
    value: Value,
    settings: &mut BTreeMap<(String, String), String>,
) {
    let Value::Object(members) = value else {
        settings.insert((tenant.to_owned(), key.to_owned()), value.to_string());
        return;
    };
    for (name, member) in members {
        let key = if key.is_empty() {
            name
        } else {
            format!("{key}.{name}")
        };
        flatten(tenant, &key, member, settings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_found_by_its_key() {
        let text = "a = 1\n[b]\nc = [\"x\"]\n[tenants.acme]\nmetered = true\nusers.mia.token = \"t\"\n\
             users.mia.expires = 2027-03-31\nusers.tom.tokens = [{ hash = \"h\", expires = 2027-03-31T18:00:00Z }]";
        let written = Written::new("gateway.toml", text);
        let shown: Vec<String> = written
            .settings
            .iter()
            .map(|((tenant, key), value)| format!("{tenant} {key} {value}"))
            .collect();
        let expected = [
            " a 1",
            " b.c [\"x\"]",
            "acme metered true",
            "acme users.mia.expires \"2027-03-31\"",
            "acme users.mia.token \"t\"",
            "acme users.tom.tokens [{\"expires\":\"2027-03-31T18:00:00Z\",\"hash\":\"h\"}]",
        ];
        assert_eq!(shown, expected);
    }
}
