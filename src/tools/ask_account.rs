//! `gong_ask_account`, and what `gong_ask_deal` shares with it. GET
//! /v2/entities/ask-entity; api:ai-ask:read. Each answer spends credits: everything that
//! can be wrong is found out before it is asked.

use crate::{
    client::Gong,
    domain::ai_entity::{self, EntitySearch, Period},
    error::{Error, bad_argument},
    gong::{ai_credits, workspaces},
    wit::ai::{AiAnswer, AskAccount, EntityType},
};

pub(super) mod answer;

const PATH: &str = "/v2/entities/ask-entity";

/// A question, whatever it is about.
pub(super) struct Question<'a> {
    /// The argument that names the entity.
    pub(super) argument: &'a str,
    /// What it is.
    pub(super) kind: EntityType,
    /// Name or CRM id.
    pub(super) entity: &'a str,
    /// The question.
    pub(super) question: &'a str,
    /// Gong's name of a period.
    pub(super) period: Option<&'a str>,
    /// Or a range.
    pub(super) from: Option<&'a str>,
    /// Exclusive.
    pub(super) to: Option<&'a str>,
    /// Name or id.
    pub(super) workspace: Option<&'a str>,
}

/// Checks, looks names up, asks once.
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

/// As [`run`].
pub(super) fn ask(gong: &Gong<'_>, asked: &Question<'_>) -> Result<AiAnswer, Error> {
    ai_credits::check_allowed(gong)?;
    let question = asked.question.trim();
    if question.is_empty() {
        return Err(bad_argument(
            "question",
            "it is empty.",
            "\"What are the open risks?\"",
        ));
    }
    ai_credits::url(PATH, &[("question", Some(question))])?;
    let period = Period::from_arguments(asked.period, asked.from, asked.to, gong.now)?;
    let workspace = workspaces::needed(gong, asked.workspace)?;
    let place = EntitySearch {
        argument: asked.argument,
        workspace: &workspace,
        from: asked.from,
        to: asked.to,
    };
    let entity = ai_entity::find(gong, asked.kind, asked.entity, &place)?;
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
    let (answered, findings) = ai_credits::ask(gong, PATH, &url, "answer")?;
    Ok(answer::of(gong, &entity, &period, &answered, &findings))
}
