//! `gong_list_crm_schema`. GET /v2/crm/entity-schema; api:crm:schema. Not paged. Without
//! `objectType` Gong returns the fields of all types, although its OpenAPI document calls the
//! parameter required.

use crate::{
    client::Gong,
    domain::list_part::ListPart,
    error::Error,
    gong::crm::{self, schema},
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer, Table, cell},
    wit::crm::{CrmField, CrmSchema, ListCrmSchema},
};

/// One request, and one before it for the integration unless its id is in the arguments.
pub(crate) fn run(gong: &Gong<'_>, args: ListCrmSchema) -> Result<CrmSchema, Error> {
    let integration = crm::id(gong, args.integration.as_deref())?;
    let object_type = args.object_type.map(crm::enum_name);
    let types = schema::read(gong, &integration, object_type.as_deref())?;
    let lower = |text: String| text.to_ascii_lowercase();
    let fields: Vec<CrmField> = types
        .iter()
        .flat_map(|(object_type, fields)| fields.iter().map(move |field| (object_type, field)))
        .map(|(object_type, field)| CrmField {
            object_type: object_type.to_ascii_lowercase(),
            name: schema::name(field),
            label: field.text("label"),
            field_type: field.text("type").map(lower),
            reference_to: field.text("referenceTo").map(lower),
            values: field.texts("orderedValueList"),
            deleted: field.is("isDeleted").then_some(true),
        })
        .collect();
    let part = ListPart::of(gong, fields, args.resume.as_deref())?;
    Ok(CrmSchema {
        fields: part.items,
        matched: part.matched,
        resume: part.resume,
        requests: gong.requests(),
    })
}

impl Answer for CrmSchema {
    fn text(&self) -> String {
        let mut text = render::part(self.fields.len(), self.matched, "added field");
        text.push_str(" (Gong's own are not listed)\n");
        let mut table = Table::new([
            "object",
            "name",
            "label",
            "type",
            "refers to",
            "values",
            "deleted",
        ]);
        for field in &self.fields {
            table.row([
                field.object_type.clone(),
                field.name.clone(),
                cell(&field.label),
                cell(&field.field_type),
                cell(&field.reference_to),
                field.values.join("; "),
                field.deleted.map_or_else(String::new, |_| "yes".into()),
            ]);
        }
        table.write(&mut text);
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
