//! `gong_list_briefs`. GET /v2/settings/briefs; api:ai-briefer:read. Not paged; costs no credits.

use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse},
    domain::list_part::ListPart,
    error::Error,
    gong::workspaces,
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer, Table, cell},
    text::fold_case,
    time,
    tools::list_trackers,
    wit::ai::{Brief, BriefList, ListBriefs},
};

/// All briefs, of one workspace or of all.
pub(super) fn all(gong: &Gong<'_>, workspace: Option<&str>) -> Result<Vec<Value>, Error> {
    // `get` and not `get_list`: a 404 here means an unknown workspace, not an empty list.
    let answer: ApiResponse = gong.get("/v2/settings/briefs", &[("workspaceId", workspace)])?;
    let mut briefs = answer.listed("briefs", "GET /v2/settings/briefs")?.to_vec();
    briefs.sort_by_cached_key(|brief| {
        (
            brief.text("briefName").map(|name| fold_case(&name)),
            brief.id("briefId"),
        )
    });
    Ok(briefs)
}

/// Whether Gong can generate the brief.
pub(super) fn is_published(brief: &Value) -> bool {
    brief
        .raw("status")
        .is_some_and(|status| status.trim().eq_ignore_ascii_case("Published"))
}

/// One request.
pub(crate) fn run(gong: &Gong<'_>, args: ListBriefs) -> Result<BriefList, Error> {
    let workspace = workspaces::id(gong, args.workspace.as_deref())?;
    let found = all(gong, workspace.as_deref())?;
    let names = list_trackers::workspace_names(gong, &found);
    let briefs = found.iter().map(|brief| Brief {
        id: brief.id("briefId").unwrap_or_default(),
        name: brief.text("briefName").unwrap_or_default(),
        workspace: list_trackers::workspace_name(brief, &names),
        status: brief.text("status"),
        description: brief.text("description"),
        creator: brief.text("creator"),
        updated: brief.instant("updated"),
    });
    let part = ListPart::of(gong, briefs, args.resume.as_deref())?;
    Ok(BriefList {
        briefs: part.items,
        matched: part.matched,
        resume: part.resume,
        requests: gong.requests(),
    })
}

impl Answer for BriefList {
    fn text(&self) -> String {
        let mut text = render::part(self.briefs.len(), self.matched, "brief");
        text.push_str("; only Published ones can be generated.\n");
        let mut table = Table::new([
            "name",
            "status",
            "workspace",
            "description",
            "creator",
            "updated (UTC)",
            "id",
        ]);
        for brief in &self.briefs {
            table.row([
                brief.name.clone(),
                cell(&brief.status),
                cell(&brief.workspace),
                cell(&brief.description),
                cell(&brief.creator),
                brief
                    .updated
                    .as_deref()
                    .map(time::in_table)
                    .unwrap_or_default(),
                brief.id.clone(),
            ]);
        }
        render::none(
            &mut text,
            &self.briefs,
            "None has that name in this workspace.",
        );
        table.write(&mut text);
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
