//! One form for the ways to write a date or a length of time in an argument.

use crate::{prelude::*, time::DAY};

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The form that the parser reads: `7d`, `this-week`, `q3`, `2026-q3`, `2026-11`, `2026-11-01`. A text
/// without such a form, as an instant is, stays as it is.
pub(super) fn normal_form(text: &str) -> String {
    let text = unquoted(text);
    let words = words(text).unwrap_or_default();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [date] if date.len() == 8 && is_number(date) => {
            format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..])
        }
        [word] => word.to_owned(),
        [which @ ("this" | "last"), unit] => format!("{which}-{unit}"),
        ["q", quarter] => format!("q{quarter}"),
        [part @ ("q" | "w"), number, year] | [year, part @ ("q" | "w"), number]
            if is_year(year) =>
        {
            format!("{year}-{part}{number}")
        }
        [count, unit] | ["last" | "past", count, unit] | [count, unit, "ago"]
            if is_number(count) && seconds_in(unit).is_some() =>
        {
            format!("{count}{}", &unit[..1])
        }
        // One digit could also be a quarter.
        [year, month] if is_year(year) && is_number(month) && month.len() == 2 => {
            format!("{year}-{month}")
        }
        [year, name] | [name, year]
            if is_year(year)
                && let Some(month) = month_named(name) =>
        {
            format!("{year}-{month:02}")
        }
        [year, month, day] if is_year(year) && is_number(month) && is_number(day) => {
            format!("{year}-{month:0>2}-{day:0>2}")
        }
        [day, name, year] | [name, day, year]
            if is_year(year)
                && is_number(day)
                && let Some(month) = month_named(name) =>
        {
            format!("{year}-{month:02}-{day:0>2}")
        }
        _ => text.to_owned(),
    }
}

/// The seconds of a length such as `90s`, `1m30s`, `15 minutes`, `2h`, `1d`.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    words(unquoted(text))?.chunks(2).try_fold(0, |sum, pair| {
        let [count, unit] = pair else { return None };
        let count: i64 = count.parse().ok()?;
        count.checked_mul(seconds_in(unit)?)?.checked_add(sum)
    })
}

/// The text without the blanks and quotation marks around it.
pub(super) fn unquoted(text: &str) -> &str {
    let is_mark = |c| matches!(c, '"' | '\'' | '`' | '“' | '”' | '„' | '‘' | '’');
    text.trim_matches(|c: char| c.is_whitespace() || is_mark(c))
}

/// Runs of digits and runs of letters, in lower case: `2026-Q3` and `2026Q3` have three, `thisWeek` two.
/// None for a text with other signs, or with one before or after it.
fn words(text: &str) -> Option<Vec<String>> {
    let is_word = |c: char| c.is_ascii_alphanumeric();
    if !(text.starts_with(is_word) && text.ends_with(is_word)) {
        return None;
    }
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in text.chars() {
        if is_word(c) {
            let begins = !is_word(before)
                || before.is_ascii_digit() != c.is_ascii_digit()
                || (before.is_ascii_lowercase() && c.is_ascii_uppercase());
            if begins {
                words.push(String::new());
            }
            words.last_mut()?.push(c.to_ascii_lowercase());
        } else if !matches!(c, ' ' | '_' | '-' | '/' | ',') {
            return None;
        }
        before = c;
    }
    Some(words)
}

fn seconds_in(unit: &str) -> Option<i64> {
    Some(match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => DAY,
        "w" | "week" | "weeks" => 7 * DAY,
        _ => return None,
    })
}

/// From 1 to 12, of a name or the beginning of one: `Nov`, `Sept`.
fn month_named(name: &str) -> Option<usize> {
    let mut months = MONTHS.iter();
    let month = months.position(|month| name.len() >= 3 && month.starts_with(name));
    month.map(|before| before + 1)
}

fn is_number(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && is_number(word)
}

#[cfg(test)]
mod tests {
    use super::{normal_form, seconds};

    #[test]
    fn what_has_one_meaning_has_one_form() {
        for (form, texts) in [
            (
                "7d",
                "7D|7 days|last 7 days|past 7 days|7 days ago|7d ago|last_7_days|last7Days",
            ),
            ("24h", "24H|24 hours|last 24 hours|24hrs"),
            ("2w", "2 weeks ago|2W"),
            ("now", "NOW|Now"),
            ("today", "Today| 'today' |“today”"),
            ("this-week", "thisWeek|this_week|THIS WEEK|\"this week\""),
            ("last-quarter", "last_quarter|last-quarter|lastQuarter"),
            ("q3", "Q3|q3"),
            ("2026-q3", "2026Q3|Q3 2026|2026 Q3|2026-q3|Q3-2026|Q3/2026"),
            ("2026-w45", "2026-W45|W45 2026"),
            (
                "2026-11",
                "2026-11|2026/11|November 2026|Nov 2026|2026 Nov|nov-2026",
            ),
            (
                "2026-11-01",
                "2026/11/01|2026-11-1|20261101|2026_11_01|1 November 2026|Nov 1, 2026|1-Nov-2026",
            ),
        ] {
            for text in texts.split('|') {
                assert_eq!(normal_form(text), form, "{text}");
            }
        }
    }

    #[test]
    fn whatever_else_stays_as_it_is() {
        for text in [
            "2026-11-01T09:00Z",
            "2026-11-01 09:00",
            "01/11/2026",
            "11-12-2026",
            "yesterday 5pm",
            "-3d",
            "+7d",
            "7d-",
            "2026-1",
            "2026-W+5",
            "Nov 26",
            "past week",
            "äöü",
        ] {
            assert_eq!(normal_form(text), text);
        }
    }

    #[test]
    fn a_length_has_units() {
        for (text, length) in [
            ("900s", 900),
            ("15 minutes", 900),
            ("15M", 900),
            ("1m30s", 90),
            ("1h 2m 3s", 3_723),
            ("'1d'", 86_400),
        ] {
            assert_eq!(seconds(text), Some(length), "{text}");
        }
        for wrong in ["", "15", "m", "-1h", "1.5h", "9999999999999999d", "1y"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
