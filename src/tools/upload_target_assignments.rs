//! `gong_upload_target_assignments`. POST /v2/targets/{targetId}/assignments; the multipart part
//! `file` is a CSV. Gong added it in July 2026, and no documentation of it was found: the API's CSV
//! format, its answer and its scopes are unknown. The columns are those of the import in Gong's
//! user interface, so only files that would be wrong there too are refused, the file is sent
//! unchanged, and `validate_only` lets Gong check it.

mod csv;

use serde_json::json;

use crate::{
    client::{
        Gong,
        multipart::File,
        request::Method,
        url::{encoded, with_query},
    },
    domain::change::{self, Body, Change},
    error::{Error, bad_argument},
    gong::{targets, workspaces},
    prelude::*,
    render,
    text::shortened,
    wit::{targets::UploadTargetAssignments, types::Receipt},
};

/// The largest file, in bytes; Gong documents no limit.
const MAX_BYTES: usize = 1_000_000;
/// The most characters of Gong's answer that are quoted.
const MAX_QUOTE: usize = 600;

/// Checks the file, looks up workspace and target unless the arguments have ids, then uploads
/// once.
pub(crate) fn run(gong: &Gong<'_>, args: UploadTargetAssignments) -> Result<Receipt, Error> {
    let csv = args.csv.trim_start_matches('\u{feff}').trim();
    if csv.len() > MAX_BYTES {
        return Err(bad_argument(
            "csv",
            &format!("{} bytes; at most {MAX_BYTES} in one call.", csv.len()),
            "the header and the first half of the rows now, the rest in another call.",
        ));
    }
    let checked = csv::check(csv)?;
    if args.target.trim().is_empty() {
        return Err(bad_argument(
            "target",
            "it is empty.",
            "a name or id that gong_list_targets lists.",
        ));
    }
    let workspace = workspaces::needed(gong, args.workspace.as_deref())?;
    let (id, name) = targets::find(gong, &workspace, &args.target)?;
    let rows = render::count(checked.rows, "assignment");
    let validates_only = args.validate_only == Some(true);
    let path = format!("/v2/targets/{}/assignments", encoded(&id));
    let change = Change {
        what: match validates_only {
            true => {
                format!("let Gong check {rows} of the target “{name}”, which changes no target")
            }
            false => format!("set {rows} of the target “{name}”"),
        },
        method: Method::Post,
        operation: "/v2/targets/{targetId}/assignments",
        path: with_query(
            &path,
            &[
                ("validateOnly", validates_only.then_some("true")),
                ("workspaceId", Some(&workspace)),
            ],
        ),
        body: Body::File(File {
            part: "file",
            name: "assignments.csv".into(),
            content_type: "text/csv",
            bytes: format!("{csv}\n").into_bytes(),
        }),
        look: "the API does not tell assignments, so look at the target in Gong (Forecast > Targets)",
    };
    let mut receipt = change::make(gong, args.dry_run, &change, |receipt, answer| {
        receipt.id = Some(id.clone());
        let mut content = answer.clone();
        if let Some(members) = content.as_object_mut() {
            members.remove("requestId");
        }
        // The form of the answer is unknown, so whatever it contains is passed on.
        let is_empty = content.is_null() || content == json!({});
        if !is_empty {
            let mut text = content.to_string();
            if let Some((end, _)) = text.char_indices().nth(MAX_QUOTE) {
                text.truncate(end);
                text.push('…');
            }
            receipt.notes.push(format!("Gong answered {text}"));
        }
    })?;
    if !checked.others.is_empty() {
        receipt.notes.push(format!(
            "Columns that Gong's user interface does not have: {}. Gong may refuse them.",
            shortened(&checked.others.join(", "))
        ));
    }
    Ok(receipt)
}
