//! `gong_ask_account`, and what `gong_ask_deal` shares with it. GET
//! /v2/entities/ask-entity; api:ai-ask:read. Each answer spends credits, so everything is checked
//! before the question is sent.

use crate::{
    client::Gong,
    domain::ai_entity::{self, EntitySearch, Period},
    error::{Error, bad_argument},
    gong::{ai_credits, workspaces},
    wit::ai::{AiAnswer, AskAccount, EntityType},
};

pub(super) mod answer;

const PATH: &str = "/v2/entities/ask-entity";

/// A question about an account or a deal.
pub(super) struct Question<'a> {
    /// The argument that names the entity.
    pub(super) argument: &'a str,
    /// Account or deal.
    pub(super) kind: EntityType,
    /// Name or CRM id of the account or deal.
    pub(super) entity: &'a str,
    /// The question.
    pub(super) question: &'a str,
    /// A period by Gong's name for it; a range has `from` and `to` instead.
    pub(super) period: Option<&'a str>,
    /// Start of the range.
    pub(super) from: Option<&'a str>,
    /// End of the range, exclusive.
    pub(super) to: Option<&'a str>,
    /// Name or id of the workspace.
    pub(super) workspace: Option<&'a str>,
}

/// Checks the arguments, looks up names, asks the question once.
pub(crate) fn run(gong: &Gong<'_>, args: AskAccount) -> Result<AiAnswer, Error> {
    ask(
        gong,
        &Question {
            argument: "crm_account",
            kind: EntityType::Account,
            entity: &args.crm_account,
            question: &args.question,
            period: args.period.as_deref(),
            from: args.from.as_deref(),
            to: args.to.as_deref(),
            workspace: args.workspace.as_deref(),
        },
    )
}

/// Checks the question, looks up names, asks it once.
pub(super) fn ask(gong: &Gong<'_>, args: &Question<'_>) -> Result<AiAnswer, Error> {
    ai_credits::check_allowed(gong)?;
    let question = args.question.trim();
    if question.is_empty() {
        return Err(bad_argument(
            "question",
            "it is empty.",
            "\"What are the open risks?\"",
        ));
    }
    ai_credits::url(PATH, &[("question", Some(question))])?;
    let period = Period::from_arguments(args.period, args.from, args.to, gong.now)?;
    let workspace = workspaces::needed(gong, args.workspace)?;
    let place = EntitySearch {
        argument: args.argument,
        workspace: &workspace,
        from: args.from,
        to: args.to,
    };
    let entity = ai_entity::find(gong, args.kind, args.entity, &place)?;
    let range = period.range.as_ref();
    let url = ai_credits::url(
        PATH,
        &[
            ("workspaceId", Some(&workspace)),
            ("crmEntityType", Some(entity.crm_type())),
            ("crmEntityId", Some(&entity.id)),
            ("timePeriod", Some(&period.name)),
            ("fromDateTime", range.map(|(from, _)| from.as_str())),
            ("toDateTime", range.map(|(_, to)| to.as_str())),
            ("question", Some(question)),
        ],
    )?;
    let (response, findings) = ai_credits::ask(gong, PATH, &url, "answer")?;
    Ok(answer::ai_answer(
        gong, &entity, &period, &response, &findings,
    ))
}
