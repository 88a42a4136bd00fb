//! `gong_bulk_assign_flow`. POST /v2/flows/prospects/bulk-assignments; api:flows:write.
//! Gong answers 202 and assigns later; it creates records in the CRM for people without one.

use serde_json::{Value, json};

use crate::{
    client::{Gong, request::Method},
    domain::{
        change::{self, Body, Change, between},
        flow_target,
        validate::{self, is_email},
    },
    error::{Error, bad_argument},
    gong::{crm_id, flows::crm_ids, users::People},
    json_ext::JsonExt,
    prelude::*,
    render,
    wit::{
        engage::{BulkAssignFlow, BulkProspect},
        types::Receipt,
    },
};

/// How many people Gong accepts in one request.
const MAX_PEOPLE: usize = 50;
/// Path of the operation, which has no parameters.
const PATH: &str = "/v2/flows/prospects/bulk-assignments";

/// Checks the people, reads what the flow would do, and sends Gong the people.
pub(crate) fn run(gong: &Gong<'_>, args: BulkAssignFlow) -> Result<Receipt, Error> {
    between("people", &args.people, MAX_PEOPLE)?;
    let people: Vec<Value> = args
        .people
        .iter()
        .enumerate()
        .map(|(index, person)| prospect(index, person))
        .collect::<Result<_, _>>()?;
    let known: Vec<String> = people
        .iter()
        .filter_map(|person| person.id("crmId"))
        .collect();
    crm_ids("people", &known)?;
    let new = (people.len() - known.len()) as u32;
    let owner = People::default().email(gong, "owner", &args.owner)?;
    let target = flow_target::find(gong, &args.flow, &owner)?;
    if args.dry_run != Some(true) {
        target.guard(args.allow_unattended_email)?;
    }
    let count = people.len() as u32;
    let change = Change {
        what: format!(
            "hand Gong {count} {} to assign to {}, to-dos for {owner}",
            if count == 1 { "person" } else { "people" },
            target.shown()
        ),
        method: Method::Post,
        operation: PATH,
        path: PATH.into(),
        body: Body::Json(json!({
            "flowInstanceOwnerEmail": owner,
            "flowId": target.id,
            "prospects": people,
        })),
        look: "gong_list_prospect_flows shows the flows that prospects of the CRM are in",
    };
    let mut receipt = change::make(gong, args.dry_run, &change, |receipt, answer| {
        receipt.id = answer.id("id");
        if let Some(status) = answer.text("status") {
            receipt.notes.push(format!("Gong's status: {status}."));
        }
        receipt.notes.push(match &receipt.id {
            Some(id) => {
                format!(
                    "Nobody is assigned yet: gong_get_bulk_assignment {id} tells what became of it."
                )
            }
            None => "Gong gave no id to ask by what became of it.".to_owned(),
        });
    })?;
    if new > 0 {
        receipt.notes.push(format!(
            "{} without crm_id: Gong may create records in the CRM.",
            render::count(new, "prospect")
        ));
    }
    receipt
        .notes
        .extend(target.notes(args.allow_unattended_email, args.dry_run));
    Ok(receipt)
}

/// A person in the form that Gong accepts.
fn prospect(index: usize, person: &BulkProspect) -> Result<Value, Error> {
    let wrong = |member: &str, problem: &str, example: &str| {
        Err(bad_argument(
            &format!("people[{index}]{member}"),
            problem,
            example,
        ))
    };
    let trimmed = |text: &Option<String>| {
        let text = text.as_deref().map(str::trim);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let (first, last) = (trimmed(&person.first_name), trimmed(&person.last_name));
    let id = |text: &Option<String>| trimmed(text).map(|id| crm_id::in_argument(&id).to_owned());
    let crm_id = id(&person.crm_id);
    if crm_id.is_none() && (first.is_none() || last.is_none()) {
        return wrong(
            "",
            "neither crm_id nor both first_name and last_name.",
            "{\"first_name\": \"Jo\", \"last_name\": \"Ray\", \"email\": \"jo.ray@acme.com\"}.",
        );
    }
    let email = trimmed(&person.email);
    if email.as_deref().is_some_and(|email| !is_email(email)) {
        return wrong(".email", "not an e-mail address.", "\"jo.ray@acme.com\".");
    }
    let linkedin = trimmed(&person.linkedin_url);
    let is_url = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    if linkedin.as_deref().is_some_and(|url| !is_url(url)) {
        return wrong(
            ".linkedin_url",
            "not a URL.",
            "\"https://www.linkedin.com/in/jo-ray/\".",
        );
    }
    let members = [
        ("crmId", crm_id),
        ("firstName", first),
        ("lastName", last),
        ("email", email),
        ("jobTitle", trimmed(&person.job_title)),
        ("linkedInUrl", linkedin),
        ("companyName", trimmed(&person.company)),
        ("accountCrmId", id(&person.account_crm_id)),
    ];
    Ok(validate::object(
        members.map(|(name, value)| (name, json!(value))),
    ))
}
