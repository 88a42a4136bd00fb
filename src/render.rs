//! Answers as compact text for a model to read.

use core::fmt::Write;
use serde::Serialize;

use crate::{prelude::*, text::one_line, time, wit::calls::CrmObject};

mod call_history;
mod initials;

pub(crate) use call_history::{call_history, extent, last_contact};
pub(crate) use initials::initials;

/// A tool's result: a record of the WIT that has a text form too.
pub(crate) trait Answer: Serialize {
    /// The text for a model: dense, and complete without the structured form.
    fn text(&self) -> String;
}

/// A table with a heading and `|` between cells. Columns that are empty in
/// every row are left out.
pub(crate) struct Table {
    /// The heading first.
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table. `UTC` in a heading becomes the zone in which times are shown.
    pub(crate) fn new(heading: impl IntoIterator<Item = &'static str>) -> Self {
        let zone = time::local_name();
        let heading = heading.into_iter().map(|name| name.replace("UTC", &zone));
        Self {
            rows: [heading.collect()].into(),
        }
    }

    /// Adds a row with a cell for each column. Cells are put on one line, and a `|` in them
    /// becomes `/`.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cells = cells.into_iter();
        let row: Vec<String> = cells
            .map(|cell| one_line(&cell).replace('|', "/"))
            .collect();
        debug_assert_eq!(row.len(), self.rows[0].len(), "a cell for each column");
        self.rows.push(row);
    }

    /// Appends the table to `text`; nothing if it has no rows.
    pub(crate) fn write(self, text: &mut String) {
        let rows = &self.rows[1..];
        if rows.is_empty() {
            return;
        }
        let used: Vec<usize> = (0..self.rows[0].len())
            .filter(|column| rows.iter().any(|row| !row[*column].is_empty()))
            .collect();
        for row in &self.rows {
            let cells: Vec<&str> = used.iter().map(|column| row[*column].as_str()).collect();
            text.push_str(&cells.join("|"));
            text.push('\n');
        }
    }
}

/// The cell of a value that may be absent.
pub(crate) fn cell(value: &Option<String>) -> String {
    value.clone().unwrap_or_default()
}

