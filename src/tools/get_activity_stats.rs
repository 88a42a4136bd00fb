//! `gong_get_activity_stats`. POST /v2/stats/activity/aggregate, or with a period
//! POST /v2/stats/activity/aggregate-by-period; api:stats:user-actions.

use serde_json::Value;

use crate::{
    client::Gong,
    domain::list_part::ListPart,
    error::Error,
    gong::stats::{self, ACTIVITIES, Source, StatsQuery, date_in, used_columns, used_counts},
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer, Table, cell},
    tools::limit,
    wit::stats::{ActivityPeriod, ActivityRow, ActivityStats, GetActivityStats},
};

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 30;

/// A user's counts, for the whole range or for one period of it.
struct UserCounts<'u> {
    user: &'u Value,
    from: Option<String>,
    to: Option<String>,
    counts: [u32; 15],
}

/// Reads the counts of all users, leaves out idle ones unless the arguments name users, and looks
/// up the names of those on the page.
pub(crate) fn run(gong: &Gong<'_>, args: GetActivityStats) -> Result<ActivityStats, Error> {
    let limit = limit(args.limit, 100, 500)?;
    let query = StatsQuery {
        users: &args.users,
        from: args.from.as_deref(),
        to: args.to.as_deref(),
        default_days: DEFAULT_DAYS,
    };
    let source = match args.period {
        None => Source {
            path: "/v2/stats/activity/aggregate",
            key: "usersAggregateActivityStats",
            period: None,
        },
        Some(period) => Source {
            path: "/v2/stats/activity/aggregate-by-period",
            key: "usersAggregateActivity",
            period: Some(match period {
                ActivityPeriod::Day => "DAY",
                ActivityPeriod::Week => "WEEK",
                ActivityPeriod::Month => "MONTH",
                ActivityPeriod::Quarter => "QUARTER",
                ActivityPeriod::Year => "YEAR",
            }),
        },
    };
    let mut read = stats::read(gong, &query, &source)?;
    let mut rows: Vec<UserCounts<'_>> = read.users.iter().flat_map(user_counts).collect();
    let all = rows.len();
    if args.users.is_empty() {
        rows.retain(|row| row.counts.iter().any(|count| *count > 0));
    }
    let idle = (all - rows.len()) as u32;
    let (used, columns) = used_columns(rows.iter().map(|row| &row.counts));
    let rows = rows.into_iter().map(|row| ActivityRow {
        user: row.user.text("userEmailAddress"),
        user_id: row.user.id("userId").unwrap_or_default(),
        from: row.from,
        to: row.to,
        counts: used_counts(&row.counts, &used),
    });
    let part = ListPart::limited(gong, rows, limit, args.resume.as_deref())?;
    let mut rows = part.items;
    let names = read.names(gong, rows.iter().map(|row| row.user_id.as_str()));
    for row in &mut rows {
        row.user = names.get(&row.user_id).cloned().or(row.user.take());
    }
    if idle > 0 {
        read.notes.push(format!(
            "Left out: {} without any activity.",
            render::count(idle, "row")
        ));
    }
    Ok(ActivityStats {
        columns,
        resume: part.resume,
        rows,
        matched: part.matched,
        from: read.from,
        to: read.to,
        zone: read.zone,
        notes: read.notes,
        stopped: read.stopped,
        requests: gong.requests(),
    })
}

/// The counts of a user, for the whole range or for each period in chronological order.
fn user_counts(user: &Value) -> Vec<UserCounts<'_>> {
    let counts = |stats: &Value| ACTIVITIES.map(|(key, _)| stats.count(key).unwrap_or(0));
    if let Some(whole) = user.get("userAggregateActivityStats") {
        return Vec::from([UserCounts {
            user,
            from: None,
            to: None,
            counts: counts(whole),
        }]);
    }
    let mut periods: Vec<UserCounts<'_>> = user
        .items("userAggregateActivity")
        .iter()
        .map(|period| UserCounts {
            user,
            from: date_in(period.raw("fromDate")),
            to: date_in(period.raw("toDate")),
            counts: counts(period),
        })
        .collect();
    periods.sort_unstable_by(|one, other| one.from.cmp(&other.from));
    periods
}

/// The days of statistics, for the first line of an answer.
pub(super) fn range_text(from: &str, to: &str, zone: Option<&str>) -> String {
    let zone = zone.unwrap_or("the company's zone, which Gong does not name here");
    format!("from {from} to {to} (exclusive; {zone})")
}

/// The counts of a row as cells for all 15 activities; cells of columns that are left out are empty.
pub(super) fn count_cells(columns: &[String], counts: &[u32]) -> [String; 15] {
    ACTIVITIES.map(|(_, heading)| {
        let column = columns.iter().position(|column| column == heading);
        column
            .and_then(|column| counts.get(column))
            .map_or_else(String::new, u32::to_string)
    })
}

impl Answer for ActivityStats {
    fn text(&self) -> String {
        let mut text = format!(
            "{} of {}, {}.\n",
            render::count(self.rows.len() as u32, "row"),
            self.matched,
            range_text(&self.from, &self.to, self.zone.as_deref())
        );
        let heading = ["user", "user id", "from", "to"].into_iter();
        let mut table = Table::new(heading.chain(ACTIVITIES.map(|(_, heading)| heading)));
        for row in &self.rows {
            let user = [
                cell(&row.user),
                row.user_id.clone(),
                cell(&row.from),
                cell(&row.to),
            ];
            table.row(
                user.into_iter()
                    .chain(count_cells(&self.columns, &row.counts)),
            );
        }
        render::none(
            &mut text,
            &self.rows,
            "These users did nothing in the range, or are not Gong users; today is counted from tomorrow on.",
        );
        table.write(&mut text);
        write_end(
            &mut text,
            &self.notes,
            self.stopped.as_deref(),
            self.resume.as_deref(),
        );
        render::requests(&mut text, self.requests);
        text
    }
}

/// Appends the last lines of a list of statistics.
pub(super) fn write_end(
    text: &mut String,
    notes: &[String],
    stopped: Option<&str>,
    resume: Option<&str>,
) {
    for note in notes {
        text.push_str(note);
        text.push('\n');
    }
    render::line(text, "Not all read", stopped);
    render::line(text, "More: resume", resume);
}
