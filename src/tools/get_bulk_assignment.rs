//! `gong_get_bulk_assignment`. GET /v2/flows/prospects/bulk-assignments/{id};
//! api:flows:read. How far Gong has got with a bulk assignment.

use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse},
    error::{Error, bad_argument},
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer, Table, cell},
    wit::engage::{BulkAssignment, BulkOutcome, GetBulkAssignment},
};

/// One request. Ids are UUIDs in Gong's documentation; other ids that need no encoding in a path
/// are accepted too.
pub(crate) fn run(gong: &Gong<'_>, args: GetBulkAssignment) -> Result<BulkAssignment, Error> {
    let id = args.id.trim();
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if id.is_empty() || id.len() > 64 || !id.chars().all(is_allowed) {
        return Err(bad_argument(
            "id",
            "not an id of a bulk assignment; gong_bulk_assign_flow gives it.",
            "\"f47ac10b-58cc-4372-a567-0e02b2c3d479\".",
        ));
    }
    let path = format!("/v2/flows/prospects/bulk-assignments/{id}");
    let ApiResponse(answer) = gong.get(&path, &[])?;
    let Some(status) = answer.text("status") else {
        return Err(Error::unexpected_answer(format!(
            "Gong's answer to GET {path} has no status, so it is not known what became of the assignment."
        )));
    };
    Ok(BulkAssignment {
        id: answer.id("id").unwrap_or_else(|| id.into()),
        status,
        total: answer.count("totalCount"),
        processed: answer.count("processedCount"),
        assigned: answer.count("successCount"),
        failed: answer.count("failedCount"),
        people: answer.items("results").iter().map(outcome).collect(),
        requests: gong.requests(),
    })
}

fn outcome(result: &Value) -> BulkOutcome {
    let prospect = &result["prospect"];
    let crm_id = result.id("crmId").or_else(|| prospect.id("crmId"));
    let name = [prospect.text("firstName"), prospect.text("lastName")];
    let name: Vec<String> = name.into_iter().flatten().collect();
    let person = match (name.is_empty(), prospect.text("email")) {
        (false, Some(email)) => format!("{} <{email}>", name.join(" ")),
        (false, None) => name.join(" "),
        (true, Some(email)) => email,
        (true, None) => crm_id.clone().unwrap_or_default(),
    };
    let error = [result.text("errorCode"), result.text("errorMessage")];
    let error: Vec<String> = error.into_iter().flatten().collect();
    BulkOutcome {
        person,
        status: result.text("status"),
        crm_id,
        instance_id: result.id("flowInstanceId"),
        error: (!error.is_empty()).then(|| error.join(": ")),
    }
}

impl Answer for BulkAssignment {
    fn text(&self) -> String {
        let counts = [
            (self.total, "people"),
            (self.processed, "processed"),
            (self.assigned, "assigned"),
            (self.failed, "failed"),
        ];
        let counts: String = counts
            .into_iter()
            .filter_map(|(number, word)| Some(format!(", {} {word}", number?)))
            .collect();
        let mut text = format!("Bulk assignment {}: {}{counts}.\n", self.id, self.status);
        let mut table = Table::new(["person", "status", "crm id", "instance", "error"]);
        for one in &self.people {
            table.row([
                one.person.clone(),
                cell(&one.status),
                cell(&one.crm_id),
                cell(&one.instance_id),
                cell(&one.error),
            ]);
        }
        table.write(&mut text);
        if matches!(self.status.as_str(), "PENDING" | "IN_PROGRESS") {
            text.push_str("Not finished: ask again in a minute.\n");
        }
        render::requests(&mut text, self.requests);
        text
    }
}
