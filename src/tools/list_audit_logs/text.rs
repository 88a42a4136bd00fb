//! Audit logs as text.

use core::fmt::Write as _;

use crate::{
    prelude::*,
    render::{self, Answer, Table, cell},
    text::cut_at_word,
    time,
    wit::audit::AuditLogPage,
};

/// The most characters of an entry's details in the text.
const MOST: usize = 1000;

impl Answer for AuditLogPage {
    fn text(&self) -> String {
        let of = self
            .total
            .map_or_else(String::new, |total| format!(" of {total}"));
        let mut text = format!(
            "{} {} in Gong's order, {} to {}; {}{of} read.\n",
            self.rows.len(),
            if self.rows.len() == 1 {
                "entry"
            } else {
                "entries"
            },
            self.from,
            self.to,
            self.read,
        );
        let is_long = |detail: &str| detail.chars().nth(MOST).is_some();
        let mut table = Table::new(["UTC", "who", "e-mail", "user id", "acted as by", "what"]);
        for row in &self.rows {
            let email = cell(&row.email);
            table.row([
                time::in_table(&row.at),
                cell(&row.who),
                if row.who.as_deref() == Some(&email) {
                    String::new()
                } else {
                    email
                },
                cell(&row.user_id),
                cell(&row.impersonator),
                cut_at_word(row.detail.as_deref().unwrap_or_default(), MOST),
            ]);
        }
        render::none(
            &mut text,
            &self.rows,
            "Nobody did it in the range, or Gong keeps the log no longer.",
        );
        table.write(&mut text);
        if self
            .rows
            .iter()
            .filter_map(|row| row.detail.as_deref())
            .any(is_long)
        {
            let _ = writeln!(
                text,
                "Details that end in … are longer than {MOST} characters; structuredContent has them whole."
            );
        }
        render::left_out(&mut text, self.left_out, "of others");
        for note in &self.notes {
            text.push_str(note);
            text.push('\n');
        }
        render::line(&mut text, "Not all read", self.stopped.as_deref());
        render::line(&mut text, "More: resume", self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
