//! `gong_update_permission_profile`. GET, then PUT /v2/permission-profile?profileId=…;
//! api:permission-profile:read and write. Only what changes is sent, as a recorded PUT of the name
//! alone kept the rest: sending everything back would undo what somebody else changed in between.
//! Gong's answer is the whole profile, and any other difference in it is reported.

use serde_json::{Map, Value, json};

use crate::{
    client::{Gong, json::ApiResponse, request::Method, url::with_query},
    domain::{
        change::{self, Body, Change},
        profile_diff::ProfileDiff,
        profile_patch::ProfilePatch,
        validate,
    },
    error::{Error, bad_argument},
    gong::permission_profiles,
    json_ext::JsonExt,
    prelude::*,
    render,
    text::one_line,
    wit::{permission_profiles::UpdatePermissionProfile, types::Receipt},
};

const PATH: &str = "/v2/permission-profile";

/// Reads the profile, applies the arguments, and sends what that changes.
pub(crate) fn run(gong: &Gong<'_>, args: UpdatePermissionProfile) -> Result<Receipt, Error> {
    let patch = ProfilePatch::read(&args.access, args.library_folders, args.allow, args.deny)?;
    if patch.is_empty() && args.name.is_none() && args.description.is_none() {
        return Err(bad_argument(
            "access",
            "nothing is given that shall change: no access, library_folders, allow, deny, name or description.",
            "[\"calls own\"].",
        ));
    }
    let name = args
        .name
        .as_deref()
        .map(|name| validate::text("name", name, 255))
        .transpose()?;
    let (id, _) = permission_profiles::id(gong, &args.profile, args.workspace.as_deref())?;
    let ApiResponse(answer) = gong.get(PATH, &[("profileId", Some(&id))])?;
    let before: Map<String, Value> = match answer.get("profile") {
        Some(Value::Object(profile)) => profile.clone(),
        _ => {
            return Err(Error::unexpected_answer(format!(
                "Gong's answer to GET {PATH} has no profile in it."
            )));
        }
    };
    let mut after = before.clone();
    patch.apply(gong, &mut after)?;
    for (member, text) in [("name", name), ("description", args.description)] {
        if let Some(text) = text {
            after.insert(member.into(), json!(text));
        }
    }
    let changed: Map<String, Value> = after
        .iter()
        .filter(|(member, value)| before.get(*member) != Some(*value))
        .map(|(member, value)| (member.clone(), value.clone()))
        .collect();
    let (before, after) = (Value::Object(before), Value::Object(after));
    let difference = ProfileDiff::between(gong, &before, &after);
    let planned = difference.items(None);
    let profile = format!(
        "permission profile {} ({id})",
        one_line(before.raw("name").unwrap_or_default())
    );
    if planned.is_empty() {
        return Ok(Receipt {
            summary: format!("Nothing to change: the {profile} is so already. Nothing was sent."),
            dry_run: args.dry_run.filter(|dry| *dry),
            request: None,
            body: None,
            id: Some(id),
            url: None,
            items: Vec::new(),
            notes: Vec::new(),
            requests: gong.requests(),
        });
    }
    let change = Change {
        what: format!(
            "make {} to the {profile}",
            render::count(planned.len() as u32, "change")
        ),
        method: Method::Put,
        operation: PATH,
        path: with_query(PATH, &[("profileId", Some(&id))]),
        body: Body::Json(Value::Object(changed)),
        look: "gong_get_permission_profile shows it",
    };
    let mut receipt = change::make(gong, args.dry_run, &change, |receipt, answer| {
        let answered = &answer["profile"];
        receipt.items = difference.items(Some(answered));
        receipt.notes = difference.others(answered);
        let done = receipt.items.iter().filter(|item| item.done).count();
        if done < planned.len() {
            receipt.summary = format!(
                "{done} of {} changes to the {profile} were made.",
                planned.len()
            );
        }
    })?;
    receipt.id = Some(id);
    if receipt.dry_run.is_some() {
        receipt.items = planned;
    }
    Ok(receipt)
}
