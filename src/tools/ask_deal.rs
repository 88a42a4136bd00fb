//! `gong_ask_deal`: like `gong_ask_account`, for a deal.

use crate::{
    client::Gong,
    error::Error,
    tools::ask_account::{Question, ask},
    wit::ai::{AiAnswer, AskDeal, EntityType},
};

/// Checks the arguments, looks up names, asks the question once.
pub(crate) fn run(gong: &Gong<'_>, args: AskDeal) -> Result<AiAnswer, Error> {
    ask(
        gong,
        &Question {
            argument: "crm_deal",
            kind: EntityType::Deal,
            entity: &args.crm_deal,
            question: &args.question,
            period: args.period.as_deref(),
            from: args.from.as_deref(),
            to: args.to.as_deref(),
            workspace: args.workspace.as_deref(),
        },
    )
}
