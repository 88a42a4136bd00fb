//! `gong_get_activity_stats`. POST /v2/stats/activity/aggregate, or with a period
//! POST /v2/stats/activity/aggregate-by-period; api:stats:user-actions.

use serde_json::Value;

use crate::{
    client::Gong,
    error::Error,
    gong::stats::{self, ACTIVITIES, Source, StatsQuery, date_in, used_columns, used_counts},
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer, Table},
    tools::{limit, offset, offset_token},
    wit::stats::{ActivityPeriod, ActivityRow, ActivityStats, GetActivityStats},
};

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 30;

/// One user's counts, over the range or over one of its periods.
struct Counted<'u> {
    user: &'u Value,
    from: Option<String>,
    to: Option<String>,
    counts: [u32; 15],
}

/// Reads all, leaves out who did nothing where nobody was asked for, and names who is shown.
pub(crate) fn run(gong: &Gong<'_>, args: GetActivityStats) -> Result<ActivityStats, Error> {
    let limit = limit(args.limit, 100, 500)?;
    let skip = offset(args.resume.as_deref())?;
    let asked = StatsQuery {
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
    let mut read = stats::read(gong, &asked, &source)?;
    let mut rows: Vec<Counted<'_>> = read.users.iter().flat_map(counted).collect();
    let all = rows.len();
    if args.users.is_empty() {
        rows.retain(|row| row.counts.iter().any(|count| *count > 0));
    }
    let idle = (all - rows.len()) as u32;
    let (used, columns) = used_columns(rows.iter().map(|row| &row.counts));
    let matched = rows.len();
    let page: Vec<Counted<'_>> = rows.into_iter().skip(skip).take(limit).collect();
    let ids: Vec<String> = page
        .iter()
        .filter_map(|row| row.user.id("userId"))
        .collect();
    let names = read.names(gong, ids.iter().map(String::as_str));
    let rows: Vec<ActivityRow> = page
        .into_iter()
        .map(|row| {
            let id = row.user.id("userId").unwrap_or_default();
            ActivityRow {
                user: names
                    .get(&id)
                    .cloned()
                    .or_else(|| row.user.text("userEmailAddress")),
                user_id: id,
                from: row.from,
                to: row.to,
                counts: used_counts(&row.counts, &used),
            }
        })
        .collect();
    if idle > 0 {
        read.notes.push(format!(
            "Left out: {} without any activity.",
            render::count(idle, "row")
        ));
    }
    Ok(ActivityStats {
        columns,
        resume: offset_token(skip + rows.len(), matched),
        rows,
        matched: matched as u32,
        from: read.from,
        to: read.to,
        zone: read.zone,
        notes: read.notes,
        stopped: read.stopped,
        requests: gong.requests(),
    })
}

/// The counts of a user: one set, or one a period, in time.
fn counted(user: &Value) -> Vec<Counted<'_>> {
    let counts = |of: &Value| ACTIVITIES.map(|(key, _)| of.count(key).unwrap_or(0));
    if let Some(whole) = user.get("userAggregateActivityStats") {
        return Vec::from([Counted {
            user,
            from: None,
            to: None,
            counts: counts(whole),
        }]);
    }
    let mut periods: Vec<Counted<'_>> = user
        .items("userAggregateActivity")
        .iter()
        .map(|period| Counted {
            user,
            from: date_in(period.raw("fromDate")),
            to: date_in(period.raw("toDate")),
            counts: counts(period),
        })
        .collect();
    periods.sort_by(|one, other| one.from.cmp(&other.from));
    periods
}

/// Which days, for the head of an answer.
pub(super) fn range(from: &str, to: &str, zone: Option<&str>) -> String {
    let zone = zone.unwrap_or("the company's zone, which Gong does not name here");
    format!("from {from} to {to} (exclusive; {zone})")
}

/// The counts of a row in the columns of a table: all 15, empty where a column is left out.
pub(super) fn cells(columns: &[String], counts: &[u32]) -> [String; 15] {
    ACTIVITIES.map(|(_, heading)| {
        let column = columns.iter().position(|column| column == heading);
        column
            .and_then(|column| counts.get(column))
            .map_or_else(String::new, |count| format!("{count}"))
    })
}

impl Answer for ActivityStats {
    fn text(&self) -> String {
        let mut text = format!(
            "{} of {}, {}.\n",
            render::count(self.rows.len() as u32, "row"),
            self.matched,
            range(&self.from, &self.to, self.zone.as_deref())
        );
        let mut heading = ["user", "user id", "from", "to"].to_vec();
        heading.extend(ACTIVITIES.map(|(_, heading)| heading));
        let heading: [&str; 19] = core::array::from_fn(|column| heading[column]);
        let mut table = Table::new(&heading);
        for row in &self.rows {
            let cell = |value: &Option<String>| value.clone().unwrap_or_default();
            let mut all = Vec::from([
                cell(&row.user),
                row.user_id.clone(),
                cell(&row.from),
                cell(&row.to),
            ]);
            all.extend(cells(&self.columns, &row.counts));
            table.row(core::array::from_fn(|column| {
                core::mem::take(&mut all[column])
            }));
        }
        table.write(&mut text);
        end(
            &mut text,
            &self.notes,
            self.stopped.as_deref(),
            self.resume.as_deref(),
        );
        render::requests(&mut text, self.requests);
        text
    }
}

/// What a list of statistics ends with.
pub(super) fn end(
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
