//! `gong_create_permission_profile`. POST /v2/permission-profile?workspaceId=…;
//! api:permission-profile:write. Gong says 422 for a name that is taken.

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

/// What is not asked for is left out, and Gong does not give it.
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
    let diff = ProfileDiff::between(gong, &json!({}), &profile);
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
        receipt.items = diff.items(Some(&answer["profile"]));
        let other = receipt.items.iter().filter(|item| !item.done).count();
        if other > 0 {
            let of = receipt.items.len();
            let done = receipt.summary.trim_end_matches('.');
            receipt.summary = format!("{done}, but {other} of {of} is not as asked.");
        }
        receipt
            .notes
            .push("Users get it in Gong's own settings; the API gives it to nobody.".to_owned());
    })?;
    if receipt.dry_run.is_some() {
        receipt.items = diff.items(None);
    }
    Ok(receipt)
}
