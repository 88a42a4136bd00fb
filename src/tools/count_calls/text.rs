//! Counts as text.

use crate::{
    prelude::*,
    render::{self, Answer, Table},
    wit::calls::{CallCount, CallCounts, CountBy},
};

impl Answer for CallCounts {
    fn text(&self) -> String {
        let mut text = String::new();
        render::filling(&mut text, &self.scan);
        if self.resume.is_some() {
            text.push_str("Partial. ");
        }
        text.push_str(&format!(
            "{}, {}, {} external",
            render::count(self.total.calls, "call"),
            render::count(self.total.minutes, "minute"),
            self.total.external
        ));
        if let Some(accounts) = self.accounts {
            text.push_str(&format!(
                ", {accounts} CRM account{}",
                if accounts == 1 { "" } else { "s" }
            ));
        }
        text.push_str(". ");
        render::scan(&mut text, &self.scan);
        let longest: Vec<String> = self
            .longest_calls
            .iter()
            .map(|call| match &call.title {
                Some(title) => format!("{} min {title} ({})", call.minutes, call.id),
                None => format!("{} min {}", call.minutes, call.id),
            })
            .collect();
        render::list(&mut text, "Longest", &longest, "; ");
        if self.rows_overlap == Some(true) {
            text.push_str("A call counts in the row of each of its trackers, so rows add up to more than the total.\n");
        }
        let heading = |place: usize| self.by.get(place).map_or("", |by| heading(*by));
        let headings = [
            heading(0),
            heading(1),
            "calls",
            "min",
            "average",
            "longest",
            "external",
        ];
        let mut table = Table::new(headings);
        let mut row = |of: [String; 2], counts: [u32; 5]| {
            table.row(of.into_iter().chain(counts.map(|count| count.to_string())));
        };
        for (of, calls, minutes, average, longest, external) in &self.rows {
            let of = [0, 1].map(|place| of.get(place).cloned().unwrap_or_default());
            row(of, [*calls, *minutes, *average, *longest, *external]);
        }
        let sum = |count: &CallCount| {
            let CallCount {
                calls,
                minutes,
                average,
                longest,
                external,
            } = *count;
            [calls, minutes, average, longest, external]
        };
        if let (Some(others), Some(rows)) = (&self.others, self.other_rows) {
            let what = format!("{} beyond the limit", render::count(rows, "row"));
            row([what, String::new()], sum(others));
        }
        if self.rows.len() > 1 {
            row(["total".to_owned(), String::new()], sum(&self.total));
        }
        table.write(&mut text);
        render::line(
            &mut text,
            "The rows beyond: resume",
            self.more_rows.as_deref(),
        );
        render::line(
            &mut text,
            "Other calls are not counted yet: go on with resume and add the two answers",
            self.resume.as_deref(),
        );
        render::requests(&mut text, self.requests);
        text
    }
}

fn heading(by: CountBy) -> &'static str {
    match by {
        CountBy::Host => "host",
        CountBy::Account => "account",
        CountBy::Day => "day UTC",
        CountBy::Week => "week from Monday, UTC",
        CountBy::Month => "month UTC",
        CountBy::Scope => "scope",
        CountBy::Direction => "direction",
        CountBy::Language => "language",
        CountBy::Workspace => "workspace",
        CountBy::Outcome => "outcome",
        CountBy::Tracker => "tracker",
    }
}
