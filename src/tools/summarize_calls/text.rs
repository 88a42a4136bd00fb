//! Summaries of calls as text.

use crate::{
    prelude::*,
    render::{self, Answer, crm_line},
    time,
    wit::calls::{CallSummaries, CallSummary},
};

impl Answer for CallSummaries {
    fn text(&self) -> String {
        let mut text = match self.calls.len() {
            0 => "No call to sum up.\n".into(),
            1 => String::new(),
            calls => format!("{calls} calls, in the order asked.\n"),
        };
        let private = self.left_out_private.len() as u32;
        if private > 0 {
            text.push_str(&format!(
                "Left out, {private} private: {}.\n",
                self.left_out_private.join(", ")
            ));
        }
        if !self.unknown.is_empty() {
            text.push_str(&format!(
                "Not known to Gong (deleted, still in processing, or no calls): {}.\n",
                self.unknown.join(", ")
            ));
        }
        render::line(&mut text, "Link", self.call_url.as_deref());
        text.push_str(&self.notice);
        text.push('\n');
        for call in &self.calls {
            summary(&mut text, call);
        }
        render::requests(&mut text, self.requests);
        text
    }
}

fn summary(text: &mut String, call: &CallSummary) {
    text.push_str(&format!(
        "## {} ({})\n{}, {} min",
        call.title.as_deref().unwrap_or("Untitled call"),
        call.id,
        match call.started.as_str() {
            "unknown" => "time unknown".into(),
            started => format!("{} {}", time::in_table(started), time::local_name()),
        },
        call.minutes
    ));
    if let Some(host) = &call.host {
        text.push_str(&format!(", host {host}"));
    }
    if !call.external.is_empty() {
        text.push_str(&format!(", with {}", call.external.join("; ")));
    }
    if call.private == Some(true) {
        text.push_str(", private");
    }
    text.push('\n');
    render::line(text, "Link", call.url.as_deref());
    // Most deals have their account's name in theirs, which need not be repeated.
    let in_deal = |name: &str| {
        let deals = call.deals.iter().filter_map(|deal| deal.name.as_deref());
        deals.into_iter().any(|deal| deal.contains(name))
    };
    for account in &call.accounts {
        if !account.name.as_deref().is_some_and(in_deal) {
            crm_line(text, "Account", account);
        }
    }
    for deal in &call.deals {
        crm_line(text, "Deal", deal);
    }
    render::line(text, "Brief", call.brief.as_deref());
    for point in &call.key_points {
        text.push_str(&format!("- {point}\n"));
    }
    if let Some(more) = call.more_key_points {
        text.push_str(&format!("- {more} more: gong_get_call\n"));
    }
    render::line(text, "Outcome", call.outcome.as_deref());
    render::list(text, "Topics, min", &call.topics, ", ");
    render::list(text, "Trackers", &call.trackers, ", ");
}
