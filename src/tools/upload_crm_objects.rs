//! `gong_upload_crm_objects`. POST /v2/crm/entities; api:crm:upload. The multipart part `dataFile`
//! has a JSON object per line (LDJSON); the three query parameters are only in the text of Gong's
//! documentation. 201 means that Gong has the file; it processes it later.

mod lines;

use crate::{
    client::{Gong, multipart::File, request::Method, url::with_query},
    domain::change::{self, Body, Change},
    error::{Error, bad_argument},
    gong::crm,
    json_ext::JsonExt,
    prelude::*,
    render,
    wit::{crm::UploadCrmObjects, types::Receipt},
};

/// The largest upload, in bytes. Gong accepts 200 MB; a tool call in a sandbox can carry this much.
const MAX_BYTES: usize = 5_000_000;

/// Checks every line, looks up the integration unless its id is in the arguments, then uploads
/// once.
pub(crate) fn run(gong: &Gong<'_>, args: UploadCrmObjects) -> Result<Receipt, Error> {
    let objects = args.objects.trim_start_matches('\u{feff}').trim_end();
    if objects.len() > MAX_BYTES {
        return Err(bad_argument(
            "objects",
            &format!("{} bytes; at most {MAX_BYTES} in one call.", objects.len()),
            "the first half of the lines now, the rest in another call.",
        ));
    }
    let checked = lines::check(args.object_type, objects)?;
    let request = args
        .client_request_id
        .as_deref()
        .map(crm::request_id)
        .transpose()?;
    let integration = crm::id(gong, args.integration.as_deref())?;
    let object_type = crm::enum_name(args.object_type);
    let request =
        request.unwrap_or_else(|| crm::request_id_of(&[&integration, &object_type, objects]));
    let deleted = match checked.deleted {
        0 => String::new(),
        deleted => format!(", {deleted} of them to be deleted"),
    };
    let change = Change {
        what: format!(
            "send Gong {} of type {object_type}{deleted}",
            render::count(checked.objects, "object")
        ),
        method: Method::Post,
        operation: "/v2/crm/entities",
        path: with_query(
            "/v2/crm/entities",
            &[
                ("clientRequestId", Some(&request)),
                ("integrationId", Some(&integration)),
                ("objectType", Some(&object_type)),
            ],
        ),
        body: Body::File(File {
            part: "dataFile",
            name: "objects.ldjson".into(),
            content_type: "application/x-ndjson",
            bytes: format!("{objects}\n").into_bytes(),
        }),
        look: "gong_get_crm_request_status knows the client request id if Gong has the file",
    };
    let follow = format!("gong_get_crm_request_status with client_request_id {request}");
    let mut receipt = change::make(gong, args.dry_run, &change, |receipt, answer| {
        receipt.id = Some(answer.id("clientRequestId").unwrap_or(request.clone()));
        receipt.notes.push(format!(
            "The id is the client request id. Gong has the file and works on it later: {follow} tells what became of the lines."
        ));
    })
    .map_err(|error| {
        crm::explain_conflict(
            error,
            &format!(
                "Without client_request_id it is made of the content, so that the same upload is not made twice: {follow} tells \
                 what became of it. To send it again all the same, give a client_request_id that was not used before."
            ),
        )
    })?;
    receipt.notes.extend(checked.notes);
    Ok(receipt)
}
