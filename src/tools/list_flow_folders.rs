//! `gong_list_flow_folders`. GET /v2/flows/folders; api:flows:read. Gong documents another answer
//! than it sends: the list is `flowsFolders`, and the parent of a folder without one is the text
//! "null".

use alloc::collections::BTreeMap;
use serde::Deserialize;

use crate::{
    client::{
        Gong,
        json::required,
        pages::{Paged, Records},
    },
    domain::list_part::ListPart,
    error::Error,
    gong::{flows::MOST_PAGES, id::Id, users::People, workspaces},
    prelude::*,
    render::{self, Answer, Table},
    text::one_line,
    tools::list_flows::folder_id,
    wit::flows::{FlowFolder, FlowFolderList, ListFlowFolders},
};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    records: Option<Records>,
    #[serde(deserialize_with = "required")]
    flows_folders: Option<Vec<Folder>>,
}

impl Paged for Page {
    type Item = Folder;
    fn into_page(self) -> (Option<Records>, Vec<Folder>) {
        (self.records, self.flows_folders.unwrap_or_default())
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Folder {
    id: Option<Id>,
    name: Option<String>,
    parent_folder_id: Option<Id>,
    visibility: Option<String>,
}

/// Looks up the owner's e-mail, then reads all pages.
pub(crate) fn run(gong: &Gong<'_>, args: ListFlowFolders) -> Result<FlowFolderList, Error> {
    let parent = folder_id("parent", args.parent.as_deref())?;
    let owner = People::default().email(gong, "owner", &args.owner)?;
    let workspace = workspaces::id(gong, args.workspace.as_deref())?;
    let read = gong.pages(MOST_PAGES, |cursor| {
        let query = [
            ("flowFolderOwnerEmail", Some(owner.as_str())),
            ("workspaceId", workspace.as_deref()),
            ("parentId", parent),
            ("cursor", cursor),
        ];
        gong.get::<Page>("/v2/flows/folders", &query)
    })?;
    let part = ListPart::of(gong, rows(read.items), args.resume.as_deref())?;
    Ok(FlowFolderList {
        owner,
        folders: part.items,
        matched: part.matched,
        resume: part.resume,
        stopped: read.stopped,
        requests: gong.requests(),
    })
}

fn rows(folders: Vec<Folder>) -> Vec<FlowFolder> {
    let names: BTreeMap<String, String> = folders
        .iter()
        .filter_map(|folder| {
            Some((
                folder.id.as_ref()?.0.clone(),
                one_line(folder.name.as_deref()?),
            ))
        })
        .collect();
    folders
        .into_iter()
        .map(|folder| {
            let id = folder.id.map_or_else(String::new, |id| id.0);
            FlowFolder {
                name: folder.name.as_deref().map_or_else(|| id.clone(), one_line),
                id,
                parent: folder
                    .parent_folder_id
                    .filter(|parent| parent.0 != "null")
                    .map(|parent| names.get(&parent.0).cloned().unwrap_or(parent.0)),
                visibility: folder.visibility,
            }
        })
        .collect()
}

impl Answer for FlowFolderList {
    fn text(&self) -> String {
        let mut text = format!(
            "{} that {} sees.\n",
            render::part(self.folders.len(), self.matched, "folder"),
            self.owner
        );
        render::line(&mut text, "Not all listed", self.stopped.as_deref());
        let mut table = Table::new(["id", "name", "in", "visibility"]);
        for folder in &self.folders {
            table.row([
                folder.id.clone(),
                folder.name.clone(),
                folder.parent.clone().unwrap_or_default(),
                folder.visibility.clone().unwrap_or_default(),
            ]);
        }
        render::none(
            &mut text,
            &self.folders,
            "Gong lists only what this user sees, and only with an Engage licence.",
        );
        table.write(&mut text);
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
