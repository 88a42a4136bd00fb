//! `gong_list_targets`. GET /v2/targets, of one workspace. Not paged; scopes unknown.

use crate::{
    client::Gong,
    domain::list_part::ListPart,
    error::Error,
    gong::{targets, workspaces},
    prelude::*,
    render::{self, Answer, Table, cell},
    time::in_table,
    wit::targets::{ListTargets, TargetList},
};

/// One request, and one before it for the workspace unless its id is in the arguments.
pub(crate) fn run(gong: &Gong<'_>, args: ListTargets) -> Result<TargetList, Error> {
    let workspace = workspaces::needed(gong, args.workspace.as_deref())?;
    let targets = targets::all(gong, &workspace)?;
    let part = ListPart::of(gong, targets, args.resume.as_deref())?;
    Ok(TargetList {
        targets: part.items,
        matched: part.matched,
        resume: part.resume,
        requests: gong.requests(),
    })
}

impl Answer for TargetList {
    fn text(&self) -> String {
        let mut text = render::part(self.targets.len(), self.matched, "target");
        text.push('\n');
        let mut table = Table::new([
            "id",
            "name",
            "type",
            "unit",
            "hierarchy",
            "created (UTC)",
            "description",
        ]);
        for target in &self.targets {
            table.row([
                target.id.clone(),
                cell(&target.name),
                cell(&target.target_type),
                cell(&target.unit),
                cell(&target.hierarchy_type),
                target.created.as_deref().map_or_else(String::new, in_table),
                cell(&target.description),
            ]);
        }
        render::none(
            &mut text,
            &self.targets,
            "The workspace has no targets, or they are in another workspace.",
        );
        table.write(&mut text);
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
