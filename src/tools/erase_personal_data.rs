//! `gong_erase_personal_data`. POST /v2/data-privacy/erase-data-for-email-address and
//! /erase-data-for-phone-number; api:data-privacy:delete. The address is in the query,
//! and there is no body. Gong answers immediately and takes hours to erase.

use crate::{
    client::{Gong, request::Method, url::with_query},
    domain::change::{self, Body, Change},
    error::{Error, bad_argument},
    index,
    prelude::*,
    render,
    tools::find_personal_data::{Subject, counts},
    wit::{privacy::ErasePersonalData, types::Receipt},
};

/// Erases only if `confirm` repeats the address; a dry run counts what would be erased.
pub(crate) fn run(gong: &Gong<'_>, args: ErasePersonalData) -> Result<Receipt, Error> {
    let subject = Subject::read(args.email.as_deref(), args.phone.as_deref())?;
    let text = subject.text();
    let dry = args.dry_run == Some(true);
    if !dry && args.confirm.as_deref() != Some(text) {
        let problem = match args.confirm {
            None => "erasing can not be undone, so it must repeat the address.",
            Some(_) => "it is not the address, letter by letter.",
        };
        return Err(bad_argument("confirm", problem, &format!("\"{text}\".")));
    }
    let path = match subject {
        Subject::Email(_) => "/v2/data-privacy/erase-data-for-email-address",
        Subject::Phone(_) => "/v2/data-privacy/erase-data-for-phone-number",
    };
    let existing = match dry {
        true => Some(counts(&subject.look_up(gong)?)),
        false => None,
    };
    let removed = match dry {
        true => None,
        false => index::erase(gong, text)?,
    };
    let change = Change {
        what: format!("erase all data of {text}, for good"),
        method: Method::Post,
        operation: path,
        path: with_query(path, &[(subject.parameter(), Some(text))]),
        body: Body::None,
        look: "gong_find_personal_data shows what is left, but erasing takes hours",
    };
    let mut receipt = change::make(gong, args.dry_run, &change, |receipt, _| {
        receipt.summary = format!("Gong has taken the order to erase all data of {text}.");
        receipt.notes.push(
            "It takes hours and has no status: gong_find_personal_data shows what is left. Gong stops by itself where \
             it would be unusually much; then its support helps."
                .into(),
        );
    })?;
    if let Some(segments) = removed {
        receipt.notes.push(format!(
            "The person is no longer in the index of calls: {} had it.",
            render::count(segments, "week")
        ));
    }
    if dry && args.confirm.as_deref() != Some(text) {
        receipt.notes.push(format!(
            "Without confirm \"{text}\" it is refused: erasing can not be undone."
        ));
    }
    if let Some(existing) = existing {
        receipt.notes.push(format!("There are now: {existing}."));
    }
    receipt.notes.push(
        "Erase the person in the CRM and the mail system first, or Gong imports the data again."
            .into(),
    );
    Ok(receipt)
}
