//! Engage flows: which one a name means, what its steps do, and who is in them.
//! GET /v2/flows, POST /v2/flows/steps, POST /v2/flows/prospects; api:flows:read.

use alloc::collections::BTreeSet;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Gong, Paged, Pages, Records,
    id::{Id, is_id},
    people::{choose, near_first, unknown},
    reading::{Answered, Reading},
    required,
};
use crate::{
    error::{Error, bad_argument},
    prelude::*,
    render,
    text::one_line,
};

/// Pages of flows that are read at most.
pub(crate) const MOST_PAGES: u32 = 10;
/// Ids that one POST /v2/flows/prospects is asked for; Gong declares no limit.
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
    /// The id; empty if Gong gave none.
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

/// The flows that an owner sees, by further parameters of GET /v2/flows. The parameter is
/// `flowOwnerEmail`, though Gong's prose calls it otherwise.
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

/// One step of a flow, as far as assigning needs to know it.
pub(crate) struct Step {
    /// From 1.
    pub(crate) number: u32,
    /// Such as `AUTO_SEND_EMAIL`.
    pub(crate) action: String,
    /// Of its e-mail.
    pub(crate) subject: Option<String>,
}

impl Step {
    /// Whether it goes out with nobody looking: by its action, or because Gong tells none.
    fn is_unattended(&self) -> bool {
        self.action.is_empty() || self.action.starts_with("AUTO_")
    }

    /// `1 “Your month end”`.
    fn shown(&self) -> String {
        match &self.subject {
            Some(subject) => format!("{} “{subject}”", self.number),
            None => format!("{} (no subject)", self.number),
        }
    }
}

/// A flow that prospects are to be assigned to: what it will do to them.
pub(crate) struct Target {
    pub(crate) id: String,
    pub(crate) name: String,
    /// By number.
    pub(crate) steps: Vec<Step>,
}

/// Finds the flow, an id taken as it is and a name among the owner's, and reads its steps.
///
/// # Errors
/// `bad-argument` with the choices; whatever the requests fail with; `unexpected-answer`
/// where Gong tells no steps, as nobody knows then what the flow sends.
pub(crate) fn target(gong: &Gong<'_>, flow: &str, owner: &str) -> Result<Target, Error> {
    let text = flow.trim();
    let id = if is_id(text) {
        text.to_owned()
    } else {
        let all = of_owner(gong, owner, &[])?.items;
        let found = choose(&all, Flow::name, text).map_err(|near| {
            let choices = near_first(&all, near).into_iter();
            let choices = choices.map(|one| {
                let shown = format!("{} ({})", one.name(), one.id());
                (shown, one.id().to_owned())
            });
            unknown("flow", "flow", text, choices, all.len(), "gong_list_flows")
        })?;
        found.id().to_owned()
    };
    const OPERATION: &str = "POST /v2/flows/steps";
    let answer: Answered = gong.post("/v2/flows/steps", &json!({ "flowIds": [id] }))?;
    let mut flows = answer.listed("flows", OPERATION)?.iter();
    let flow = flows.find(|flow| flow.id("id").as_ref() == Some(&id));
    let steps = flow.and_then(|flow| flow.get("steps")?.as_array());
    let (Some(flow), Some(steps)) = (flow, steps) else {
        return Err(Error::unexpected_answer(format!(
            "Gong's answer to {OPERATION} does not tell the steps of flow {id}, so it is not known what it sends. \
             Nothing was assigned."
        )));
    };
    let mut steps: Vec<Step> = steps
        .iter()
        .map(|step| Step {
            number: step.count("stepOrder").unwrap_or(0),
            action: step.text("action").unwrap_or_default(),
            subject: step.text("subject"),
        })
        .collect();
    steps.sort_by_key(|step| step.number);
    Ok(Target {
        name: flow.text("name").unwrap_or_else(|| id.clone()),
        id,
        steps,
    })
}

impl Target {
    /// `flow “Cold outreach” (1695493301223590001)`.
    pub(crate) fn shown(&self) -> String {
        format!("flow “{}” ({})", self.name, self.id)
    }

    fn unattended(&self) -> Vec<String> {
        let unattended = self.steps.iter().filter(|step| step.is_unattended());
        unattended.map(Step::shown).collect()
    }

    /// Refuses a flow that sends e-mail unattended, unless that is allowed in so many words.
    ///
    /// # Errors
    /// `bad-argument` with the steps in question.
    pub(crate) fn guard(&self, allowed: Option<bool>) -> Result<(), Error> {
        let steps = self.unattended();
        if steps.is_empty() || allowed == Some(true) {
            return Ok(());
        }
        Err(bad_argument(
            "allow_unattended_email",
            &format!(
                "{} sends {} that nobody looks at first: step {}. Nothing was assigned. Once the user agrees to \
                 them, set it.",
                self.shown(),
                render::count(steps.len() as u32, "e-mail"),
                steps.join("; step ")
            ),
            "{\"allow_unattended_email\": true}.",
        ))
    }

