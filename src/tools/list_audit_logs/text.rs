//! Audit logs as text.

use crate::{
    prelude::*,
    render::{self, Answer, Table, cell},
    time,
    wit::audit::AuditLogPage,
};

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
                row.detail.clone().unwrap_or_default(),
            ]);
        }
        table.write(&mut text);
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
