//! `gong_create_permission_profile`. POST /v2/permission-profile?workspaceId=…;
//! api:permission-profile:write. Gong answers 422 for a name that is taken.

use serde_json::{Map, Value, json};

use crate::{
    client::{Gong, request::Method, url::with_query},
    domain::{
        change::{self, Body, Change},
        profile_diff::ProfileDiff,
        profile_patch::ProfilePatch,
        validate,
    },
    error::Error,
    gong::workspaces,
    json_ext::JsonExt,
    prelude::*,
    wit::{permission_profiles::CreatePermissionProfile, types::Receipt},
};

/// Creates the profile once. Permissions that are not in the request are not granted.
pub(crate) fn run(gong: &Gong<'_>, args: CreatePermissionProfile) -> Result<Receipt, Error> {
    let name = validate::text("name", &args.name, 255)?;
    let patch = ProfilePatch::read(&args.access, args.library_folders, args.allow, args.deny)?;
    let mut profile = Map::new();
    patch.apply(gong, &mut profile)?;
    profile.insert("name".into(), json!(name));
    if let Some(description) = args.description.filter(|text| !text.trim().is_empty()) {
        profile.insert("description".into(), json!(description));
    }
    let workspace = workspaces::needed(gong, args.workspace.as_deref())?;
    let profile = Value::Object(profile);
    let difference = ProfileDiff::between(gong, &json!({}), &profile);
    let change = Change {
        what: format!("create the permission profile “{name}”"),
        method: Method::Post,
        operation: "/v2/permission-profile",
        path: with_query(
            "/v2/permission-profile",
            &[("workspaceId", Some(&workspace))],
        ),
        body: Body::Json(profile),
        look: "gong_list_permission_profiles lists it",
    };
    let mut receipt = change::make(gong, args.dry_run, &change, |receipt, answer| {
        receipt.id = answer["profile"].id("id");
        receipt.items = difference.items(Some(&answer["profile"]));
        let not_done = receipt.items.iter().filter(|item| !item.done).count();
        if not_done > 0 {
            let all = receipt.items.len();
            let summary = receipt.summary.trim_end_matches('.');
            receipt.summary = format!("{summary}, but {not_done} of {all} is not as asked.");
        }
        receipt
            .notes
            .push("Users get it in Gong's own settings; the API gives it to nobody.".to_owned());
    })?;
    if receipt.dry_run.is_some() {
        receipt.items = difference.items(None);
    }
    Ok(receipt)
}
