//! `gong_delete_crm_integration`. DELETE /v2/crm/integrations; api:crm:integration:delete.
//! Its accounts, contacts, deals, leads and users are deleted too, for ever; it takes up to 24 h.

use crate::{
    client::{Gong, request::Method, url::with_query},
    domain::change::{self, Body, Change},
    error::{Error, bad_argument},
    gong::crm,
    json_ext::JsonExt,
    prelude::*,
    time,
    wit::{crm::DeleteCrmIntegration, types::Receipt},
};

/// Looks up the integration, which `confirm` must name, then deletes it once.
pub(crate) fn run(gong: &Gong<'_>, args: DeleteCrmIntegration) -> Result<Receipt, Error> {
    let integration = crm::find(gong, args.integration.as_deref())?;
    let (id, name) = (&integration.id, crm::name(&integration));
    let confirmed = args.confirm.trim();
    if confirmed != id && confirmed != name {
        return Err(bad_argument(
            "confirm",
            &format!(
                "“{}” is not the name or id of the integration to delete: “{name}” ({id}). All its objects would go too, and \
                 nothing brings them back. Ask whoever wants it deleted.",
                crate::text::shortened(confirmed)
            ),
            &format!("\"{name}\", if that is what shall be deleted."),
        ));
    }
    // One id a day: Gong refuses a repetition, and after a failure the next day has a new id.
    let request = format!("gong-tools-delete-{id}-{}", time::to_date(gong.now));
    let change = Change {
        what: format!(
            "ask Gong to delete the generic CRM integration “{name}” ({id}) with all its objects, for ever"
        ),
        method: Method::Delete,
        operation: "/v2/crm/integrations",
        path: with_query(
            "/v2/crm/integrations",
            &[
                ("clientRequestId", Some(&request)),
                ("integrationId", Some(id)),
            ],
        ),
        body: Body::None,
        look: "gong_list_crm_integrations no longer lists it when all is deleted",
    };
    let follow = format!(
        "gong_get_crm_request_status with client_request_id {request} and integration {id} follows it."
    );
    change::make(gong, args.dry_run, &change, |receipt, answer| {
        receipt.id = Some(answer.id("clientRequestId").unwrap_or(request.clone()));
        receipt.notes.push(format!(
            "The id is the client request id. Deleting takes up to 24 h and is over when the status is DONE: {follow}"
        ));
    })
    .map_err(|error| {
        crm::explain_conflict(
            error,
            &format!("Its deletion was asked for today already: {follow}"),
        )
    })
}
