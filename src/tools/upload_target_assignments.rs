//! `gong_upload_target_assignments`. POST /v2/targets/{targetId}/assignments; multipart part
//! `file`, a CSV. Gong added it in July 2026; no document of Gong's with it was found: the
//! API's CSV format, its answer and its scopes were never seen. The columns are those of the
//! import in Gong's user interface, so only what can not be right in either is refused here,
//! the file is sent as it was given, and Gong can be let check it with `validate_only`.

mod table;

use crate::{
    client::{
        Gong,
        multipart::File,
        request::Method,
        url::{encoded, with_query},
    },
    domain::change::{self, Body, Change},
    error::{Error, bad_argument},
    gong::targets,
    prelude::*,
    render,
    text::shortened,
    wit::{targets::UploadTargetAssignments, types::Receipt},
};

/// Bytes of one file; Gong declares no limit.
const MOST_BYTES: usize = 1_000_000;
/// Characters of Gong's answer that are quoted.
const QUOTED: usize = 600;

/// Checks the file, looks up workspace and target where they are not given by id, sends once.
pub(crate) fn run(gong: &Gong<'_>, args: UploadTargetAssignments) -> Result<Receipt, Error> {
    let csv = args.csv.trim_start_matches('\u{feff}').trim();
    if csv.len() > MOST_BYTES {
        return Err(bad_argument(
            "csv",
            &format!("{} bytes; at most {MOST_BYTES} in one call.", csv.len()),
            "the header and the first half of the rows now, the rest in another call.",
        ));
    }
    let checked = table::check(csv)?;
    if args.target.trim().is_empty() {
        return Err(bad_argument(
            "target",
            "it is empty.",
            "a name or id that gong_list_targets lists.",
        ));
    }
    let workspace = targets::workspace(gong, args.workspace.as_deref())?;
    let (id, name) = targets::find(gong, &workspace, &args.target)?;
    let rows = render::count(checked.rows, "assignment");
    let validates_only = args.validate_only == Some(true);
    let mut path = String::from("/v2/targets/");
    path.extend(encoded(&id));
    path.push_str("/assignments");
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
        let mut said = answer.clone();
        if let Some(members) = said.as_object_mut() {
            members.remove("requestId");
        }
        // Its shape is not known: what it says is passed on.
        let says_something = said.as_object().is_none_or(|members| !members.is_empty());
        if says_something && !said.is_null() {
            let mut text = said.to_string();
            if let Some((end, _)) = text.char_indices().nth(QUOTED) {
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
