//! The file of assignments (RFC 4180), checked.

use alloc::collections::BTreeMap;

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::fold_case,
};

/// Columns that every row needs, as Gong's user interface calls them.
const NEEDED: [&str; 4] = ["Team member identifier", "Is Team", "Period", "Value"];
/// For a target that is money.
const CURRENCY: &str = "Currency";
/// Wrong rows that an error tells.
const TOLD: usize = 10;
const EXAMPLE: &str = "\"Team member identifier,Is Team,Period,Value,Currency\\nann@acme.example,FALSE,Q1 FY2027,120000,EUR\".";

/// What is in the file.
#[derive(Debug)]
pub(super) struct Checked {
    /// Without the header.
    pub(super) rows: u32,
    /// Columns beside those known.
    pub(super) others: Vec<String>,
}

/// Checks header and rows; upper and lower case are one.
///
/// # Errors
/// `bad-argument` with the numbers of the wrong rows, the header being row 1.
pub(super) fn check(csv: &str) -> Result<Checked, Error> {
    let wrong = |problem: &str| bad_argument("csv", problem, EXAMPLE);
    let mut records = records(csv).map_err(|problem| wrong(&problem))?.into_iter();
    let header = records.next().ok_or_else(|| wrong("it is empty."))?;
    let place = |name: &str| {
        header
            .iter()
            .position(|column| column.trim().eq_ignore_ascii_case(name))
    };
    let missing: Vec<&str> = NEEDED
        .into_iter()
        .filter(|name| place(name).is_none())
        .collect();
    let [Some(member), Some(is_team), Some(period), Some(value)] = NEEDED.map(place) else {
        return Err(wrong(&format!(
            "the header has no column {}.",
            missing.join(", ")
        )));
    };
    let currency = place(CURRENCY);
    let mut problems = Vec::new();
    let mut rows = 0;
    let mut first_row_of: BTreeMap<(String, String, String), usize> = BTreeMap::new();
    for (number, record) in (2..).zip(records) {
        rows += 1;
        let cell = |place: usize| record.get(place).map_or("", |cell| cell.trim());
        let problem = if record.len() != header.len() {
            Some(format!(
                "has {} cells, the header {}",
                record.len(),
                header.len()
            ))
        } else if cell(member).is_empty() {
            Some(format!("has no {}", NEEDED[0]))
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
            let key = |place| fold_case(cell(place));
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
        let more = match problems.len().saturating_sub(TOLD) {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        problems.truncate(TOLD);
        return Err(wrong(&format!(
            "{}{more}. Nothing was sent.",
            problems.join("; ")
        )));
    }
    let is_known = |column: &&String| {
        let known = |name: &&str| column.trim().eq_ignore_ascii_case(name);
        NEEDED.iter().chain([&CURRENCY]).any(known)
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

/// No thousands separators, no currency signs, no `inf`.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    are_digits(whole) && are_digits(fraction)
}

/// None is the company's currency.
fn is_currency(text: &str) -> bool {
    text.is_empty() || (text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// The records of a CSV file; quoted cells may have commas, quotes and line breaks in them.
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
    // A line without anything is no row.
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
    fn each_wrong_row_is_told_by_number() {
        const HEADER: &str = "team member identifier,IS TEAM,Period,Value,Currency,Note\n";
        let fine = check(&format!("{HEADER}ann@acme.example,no,FY2027,-1.5,,x")).expect("fine");
        assert_eq!((fine.rows, fine.others), (1, vec!["Note".to_owned()]));
        for (row, told) in [
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
            assert!(error.text().contains(told), "{row}: {}", error.text());
        }
        for (csv, told) in [
            ("", "it is empty"),
            (HEADER, "no row under the header"),
            (
                "Period,Value\nFY2027,1",
                "no column Team member identifier, Is Team.",
            ),
        ] {
            let error = check(csv).expect_err(csv);
            assert!(error.text().contains(told), "{}", error.text());
        }
    }
}
