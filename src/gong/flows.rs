//! Engage flows, and the prospects in them. GET /v2/flows, POST /v2/flows/prospects; api:flows:read.

use alloc::collections::BTreeSet;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    client::{
        Gong,
        json::{ApiResponse, required},
        pages::{Paged, Pages, Records},
    },
    error::{Error, bad_argument},
    gong::{crm_id, id::Id},
    json_ext::JsonExt,
    prelude::*,
    text::{one_line, shortened},
};

/// Pages of flows that are read at most.
pub(crate) const MOST_PAGES: u32 = 10;
/// Ids in one POST /v2/flows/prospects; Gong documents no limit.
pub(crate) const IDS_A_REQUEST: usize = 100;

/// A page of GET /v2/flows.
#[derive(Default, Deserialize)]
pub(crate) struct Page {
    records: Option<Records>,
    #[serde(deserialize_with = "required")]
    flows: Option<Vec<Flow>>,
}

impl Paged for Page {
    type Item = Flow;
    fn into_page(self) -> (Option<Records>, Vec<Flow>) {
        (self.records, self.flows.unwrap_or_default())
    }
}

/// OpenAPI `PublicApiFlow`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Flow {
    pub(crate) id: Option<Id>,
    pub(crate) name: Option<String>,
    pub(crate) folder_name: Option<String>,
    pub(crate) visibility: Option<String>,
    pub(crate) creation_date: Option<String>,
    pub(crate) exclusive: Option<bool>,
}

impl Flow {
    /// The id; empty if Gong sent none.
    pub(crate) fn id(&self) -> &str {
        self.id.as_ref().map_or("", |id| &id.0)
    }

    /// The name on one line; else the id.
    pub(crate) fn name(&self) -> String {
        self.name
            .as_deref()
            .map_or_else(|| self.id().to_owned(), one_line)
    }
}

/// The flows that an owner sees, filtered by further parameters of GET /v2/flows. The parameter for the
/// owner is `flowOwnerEmail`; the prose in Gong's documentation has another name.
///
/// # Errors
/// Whatever the first page fails with.
pub(crate) fn of_owner(
    gong: &Gong<'_>,
    owner: &str,
    filters: &[(&str, Option<&str>)],
) -> Result<Pages<Flow>, Error> {
    gong.pages(MOST_PAGES, |cursor| {
        let mut query = Vec::from([("flowOwnerEmail", Some(owner))]);
        query.extend_from_slice(filters);
        query.push(("cursor", cursor));
        gong.get::<Page>("/v2/flows", &query)
    })
}

/// Flow instances by `crmProspectsIds` (open ones only) or `flowInstanceIds` (all), as Gong
/// describes them (OpenAPI `PublicApiAssignedFlow`).
///
/// # Errors
/// Whatever a request fails with.
pub(crate) fn instances(gong: &Gong<'_>, by: &str, ids: &[String]) -> Result<Vec<Value>, Error> {
    let mut found = Vec::new();
    for ids in ids.chunks(IDS_A_REQUEST) {
        let answer: ApiResponse = gong.post("/v2/flows/prospects", &json!({ by: ids }))?;
        let instances = answer.listed("prospectsAssigned", "POST /v2/flows/prospects")?;
        found.extend_from_slice(instances);
    }
    Ok(found)
}

/// An instance as answers name it: `Cold outreach (1695493301223590001), Running, of Cleo Vance`.
pub(crate) fn shown(instance: &Value) -> String {
    let flow = instance.id("flowId").unwrap_or_default();
    let mut shown = match instance.text("flowName") {
        Some(name) => format!("{name} ({flow})"),
        None => flow,
    };
    let owner = instance
        .text("flowInstanceOwnerFullName")
        .or_else(|| instance.text("flowInstanceOwnerEmail"));
    let parts = [
        instance.text("flowInstanceStatus"),
        owner.map(|owner| format!("of {owner}")),
    ];
    for part in parts.into_iter().flatten() {
        shown.push_str(", ");
        shown.push_str(&part);
    }
    shown
}

