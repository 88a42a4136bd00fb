//! Scorecards with their questions as text.

use crate::{
    prelude::*,
    render::{self, Answer},
    wit::scorecards::{self as wit, ScorecardList},
};

/// Appends a heading for a scorecard and a line for each question.
pub(in crate::tools) fn write(text: &mut String, scorecard: &wit::Scorecard) {
    let state = if scorecard.disabled == Some(true) {
        "disabled"
    } else {
        ""
    };
    let details = [
        scorecard.method.as_deref(),
        scorecard.workspace.as_deref(),
        Some(state),
    ];
    let details: Vec<&str> = details
        .into_iter()
        .flatten()
        .filter(|detail| !detail.is_empty())
        .collect();
    text.push_str(&format!(
        "## {} ({}){}\n",
        scorecard.name,
        scorecard.id,
        details
            .iter()
            .map(|detail| format!(", {detail}"))
            .collect::<String>()
    ));
    for question in &scorecard.questions {
        let answer = question
            .answer
            .as_ref()
            .map_or_else(String::new, |answer| format!(" [{answer}]"));
        let overall = if question.overall == Some(true) {
            " (overall)"
        } else {
            ""
        };
        let guide = question
            .guide
            .as_ref()
            .map_or_else(String::new, |guide| format!(" — {guide}"));
        text.push_str(&format!(
            "{}: {}{answer}{overall}{guide}\n",
            question.label, question.text
        ));
    }
}

impl Answer for ScorecardList {
    fn text(&self) -> String {
        let mut text = render::part(self.scorecards.len(), self.matched, "scorecard");
        if let Some(disabled) = self.left_out_disabled {
            text.push_str(&format!("; {disabled} disabled left out"));
        }
        text.push('\n');
        self.scorecards
            .iter()
            .for_each(|scorecard| write(&mut text, scorecard));
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
