//! `gong_list_workspaces`. GET /v2/workspaces; api:workspaces:read.

use crate::{
    client::Gong,
    domain::list_part::ListPart,
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
    let workspaces: Vec<Workspace> = workspaces::all(gong)?
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
    let part = ListPart::of(gong, workspaces, args.resume.as_deref())?;
    Ok(WorkspaceList {
        workspaces: part.items,
        matched: part.matched,
        resume: part.resume,
        requests: gong.requests(),
    })
}

impl Answer for WorkspaceList {
    fn text(&self) -> String {
        let mut text = render::part(self.workspaces.len(), self.matched, "workspace");
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
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
