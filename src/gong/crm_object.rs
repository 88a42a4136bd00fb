//! CRM objects on a call. Salesforce, HubSpot and Dynamics have different names for the same fields.

use serde::Deserialize;
use serde_json::Value;

use crate::{gong::id::Id, json_ext::number, prelude::*, text::one_line};

/// OpenAPI `CallContextDto` and `PartyContextDto`: objects of one CRM.
#[derive(Default, Deserialize)]
pub(crate) struct Context {
    pub(crate) objects: Option<Vec<CrmObject>>,
}

/// OpenAPI `ExternalCallObject` and `ExternalPartyObject`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CrmObject {
    pub(crate) object_type: Option<String>,
    pub(crate) object_id: Option<Id>,
    pub(crate) timing: Option<String>,
    pub(crate) fields: Option<Vec<Field>>,
}

/// OpenAPI `ContextField`; the value has any type.
#[derive(Default, Deserialize)]
pub(crate) struct Field {
    pub(crate) name: Option<String>,
    pub(crate) value: Option<Value>,
}

impl Field {
    /// The value as text, if there is any.
    pub(crate) fn text(&self) -> Option<String> {
        let text = match self.value.as_ref()? {
            Value::Null => return None,
            Value::String(text) => one_line(text),
            Value::Number(number) => without_zero_decimals(number.to_string()),
            other => other.to_string(),
        };
        (!text.is_empty()).then_some(text)
    }
}

impl CrmObject {
    /// The id; empty if Gong sent none.
    pub(crate) fn id(&self) -> &str {
        self.object_id.as_ref().map_or("", |id| &id.0)
    }

    /// The first field that has a value, of those with these names (in lower case).
    pub(crate) fn field(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|known| {
            self.fields
                .iter()
                .flatten()
                .find(|field| {
                    field
                        .name
                        .as_deref()
                        .is_some_and(|name| name.eq_ignore_ascii_case(known))
                })?
                .text()
        })
    }

    /// The name: `Name` in Salesforce and Dynamics, `dealname` in HubSpot.
    pub(crate) fn name(&self) -> Option<String> {
        self.field(&["name", "dealname"])
    }

    /// A deal's stage.
    pub(crate) fn stage(&self) -> Option<String> {
        self.field(&["stagename", "dealstage", "stage", "stepname"])
    }

    /// A deal's amount, as the CRM writes it, without needless decimals.
    pub(crate) fn amount(&self) -> Option<String> {
        self.field(&["amount", "estimatedvalue"])
            .map(without_zero_decimals)
    }

    /// A deal's expected close date.
    pub(crate) fn close_date(&self) -> Option<String> {
        let text = self.field(&["closedate", "estimatedclosedate"])?;
        Some(match text.split_once('T') {
            Some((date, _)) if date.len() == 10 => date.to_owned(),
            _ => text,
        })
    }

    /// A deal's probability in percent. HubSpot's is a fraction.
    pub(crate) fn probability(&self) -> Option<String> {
        let percent = self.field(&["probability", "closeprobability"]);
        let fraction = || {
            let fraction = number(&self.field(&["hs_deal_stage_probability"])?)?;
            Some(format!("{}", (fraction * 1000.0) as i64 / 10))
        };
        percent.map(without_zero_decimals).or_else(fraction)
    }

    /// The owner in the CRM: a name or an id.
    pub(crate) fn owner(&self) -> Option<String> {
        self.field(&[
            "owner",
            "ownername",
            "owner.name",
            "ownerid",
            "hubspot_owner_id",
        ])
    }

    /// The next step that the seller wrote down: Salesforce's field, HubSpot's, or a usual custom one.
    pub(crate) fn next_step(&self) -> Option<String> {
        self.field(&["nextstep", "hs_next_step", "next_step__c"])
    }

    /// An account's website or domain, as the CRM writes it.
    pub(crate) fn website(&self) -> Option<String> {
        self.field(&["website", "domain", "websiteurl"])
    }

    /// An account's industry.
    pub(crate) fn industry(&self) -> Option<String> {
        self.field(&["industry", "industrycode"])
    }

    /// A contact's role in buying, from any field with `role` in its name: companies have their own
    /// fields for it.
    pub(crate) fn role(&self) -> Option<String> {
        self.fields
            .iter()
            .flatten()
            .filter(|field| field.name.as_deref().is_some_and(is_role))
            .find_map(Field::text)
    }

    /// Drops the fields that nothing reads: companies have hundreds of them.
    pub(crate) fn slim(&mut self) {
        if let Some(fields) = &mut self.fields {
            fields.retain(|field| {
                field.name.as_deref().is_some_and(|name| {
                    is_role(name) || READ.iter().any(|read| read.eq_ignore_ascii_case(name))
                })
            });
            fields.shrink_to_fit();
        }
    }

    /// Whether this is how the object was when the call was held.
    pub(crate) fn is_of_call_time(&self) -> bool {
        self.timing.as_deref() == Some("TimeOfCall")
    }
}

/// The fields that the methods of [`CrmObject`] read, in lower case.
const READ: [&str; 26] = [
    "name",
    "dealname",
    "stagename",
    "dealstage",
    "stage",
    "stepname",
    "amount",
    "estimatedvalue",
    "closedate",
    "estimatedclosedate",
    "probability",
    "closeprobability",
    "hs_deal_stage_probability",
    "owner",
    "ownername",
    "owner.name",
    "ownerid",
    "hubspot_owner_id",
    "nextstep",
    "hs_next_step",
    "next_step__c",
    "website",
    "domain",
    "websiteurl",
    "industry",
    "industrycode",
];

fn is_role(field: &str) -> bool {
    field.to_ascii_lowercase().contains("role")
}

fn without_zero_decimals(number: String) -> String {
    match number.split_once('.') {
        Some((whole, decimals)) if decimals.bytes().all(|byte| byte == b'0') => whole.to_owned(),
        _ => number,
    }
}

#[cfg(test)]
mod tests {
    use super::CrmObject;

    #[test]
    fn the_fields_of_three_crms_are_read() {
        let object = |json: &str| serde_json::from_str::<CrmObject>(json).expect("object");
        let salesforce = object(
            r#"{"objectId":"006","fields":[{"name":"Name","value":"Acme 2026"},{"name":"StageName","value":"Closed"},
            {"name":"Amount","value":120000.0},{"name":"CloseDate","value":"2026-12-01"},{"name":"Probability","value":70.5}]}"#,
        );
        assert_eq!(salesforce.name().as_deref(), Some("Acme 2026"));
        assert_eq!(salesforce.amount().as_deref(), Some("120000"));
        assert_eq!(salesforce.probability().as_deref(), Some("70.5"));
        let hubspot = object(
            r#"{"objectId":17,"fields":[{"name":"dealname","value":"B"},{"name":"dealstage","value":"won"},
            {"name":"closedate","value":"2026-12-01T00:00:00Z"},{"name":"amount","value":null}]}"#,
        );
        assert_eq!(hubspot.id(), "17");
        assert_eq!(hubspot.stage().as_deref(), Some("won"));
        assert_eq!(hubspot.close_date().as_deref(), Some("2026-12-01"));
        assert_eq!(hubspot.amount(), None);
    }
}
