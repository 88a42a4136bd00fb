//! `gong_generate_brief`. GET /v2/entities/get-brief; api:ai-briefer:read. Each brief spends
//! credits, so everything is checked before it is requested.

use serde_json::Value;

use crate::{
    client::Gong,
    domain::ai_entity::{self, EntitySearch, Period},
    error::{Error, bad_argument},
    gong::{ai_credits, workspaces},
    json_ext::JsonExt,
    prelude::*,
    text::{fold_case, shortened},
    tools::{
        ask_account::answer,
        list_briefs::{self, is_published},
        list_trackers::{workspace_name, workspace_names},
    },
    wit::ai::{AiAnswer, GenerateBrief},
};

const PATH: &str = "/v2/entities/get-brief";

/// Checks the arguments, looks up names, generates the brief once.
pub(crate) fn run(gong: &Gong<'_>, args: GenerateBrief) -> Result<AiAnswer, Error> {
    ai_credits::check_allowed(gong)?;
    let (from, to) = (args.from.as_deref(), args.to.as_deref());
    let period = Period::from_arguments(args.period.as_deref(), from, to, gong.now)?;
    let workspace = workspaces::id(gong, args.workspace.as_deref())?;
    let briefs = list_briefs::all(gong, workspace.as_deref())?;
    let brief = find(gong, &briefs, &args.brief)?;
    // A brief is in one workspace, which the arguments need not name.
    let workspace = match workspace.or_else(|| brief.id("workspaceId")) {
        Some(id) => id,
        None => workspaces::needed(gong, None)?,
    };
    let place = EntitySearch {
        argument: "crm_entity",
        workspace: &workspace,
        from,
        to,
    };
    let entity = ai_entity::find(gong, args.entity_type, &args.crm_entity, &place)?;
    let range = period.range.as_ref();
    let url = ai_credits::url(
        PATH,
        &[
            ("workspaceId", Some(&workspace)),
            ("briefName", brief.raw("briefName")),
            ("crmEntityType", Some(entity.crm_type())),
            ("crmEntityId", Some(&entity.id)),
            ("timePeriod", Some(&period.name)),
            ("fromDateTime", range.map(|(from, _)| from.as_str())),
            ("toDateTime", range.map(|(_, to)| to.as_str())),
        ],
    )?;
    let (response, sections) = ai_credits::ask(gong, PATH, &url, "briefSections")?;
    Ok(answer::ai_answer(
        gong, &entity, &period, &response, &sections,
    ))
}

/// The one published brief with this name, in upper or lower case.
fn find<'b>(gong: &Gong<'_>, briefs: &'b [Value], name: &str) -> Result<&'b Value, Error> {
    let searched = name.trim();
    let name = |brief: &Value| brief.text("briefName").unwrap_or_default();
    let named: Vec<&Value> = briefs
        .iter()
        .filter(|brief| fold_case(&name(brief)) == fold_case(searched))
        .collect();
    let published: Vec<&Value> = named
        .iter()
        .copied()
        .filter(|brief| is_published(brief))
        .collect();
    match published[..] {
        [one] => return Ok(one),
        [first, ..] => {
            let names = workspace_names(gong, published.iter().copied());
            let workspaces: Vec<String> = published
                .iter()
                .filter_map(|brief| workspace_name(brief, &names))
                .collect();
            return Err(bad_argument(
                "workspace",
                &format!(
                    "several briefs are called “{}”, in: {}.",
                    name(first),
                    workspaces.join("; ")
                ),
                &format!(
                    "\"{}\".",
                    workspaces.first().map_or("Sales", String::as_str)
                ),
            ));
        }
        [] => {}
    }
    let valid: Vec<String> = briefs
        .iter()
        .filter(|brief| is_published(brief))
        .map(name)
        .collect();
    let problem = match named.is_empty() {
        true => format!("no brief is called “{}”.", shortened(searched)),
        false => format!(
            "“{}” is not published in Gong, and only published briefs can be generated.",
            shortened(searched)
        ),
    };
    Err(match valid.first() {
        None => bad_argument(
            "brief",
            &format!("{problem} None is published; nothing was spent."),
            "gong_ask_account with a question.",
        ),
        Some(first) => bad_argument(
            "brief",
            &format!(
                "{problem} Published: {}. Nothing was spent.",
                valid.join("; ")
            ),
            &format!("\"{first}\"."),
        ),
    })
}
