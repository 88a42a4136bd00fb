//! `gong_list_flows`. GET /v2/flows; api:flows:read and an Engage licence.

use crate::{
    client::Gong,
    domain::list_part::ListPart,
    error::{Error, bad_argument},
    gong::{
        flows::{self, Flow},
        id::is_id,
        users::People,
        workspaces,
    },
    prelude::*,
    render::{self, Answer, Table},
    text::one_line,
    time,
    tools::limit,
    wit::flows::{FlowList, FlowRow, ListFlows},
};

/// Checks an argument that must be the id of a folder.
pub(super) fn folder_id<'a>(
    argument: &str,
    text: Option<&'a str>,
) -> Result<Option<&'a str>, Error> {
    match text.map(str::trim) {
        Some(id) if !is_id(id) => Err(bad_argument(
            argument,
            "not a folder id (1 to 20 digits). gong_list_flow_folders lists them.",
            "\"7782342274025937895\".",
        )),
        id => Ok(id),
    }
}

/// Looks up the owner's e-mail, which Gong requires, then reads all pages.
pub(crate) fn run(gong: &Gong<'_>, args: ListFlows) -> Result<FlowList, Error> {
    let limit = limit(args.limit, 100, 500)?;
    let folder = folder_id("folder", args.folder.as_deref())?;
    let owner = People::default().email(gong, "owner", &args.owner)?;
    let workspace = workspaces::id(gong, args.workspace.as_deref())?;
    let recent = (args.recent == Some(true)).then_some("true");
    let filters = [
        ("workspaceId", workspace.as_deref()),
        ("folderId", folder),
        ("mostRecentlyAssigned", recent),
    ];
    let read = flows::of_owner(gong, &owner, &filters)?;
    let rows = read.items.into_iter().map(row);
    let part = ListPart::limited(gong, rows, limit, args.resume.as_deref())?;
    Ok(FlowList {
        flows: part.items,
        owner,
        matched: part.matched,
        stopped: read.stopped,
        resume: part.resume,
        requests: gong.requests(),
    })
}

fn row(flow: Flow) -> FlowRow {
    FlowRow {
        name: flow.name(),
        id: flow.id().to_owned(),
        folder: flow
            .folder_name
            .as_deref()
            .map(one_line)
            .filter(|name| name != "null"),
        visibility: flow.visibility,
        created: flow
            .creation_date
            .as_deref()
            .map(|date| time::parse_instant(date).map_or_else(|| date.to_owned(), time::to_date)),
        exclusive: flow.exclusive.filter(|exclusive| *exclusive),
    }
}

impl Answer for FlowList {
    fn text(&self) -> String {
        let mut text = format!(
            "{} that {} sees.\n",
            render::part(self.flows.len(), self.matched, "flow"),
            self.owner
        );
        render::line(&mut text, "Not all listed", self.stopped.as_deref());
        let mut table = Table::new(["id", "name", "folder", "visibility", "created", "exclusive"]);
        for flow in &self.flows {
            table.row([
                flow.id.clone(),
                flow.name.clone(),
                flow.folder.clone().unwrap_or_default(),
                flow.visibility.clone().unwrap_or_default(),
                flow.created.clone().unwrap_or_default(),
                if flow.exclusive == Some(true) {
                    "yes".into()
                } else {
                    String::new()
                },
            ]);
        }
        render::none(
            &mut text,
            &self.flows,
            "Gong lists only what this user sees, and only with an Engage licence.",
        );
        table.write(&mut text);
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
