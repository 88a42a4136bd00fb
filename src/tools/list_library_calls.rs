//! `gong_list_library_calls`. GET /v2/library/folder-content; api:library:read. The answer does not
//! say which calls are private, so POST /v2/calls/extensive is read for that.

use alloc::collections::BTreeSet;
use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse},
    domain::list_part::ListPart,
    error::Error,
    gong::{
        calls::{self, Meta, link_pattern},
        id::is_id,
        library, users,
    },
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer, Table, cell},
    text::one_line,
    time,
    tools::limit,
    wit::library::{LibraryCall, LibraryCallList, ListLibraryCalls},
};

/// Looks up the folder, reads it, and leaves out private calls.
pub(crate) fn run(gong: &Gong<'_>, args: ListLibraryCalls) -> Result<LibraryCallList, Error> {
    let limit = limit(args.limit, 50, 200)?;
    let text = args.folder.trim();
    let (id, path) = if is_id(text) {
        (text.into(), None)
    } else {
        let (folders, failed) = library::folders(gong, None)?;
        let folder = library::find(&folders, text).map_err(|unknown| failed.unwrap_or(unknown))?;
        (folder.id.clone(), Some(folder.path.clone()))
    };
    let answer: ApiResponse = gong.get("/v2/library/folder-content", &[("folderId", Some(&id))])?;
    let listed = answer.listed("calls", "GET /v2/library/folder-content")?;
    let ids: Vec<String> = listed.iter().filter_map(|call| call.id("id")).collect();
    let metas = calls::by_ids(gong, ids.iter().map(String::as_str))?;
    // A call that Gong does not return could be private.
    let is_open = |call: &&Value| {
        let meta = call.id("id").and_then(|id| metas.get(&id));
        gong.settings.private_calls || meta.is_some_and(|meta| !meta.is_private())
    };
    let open: Vec<&Value> = listed.iter().filter(is_open).collect();
    let private = (listed.len() - open.len()) as u32;
    let part = ListPart::limited(gong, open, limit, args.resume.as_deref())?;
    let page = part.items;
    let adders: BTreeSet<String> = page.iter().filter_map(|call| call.id("addedBy")).collect();
    let names = users::names(gong, &adders);
    let ids: Vec<String> = page
        .iter()
        .map(|call| call.id("id").unwrap_or_default())
        .collect();
    let call_url = link_pattern(
        ids.iter()
            .map(String::as_str)
            .zip(page.iter().map(|call| call.raw("url"))),
    );
    let calls: Vec<LibraryCall> = page
        .iter()
        .zip(ids)
        .map(|(call, id)| {
            let meta = metas.get(&id);
            LibraryCall {
                title: call.text("title").or_else(|| meta.and_then(Meta::title)),
                started: meta.map(Meta::started_display),
                snippet: call.get("snippet").and_then(snippet),
                note: call.text("note"),
                added_by: call
                    .id("addedBy")
                    .and_then(|adder| names.get(&adder))
                    .map(|name| one_line(name)),
                added: call.instant("created"),
                url: call.text("url").filter(|_| call_url.is_none()),
                id,
            }
        })
        .collect();
    Ok(LibraryCallList {
        folder: path
            .or_else(|| answer.0.text("name"))
            .map_or_else(|| id.clone(), |name| format!("{name} ({id})")),
        resume: part.resume,
        calls,
        matched: part.matched,
        left_out_private: (private > 0).then_some(private),
        call_url,
        requests: gong.requests(),
    })
}

/// `5:05 to 15:00`.
fn snippet(snippet: &Value) -> Option<String> {
    let from = time::into_call_seconds(snippet.number("fromSec")?);
    let to = time::into_call_seconds(snippet.number("toSec")?);
    Some(format!("{from} to {to}"))
}

impl Answer for LibraryCallList {
    fn text(&self) -> String {
        let mut text = format!(
            "{} of {} in {}.\n",
            render::count(self.calls.len() as u32, "call"),
            self.matched,
            self.folder
        );
        let mut table = Table::new([
            "id",
            "started (UTC)",
            "title",
            "snippet",
            "note",
            "added by",
            "added (UTC)",
            "link",
        ]);
        for call in &self.calls {
            let at =
                |value: &Option<String>| value.as_deref().map(time::in_table).unwrap_or_default();
            table.row([
                call.id.clone(),
                at(&call.started),
                cell(&call.title),
                cell(&call.snippet),
                cell(&call.note),
                cell(&call.added_by),
                at(&call.added),
                cell(&call.url),
            ]);
        }
        render::none(
            &mut text,
            &self.calls,
            "The folder is empty, or its calls are in folders within it.",
        );
        table.write(&mut text);
        render::line(&mut text, "Link of a call", self.call_url.as_deref());
        render::left_out(
            &mut text,
            self.left_out_private,
            "private, or not told about by Gong",
        );
        render::line(&mut text, "More: resume", self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
