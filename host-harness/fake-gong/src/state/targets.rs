//! The assignments of targets, and the CSV files that they come in.
//!
//! The API's format was never seen. This takes the one of the user interface, as
//! help.gong.io/docs/troubleshooting-target-management describes it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

/// The columns of every file. Their names are case-sensitive.
const COLUMNS: [&str; 4] = ["Team member identifier", "Is Team", "Period", "Value"];

/// The further column of a target that is money.
const CURRENCY: &str = "Currency";

/// What applies where a line names no currency.
const COMPANY_CURRENCY: &str = "EUR";

/// The assignments so far, by the target's id; of one member and period the last counts.
#[derive(Debug, Default)]
pub(crate) struct Targets(BTreeMap<String, Vec<TargetAssignment>>);

/// What one team member or team is to reach in one period.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetAssignment {
    /// An email address, or an id of the CRM.
    pub member: String,
    /// Whether it is a team.
    pub is_team: bool,
    /// `April FY2026`, `Q2 FY2026` or `FY2026`.
    pub period: String,
    /// How much.
    pub value: f64,
    /// Three letters, where the target is money.
    pub currency: Option<String>,
}

impl Targets {
    /// Adds assignments. They replace older ones of the same member and period.
    pub(crate) fn assign(&mut self, target: &str, assignments: Vec<TargetAssignment>) {
        let all = self.0.entry(target.to_owned()).or_default();
        for new in assignments {
            all.retain(|old| old.key() != new.key());
            all.push(new);
        }
    }

    /// The assignments of one target.
    pub(crate) fn of(&self, target: &str) -> Vec<TargetAssignment> {
        self.0.get(target).cloned().unwrap_or_default()
    }
}

impl TargetAssignment {
    /// What no two lines of a file have in common.
    fn key(&self) -> (&str, bool, &str) {
        (&self.member, self.is_team, &self.period)
    }
}

/// Reads a file, or lists everything that is wrong with it. A member is known by email address
/// or CRM id.
pub(crate) fn read(
    file: &[u8],
    is_currency: bool,
    is_member: impl Fn(&str) -> bool,
) -> Result<Vec<TargetAssignment>, Vec<String>> {
    let text = std::str::from_utf8(file).map_err(|_| vec!["The file is not UTF-8".to_owned()])?;
    let records = records(text.trim_start_matches('\u{feff}'));
    let mut records = records.map_err(|error| vec![error])?.into_iter();
    let Some((_, header)) = records.next() else {
        return Err(vec!["The file is empty".to_owned()]);
    };
    let mut columns = COLUMNS.to_vec();
    columns.extend(is_currency.then_some(CURRENCY));
    let place = |name: &str| header.iter().position(|known| known == name);
    let missing = columns.iter().filter(|name| place(name).is_none());
    let strange = header
        .iter()
        .filter(|name| !columns.contains(&name.as_str()));
    let missing = missing.map(|name| format!("Missing column: {name}"));
    let strange = strange.map(|name| format!("Unrecognized column name: {name}"));
    let mut errors: Vec<String> = missing.chain(strange).collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let (mut assignments, mut seen) = (Vec::new(), BTreeSet::new());
    for (line, record) in records {
        let cell = |name: &str| {
            let cell = place(name).and_then(|place| record.get(place));
            cell.map(|cell| cell.trim()).unwrap_or_default()
        };
        let assignment = assignment(&cell, is_currency, &is_member);
        match assignment {
            _ if record.len() != header.len() => errors.push(format!(
                "Line {line}: {} values instead of {}",
                record.len(),
                header.len()
            )),
            Err(error) => errors.push(format!("Line {line}: {error}")),
            Ok(new) => {
                let (member, is_team, period) = new.key();
                if seen.insert((member.to_owned(), is_team, period.to_owned())) {
                    assignments.push(new);
                } else {
                    errors.push(format!("Line {line}: {member} has {period} twice"));
                }
            }
        }
    }
    match (errors.is_empty(), assignments.is_empty()) {
        (true, false) => Ok(assignments),
        (true, true) => Err(vec!["The file has no records".to_owned()]),
        (false, _) => Err(errors),
    }
}

