//! `gong_get_crm_request_status`. GET /v2/crm/request-status; api:crm:upload. The status of an
//! upload of objects, or of the deletion of an integration.

use crate::{
    client::{Gong, json::ApiResponse},
    error::Error,
    gong::crm,
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer, Table},
    wit::crm::{CrmLineError, CrmRequestStatus, GetCrmRequestStatus},
};

/// One request, and one before it for the integration unless its id is in the arguments.
pub(crate) fn run(gong: &Gong<'_>, args: GetCrmRequestStatus) -> Result<CrmRequestStatus, Error> {
    let request = crm::request_id(&args.client_request_id)?;
    let integration = crm::id(gong, args.integration.as_deref())?;
    let ApiResponse(answer) = gong.get(
        "/v2/crm/request-status",
        &[
            ("clientRequestId", Some(&request)),
            ("integrationId", Some(&integration)),
        ],
    )?;
    let status = answer.text("status").ok_or_else(|| {
        Error::unexpected_answer(
            "Gong's answer to GET /v2/crm/request-status is JSON of another shape than its documentation says (no status in it)."
                .into(),
        )
    })?;
    Ok(CrmRequestStatus {
        client_request_id: request,
        status,
        succeeded: answer.count("totalSuccessCount"),
        failed: answer.count("totalErrorCount"),
        errors: answer
            .items("errors")
            .iter()
            .map(|error| CrmLineError {
                line: error.count("line").unwrap_or_default(),
                description: error.text("description").unwrap_or_default(),
            })
            .collect(),
        requests: gong.requests(),
    })
}

impl Answer for CrmRequestStatus {
    fn text(&self) -> String {
        let mut text = format!("{}: {}", self.client_request_id, self.status);
        text.push_str(match self.status.as_str() {
            "PENDING" | "IN_PROGRESS" => " (not over yet: ask again later)",
            "FAILED" => {
                " (of an upload: correct the lines and upload them under another client request id)"
            }
            _ => "",
        });
        text.push('\n');
        if let (Some(good), Some(failed @ 1..)) | (Some(good @ 1..), Some(failed)) =
            (self.succeeded, self.failed)
        {
            text.push_str(&format!(
                "{} good, {failed} not\n",
                render::count(good, "object")
            ));
        }
        let mut table = Table::new(["line", "error"]);
        for error in &self.errors {
            let line = match error.line {
                0 => "whole file".into(),
                line => line.to_string(),
            };
            table.row([line, error.description.clone()]);
        }
        table.write(&mut text);
        let not_listed = self
            .failed
            .unwrap_or_default()
            .saturating_sub(self.errors.len() as u32);
        render::left_out(
            &mut text,
            (not_listed > 0).then_some(not_listed),
            "Gong tells 20 errors at most",
        );
        render::requests(&mut text, self.requests);
        text
    }
}
