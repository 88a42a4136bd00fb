//! Where to go on reading a log. Gong's cursors expire after an hour and its order is not
//! documented, so a `resume` token has a range and how many entries at its start to skip. If the
//! times of the entries only rise, or only fall, the range shrinks to the rest; if not, the range
//! stays and all entries read so far are skipped.

use serde_json::Value;

use crate::{
    domain::scan::resume::resumed,
    error::Error,
    json_ext::JsonExt,
    prelude::*,
    time::{self, Range},
};

/// A position in a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// What is left to read.
    pub(super) range: Range,
    /// How many entries at its start earlier answers had already.
    pub(super) skip: usize,
}

impl Position {
    /// From the arguments `from`, `to` and `resume`.
    ///
    /// # Errors
    /// `bad-argument`.
    pub(super) fn from_arguments(
        from: Option<&str>,
        to: Option<&str>,
        resume: Option<&str>,
        default_days: i64,
        now: i64,
    ) -> Result<Self, Error> {
        match resumed(resume, Self::from_token)? {
            Some(position) => Ok(position),
            None => Ok(Self {
                range: Range::from_arguments(from, to, default_days, now)?,
                skip: 0,
            }),
        }
    }

    /// The `resume` token: `1795350600-1795437000-100`.
    pub(super) fn token(&self) -> String {
        format!("{}-{}-{}", self.range.from, self.range.to, self.skip)
    }

    fn from_token(token: &str) -> Option<Self> {
        let mut parts = token.trim().split('-');
        let range = Range {
            from: parts.next()?.parse().ok()?,
            to: parts.next()?.parse().ok()?,
        };
        let skip = parts.next()?.parse().ok()?;
        let valid = parts.next().is_none() && range.from < range.to && range.to < 1 << 40;
        valid.then_some(Self { range, skip })
    }

    /// The position after the first `taken` of the `entries` read from this one.
    pub(super) fn after(&self, entries: &[Value], taken: usize) -> Self {
        let times: Option<Vec<i64>> = entries
            .iter()
            .map(|entry| entry.raw("eventTime").and_then(time::parse_instant))
            .collect();
        let times = times.unwrap_or_default();
        let Some(last) = taken.checked_sub(1).and_then(|last| times.get(last)) else {
            return Self {
                skip: self.skip.max(taken),
                ..self.clone()
            };
        };
        let same = times[..taken].iter().filter(|time| *time == last).count();
        let rises = times.is_sorted();
        let falls = times.iter().rev().is_sorted();
        let inside = (self.range.from..self.range.to).contains(last);
        // If all have the same second, the range can not shrink.
        let range = match (rises, falls) {
            (true, false) if inside => Range {
                from: *last,
                to: self.range.to,
            },
            (false, true) if inside => Range {
                from: self.range.from,
                to: last + 1,
            },
            _ => {
                return Self {
                    range: self.range,
                    skip: taken,
                };
            }
        };
        Self { range, skip: same }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Position;
    use crate::time::{self, Range};

    fn entries(seconds: &[i64]) -> Vec<Value> {
        seconds
            .iter()
            .map(|at| json!({ "eventTime": time::to_rfc3339(*at) }))
            .collect()
    }

    fn position(from: i64, to: i64, skip: usize) -> Position {
        Position {
            range: Range { from, to },
            skip,
        }
    }

    #[test]
    fn the_range_shrinks_from_the_side_that_was_read() {
        let all = position(0, 100, 0);
        assert_eq!(
            all.after(&entries(&[1, 2, 2, 2, 9]), 3),
            position(2, 100, 2)
        );
        assert_eq!(all.after(&entries(&[9, 8, 8, 3]), 3), position(0, 9, 2));
        assert_eq!(all.after(&entries(&[5, 1, 7]), 2), position(0, 100, 2));
        assert_eq!(all.after(&entries(&[5, 5, 5]), 2), position(0, 100, 2));
        assert_eq!(position(2, 100, 2).after(&[], 0), position(2, 100, 2));
    }

    #[test]
    fn a_token_reads_back_as_its_position() {
        let position = position(1_795_350_600, 1_795_437_000, 7);
        assert_eq!(Position::from_token(&position.token()), Some(position));
        for wrong in [
            "",
            "after-7",
            "5-4-0",
            "1-2",
            "1-2-3-4",
            "1-9999999999999999-3",
        ] {
            assert_eq!(Position::from_token(wrong), None, "{wrong}");
        }
    }
}
