use super::{CompanyRange, Range, company_dates, moment, week_of};
use crate::{
    error::Error,
    prelude::*,
    time::{set_zone, to_display, zone_named},
};

/// 2026-11-23T12:30:00Z
const NOW: i64 = 1_795_437_000;

fn company(from: Option<&str>, to: Option<&str>) -> Result<CompanyRange, Error> {
    CompanyRange::from_arguments(["from", "to"], [from, to], 30, NOW)
}

#[test]
fn a_period_ends_and_an_end_alone_has_days_before_it() {
    let shown = |from, to| company(from, to).map(|range| range.shown());
    let quarter = shown(Some("2026-Q3"), None);
    assert_eq!(quarter.expect("a period"), "2026-07-01 to 2026-09-30");
    let before = shown(None, Some("2026-09-30"));
    assert_eq!(before.expect("an end"), "2026-09-01 to 2026-09-30");
    assert_eq!(shown(Some("7d"), None).expect("days"), "2026-11-16 on");
    assert!(shown(Some("2026-10-01"), Some("2026-09-30")).is_err());
}

#[test]
fn arguments_are_instants_dates_and_spans() {
    let at = |text| to_display(moment("from", text, NOW).expect(text).start);
    assert_eq!(at("2026-11-01T09:00Z"), "2026-11-01T09:00Z");
    assert_eq!(at("2026-11-01T09:00:30+02:00"), "2026-11-01T07:00Z");
    assert_eq!(at("2026-11-01"), "2026-11-01T00:00Z");
    assert_eq!(at("7d"), "2026-11-16T12:30Z");
    assert_eq!(at("24h"), "2026-11-22T12:30Z");
    assert_eq!(at("2w"), "2026-11-09T12:30Z");
    assert_eq!(at("today"), "2026-11-23T00:00Z");
    assert_eq!(at("yesterday"), "2026-11-22T00:00Z");
    for wrong in [
        "",
        "soon",
        "2026-13-01",
        "01/11/2026",
        "11-12-2026",
        "11012026",
        "yesterday 5pm",
        "2026-11-01T09:00[Europe/Berlin]",
        "2026-11-01T25:00",
        "0d",
        "-3d",
        "+7d",
        "7m",
        "9999999999999999d",
        "äöü",
        "d",
    ] {
        assert!(moment("from", wrong, NOW).is_err(), "{wrong}");
    }
}

#[test]
fn calendar_periods_have_an_end_of_their_own() {
    let range = |from, to| {
        let range = Range::from_arguments(Some(from), to, 30, NOW).expect(from);
        format!("{} {}", to_display(range.from), to_display(range.to))
    };
    assert_eq!(
        range("last week", None),
        "2026-11-16T00:00Z 2026-11-23T00:00Z"
    );
    assert_eq!(
        range("this week", None),
        "2026-11-23T00:00Z 2026-11-23T12:30Z"
    );
    assert_eq!(
        range("last_month", None),
        "2026-10-01T00:00Z 2026-11-01T00:00Z"
    );
    assert_eq!(
        range("last quarter", None),
        "2026-07-01T00:00Z 2026-10-01T00:00Z"
    );
    assert_eq!(range("Q1", None), "2026-01-01T00:00Z 2026-04-01T00:00Z");
    assert_eq!(
        range("2025-Q4", Some("2026-Q1")),
        "2025-10-01T00:00Z 2026-04-01T00:00Z"
    );
    assert_eq!(
        range("2026-W01", None),
        "2025-12-29T00:00Z 2026-01-05T00:00Z"
    );
    assert_eq!(
        range("2026-02", None),
        "2026-02-01T00:00Z 2026-03-01T00:00Z"
    );
    assert_eq!(
        range("this year", None),
        "2026-01-01T00:00Z 2026-11-23T12:30Z"
    );
    assert_eq!(range("2025", None), "2025-01-01T00:00Z 2026-01-01T00:00Z");
    assert_eq!(
        range("2026-11-02", Some("2026-11-04")),
        "2026-11-02T00:00Z 2026-11-05T00:00Z"
    );
    for wrong in [
        "next week",
        "last",
        "Q5",
        "2026-Q0",
        "2026-W60",
        "2026-W4294967297",
        "2026-W+5",
        "2026-+1",
        "2026-1",
        "q",
        "99999",
        "last fortnight",
    ] {
        assert!(moment("from", wrong, NOW).is_err(), "{wrong}");
    }
    assert_eq!(week_of(NOW), "2026-11-23");
}

#[test]
fn statistics_end_with_yesterday() {
    let dates = |from, to| company_dates(from, to, 30, NOW);
    let text = |one: &str, other: &str| (one.to_owned(), other.to_owned());
    assert_eq!(
        dates(None, None).expect("default"),
        text("2026-10-24", "2026-11-23")
    );
    assert_eq!(
        dates(Some("last week"), None).expect("a week"),
        text("2026-11-16", "2026-11-23")
    );
    assert_eq!(
        dates(Some("this month"), None).expect("a month"),
        text("2026-11-01", "2026-11-23")
    );
    assert_eq!(
        dates(Some("7d"), Some("2099")).expect("a span"),
        text("2026-11-16", "2026-11-23")
    );
    assert!(dates(Some("today"), None).is_err());
    assert!(dates(Some("5h"), None).is_err());
}

