//! `gong_delete_meeting`. DELETE /v2/meetings/{meetingId}, with a JSON body;
//! api:meetings:user:delete; limited release.

use serde_json::json;

use crate::{
    client::{Gong, request::Method},
    domain::change::{self, Body, Change},
    error::Error,
    gong::{id::digits, users::People},
    prelude::*,
    tools::update_meeting::ID_SOURCE,
    wit::{meetings::DeleteMeeting, types::Receipt},
};

/// Deletes once. Gong requires a body, even without an organizer in it.
pub(crate) fn run(gong: &Gong<'_>, args: DeleteMeeting) -> Result<Receipt, Error> {
    let id = digits("meeting", &args.meeting, ID_SOURCE)?;
    let body = match &args.organizer {
        Some(text) => {
            let email = People::default().email(gong, "organizer", text)?;
            json!({ "organizerEmail": email })
        }
        None => json!({}),
    };
    let change = Change {
        what: format!("delete meeting {id}"),
        method: Method::Delete,
        operation: "/v2/meetings/{meetingId}",
        path: format!("/v2/meetings/{id}"),
        body: Body::Json(body),
        look: "deleting it again tells, by not finding it",
    };
    change::make(gong, args.dry_run, &change, |receipt, _| {
        receipt.id = Some(id.clone());
        receipt.notes.push(
            "By its documentation Gong sends no invitation: call it off in the calendar too."
                .into(),
        );
    })
}
