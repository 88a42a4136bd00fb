//! Deals as text.

use crate::{
    prelude::*,
    render::{self, Answer, Table},
    text::one_line,
    time,
    wit::deals::DealPage,
};

impl Answer for DealPage {
    fn text(&self) -> String {
        let mut text = String::new();
        render::filling(&mut text, &self.scan);
        text.push_str(&format!(
            "{} of {} seen on calls, last call first. Not the CRM's pipeline: a deal without a call here is missing. ",
            render::count(self.deals.len() as u32, "deal"),
            self.matched
        ));
        render::scan(&mut text, &self.scan);
        text.push_str(&format!(
            "Calls without a deal: {}.\n",
            self.calls_without_deal
        ));
        render::line(&mut text, "Link of a call", self.call_url.as_deref());
        let mut table = Table::new([
            "id",
            "name",
            "stage",
            "amount",
            "closes",
            "%",
            "account",
            "owner",
            "calls",
            "last call UTC",
            "call id",
            "people",
            "changed",
        ]);
        for deal in &self.deals {
            let changes: Vec<String> = deal
                .changes
                .iter()
                .map(|change| format!("{} {} → {}", change.field, change.then, change.now))
                .collect();
            let changed = deal
                .changes_since
                .as_ref()
                .map_or_else(String::new, |since| {
                    format!("since {since}: {}", changes.join(", "))
                });
            let cell = |value: &Option<String>| value.as_deref().map(one_line).unwrap_or_default();
            table.row([
                deal.id.clone(),
                cell(&deal.name),
                cell(&deal.stage),
                cell(&deal.amount),
                cell(&deal.close_date),
                cell(&deal.probability),
                cell(&deal.account),
                cell(&deal.owner),
                deal.calls.to_string(),
                time::in_table(&deal.last_call),
                deal.last_call_id.clone(),
                deal.people.join(", "),
                changed,
            ]);
        }
        table.write(&mut text);
        let hidden = self.matched.saturating_sub(self.deals.len() as u32);
        if hidden > 0 {
            text.push_str(&format!(
                "{hidden} more match: raise limit (to 200 at most) or filter.\n"
            ));
        }
        render::line(
            &mut text,
            "Deals on older calls: resume",
            self.resume.as_deref(),
        );
        render::requests(&mut text, self.requests);
        text
    }
}