    /// What the receipt says of the steps: all on a dry run, else those that go out unattended.
    pub(crate) fn notes(&self, allowed: Option<bool>, dry_run: Option<bool>) -> Vec<String> {
        let steps = self.unattended();
        let unattended = match steps.is_empty() {
            true => "No step sends e-mail unattended.".to_owned(),
            false => format!(
                "E-mail goes out unattended: step {}.",
                steps.join("; step ")
            ),
        };
        let mut notes = Vec::from([unattended]);
        if dry_run == Some(true) {
            if self.guard(allowed).is_err() {
                notes.push("Without allow_unattended_email it is refused.".to_owned());
            }
            let all = self.steps.iter().map(|step| {
                let subject = step.subject.iter().map(|subject| format!(" “{subject}”"));
                let subject: String = subject.collect();
                format!("{} {}{subject}", step.number, step.action)
            });
            notes.push(format!("Steps: {}.", all.collect::<Vec<_>>().join("; ")));
        }
        notes
    }
}

/// Flow instances by `crmProspectsIds` (open ones only) or `flowInstanceIds` (all), as Gong
/// describes them (OpenAPI `PublicApiAssignedFlow`).
///
/// # Errors
/// Whatever a request fails with.
pub(crate) fn instances(gong: &Gong<'_>, by: &str, ids: &[String]) -> Result<Vec<Value>, Error> {
    let mut found = Vec::new();
    for ids in ids.chunks(IDS_A_REQUEST) {
        let answer: Answered = gong.post("/v2/flows/prospects", &json!({ by: ids }))?;
        let instances = answer.listed("prospectsAssigned", "POST /v2/flows/prospects")?;
        found.extend_from_slice(instances);
    }
    Ok(found)
}

/// An instance in a phrase: `Cold outreach (1695493301223590001), Running, of Cleo Vance`.
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

/// The instances that an unassignment ended; none where the answer does not say.
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

/// CRM ids, each once: Gong wants them so, and knows prospects by nothing else.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn crm_ids(argument: &str, ids: &[String]) -> Result<Vec<String>, Error> {
    const EXAMPLE: &str = "\"0035e00000AbCdEAAV\".";
    let mut seen = BTreeSet::new();
    let wrong = |id: &str, why: &str| {
        let id = crate::text::shortened(id);
        Err(bad_argument(argument, &format!("“{id}” {why}"), EXAMPLE))
    };
    for id in ids.iter().map(|id| id.trim()) {
        if id.contains('@') {
            return wrong(
                id,
                "is an e-mail address, and Gong takes the CRM's ids of contacts and leads.",
            );
        }
        if id.is_empty() || id.contains(char::is_whitespace) {
            return wrong(id, "is not an id of the CRM.");
        }
        if !seen.insert(id) {
            return wrong(id, "is given twice.");
        }
    }
    Ok(ids.iter().map(|id| id.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::{Step, Target, crm_ids, unassigned};

    fn target(actions: &[&str]) -> Target {
        let steps = actions.iter().enumerate().map(|(index, action)| Step {
            number: index as u32 + 1,
            action: (*action).to_owned(),
            subject: (index == 0).then(|| "Hello".to_owned()),
        });
        Target {
            id: "1695493301223590001".to_owned(),
            name: "Cold outreach".to_owned(),
            steps: steps.collect(),
        }
    }

    #[test]
    fn unattended_steps_need_a_word() {
        assert!(target(&["SEND_EMAIL", "CALL"]).guard(None).is_ok());
        let risky = target(&["AUTO_SEND_EMAIL", "CALL", ""]);
        assert!(risky.guard(Some(true)).is_ok());
        assert_eq!(
            risky.guard(Some(false)).expect_err("refused").text(),
            "Argument `allow_unattended_email`: flow “Cold outreach” (1695493301223590001) sends 2 e-mails that nobody \
             looks at first: step 1 “Hello”; step 3 (no subject). Nothing was assigned. Once the user agrees to them, \
             set it. Example: {\"allow_unattended_email\": true}."
        );
    }

    #[test]
    fn prospects_are_named_by_the_crms_id_alone() {
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
            ids(&["003A", "003A "])
                .expect_err("twice")
                .contains("is given twice")
        );
        assert!(ids(&["  "]).expect_err("empty").contains("is not an id"));
    }

    #[test]
    fn what_was_ended_is_told_or_not() {
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