/// The ids of the instances that an unassignment ended; none where the answer does not have them.
pub(crate) fn unassigned(answer: &Value) -> Option<Vec<String>> {
    let ids = answer.get("unassignedFlowInstanceIds")?;
    let text = |id: &Value| match id {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    match ids {
        Value::Array(ids) => Some(ids.iter().filter_map(text).collect()),
        Value::Null => Some(Vec::new()),
        _ => None,
    }
}

/// Checks CRM ids of prospects, or Salesforce's links to them. Gong accepts no other ids of them, and each only once.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn crm_ids(argument: &str, ids: &[String]) -> Result<Vec<String>, Error> {
    const EXAMPLE: &str = "\"0035e00000AbCdEAAV\".";
    /// Ids in Salesforce begin with their object's type.
    const OTHERS: [(&str, &str); 3] = [
        ("001", "an account"),
        ("005", "a user"),
        ("006", "an opportunity"),
    ];
    let mut seen = BTreeSet::new();
    let wrong = |id: &str, why: &str| {
        let id = shortened(id);
        Err(bad_argument(argument, &format!("“{id}” {why}"), EXAMPLE))
    };
    let ids: Vec<&str> = ids.iter().map(|id| crm_id::in_argument(id)).collect();
    for &id in &ids {
        if id.contains('@') {
            return wrong(
                id,
                "is an e-mail address, and Gong takes the CRM's ids of contacts and leads.",
            );
        }
        // Also what fills an argument in, such as `all` and `null`: it is outreach.
        let has_digit = id.bytes().any(|byte| byte.is_ascii_digit());
        if !has_digit || id.contains(char::is_whitespace) || id.contains("://") {
            return wrong(id, "is not an id of the CRM.");
        }
        let prefix = OTHERS.iter().find(|(prefix, _)| id.starts_with(prefix));
        if let Some((_, what)) = prefix.filter(|_| matches!(id.len(), 15 | 18)) {
            let why = format!("is the id of {what} in Salesforce, not of a contact or lead.");
            return wrong(id, &why);
        }
        if !seen.insert(crm_id::key(id)) {
            return wrong(id, "is given twice.");
        }
    }
    Ok(ids.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::{crm_ids, unassigned};

    #[test]
    fn prospects_have_crm_ids_each_once() {
        let ids = |ids: &[&str]| {
            let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
            crm_ids("prospects", &ids).map_err(|error| error.text().to_owned())
        };
        assert_eq!(
            ids(&[" 003A ", "51"]),
            Ok(["003A".into(), "51".into()].into())
        );
        assert!(
            ids(&["a@b.example"])
                .expect_err("e-mail")
                .contains("is an e-mail address")
        );
        assert!(
            ids(&["0035e00000AbCdE", "https://acme.example/0035e00000AbCdEAAV"])
                .expect_err("twice")
                .contains("is given twice")
        );
        for filler in ["all", "null", "Jane Doe"] {
            assert!(ids(&[filler]).expect_err(filler).contains("is not an id"));
        }
        let account = ids(&["0015e00000AbCdEAAV"]).expect_err("an account");
        assert!(account.contains("is the id of an account"), "{account}");
        assert!(ids(&["  "]).expect_err("empty").contains("is not an id"));
    }

    #[test]
    fn the_answer_may_have_the_ended_instances() {
        let ended = |json| unassigned(&json);
        assert_eq!(
            ended(serde_json::json!({"unassignedFlowInstanceIds": ["12345678901234567890", 7]})),
            Some(["12345678901234567890".into(), "7".into()].into())
        );
        assert_eq!(
            ended(serde_json::json!({"unassignedFlowInstanceIds": null})),
            Some([].into())
        );
        assert_eq!(ended(serde_json::Value::Null), None);
    }
}
