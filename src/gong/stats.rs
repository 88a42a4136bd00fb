//! Gong's statistics of users: POST /v2/stats/activity/* and /v2/stats/interaction. Dates are in the
//! company's time zone, which is known only from the answers. A 404 means that there are none.

use alloc::collections::{BTreeMap, BTreeSet};
use serde_json::{Map, Value, json};

use crate::{
    client::{
        Gong,
        json::ApiResponse,
        pages::{JsonPage, Pages},
    },
    error::{Case, Error, bad_argument},
    gong::users::{self, People, User},
    json_ext::JsonExt,
    prelude::*,
    text::one_line,
    time,
};

/// Pages that one tool call reads at most; a page has 100 users, as far as is known.
const MOST_PAGES: u32 = 20;
/// A part of Gong's message where the end is after the company's today, which begins later than UTC's
/// in America.
const NOT_YET: &str = "exceed the current day";

/// What a person does with calls: Gong's member, and the heading of its column.
pub(crate) const ACTIVITIES: [(&str, &str); 15] = [
    ("callsAsHost", "hosted"),
    ("callsAttended", "attended"),
    ("ownCallsListenedTo", "heard own"),
    ("othersCallsListenedTo", "heard others'"),
    ("callsSharedInternally", "shared inside"),
    ("callsSharedExternally", "shared outside"),
    ("callsRequestedFeedback", "feedback requested"),
    ("callsGaveFeedback", "feedback given"),
    ("callsReceivedFeedback", "feedback received"),
    ("callsCommentsGiven", "comments given"),
    ("callsCommentsReceived", "comments received"),
    ("callsMarkedAsFeedbackGiven", "marked as reviewed"),
    ("callsMarkedAsFeedbackReceived", "own marked as reviewed"),
    ("callsScorecardsFilled", "scorecards filled"),
    ("callsScorecardsReceived", "scorecards received"),
];

/// The arguments that the tools share: whose statistics, and of which days.
pub(crate) struct StatsQuery<'a> {
    /// Names, e-mail addresses or ids; empty for everybody.
    pub(crate) users: &'a [String],
    /// First day.
    pub(crate) from: Option<&'a str>,
    /// Last day.
    pub(crate) to: Option<&'a str>,
    /// Days back without `from`.
    pub(crate) default_days: i64,
}

/// One of Gong's endpoints.
pub(crate) struct Source {
    /// The path.
    pub(crate) path: &'static str,
    /// The key of the list in its answer.
    pub(crate) key: &'static str,
    /// Gong's `aggregationPeriod`, where the endpoint has one.
    pub(crate) period: Option<&'static str>,
}

/// What was read.
pub(crate) struct Stats {
    /// Gong's items, one per user, sorted by e-mail address.
    pub(crate) users: Vec<Value>,
    /// First day, company's zone.
    pub(crate) from: String,
    /// Day after the last.
    pub(crate) to: String,
    /// The company's time zone, where Gong sends it.
    pub(crate) zone: Option<String>,
    /// Remarks on the range.
    pub(crate) notes: Vec<String>,
    /// Why not all was read, if so.
    pub(crate) stopped: Option<String>,
    /// The list of users, if it was read to find ids.
    directory: Option<Pages<User>>,
}

/// Reads statistics, to the end of the list.
///
/// # Errors
/// `bad-argument` for unknown users and wrong dates; whatever the requests fail with.
pub(crate) fn read(
    gong: &Gong<'_>,
    query: &StatsQuery<'_>,
    source: &Source,
) -> Result<Stats, Error> {
    let (from, mut to) = time::company_dates(query.from, query.to, query.default_days, gong.now)?;
    let mut people = People::default();
    let ids: Vec<String> = query
        .users
        .iter()
        .map(|user| people.id(gong, "users", user))
        .collect::<Result<_, _>>()?;
    let mut notes = Vec::new();
    let mut zone = None;
    let pages = match pages(gong, source, (&from, &to), &ids, &mut zone) {
        Err(error) if error.case() == Case::BadArgument && error.text().contains(NOT_YET) => {
            let earlier = time::day_before(&to).filter(|earlier| *earlier > from);
            let Some(earlier) = earlier else {
                return Err(bad_argument(
                    "to",
                    &format!(
                        "in the company's time zone {to} has not begun, so {from} is not over."
                    ),
                    "a range that ends earlier.",
                ));
            };
            notes.push(format!(
                "In the company's zone {to} has not begun, so the range ends a day earlier."
            ));
            to = earlier;
            pages(gong, source, (&from, &to), &ids, &mut zone)
        }
        read => read,
    }?;
    let mut users = pages.items;
    if users.is_empty() {
        notes.push(match ids.is_empty() {
            true => "Gong has no statistics of anybody in this range.".to_owned(),
            false => {
                "Gong has no statistics of these users in this range; it says the same of ids \
                      that it does not know."
                    .to_owned()
            }
        });
    }
    notes.extend(zone.as_deref().and_then(|zone| suggested_zone(gong, zone)));
    users.sort_unstable_by_key(|user| (user.text("userEmailAddress"), user.id("userId")));
    Ok(Stats {
        users,
        from,
        to,
        zone,
        notes,
        stopped: pages.stopped,
        directory: people.into_directory(),
    })
}

