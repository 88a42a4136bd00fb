//! `gong_list_workspaces`. GET /v2/workspaces; api:workspaces:read.

use crate::{
    client::Gong,
    error::Error,
    gong::workspaces,
    names::is_meant,
    prelude::*,
    render::{self, Answer, Table},
    text::{fold_case, one_line},
    wit::users::{ListWorkspaces, Workspace, WorkspaceList},
};

/// Reads all workspaces, which are few, and filters them here, as Gong can not.
pub(crate) fn run(gong: &Gong<'_>, args: ListWorkspaces) -> Result<WorkspaceList, Error> {
    let query = args.query.map(|query| fold_case(&query));
    let workspaces = workspaces::all(gong)?
        .into_iter()
        .filter(|workspace| {
            query
                .as_deref()
                .is_none_or(|query| is_meant(query.trim(), workspace.id(), workspace.name()))
        })
        .map(|workspace| Workspace {
            id: workspace.id().to_owned(),
            name: one_line(workspace.name()),
            description: workspace
                .description
                .as_deref()
                .map(one_line)
                .filter(|text| !text.is_empty()),
        })
        .collect();
    Ok(WorkspaceList {
        workspaces,
        requests: gong.requests(),
    })
}

impl Answer for WorkspaceList {
    fn text(&self) -> String {
        let mut text = render::count(self.workspaces.len() as u32, "workspace");
        text.push('\n');
        let mut table = Table::new(["id", "name", "description"]);
        for workspace in &self.workspaces {
            table.row([
                workspace.id.clone(),
                workspace.name.clone(),
                workspace.description.clone().unwrap_or_default(),
            ]);
        }
        render::none(
            &mut text,
            &self.workspaces,
            "None has that name, or the access key is limited to no workspace.",
        );
        table.write(&mut text);
        render::requests(&mut text, self.requests);
        text
    }
}
