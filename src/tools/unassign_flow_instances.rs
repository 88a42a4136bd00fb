//! `gong_unassign_flow_instances`. POST /v2/flows/prospects/unassign-flows-by-instance-id;
//! api:flows:write. What is missing in the answer was not ended; one unknown id spoils all.

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

/// Instances that Gong takes at once.
const MOST: usize = 200;
/// Where the path of the request and of its operation are the same.
const PATH: &str = "/v2/flows/prospects/unassign-flows-by-instance-id";
const LOOK: &str = "gong_list_prospect_flows lists the instances of prospects.";

/// Ends once; a dry run tells whose flows would end.
pub(crate) fn run(gong: &Gong<'_>, args: UnassignFlowInstances) -> Result<Receipt, Error> {
    between("instances", &args.instances, MOST)?;
    let ids = args.instances.iter();
    let mut ids: Vec<String> = ids
        .map(|id| digits("instances", id, LOOK))
        .collect::<Result<Vec<_>, _>>()?;
    ids.sort();
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
    let known = match args.dry_run {
        Some(true) => flows::instances(gong, "flowInstanceIds", &ids)?,
        _ => Vec::new(),
    };
    let made = change::make(gong, args.dry_run, &change, |receipt, answer| {
        let Some(ended) = flows::unassigned(answer) else {
            receipt.notes.push(UNTOLD.into());
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
    let mut receipt = made.map_err(unknown_instance)?;
    if args.dry_run == Some(true) {
        receipt.items = ids.iter().map(|id| planned(id, &known)).collect();
    }
    Ok(receipt)
}

/// What a receipt says where Gong took an unassignment without saying what it did.
pub(super) const UNTOLD: &str =
    "Gong took the request, but does not say what it ended; gong_list_prospect_flows shows it.";

/// The e-mail of the user who asks for an unassignment.
pub(super) fn requester(gong: &Gong<'_>, by: Option<&str>) -> Result<Option<String>, Error> {
    by.map(|by| People::default().email(gong, "by", by))
        .transpose()
}

fn item(id: &str, done: bool, otherwise: &str) -> ReceiptItem {
    ReceiptItem {
        item: id.into(),
        done,
        id: None,
        detail: (!done).then(|| otherwise.into()),
    }
}

/// What one instance is now.
fn planned(id: &String, known: &[Value]) -> ReceiptItem {
    let mut known = known.iter();
    let detail = match known.find(|one| one.id("flowInstanceId").as_ref() == Some(id)) {
        Some(one) => {
            let prospect = one.id("crmProspectId").unwrap_or_default();
            format!("{}, prospect {prospect}", flows::shown(one))
        }
        None => "Gong does not know it, and refuses the whole list for it".into(),
    };
    item(id, false, &detail)
}

/// Gong does not say which id it does not know.
fn unknown_instance(error: Error) -> Error {
    if error.case() != Case::BadArgument || !error.text().contains("does not exist") {
        return error;
    }
    error.adding(&format!(
        "One unknown id spoils the whole list, so nothing was ended; a dry_run tells which it is. {LOOK}"
    ))
}
