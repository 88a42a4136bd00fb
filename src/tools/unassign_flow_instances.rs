//! `gong_unassign_flow_instances`. POST /v2/flows/prospects/unassign-flows-by-instance-id;
//! api:flows:write. The answer lists what was ended; with one unknown id nothing is ended.

use serde_json::{Value, json};

use crate::{
    client::{Gong, request::Method},
    domain::change::{self, Body, Change, between},
    error::{Case, Error},
    gong::{flows, id::digits, users::People},
    json_ext::JsonExt,
    prelude::*,
    render,
    wit::{
        engage::UnassignFlowInstances,
        types::{Receipt, ReceiptItem},
    },
};

/// How many flow instances Gong accepts in one request.
const MAX_INSTANCES: usize = 200;
/// Path of the operation, which has no parameters.
const PATH: &str = "/v2/flows/prospects/unassign-flows-by-instance-id";
/// Where callers find a flow instance's id.
const ID_SOURCE: &str = "gong_list_prospect_flows lists the instances of prospects.";

/// Ends the instances once; a dry run lists their flows and prospects.
pub(crate) fn run(gong: &Gong<'_>, args: UnassignFlowInstances) -> Result<Receipt, Error> {
    between("instances", &args.instances, MAX_INSTANCES)?;
    let mut ids: Vec<String> = args
        .instances
        .iter()
        .map(|id| digits("instances", id, ID_SOURCE))
        .collect::<Result<_, _>>()?;
    ids.sort_unstable();
    ids.dedup();
    let by = requester(gong, args.by.as_deref())?;
    let mut body = json!({ "flowInstanceIds": ids });
    if let Some(by) = by {
        body["unassignedByUserEmail"] = by.into();
    }
    let count = ids.len() as u32;
    let change = Change {
        what: format!("end {}", render::count(count, "flow instance")),
        method: Method::Post,
        operation: PATH,
        path: PATH.into(),
        body: Body::Json(body),
        look: "gong_list_prospect_flows shows the state of instances",
    };
    let instances = match args.dry_run {
        Some(true) => flows::instances(gong, "flowInstanceIds", &ids)?,
        _ => Vec::new(),
    };
    let result = change::make(gong, args.dry_run, &change, |receipt, answer| {
        let Some(ended) = flows::unassigned(answer) else {
            receipt.notes.push(RESULT_UNKNOWN.into());
            return;
        };
        receipt.items = ids
            .iter()
            .map(|id| {
                item(
                    id,
                    ended.contains(id),
                    "not ended: finished before, or Gong could not",
                )
            })
            .collect();
        let done = receipt.items.iter().filter(|item| item.done).count();
        receipt.summary = format!("Ended {done} of {}.", render::count(count, "flow instance"));
    });
    let mut receipt = result.map_err(explain_unknown_instance)?;
    if args.dry_run == Some(true) {
        receipt.items = ids.iter().map(|id| planned(id, &instances)).collect();
    }
    Ok(receipt)
}

/// The note of a receipt if Gong's answer does not list what it ended.
pub(super) const RESULT_UNKNOWN: &str =
    "Gong took the request, but does not say what it ended; gong_list_prospect_flows shows it.";

/// The e-mail of the user in whose name flows are unassigned.
pub(super) fn requester(gong: &Gong<'_>, by: Option<&str>) -> Result<Option<String>, Error> {
    by.map(|by| People::default().email(gong, "by", by))
        .transpose()
}

fn item(id: &str, done: bool, reason: &str) -> ReceiptItem {
    ReceiptItem {
        item: id.into(),
        done,
        id: None,
        detail: (!done).then(|| reason.into()),
    }
}

/// The present state of an instance, for a dry run.
fn planned(id: &String, instances: &[Value]) -> ReceiptItem {
    let mut instances = instances.iter();
    let detail = match instances.find(|one| one.id("flowInstanceId").as_ref() == Some(id)) {
        Some(one) => {
            let prospect = one.id("crmProspectId").unwrap_or_default();
            format!("{}, prospect {prospect}", flows::shown(one))
        }
        None => "Gong does not know it, and refuses the whole list for it".into(),
    };
    item(id, false, &detail)
}

/// Gong's error does not say which id is unknown.
fn explain_unknown_instance(error: Error) -> Error {
    if error.case() != Case::BadArgument || !error.text().contains("does not exist") {
        return error;
    }
    error.adding(&format!(
        "One unknown id spoils the whole list, so nothing was ended; a dry_run tells which it is. {ID_SOURCE}"
    ))
}