#[test]
fn a_range_is_not_empty() {
    let range = Range::from_arguments(None, None, 30, NOW).expect("default");
    assert_eq!(
        (to_display(range.from), to_display(range.to)),
        ("2026-10-24T12:30Z".into(), "2026-11-23T12:30Z".into())
    );
    let error = Range::from_arguments(Some("2026-11-03"), Some("2026-11-01"), 30, NOW)
        .expect_err("backwards");
    assert_eq!(
        error.text(),
        "Argument `from`: 2026-11-03T00:00Z is not before 2026-11-02T00:00Z, the end of the range. Example: \
         \"7d\", or \"2026-11-01\" with to \"2026-11-07\"."
    );
}

#[test]
fn statistics_take_dates() {
    let start = |text| company(Some(text), None).map(|range| range.from());
    assert_eq!(start("30d").expect("span"), "2026-10-24");
    assert_eq!(start("2026-11-01").expect("date"), "2026-11-01");
    assert_eq!(start("now").expect("today"), "2026-11-23");
    assert!(start("5h").is_err());
    let end = |text| company(None, Some(text)).expect(text).to();
    assert_eq!(end("2026-11-01").as_deref(), Some("2026-11-02"));
    assert_eq!(end("2026-10").as_deref(), Some("2026-11-01"));
    assert_eq!(end("yesterday").as_deref(), Some("2026-11-23"));
    for unfinished in ["today", "this week", "2099"] {
        assert_eq!(end(unfinished), None, "{unfinished}");
    }
}

#[test]
fn statistics_take_an_instant_at_midnight_as_the_day_that_begins() {
    set_zone(zone_named("America/Denver").expect("a zone"));
    let start = |text| {
        let range = company(Some(text), None);
        range
            .map(|range| range.from())
            .map_err(|error| error.into_text())
    };
    for midnight in [
        "2026-11-01T00:00:00Z",
        "2026-11-01T00:00:00-06:00",
        "2026-11-01T00:00",
        "2026-11-01 00:00:00",
    ] {
        assert_eq!(start(midnight).as_deref(), Ok("2026-11-01"), "{midnight}");
    }
    assert_eq!(
        start("2026-11-01T09:00Z").expect_err("within a day"),
        "Argument `from`: “2026-11-01T09:00Z” is a time within a day, and Gong has these by the day. \
         Example: \"2026-11-01\", \"30d\", \"last week\" or \"2026-Q3\"."
    );
    // An instant is where a range ends, as in lists of calls; a day is included.
    let dates = |to| company_dates(Some("2026-11-01T00:00:00Z"), Some(to), 30, NOW).expect(to);
    assert_eq!(dates("2026-11-08T00:00:00Z").1, "2026-11-08");
    assert_eq!(dates("2026-11-08").1, "2026-11-09");
    let range = company(None, Some("2026-11-08T00:00:00Z")).expect("a day");
    assert_eq!(range.to().as_deref(), Some("2026-11-08"));
}

#[test]
fn a_time_without_zone_is_one_of_the_local_zone() {
    for (zone, at) in [
        ("UTC", "2026-11-02T09:00Z"),
        ("America/Denver", "2026-11-02T09:00-07:00"),
    ] {
        set_zone(zone_named(zone).expect(zone));
        for text in [
            "2026-11-02T09:00",
            "2026-11-02 09:00",
            "2026-11-02 09:00:00",
        ] {
            let moment = moment("from", text, NOW).expect(text);
            assert_eq!(to_display(moment.start), at, "{text}");
            assert_eq!(moment.start, moment.end);
        }
    }
}

#[test]
fn other_spellings_are_the_same_range() {
    let range = |from| Range::from_arguments(Some(from), None, 30, NOW).expect(from);
    for (usual, other) in [
        ("7d", "last 7 days"),
        ("2026-11-01", "20261101"),
        ("2026-Q3", "Q3 2026"),
        ("2026-10", "October 2026"),
        ("last week", "lastWeek"),
        ("today", "\"Today\""),
    ] {
        assert_eq!(range(usual), range(other), "{other}");
    }
}

