//! `gong_list_prospect_flows`. POST /v2/flows/prospects; api:flows:read. For prospects Gong lists
//! open flows only, for flow instances finished ones too.

use alloc::collections::BTreeSet;
use serde::Deserialize;
use serde_json::json;

use crate::{
    client::{Gong, json::required},
    domain::list_part::ListPart,
    error::{Error, bad_argument},
    gong::{crm_id, flows, id::Id},
    prelude::*,
    render::{self, Answer, Table},
    text::one_line,
    time,
    wit::flows::{ListProspectFlows, ProspectFlow, ProspectFlowList},
};

/// How many ids this tool accepts, as many as assigning does; Gong documents no limit.
const MAX_IDS: usize = 100;

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(deserialize_with = "required")]
    prospects_assigned: Option<Vec<AssignedFlow>>,
}

/// OpenAPI `PublicApiAssignedFlow`.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssignedFlow {
    flow_id: Option<Id>,
    flow_name: Option<String>,
    crm_prospect_id: Option<Id>,
    flow_instance_id: Option<Id>,
    flow_instance_owner_email: Option<String>,
    flow_instance_owner_full_name: Option<String>,
    flow_instance_create_date: Option<String>,
    flow_instance_status: Option<String>,
    exclusive: Option<bool>,
}

/// One request; also lists the ids that are in no flow.
pub(crate) fn run(gong: &Gong<'_>, args: ListProspectFlows) -> Result<ProspectFlowList, Error> {
    let mut prospects: Vec<String> = Vec::new();
    for id in &args.prospects {
        if !prospects.iter().any(|one| crm_id::is_same(one, id.trim())) {
            prospects.push(id.clone());
        }
    }
    let prospects = flows::crm_ids("prospects", &prospects)?;
    let ids = match (args.prospects.len(), args.instances.len()) {
        (0, 0) => Err("give CRM ids here, or flow instance ids in `instances`."),
        (1.., 1..) => Err("Gong takes prospects or instances, not both in one question."),
        (count, 0) | (0, count) if count > MAX_IDS => Err("at most 100 ids in one question."),
        (_, 0) => Ok(&prospects),
        (_, _) => Ok(&args.instances),
    };
    let ids = ids.map_err(|problem| {
        bad_argument(
            "prospects",
            problem,
            "{\"prospects\": [\"0035e00000AbCdEAAV\"]}.",
        )
    })?;
    // Only one of the two: Gong refuses an empty list.
    let body = match args.instances.is_empty() {
        true => json!({"crmProspectsIds": prospects}),
        false => json!({"flowInstanceIds": args.instances}),
    };
    let response: Response = gong.post("/v2/flows/prospects", &body)?;
    let flows: Vec<ProspectFlow> = response
        .prospects_assigned
        .into_iter()
        .flatten()
        .map(prospect_flow)
        .collect();
    let found: BTreeSet<&str> = flows
        .iter()
        .flat_map(|flow| [crm_id::key(&flow.prospect), flow.instance_id.as_str()])
        .collect();
    let without_flow = ids
        .iter()
        .filter(|id| !found.contains(crm_id::key(id)))
        .cloned()
        .collect();
    let part = ListPart::of(gong, flows, args.resume.as_deref())?;
    Ok(ProspectFlowList {
        flows: part.items,
        matched: part.matched,
        resume: part.resume,
        without_flow,
        requests: gong.requests(),
    })
}

fn prospect_flow(assigned: AssignedFlow) -> ProspectFlow {
    let id = |id: Option<Id>| id.map_or_else(String::new, |id| id.0);
    let flow_id = id(assigned.flow_id);
    ProspectFlow {
        prospect: id(assigned.crm_prospect_id),
        flow: assigned
            .flow_name
            .as_deref()
            .map_or_else(|| flow_id.clone(), one_line),
        flow_id,
        instance_id: id(assigned.flow_instance_id),
        status: assigned.flow_instance_status.unwrap_or_default(),
        owner: match (
            assigned.flow_instance_owner_full_name,
            assigned.flow_instance_owner_email,
        ) {
            (Some(name), Some(email)) => Some(format!("{} <{email}>", one_line(&name))),
            (name, email) => name.or(email),
        },
        since: assigned
            .flow_instance_create_date
            .as_deref()
            .map(time::display_or_same),
        exclusive: assigned.exclusive.filter(|exclusive| *exclusive),
    }
}

impl Answer for ProspectFlowList {
    fn text(&self) -> String {
        let mut text = render::part(self.flows.len(), self.matched, "flow instance");
        text.push('\n');
        let mut table = Table::new([
            "prospect",
            "flow",
            "status",
            "owner",
            "since UTC",
            "exclusive",
            "flow id",
            "instance id",
        ]);
        for flow in &self.flows {
            table.row([
                flow.prospect.clone(),
                flow.flow.clone(),
                flow.status.clone(),
                flow.owner.clone().unwrap_or_default(),
                flow.since
                    .as_deref()
                    .map(time::in_table)
                    .unwrap_or_default(),
                if flow.exclusive == Some(true) {
                    "yes".to_owned()
                } else {
                    String::new()
                },
                flow.flow_id.clone(),
                flow.instance_id.clone(),
            ]);
        }
        table.write(&mut text);
        render::list(
            &mut text,
            "In no flow, or unknown",
            &self.without_flow,
            ", ",
        );
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
