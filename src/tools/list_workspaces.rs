//! `gong_list_workspaces`. GET /v2/workspaces; api:workspaces:read.

use alloc::{borrow::ToOwned, string::String};

use super::Answer;
use crate::{
    error::Error,
    gong::{Gong, calls::one_line, people::has_words, workspaces},
    list::ToList as _,
    lower::Lower as _,
    render::{self, Table},
    wit::users::{ListWorkspaces, Workspace, WorkspaceList},
};

/// Asks for all, which are few, and picks here: Gong has no filter.
pub(crate) fn run(gong: &Gong<'_>, args: ListWorkspaces) -> Result<WorkspaceList, Error> {
    let query = args.query.map(|query| query.lower());
    let workspaces = workspaces::all(gong)?
        .into_iter()
        .filter(|workspace| {
            query
                .as_ref()
                .is_none_or(|query| has_words(workspace.name(), query))
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
        .list();
    Ok(WorkspaceList {
        workspaces,
        requests: gong.requests(),
    })
}

impl Answer for WorkspaceList {
    fn text(&self) -> String {
        let mut text = render::count(self.workspaces.len() as u32, "workspace");
        text.push('\n');
        let mut table = Table::new(&["id", "name", "description"]);
        for workspace in &self.workspaces {
            table.row([
                workspace.id.clone(),
                workspace.name.clone(),
                workspace.description.clone().unwrap_or_default(),
            ]);
        }
        table.write(&mut text);
        render::requests(&mut text, self.requests);
        text
    }
}
