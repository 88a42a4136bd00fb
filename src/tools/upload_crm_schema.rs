//! `gong_upload_crm_schema`. POST /v2/crm/entity-schema; api:crm:schema. The body is a list of
//! fields. Gong refuses it if a field of an earlier upload is missing, so the present fields are
//! read and sent again. A field whose type changes loses its values.

mod merge;

use serde_json::Value;

use crate::{
    client::{Gong, request::Method, url::with_query},
    domain::change::{self, Body, Change, between},
    error::{Error, bad_argument},
    gong::crm::{self, schema},
    prelude::*,
    render,
    wit::{crm::UploadCrmSchema, types::Receipt},
};

/// How many fields this tool accepts; Gong documents no limit.
const MAX_FIELDS: usize = 500;

/// Reads the present fields, merges the changes, then sends all fields once.
pub(crate) fn run(gong: &Gong<'_>, args: UploadCrmSchema) -> Result<Receipt, Error> {
    between("fields", &args.fields, MAX_FIELDS)?;
    merge::check(&args.fields)?;
    let integration = crm::id(gong, args.integration.as_deref())?;
    let object_type = crm::enum_name(args.object_type);
    let present: Vec<Value> = schema::read(gong, &integration, Some(&object_type))?
        .into_iter()
        .filter(|(name, _)| *name == object_type)
        .flat_map(|(_, fields)| fields)
        .collect();
    let merged = merge::merge(&present, &args.fields)?;
    if merged.differences.is_empty() {
        return Ok(Receipt {
            summary: format!("Nothing was sent: the fields of {object_type} are so already."),
            dry_run: args.dry_run.filter(|dry_run| *dry_run),
            request: None,
            body: None,
            id: None,
            url: None,
            items: Vec::new(),
            notes: Vec::new(),
            requests: gong.requests(),
        });
    }
    let loss = (!merged.losses.is_empty()).then(|| {
        format!(
            "The values of {} would be lost in all objects",
            merged.losses.join(", ")
        )
    });
    let allowed = args.allow_data_loss == Some(true);
    let dry_run = args.dry_run == Some(true);
    if let (Some(loss), false, false) = (&loss, allowed, dry_run) {
        return Err(bad_argument(
            "allow_data_loss",
            &format!("{loss}. Ask whoever wants the change; dry_run shows it."),
            "true, if that is meant.",
        ));
    }
    let change = Change {
        what: format!(
            "change the fields that {object_type} has beside Gong's own: {}",
            render::count(merged.differences.len() as u32, "difference")
        ),
        method: Method::Post,
        operation: "/v2/crm/entity-schema",
        path: with_query(
            "/v2/crm/entity-schema",
            &[
                ("integrationId", Some(&integration)),
                ("objectType", Some(&object_type)),
            ],
        ),
        body: Body::Json(Value::Array(merged.fields)),
        look: "gong_list_crm_schema shows the fields",
    };
    let mut receipt = change::make(gong, args.dry_run, &change, |_, _| {})?;
    receipt.notes = merged.differences;
    if merged.unchanged > 0 {
        let unchanged = render::count(merged.unchanged, "field");
        receipt.notes.push(format!("{unchanged} sent unchanged."));
    }
    if let Some(loss) = loss {
        let text = match (dry_run, allowed) {
            (true, false) => format!("{loss}: without dry_run this needs allow_data_loss."),
            (true, true) => format!("{loss}."),
            (false, _) => format!("{}.", loss.replace("would be", "are")),
        };
        receipt.notes.push(text);
    }
    Ok(receipt)
}
