//! How old what is kept may be: the nearer an hour, the younger. Pure.

use crate::{
    error::{Error, bad_argument},
    prelude::*,
    text::shortened,
    time::{DAY, length_in_seconds},
};

/// Seconds in an hour: the unit in which the index is read and dated.
pub(crate) const HOUR: i64 = 3_600;
/// Hours in a segment.
pub(super) const HOURS: usize = 168;
/// Seconds in a segment.
pub(super) const WEEK: i64 = HOURS as i64 * HOUR;

/// How far back the newest hours go. Gong shows a call within some hours after it ended.
pub(super) const NEWEST: i64 = 3 * HOUR;
/// Until when the newest hours are young enough.
const NEWEST_AGE: i64 = 600;
/// How old the newest hours may be where they can not be read again.
const NEWEST_USABLE: i64 = HOUR;
/// What is older than this is as if absent.
const MOST_AGE: i64 = 30 * DAY;
/// A time that is later than now by more than this was written by a clock that was wrong.
pub(super) const CLOCK_SKEW: i64 = 300;

/// How young an answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// A question: what is a little too old is left to a schedule.
    Question,
    /// Refreshing on purpose: everything in its time.
    Schedule,
    /// The argument `max_age`: nothing older than this many seconds.
    Within(i64),
}

/// The argument `max_age`: `15m`, `15 minutes`, `2h`, `1d`, or 0 for everything live.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn max_age(text: Option<&str>) -> Result<Option<Patience>, Error> {
    let Some(text) = text else {
        return Ok(Some(Patience::Question));
    };
    if text.trim() == "0" {
        return Ok(None);
    }
    match length_in_seconds(text).filter(|age| (0..=10_000 * DAY).contains(age)) {
        Some(0) => Ok(None),
        Some(age) => Ok(Some(Patience::Within(age))),
        None => Err(bad_argument(
            "max_age",
            &format!("“{}” is not a span of time.", shortened(text)),
            "\"15m\", \"2h\", \"1d\", or \"0\" for everything live.",
        )),
    }
}

/// The age that an hour may have which began this long ago.
fn allowed(began_ago: i64) -> i64 {
    if began_ago <= NEWEST {
        NEWEST_AGE
    } else if began_ago <= DAY {
        HOUR
    } else if began_ago <= 7 * DAY {
        8 * HOUR
    } else if began_ago <= 30 * DAY {
        DAY
    } else {
        7 * DAY
    }
}

/// Whether the hour that begins at `hour` and was last read at `stamp` should be read again.
pub(super) fn is_due(stamp: i64, hour: i64, now: i64, patience: Patience) -> bool {
    if !is_usable(stamp, hour, now, patience) {
        return true;
    }
    let (age, began_ago) = (now - stamp, now - hour);
    let allowed = allowed(began_ago);
    match patience {
        Patience::Question if began_ago > DAY => age > allowed * 3 / 2,
        Patience::Question | Patience::Schedule => age > allowed,
        Patience::Within(most) => age > most.min(allowed),
    }
}

/// Whether an hour can be read again together with a neighbour that is due: then both are young for
/// as long.
pub(super) fn is_soon_due(stamp: i64, hour: i64, now: i64) -> bool {
    stamp == 0 || now - stamp > allowed(now - hour) / 2
}

/// Whether an answer may use what was read of this hour at `stamp`; 0 says never.
pub(super) fn is_usable(stamp: i64, hour: i64, now: i64, patience: Patience) -> bool {
    let age = now - stamp;
    let most = match patience {
        Patience::Within(most) => most.min(MOST_AGE),
        _ => MOST_AGE,
    };
    stamp > 0
        && age >= -CLOCK_SKEW
        && age <= most
        // Of an hour that was not over then, the rest is missing.
        && (stamp >= hour + HOUR || age <= NEWEST_USABLE)
}

#[cfg(test)]
mod tests {
    use super::{DAY, HOUR, Patience, is_due, is_usable, max_age};

    const NOW: i64 = 1_795_435_200;

    #[test]
    fn the_nearer_the_younger() {
        let due =
            |began_ago: i64, age: i64| is_due(NOW - age, NOW - began_ago, NOW, Patience::Schedule);
        for (began_ago, allowed) in [
            (HOUR, 600),
            (10 * HOUR, HOUR),
            (3 * DAY, 8 * HOUR),
            (20 * DAY, DAY),
            (100 * DAY, 7 * DAY),
        ] {
            assert!(!due(began_ago, allowed), "{began_ago}");
            assert!(due(began_ago, allowed + 1), "{began_ago}");
        }
        assert!(!is_due(
            NOW - DAY - 1,
            NOW - 20 * DAY,
            NOW,
            Patience::Question
        ));
        assert!(is_due(
            NOW - DAY - 1,
            NOW - 20 * DAY,
            NOW,
            Patience::Within(2 * DAY)
        ));
        assert!(is_due(0, NOW - 20 * DAY, NOW, Patience::Question));
    }

    #[test]
    fn what_a_wrong_clock_wrote_and_what_is_too_old_is_absent() {
        let hour = NOW - 40 * DAY;
        let usable = |stamp| is_usable(stamp, hour, NOW, Patience::Question);
        assert!(usable(NOW) && usable(NOW + 60) && usable(NOW - 30 * DAY));
        assert!(!usable(NOW + 3_600) && !usable(NOW - 30 * DAY - 1) && !usable(0));
        assert!(!is_usable(NOW - 901, hour, NOW, Patience::Within(900)));
        // Read in the middle of the hour.
        let middle = NOW - 5 * HOUR + 1_800;
        assert!(!is_usable(middle, NOW - 5 * HOUR, NOW, Patience::Question));
    }

    #[test]
    fn an_age_is_a_span_or_nothing() {
        let read = |text| max_age(Some(text)).map_err(|error| error.into_text());
        assert_eq!(read("15m"), Ok(Some(Patience::Within(900))));
        assert_eq!(read(" 1d "), Ok(Some(Patience::Within(DAY))));
        for quarter in ["15 minutes", "900s", "15M"] {
            assert_eq!(read(quarter), Ok(Some(Patience::Within(900))), "{quarter}");
        }
        assert_eq!(read("0"), Ok(None));
        for wrong in ["", "15", "m", "-1h", "+1h", "1y", "99999999h", "é"] {
            let error = read(wrong).expect_err(wrong);
            assert!(error.starts_with("Argument `max_age`: "), "{error}");
        }
    }
}
