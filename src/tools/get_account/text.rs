//! The overview of an account as text.

use crate::{
    prelude::*,
    render::{self, Answer, Table, cell, count},
    text::one_line,
    wit::deals::{AccountOverview, DealSeen},
};

impl Answer for AccountOverview {
    fn text(&self) -> String {
        let mut text = String::new();
        render::filling(&mut text, &self.scan);
        text.push_str(&one_line(&self.name));
        match &self.id {
            Some(id) => text.push_str(&format!(" ({id})\n")),
            None => text.push_str(": an e-mail domain; the calls have no CRM account\n"),
        }
        render::extent(&mut text, &self.scan, &self.call_history);
        render::line(&mut text, "Website", self.website.as_deref());
        render::line(&mut text, "Industry", self.industry.as_deref());
        render::line(&mut text, "Owner", self.owner.as_deref());
        render::last_contact(&mut text, &self.call_history);
        render::list(&mut text, "Look at", &self.warnings, "; ");
        deals(&mut text, &self.deals);
        render::call_history(&mut text, &self.call_history);
        if let Some(calls) = self.by_domain.filter(|_| self.id.is_some()) {
            text.push_str(&format!(
                "{} without CRM account found by e-mail domain.\n",
                count(calls, "call")
            ));
        }
        render::line(
            &mut text,
            "Other calls of this account, as a page of their own: resume",
            self.resume.as_deref(),
        );
        render::requests(&mut text, self.requests);
        text
    }
}

fn deals(text: &mut String, deals: &[DealSeen]) {
    if deals.is_empty() {
        text.push_str("No deal on these calls.\n");
        return;
    }
    let mut table = Table::new([
        "deal",
        "id",
        "stage",
        "amount",
        "closes",
        "%",
        "owner",
        "calls",
        "last call",
        "changed",
    ]);
    for deal in deals {
        table.row([
            cell(&deal.name),
            deal.id.clone(),
            cell(&deal.stage),
            cell(&deal.amount),
            cell(&deal.close_date),
            cell(&deal.probability),
            cell(&deal.owner),
            deal.calls.to_string(),
            deal.last_call.clone(),
            changed(deal),
        ]);
    }
    table.write(text);
}

/// `since 2026-07-02: stage Discovery → Proposal; slipped 2 times, 31 days`.
fn changed(deal: &DealSeen) -> String {
    let changes: Vec<String> = deal
        .changes
        .iter()
        .map(|change| format!("{} {} → {}", change.field, change.then, change.now))
        .collect();
    let since = deal
        .changes_since
        .as_ref()
        .map(|since| format!("since {since}: {}", changes.join(", ")));
    let slips = deal.slips.map(|slips| {
        let days = deal.slipped_days.unwrap_or(0);
        format!("slipped {}, {}", count(slips, "time"), count(days, "day"))
    });
    let parts: Vec<String> = [since, slips].into_iter().flatten().collect();
    parts.join("; ")
}
