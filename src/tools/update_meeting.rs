//! `gong_update_meeting`. PUT /v2/meetings/{meetingId}; api:meetings:user:update; limited
//! release. Gong requires the whole meeting and has no way to read one. Its effect is write, for
//! the reason in `create_meeting.rs`.

use crate::{
    client::{Gong, request::Method},
    domain::change::{self, Body, Change},
    error::Error,
    gong::id::digits,
    prelude::*,
    tools::create_meeting::Meeting,
    wit::{meetings::UpdateMeeting, types::Receipt},
};

/// Where callers find a meeting's id.
pub(super) const ID_SOURCE: &str = "gong_create_meeting gave it.";

/// Checks the arguments, then replaces the meeting once.
pub(crate) fn run(gong: &Gong<'_>, args: UpdateMeeting) -> Result<Receipt, Error> {
    let id = digits("meeting", &args.meeting, ID_SOURCE)?;
    let meeting = Meeting {
        start: &args.start,
        end: &args.end,
        organizer: &args.organizer,
        invitees: &args.invitees,
        title: args.title.as_deref(),
        provider: args.provider.as_deref(),
        external_id: args.external_id.as_deref(),
    };
    let meeting = meeting.check(gong)?;
    let change = Change {
        what: format!("replace meeting {id}: {}", meeting.summary),
        method: Method::Put,
        operation: "/v2/meetings/{meetingId}",
        path: format!("/v2/meetings/{id}"),
        body: Body::Json(meeting.body),
        look: "the organizer can look in Gong, and sending the same again does no harm",
    };
    change::make(gong, args.dry_run, &change, |receipt, _| {
        receipt.id = Some(id.clone());
        receipt
            .notes
            .push("By its documentation Gong sends no invitation: tell the invitees.".into());
    })
}
