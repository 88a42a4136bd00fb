//! `gong_list_call_outcomes`. GET /v2/call-outcomes; api:call-outcomes:read. Not paged.

use serde_json::Value;

use crate::{
    client::{Gong, json::ApiResponse},
    domain::list_part::ListPart,
    error::Error,
    json_ext::JsonExt,
    names::has_words,
    prelude::*,
    render::{self, Answer, Table, cell},
    text::fold_case,
    wit::calls::{CallOutcome, CallOutcomeList, ListCallOutcomes},
};

/// One request; names are matched here.
pub(crate) fn run(gong: &Gong<'_>, args: ListCallOutcomes) -> Result<CallOutcomeList, Error> {
    let answer: ApiResponse = gong.get_list("/v2/call-outcomes", &[])?;
    let mut found: Vec<&Value> = answer
        .listed("outcomes", "GET /v2/call-outcomes")?
        .iter()
        .collect();
    let all = found.len();
    if let Some(query) = args.query.as_deref().map(fold_case) {
        found.retain(|outcome| has_words(&outcome.text("callOutcome").unwrap_or_default(), &query));
    }
    found.sort_by_key(|outcome| outcome.count("displayOrder"));
    let left_out = (all - found.len()) as u32;
    let outcomes = found.into_iter().map(|outcome| CallOutcome {
        name: outcome.text("callOutcome").unwrap_or_default(),
        category: outcome.text("category"),
        connect_status: outcome.text("connectStatus"),
        sentiment: outcome.text("sentiment"),
        todo_action: outcome.text("todoAction"),
        automation: outcome.text("automation"),
    });
    let part = ListPart::of(gong, outcomes, args.resume.as_deref())?;
    Ok(CallOutcomeList {
        outcomes: part.items,
        matched: part.matched,
        resume: part.resume,
        left_out: (left_out > 0).then_some(left_out),
        requests: gong.requests(),
    })
}

impl Answer for CallOutcomeList {
    fn text(&self) -> String {
        let mut text = render::part(self.outcomes.len(), self.matched, "outcome");
        text.push('\n');
        let mut table = Table::new([
            "name",
            "category",
            "connected",
            "sentiment",
            "to-dos",
            "automation",
        ]);
        for outcome in &self.outcomes {
            table.row([
                outcome.name.clone(),
                cell(&outcome.category),
                cell(&outcome.connect_status),
                cell(&outcome.sentiment),
                cell(&outcome.todo_action),
                cell(&outcome.automation),
            ]);
        }
        table.write(&mut text);
        render::left_out(&mut text, self.left_out, "other names");
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