fn assignment<'a>(
    cell: &impl Fn(&str) -> &'a str,
    is_currency: bool,
    is_member: &impl Fn(&str) -> bool,
) -> Result<TargetAssignment, String> {
    let member = cell(COLUMNS[0]);
    if !is_member(member) {
        return Err(format!("\"{member}\" is no team member"));
    }
    let is_team = match cell(COLUMNS[1]).to_lowercase().as_str() {
        "true" | "yes" => true,
        "false" | "no" => false,
        other => return Err(format!("Is Team: \"{other}\" is not TRUE or FALSE")),
    };
    let period = cell(COLUMNS[2]);
    if !is_period(period) {
        return Err(format!(
            "Period: \"{period}\" is not like April FY2026, Q2 FY2026 or FY2026"
        ));
    }
    let value = cell(COLUMNS[3]);
    let number = value.parse().ok().filter(|value: &f64| value.is_finite());
    let currency = match cell(CURRENCY) {
        "" => COMPANY_CURRENCY,
        currency => currency,
    };
    let is_code = |byte: u8| byte.is_ascii_uppercase();
    if is_currency && !(currency.len() == 3 && currency.bytes().all(is_code)) {
        return Err(format!("Currency: \"{currency}\" is not like USD"));
    }
    Ok(TargetAssignment {
        member: member.to_owned(),
        is_team,
        period: period.to_owned(),
        value: number.ok_or_else(|| format!("Value: \"{value}\" is not a number"))?,
        currency: is_currency.then(|| currency.to_owned()),
    })
}

/// `April FY2026`, `Q2 FY2026` or `FY2026`.
fn is_period(text: &str) -> bool {
    let (part, year) = match text.split_once(' ') {
        Some((part, year)) => (Some(part), year),
        None => (None, text),
    };
    let is_month = |part: &str| {
        (1..=12).any(|month| Date::constant(2024, month, 1).strftime("%B").to_string() == part)
    };
    let is_part = |part: &str| ["Q1", "Q2", "Q3", "Q4"].contains(&part) || is_month(part);
    let digits = year.strip_prefix("FY");
    part.is_none_or(is_part)
        && digits.is_some_and(|digits| {
            digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// The records of a CSV file by RFC 4180, each with the number of its line. Empty lines are
/// none.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let mut records = Vec::new();
    let (mut record, mut cell) = (Vec::new(), String::new());
    let (mut line, mut begun, mut is_quoted) = (1, 1, false);
    let mut letters = text.chars().peekable();
    loop {
        let letter = letters.next();
        match letter {
            Some('"') if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            Some('"') if is_quoted => is_quoted = false,
            Some('"') if cell.is_empty() => is_quoted = true,
            None if is_quoted => return Err(format!("Line {begun}: a quote is not closed")),
            Some(letter) if is_quoted => {
                line += usize::from(letter == '\n');
                cell.push(letter);
            }
            Some(',') => record.push(std::mem::take(&mut cell)),
            Some('\r') if letters.peek() == Some(&'\n') => {}
            Some('\n') | None => {
                if !record.is_empty() || !cell.trim().is_empty() {
                    record.push(std::mem::take(&mut cell));
                    records.push((begun, std::mem::take(&mut record)));
                }
                cell.clear();
                if letter.is_none() {
                    return Ok(records);
                }
                line += 1;
                begun = line;
            }
            Some(letter) => cell.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_have_quotes_and_line_numbers() {
        let text = "a,b\r\n\"x, \"\"y\"\"\nz\",2\n\n3,\n";
        let cells = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        assert_eq!(
            records(text).unwrap(),
            [
                (1, cells(["a", "b"])),
                (2, cells(["x, \"y\"\nz", "2"])),
                (5, cells(["3", ""])),
            ]
        );
        assert!(records("a,\"b").is_err());
    }

    #[test]
    fn periods_are_months_quarters_and_years() {
        for good in ["April FY2026", "Q2 FY2026", "FY2026"] {
            assert!(is_period(good), "{good}");
        }
        for bad in [
            "",
            "2026-Q2",
            "Q5 FY2026",
            "april FY2026",
            "FY26",
            "FY2026 Q2",
        ] {
            assert!(!is_period(bad), "{bad}");
        }
    }
}