/// How to see all times in the company's zone, where nobody has set one.
fn suggested_zone(gong: &Gong<'_>, company: &str) -> Option<String> {
    let is_unset = gong.settings.time_zone.is_none();
    let zone = time::zone_named(company).filter(|_| is_unset)?;
    let name = zone.iana_name().filter(|name| *name != "UTC")?;
    Some(format!(
        "Days and times of all other tools are UTC's: with the setting GONG_TIME_ZONE={name} they would be the \
         company's."
    ))
}

fn pages(
    gong: &Gong<'_>,
    source: &Source,
    (from, to): (&str, &str),
    ids: &[String],
    zone: &mut Option<String>,
) -> Result<Pages<Value>, Error> {
    let operation = format!("POST {}", source.path);
    gong.pages(MOST_PAGES, |cursor| {
        let mut filter = json!({ "fromDate": from, "toDate": to });
        if !ids.is_empty() {
            let ids: BTreeSet<&String> = ids.iter().collect();
            filter["userIds"] = ids.into_iter().map(|id| Value::from(id.as_str())).collect();
        }
        let mut body = Map::new();
        body.insert("filter".into(), filter);
        // Both are beside the filter: within it Gong ignores them.
        if let Some(cursor) = cursor {
            body.insert("cursor".into(), json!(cursor));
        }
        if let Some(period) = source.period {
            body.insert("aggregationPeriod".into(), json!(period));
        }
        let answer: ApiResponse = gong.post_list(source.path, &Value::Object(body))?;
        *zone = zone.take().or_else(|| answer.0.text("timeZone"));
        JsonPage::of(&answer, source.key, &operation)
    })
}

impl Stats {
    /// The names of users, by id.
    pub(crate) fn names<'a>(
        &self,
        gong: &Gong<'_>,
        ids: impl Iterator<Item = &'a str>,
    ) -> BTreeMap<String, String> {
        let mut unknown: BTreeSet<String> = ids.map(str::to_owned).collect();
        let mut names = BTreeMap::new();
        for user in self.directory.iter().flat_map(|pages| &pages.items) {
            if unknown.remove(user.id()) {
                names.insert(user.id().to_owned(), one_line(&user.name()));
            }
        }
        let found = users::names(gong, &unknown);
        names.extend(found.into_iter().map(|(id, name)| (id, one_line(&name))));
        names
    }
}

/// The date of one of Gong's instants, in the zone in which Gong writes it: the company's.
pub(crate) fn date_in(text: Option<&str>) -> Option<String> {
    text.and_then(|text| text.get(..10)).map(str::to_owned)
}

/// Which columns are not zero in every row, and their headings.
pub(crate) fn used_columns<'a>(
    rows: impl Iterator<Item = &'a [u32; 15]>,
) -> ([bool; 15], Vec<String>) {
    let mut used = [false; 15];
    for row in rows {
        for (used, count) in used.iter_mut().zip(row) {
            *used |= *count > 0;
        }
    }
    let headings = ACTIVITIES
        .iter()
        .zip(used)
        .filter(|(_, used)| *used)
        .map(|((_, heading), _)| (*heading).to_owned())
        .collect();
    (used, headings)
}

/// The counts in the columns that are used.
pub(crate) fn used_counts(counts: &[u32; 15], used: &[bool; 15]) -> Vec<u32> {
    counts
        .iter()
        .zip(used)
        .filter(|(_, used)| **used)
        .map(|(count, _)| *count)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{used_columns, used_counts};

    #[test]
    fn columns_that_nobody_fills_are_left_out() {
        let mut rows = [[0; 15], [0; 15]];
        rows[1][1] = 3;
        let (used, headings) = used_columns(rows.iter());
        assert_eq!(headings, ["attended"]);
        assert_eq!(used_counts(&rows[0], &used), [0]);
    }
}
