//! The overview of a deal as text.

use crate::{
    prelude::*,
    render::{self, Answer, Table, cell, count},
    text::one_line,
    wit::deals::{DealMoment, DealOverview},
};

impl Answer for DealOverview {
    fn text(&self) -> String {
        let name = self.name.as_deref().unwrap_or("Deal without name");
        let mut text = String::new();
        render::filling(&mut text, &self.scan);
        text.push_str(&format!("{} ({})\n", one_line(name), self.id));
        render::extent(&mut text, &self.scan, &self.call_history);
        render::list(&mut text, "Account", &self.accounts, ", ");
        render::line(&mut text, "Owner", self.owner.as_deref());
        let closes = self
            .close_date
            .as_ref()
            .map(|date| format!("closes {date}"));
        let percent = self
            .probability
            .as_ref()
            .map(|percent| format!("{percent} %"));
        let now = [&self.stage, &self.amount, &closes, &percent];
        let now: Vec<String> = now.into_iter().flatten().cloned().collect();
        render::list(&mut text, "Now", &now, ", ");
        render::line(&mut text, "Next step in the CRM", self.next_step.as_deref());
        render::line(&mut text, "Close date", moved(self).as_deref());
        render::last_contact(&mut text, &self.call_history);
        render::list(&mut text, "Look at", &self.warnings, "; ");
        history(&mut text, &self.history);
        render::call_history(&mut text, &self.call_history);
        render::line(
            &mut text,
            "Other calls of this deal, as a page of their own: resume",
            self.resume.as_deref(),
        );
        render::requests(&mut text, self.requests);
        text
    }
}

/// `slipped 3 times, 41 days in all; pulled in by 5 days; since 2026-07-02`.
fn moved(deal: &DealOverview) -> Option<String> {
    let slipped = deal.slips.map(|slips| {
        let days = count(deal.slipped_days.unwrap_or(0), "day");
        match slips {
            1 => format!("slipped once, by {days}"),
            slips => format!("slipped {slips} times, {days} in all"),
        }
    });
    let pulled = deal
        .pulled_in_days
        .map(|days| format!("pulled in by {}", count(days, "day")));
    let moves: Vec<String> = [slipped, pulled].into_iter().flatten().collect();
    let since = deal.history.first()?;
    (!moves.is_empty()).then(|| format!("{}; since {}", moves.join("; "), since.seen))
}

fn history(text: &mut String, history: &[DealMoment]) {
    let mut table = Table::new(["seen", "stage", "amount", "closes", "%"]);
    for moment in history {
        table.row([
            moment.seen.clone(),
            cell(&moment.stage),
            cell(&moment.amount),
            cell(&moment.close_date),
            cell(&moment.probability),
        ]);
    }
    if !history.is_empty() {
        text.push_str("As seen on calls, then only changes:\n");
    }
    table.write(text);
}
