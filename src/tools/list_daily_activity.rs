//! `gong_list_daily_activity`. POST /v2/stats/activity/day-by-day;
//! api:stats:user-actions:detailed. Gong returns lists of call ids.

use serde_json::Value;

use crate::{
    client::Gong,
    domain::list_part::ListPart,
    error::Error,
    gong::stats::{self, ACTIVITIES, Source, StatsQuery, date_in, used_columns, used_counts},
    json_ext::JsonExt,
    prelude::*,
    render::{self, Answer, Table, cell},
    tools::{
        get_activity_stats::{count_cells, range_text, write_end},
        limit,
    },
    wit::stats::{ActivityCalls, DailyActivity, DayRow, ListDailyActivity},
};

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 7;

/// A day of a user.
struct Day<'u> {
    user: &'u Value,
    data: &'u Value,
    date: String,
    counts: [u32; 15],
}

/// Reads the days of all users, keeps those with activity, and looks up the names of the users on
/// the page.
pub(crate) fn run(gong: &Gong<'_>, args: ListDailyActivity) -> Result<DailyActivity, Error> {
    let limit = limit(args.limit, 100, 500)?;
    let query = StatsQuery {
        users: &args.users,
        from: args.from.as_deref(),
        to: args.to.as_deref(),
        default_days: DEFAULT_DAYS,
    };
    let source = Source {
        path: "/v2/stats/activity/day-by-day",
        key: "usersDetailedActivities",
        period: None,
    };
    let mut read = stats::read(gong, &query, &source)?;
    let days: Vec<Day<'_>> = read.users.iter().flat_map(days).collect();
    let (used, columns) = used_columns(days.iter().map(|day| &day.counts));
    let with_calls = args.call_ids == Some(true);
    let rows = days.into_iter().map(|day| DayRow {
        user: day.user.text("userEmailAddress"),
        user_id: day.user.id("userId").unwrap_or_default(),
        counts: used_counts(&day.counts, &used),
        calls: if with_calls {
            calls(day.data)
        } else {
            Vec::new()
        },
        day: day.date,
    });
    let part = ListPart::limited(gong, rows, limit, args.resume.as_deref())?;
    let mut rows = part.items;
    let names = read.names(gong, rows.iter().map(|row| row.user_id.as_str()));
    for row in &mut rows {
        row.user = names.get(&row.user_id).cloned().or(row.user.take());
    }
    if with_calls && !rows.is_empty() && !gong.settings.private_calls {
        read.notes
            .push("Ids of private calls are among these; other tools do not open them.".into());
    }
    Ok(DailyActivity {
        columns,
        resume: part.resume,
        rows,
        matched: part.matched,
        from: read.from,
        to: read.to,
        notes: read.notes,
        stopped: read.stopped,
        requests: gong.requests(),
    })
}

/// The days of a user with activity, in chronological order.
fn days(user: &Value) -> Vec<Day<'_>> {
    let mut days: Vec<Day<'_>> = user
        .items("userDailyActivityStats")
        .iter()
        .map(|data| Day {
            user,
            data,
            date: date_in(data.raw("fromDate")).unwrap_or_default(),
            counts: ACTIVITIES.map(|(key, _)| data.items(key).len() as u32),
        })
        .filter(|day| day.counts.iter().any(|count| *count > 0))
        .collect();
    days.sort_unstable_by(|one, other| one.date.cmp(&other.date));
    days
}

fn calls(day: &Value) -> Vec<ActivityCalls> {
    ACTIVITIES
        .iter()
        .filter(|(key, _)| !day.items(key).is_empty())
        .map(|(key, heading)| ActivityCalls {
            activity: (*heading).into(),
            call_ids: day.texts(key),
        })
        .collect()
}

impl Answer for DailyActivity {
    fn text(&self) -> String {
        let mut text = format!(
            "{} of {} with activity, {}.\n",
            render::count(self.rows.len() as u32, "day"),
            self.matched,
            range_text(&self.from, &self.to, None)
        );
        let heading = ["user", "user id", "day"].into_iter();
        let heading = heading.chain(ACTIVITIES.map(|(_, heading)| heading));
        let mut table = Table::new(heading.chain(["call ids"]));
        for row in &self.rows {
            let ids: Vec<String> = row
                .calls
                .iter()
                .map(|calls| format!("{}: {}", calls.activity, calls.call_ids.join(" ")))
                .collect();
            let user = [cell(&row.user), row.user_id.clone(), row.day.clone()].into_iter();
            let counts = count_cells(&self.columns, &row.counts);
            table.row(user.chain(counts).chain([ids.join("; ")]));
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
