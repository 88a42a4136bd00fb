//! Checks the CSV file of assignments (RFC 4180).

use alloc::collections::BTreeMap;

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::fold_case,
};

/// Required columns, as Gong's user interface calls them.
const REQUIRED: [&str; 4] = ["Team member identifier", "Is Team", "Period", "Value"];
/// The column for targets in money.
const CURRENCY: &str = "Currency";
/// The most wrong rows that an error lists.
const MAX_PROBLEMS: usize = 10;
const EXAMPLE: &str = "\"Team member identifier,Is Team,Period,Value,Currency\\nann@acme.example,FALSE,Q1 FY2027,120000,EUR\".";

/// What a valid file contains.
#[derive(Debug)]
pub(super) struct Checked {
    /// How many rows, without the header.
    pub(super) rows: u32,
    /// Columns that are not known.
    pub(super) others: Vec<String>,
}

/// Checks header and rows, in upper or lower case.
///
/// # Errors
/// `bad-argument` with the numbers of the wrong rows, the header being row 1.
pub(super) fn check(csv: &str) -> Result<Checked, Error> {
    let wrong = |problem: &str| bad_argument("csv", problem, EXAMPLE);
    let mut records = records(csv).map_err(|problem| wrong(&problem))?.into_iter();
    let header = records.next().ok_or_else(|| wrong("it is empty."))?;
    let column_of = |name: &str| {
        header
            .iter()
            .position(|column| column.trim().eq_ignore_ascii_case(name))
    };
    let missing: Vec<&str> = REQUIRED
        .into_iter()
        .filter(|name| column_of(name).is_none())
        .collect();
    let [Some(member), Some(is_team), Some(period), Some(value)] = REQUIRED.map(column_of) else {
        return Err(wrong(&format!(
            "the header has no column {}.",
            missing.join(", ")
        )));
    };
    let currency = column_of(CURRENCY);
    let mut problems = Vec::new();
    let mut rows = 0;
    let mut first_row_of: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for (number, record) in (2..).zip(records) {
        rows += 1;
        let cell = |column: usize| record.get(column).map_or("", |cell| cell.trim());
        let problem = if record.len() != header.len() {
            Some(format!(
                "has {} cells, the header {}",
                record.len(),
                header.len()
            ))
        } else if cell(member).is_empty() {
            Some(format!("has no {}", REQUIRED[0]))
        } else if !is_flag(cell(is_team)) {
            Some(format!(
                "Is Team “{}” is neither TRUE nor FALSE",
                cell(is_team)
            ))
        } else if cell(period).is_empty() {
            Some("has no Period".to_owned())
        } else if !is_number(cell(value)) {
            Some(format!(
                "Value “{}” is not a plain number such as 120000 or 120000.50",
                cell(value)
            ))
        } else if !currency.map(cell).is_none_or(is_currency) {
            Some("Currency is not three letters such as EUR".to_owned())
        } else {
            let key = |column| fold_case(cell(column));
            first_row_of
                .insert((key(member), key(is_team), key(period)), number)
                .map(|first| format!("has member and period of row {first}"))
        };
        problems.extend(problem.map(|problem| format!("row {number} {problem}")));
    }
    if rows == 0 {
        return Err(wrong("there is no row under the header."));
    }
    if !problems.is_empty() {
        let more = match problems.len().saturating_sub(MAX_PROBLEMS) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        problems.truncate(MAX_PROBLEMS);
        return Err(wrong(&format!(
            "{}{more}. Nothing was sent.",
            problems.join("; ")
        )));
    }
    let is_known = |column: &&String| {
        let known = |name: &&str| column.trim().eq_ignore_ascii_case(name);
        REQUIRED.iter().chain([&CURRENCY]).any(known)
    };
    let others = header.iter().filter(|column| !is_known(column)).cloned();
    Ok(Checked {
        rows,
        others: others.collect(),
    })
}

fn is_flag(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["", "true", "false", "yes", "no", "y", "n", "1", "0"].contains(&text.as_str())
}

/// A plain decimal number: no thousands separators, no currency signs, no `inf`.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && are_digits(fraction)
}

/// Three letters; empty is the company's currency.
fn is_currency(text: &str) -> bool {
    text.is_empty() || (text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Parses the records of a CSV file. Quoted cells may contain commas, quotes and line breaks.
fn records(csv: &str) -> Result<Vec<Vec<String>>, String> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut cell = String::new();
    let mut characters = csv.chars().peekable();
    let mut in_quotes = false;
    while let Some(c) = characters.next() {
        match c {
            '"' if in_quotes && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' if in_quotes => in_quotes = false,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                in_quotes = true;
            }
            ',' if !in_quotes => record.push(core::mem::take(&mut cell)),
            '\n' if !in_quotes => {
                record.push(core::mem::take(&mut cell));
                records.push(core::mem::take(&mut record));
            }
            '\r' if !in_quotes && characters.peek() == Some(&'\n') => {}
            other => cell.push(other),
        }
    }
    if in_quotes {
        return Err("a quoted cell has no end.".into());
    }
    if !(cell.is_empty() && record.is_empty()) {
        record.push(cell);
        records.push(record);
    }
    // Empty lines are no rows.
    records.retain(|record| record.iter().any(|cell| !cell.trim().is_empty()));
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::{check, records};

    #[test]
    fn quoted_cells_are_one_cell() {
        let records = records("a,\"b, \"\"c\"\"\nd\"\r\n1,2").expect("records");
        assert_eq!(records, [["a", "b, \"c\"\nd"], ["1", "2"]]);
        assert!(super::records("a,\"b").is_err());
    }

    #[test]
    fn each_wrong_row_is_listed_by_number() {
        const HEADER: &str = "team member identifier,IS TEAM,Period,Value,Currency,Note\n";
        let fine = check(&format!("{HEADER}ann@acme.example,no,FY2027,-1.5,,x")).expect("fine");
        assert_eq!((fine.rows, fine.others), (1, vec!["Note".to_owned()]));
        for (row, expected) in [
            ("a,no,FY2027,1", "row 2 has 4 cells, the header 6"),
            (",no,FY2027,1,,", "row 2 has no Team member identifier"),
            ("a,maybe,FY2027,1,,", "row 2 Is Team “maybe”"),
            ("a,no,,1,,", "row 2 has no Period"),
            ("a,no,FY2027,\"1,000\",,", "row 2 Value “1,000”"),
            ("a,no,FY2027,,,", "row 2 Value “”"),
            ("a,no,FY2027,1,euro,", "row 2 Currency"),
            (
                "a,no,FY2027,1,,\nA,no,FY2027,2,,",
                "row 3 has member and period of row 2",
            ),
        ] {
            let error = check(&format!("{HEADER}{row}")).expect_err(row);
            assert!(error.text().contains(expected), "{row}: {}", error.text());
        }
        for (csv, expected) in [
            ("", "it is empty"),
            (HEADER, "no row under the header"),
            (
                "Period,Value\nFY2027,1",
                "no column Team member identifier, Is Team.",
            ),
        ] {
            let error = check(csv).expect_err(csv);
            assert!(error.text().contains(expected), "{}", error.text());
        }
    }
}