#[test]
fn a_day_as_an_end_is_included_everywhere() {
    let range = |from, to| {
        let range = Range::from_arguments(Some(from), Some(to), 30, NOW).expect(from);
        format!("{} {}", to_display(range.from), to_display(range.to))
    };
    let november = "2026-11-01T00:00Z 2026-12-01T00:00Z";
    assert_eq!(range("2026-11-01", "2026-11-30"), november);
    assert_eq!(range("2026-11", "2026-11"), november);
    let day = "2026-11-05T00:00Z 2026-11-06T00:00Z";
    assert_eq!(range("2026-11-05", "2026-11-05"), day);
    let today = "2026-11-23T00:00Z 2026-11-24T00:00Z";
    assert_eq!(range("today", "today"), today);
    assert_eq!(
        range("2d", "yesterday"),
        "2026-11-21T12:30Z 2026-11-23T00:00Z"
    );
    let dates = |from, to| company_dates(Some(from), Some(to), 30, NOW).expect(from);
    assert_eq!(
        dates("2026-10-01", "2026-10-31"),
        ("2026-10-01".into(), "2026-11-01".into())
    );
    assert_eq!(
        dates("2026-11-05", "2026-11-05"),
        ("2026-11-05".into(), "2026-11-06".into())
    );
    assert_eq!(
        dates("7d", "today"),
        ("2026-11-16".into(), "2026-11-23".into())
    );
}

/// The range of these arguments at an instant, in a zone.
fn local(zone: &str, now: &str, from: &str, to: Option<&str>) -> String {
    set_zone(zone_named(zone).expect(zone));
    let now = crate::time::parse_instant(now).expect(now);
    let range = Range::from_arguments(Some(from), to, 30, now).expect(from);
    format!("{} {}", to_display(range.from), to_display(range.to))
}

#[test]
fn days_and_periods_are_those_of_the_zone() {
    // 19:00 in Denver, where UTC has the next day already.
    let denver = |from, to| local("America/Denver", "2026-11-24T02:00:00Z", from, to);
    for (from, to, range) in [
        (
            "today",
            None,
            "2026-11-23T00:00-07:00 2026-11-23T19:00-07:00",
        ),
        (
            "yesterday",
            Some("yesterday"),
            "2026-11-22T00:00-07:00 2026-11-23T00:00-07:00",
        ),
        (
            "this week",
            None,
            "2026-11-23T00:00-07:00 2026-11-23T19:00-07:00",
        ),
        (
            "last week",
            None,
            "2026-11-16T00:00-07:00 2026-11-23T00:00-07:00",
        ),
        (
            "this month",
            None,
            "2026-11-01T00:00-06:00 2026-11-23T19:00-07:00",
        ),
        (
            "2026-Q3",
            None,
            "2026-07-01T00:00-06:00 2026-10-01T00:00-06:00",
        ),
        (
            "2026-W45",
            None,
            "2026-11-02T00:00-07:00 2026-11-09T00:00-07:00",
        ),
        (
            "2025",
            None,
            "2025-01-01T00:00-07:00 2026-01-01T00:00-07:00",
        ),
        ("7d", None, "2026-11-16T19:00-07:00 2026-11-23T19:00-07:00"),
        (
            "2026-11-01T09:00Z",
            None,
            "2026-11-01T02:00-07:00 2026-11-23T19:00-07:00",
        ),
    ] {
        assert_eq!(denver(from, to), range, "{from}");
    }
    let kolkata = local("Asia/Kolkata", "2026-11-23T19:00:00Z", "today", None);
    assert_eq!(kolkata, "2026-11-24T00:00+05:30 2026-11-24T00:30+05:30");
}

#[test]
fn days_on_which_the_clocks_change_are_whole() {
    let hours = |zone, day| {
        set_zone(zone_named(zone).expect(zone));
        let range = Range::from_arguments(Some(day), Some(day), 30, NOW).expect(day);
        (range.to - range.from) as f64 / 3600.0
    };
    assert_eq!(hours("America/Denver", "2026-03-08"), 23.0);
    assert_eq!(hours("America/Denver", "2026-11-01"), 25.0);
    assert_eq!(hours("Europe/Berlin", "2026-03-29"), 23.0);
    assert_eq!(hours("Europe/Berlin", "2026-10-25"), 25.0);
    assert_eq!(hours("Australia/Lord_Howe", "2026-04-05"), 24.5);
    assert_eq!(hours("Australia/Lord_Howe", "2026-10-04"), 23.5);
    assert_eq!(hours("Asia/Kolkata", "2026-10-25"), 24.0);
    // Midnight does not exist where the clocks are put forward at midnight.
    assert_eq!(hours("Africa/Cairo", "2026-04-24"), 23.0);
    // Seven days before are the same time of day, an hour of daylight saving apart.
    let before = |from| local("America/Denver", "2026-03-10T18:00:00Z", from, Some("now"));
    assert_eq!(
        before("7d"),
        "2026-03-03T12:00-07:00 2026-03-10T12:00-06:00"
    );
    assert_eq!(
        before("168h"),
        "2026-03-03T11:00-07:00 2026-03-10T12:00-06:00"
    );
}

#[test]
fn statistics_end_with_yesterday_of_the_zone() {
    set_zone(zone_named("America/Denver").expect("a zone"));
    let now = crate::time::parse_instant("2026-11-24T02:00:00Z").expect("an instant");
    let (from, to) = company_dates(Some("7d"), None, 30, now).expect("a span");
    assert_eq!((&*from, &*to), ("2026-11-16", "2026-11-23"));
    // A Sunday evening, on which UTC has Monday.
    assert_eq!(week_of(now - 86_400), "2026-11-16");
}