/// `1 call`, `2 calls`.
pub(crate) fn count(number: u32, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Like [`count`], or `3 of 5 calls` where an answer has a part of them.
pub(crate) fn part(shown: usize, matched: u32, noun: &str) -> String {
    let all = count(matched, noun);
    match shown as u32 == matched {
        true => all,
        false => format!("{shown} of {all}"),
    }
}

/// Appends the token for the rest of a list, if there is any.
pub(crate) fn more(text: &mut String, resume: Option<&str>) {
    line(text, "More: resume", resume);
}

/// Appends `label: value` as a line, if there is a value.
pub(crate) fn line(text: &mut String, label: &str, value: Option<&str>) {
    if let Some(value) = value {
        text.push_str(label);
        text.push_str(": ");
        text.push_str(value);
        text.push('\n');
    }
}

/// Like [`line`], with the values joined; nothing if there are none.
pub(crate) fn list(text: &mut String, label: &str, values: &[String], separator: &str) {
    if !values.is_empty() {
        line(text, label, Some(&values.join(separator)));
    }
}

/// Like [`list`], but only the first three values and how many more there are.
pub(crate) fn first_three(text: &mut String, label: &str, all: &[String]) {
    let (shown, rest) = all.split_at(all.len().min(3));
    let mut shown = shown.to_vec();
    if !rest.is_empty() {
        shown.push(format!("{} more", rest.len()));
    }
    list(text, label, &shown, ", ");
}

/// A deal or an account on one line.
pub(crate) fn crm_line(text: &mut String, label: &str, object: &CrmObject) {
    let name = object.name.as_deref().unwrap_or("unnamed");
    let close = object
        .close_date
        .as_ref()
        .map(|date| format!("closes {date}"));
    let probability = object
        .probability
        .as_ref()
        .map(|percent| format!("{percent} %"));
    let details = [&object.stage, &object.amount, &close, &probability];
    let mut shown = one_line(name);
    // The id only matters to who works with other systems, and so do the fields.
    if !object.fields.is_empty() {
        shown.push_str(&format!(" ({})", object.id));
    }
    for detail in details.into_iter().flatten().chain(&object.fields) {
        shown.push_str(", ");
        shown.push_str(detail);
    }
    line(text, label, Some(&shown));
}

/// How many items a list leaves out and why; nothing if it leaves none out.
pub(crate) fn left_out(text: &mut String, number: Option<u32>, why: &str) {
    if let Some(number) = number {
        // Writing to a String does not fail.
        let _ = writeln!(text, "Left out: {number} ({why}).");
    }
}

/// What may be the reason, if a list is empty.
pub(crate) fn none<T>(text: &mut String, items: &[T], reason: &str) {
    if items.is_empty() {
        text.push_str(reason);
        text.push('\n');
    }
}

/// The last line of every answer.
pub(crate) fn requests(text: &mut String, requests: u32) {
    text.push_str(&count(requests, "request"));
    text.push('.');
}

/// A sentence about what a scan of calls read.
pub(crate) fn scan(text: &mut String, scan: &crate::wit::types::Scan) {
    // Writing to a String does not fail.
    let _ = write!(
        text,
        "Read {} from {} to {} ({})",
        count(scan.read, "call"),
        scan.from,
        scan.to,
        time::local_name()
    );
    if let Some(private) = scan.left_out_private {
        let _ = write!(text, ", left out {private} private before any filter");
    }
    if let (Some(why), Some(back)) = (&scan.stopped, &scan.read_back_to) {
        let _ = match &scan.read_up_to {
            Some(up_to) => write!(text, "; not from {up_to} to {back}"),
            None => write!(text, "; stopped at {back}"),
        };
        let _ = write!(text, ": {}", why.trim_end_matches('.'));
    }
    if let Some(index) = &scan.index {
        let _ = write!(text, "; {index}");
    }
    text.push_str(".\n");
    if !scan.alike.is_empty() {
        let _ = writeln!(
            text,
            "No call has that name; like it: {}.",
            scan.alike.join("; ")
        );
    }
    if let Some(hint) = &scan.hint {
        let _ = writeln!(text, "{hint}");
    }
}

/// The first line of an answer from an index that is not complete yet.
pub(crate) fn filling(text: &mut String, scan: &crate::wit::types::Scan) {
    if let (Some(from), Some(requests)) = (&scan.complete_from, scan.missing_requests) {
        let _ = writeln!(
            text,
            "Not complete: the index is being filled and has all calls from {from} on; about {} missing. Ask again.",
            count(requests, "request")
        );
    }
}

impl Answer for crate::wit::types::Receipt {
    fn text(&self) -> String {
        let mut text = self.summary.clone();
        text.push('\n');
        line(&mut text, "Request", self.request.as_deref());
        line(&mut text, "Body", self.body.as_deref());
        line(&mut text, "Id", self.id.as_deref());
        line(&mut text, "Link", self.url.as_deref());
        let mut table = Table::new(["item", "done", "id", "detail"]);
        for item in &self.items {
            table.row([
                item.item.clone(),
                if item.done { "yes" } else { "no" }.into(),
                cell(&item.id),
                cell(&item.detail),
            ]);
        }
        table.write(&mut text);
        for note in &self.notes {
            text.push_str("Note: ");
            text.push_str(note);
            text.push('\n');
        }
        requests(&mut text, self.requests);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn tables_drop_empty_columns_and_keep_their_shape() {
        let mut table = Table::new(["id", "title", "host"]);
        table.row(["1".into(), "a | b\nc".into(), String::new()]);
        table.row(["2".into(), String::new(), String::new()]);
        let mut text = String::new();
        table.write(&mut text);
        assert_eq!(text, "id|title\n1|a / b c\n2|\n");
    }
}
