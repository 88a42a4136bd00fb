//! Answered scorecards as text.

use crate::{
    prelude::*,
    render::{self, Answer, Table},
    time,
    tools::list_scorecards,
    wit::scorecards::AnsweredList,
};

impl Answer for AnsweredList {
    fn text(&self) -> String {
        let mut text = format!(
            "{} of {}, newest review first, {}.",
            render::count(self.answered.len() as u32, "answered scorecard"),
            self.matched,
            self.range
        );
        if let Some(private) = self.left_out_private {
            text.push_str(&format!(
                " Left out: {private} of private or unknown calls."
            ));
        }
        text.push('\n');
        render::line(&mut text, "Not all read", self.stopped.as_deref());
        render::line(&mut text, "Link of a call", self.call_url.as_deref());
        for scorecard in &self.scorecards {
            list_scorecards::write(&mut text, scorecard);
        }
        let mut table = Table::new([
            "scorecard",
            "reviewed",
            "reviewer",
            "review UTC",
            "call id",
            "call",
            "call UTC",
            "answers",
            "link",
        ]);
        for one in &self.answered {
            let answers: Vec<String> = one
                .answers
                .iter()
                .map(|answer| format!("{} {}", answer.question, answer.answer))
                .collect();
            let reviewer = if one.automatic == Some(true) {
                "automatic"
            } else {
                one.reviewer.as_deref().unwrap_or_default()
            };
            let at =
                |shown: &Option<String>| shown.as_deref().map(time::in_table).unwrap_or_default();
            table.row([
                one.scorecard.clone(),
                one.reviewed.clone().unwrap_or_default(),
                reviewer.into(),
                at(&one.reviewed_at),
                one.call_id.clone(),
                one.call_title.clone().unwrap_or_default(),
                at(&one.called),
                answers.join("; "),
                one.url.clone().unwrap_or_default(),
            ]);
        }
        render::none(
            &mut text,
            &self.answered,
            "Nothing was scored in the range, or Gong has it only from tomorrow on.",
        );
        table.write(&mut text);
        render::line(&mut text, "More: resume", self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
