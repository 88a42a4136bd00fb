//! `gong_register_crm_integration`. PUT /v2/crm/integrations; api:crm:integration:register.
//! The answer's `integrationId` is a JSON number above 2^53.

use serde_json::json;

use crate::{
    client::{Gong, request::Method},
    domain::change::{self, Body, Change},
    error::{Error, bad_argument},
    gong::{crm, users::People},
    json_ext::JsonExt,
    prelude::*,
    text::one_line,
    wit::{crm::RegisterCrmIntegration, types::Receipt},
};

/// Looks up the owner, then registers once.
pub(crate) fn run(gong: &Gong<'_>, args: RegisterCrmIntegration) -> Result<Receipt, Error> {
    let name = one_line(&args.name);
    if name.is_empty() {
        return Err(bad_argument(
            "name",
            "it is empty.",
            "\"Acme back office\".",
        ));
    }
    let owner = People::default().email(gong, "owner", &args.owner)?;
    let change = Change {
        what: format!("register the generic CRM integration “{name}” of {owner}"),
        method: Method::Put,
        operation: "/v2/crm/integrations",
        path: "/v2/crm/integrations".into(),
        body: Body::Json(json!({ "name": name, "ownerEmail": owner })),
        look: "gong_list_crm_integrations lists it",
    };
    change::make(gong, args.dry_run, &change, |receipt, answer| {
        receipt.id = answer.id("integrationId");
        receipt.notes.push(
            "Next: gong_upload_crm_schema for fields of the company's own, then gong_upload_crm_objects (business_user and stage \
             before deal)."
                .into(),
        );
    })
    .map_err(|error| {
        crm::explain_conflict(
            error,
            "A company has one CRM: a native one (Salesforce, HubSpot, Dynamics) counts too and is not listed; a generic one is \
             listed by gong_list_crm_integrations.",
        )
    })
}
