//! Where a scan starts: a range, or the rest of one as a token.

use alloc::collections::BTreeSet;

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    time::Range,
};

/// Reads the position in the argument `resume`, for tools whose positions contain their range; none
/// without the argument.
///
/// # Errors
/// `bad-argument` for what is no position.
pub(crate) fn resumed<T>(
    resume: Option<&str>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Error> {
    let Some(position) = resume else {
        return Ok(None);
    };
    read(position).map(Some).ok_or_else(|| {
        bad_argument(
            "resume",
            "not a token of this tool.",
            "the resume value of the previous answer, unchanged; or leave it out to start anew.",
        )
    })
}

/// Where a scan starts: a range, or the rest of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// The range left to read.
    pub(crate) range: Range,
    /// Ids of calls in its last second that were in an earlier answer.
    pub(super) skip: BTreeSet<String>,
    /// Rows made of these calls that were in an earlier answer.
    pub(crate) rows: usize,
}

impl Start {
    /// Whether no call of the range is skipped.
    pub(crate) fn is_whole(&self) -> bool {
        self.skip.is_empty()
    }

    /// From the arguments `from`, `to` and `resume` of a tool.
    ///
    /// # Errors
    /// `bad-argument`.
    pub(crate) fn from_arguments(
        from: Option<&str>,
        to: Option<&str>,
        resume: Option<&str>,
        default_days: i64,
        now: i64,
    ) -> Result<Self, Error> {
        match resumed(resume, Self::from_token)? {
            Some(start) => Ok(start),
            None => Ok(Self {
                range: Range::from_arguments(from, to, default_days, now)?,
                skip: BTreeSet::new(),
                rows: 0,
            }),
        }
    }

    fn from_token(token: &str) -> Option<Self> {
        let (rows, token) = match token.strip_prefix('+') {
            Some(rest) => rest.split_once('.')?,
            None => ("0", token),
        };
        let mut parts = token.split('.');
        let mut number = || i64::from_str_radix(parts.next()?, 36).ok();
        let (from, length) = (number()?, number()?);
        let skip = parts.map(String::from).collect();
        let to = from.checked_add(length)?;
        (length > 0 && from.unsigned_abs() < 1 << 40 && length < 1 << 40).then_some(Self {
            range: Range { from, to },
            skip,
            rows: rows.parse().ok()?,
        })
    }

    /// The token of this start.
    pub(crate) fn token(&self) -> String {
        let rows = match self.rows {
            0 => String::new(),
            rows => format!("+{rows}."),
        };
        let mut text = format!(
            "{rows}{}.{}",
            base36(self.range.from),
            base36(self.range.to - self.range.from)
        );
        for id in &self.skip {
            text.push('.');
            text.push_str(id);
        }
        text
    }
}

fn base36(number: i64) -> String {
    let mut digits = Vec::new();
    let mut rest = number.unsigned_abs();
    loop {
        digits.push(b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize] as char);
        rest /= 36;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        digits.push('-');
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::Start;
    use crate::time::Range;

    #[test]
    fn a_token_carries_its_range_and_rejects_nonsense() {
        for rows in [0, 50] {
            let start = Start {
                range: Range {
                    from: 1_790_000_000,
                    to: 1_795_437_000,
                },
                skip: ["12345678901234567890".into()].into(),
                rows,
            };
            assert_eq!(Start::from_token(&start.token()), Some(start));
        }
        for wrong in ["", "abc", "????", "1.-1", "zzzzzzzzzzzzz.zz"] {
            assert_eq!(Start::from_token(wrong), None, "{wrong}");
        }
        assert!(Start::from_arguments(None, None, Some("x"), 30, 0).is_err());
    }
}
