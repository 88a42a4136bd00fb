//! `POST /v2/stats/activity/aggregate`, `…/aggregate-by-period`, `…/day-by-day` and
//! `POST /v2/stats/interaction`.
//!
//! Days are the company's. Calls that were added through the API are not counted.

use jiff::Span;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use crate::company::actions::{Action, Event};
use crate::company::{Company, User, content};
use crate::fields::Fields;
use crate::gong::Gong;
use crate::instants;
use crate::operation::Operation;
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult};

const SCOPE: &str = "api:stats:user-actions";

pub(super) const OPERATIONS: &[Operation] = &[
    Operation::post("/v2/stats/activity/aggregate", SCOPE, aggregate),
    Operation::post("/v2/stats/activity/aggregate-by-period", SCOPE, by_period),
    Operation::post(
        "/v2/stats/activity/day-by-day",
        "api:stats:user-actions:detailed",
        day_by_day,
    ),
    Operation::post(
        "/v2/stats/interaction",
        "api:stats:interaction",
        interaction,
    ),
];

/// The users and days of a request for statistics.
struct StatsQuery<'a> {
    company: &'a Company,
    /// What each user did, oldest first.
    events: Vec<Vec<&'a Event>>,
    users: Vec<(usize, &'a User)>,
    are_named: bool,
    days: Range,
}

/// Days from inclusive, to exclusive.
#[derive(Clone, Copy)]
struct Range {
    from: Date,
    to: Date,
}

impl<'a> StatsQuery<'a> {
    fn read(gong: &'a Gong, request: &ApiRequest) -> Result<Self, ApiError> {
        let filter = request.filter()?;
        let days = filter.days("fromDate", "toDate", gong.today())?;
        let missing =
            |name: &str| ApiError::bad_request(format!("filter.{name}: must not be null"));
        let days = Range {
            from: days.from.ok_or_else(|| missing("fromDate"))?,
            to: days.to.ok_or_else(|| missing("toDate"))?,
        };
        let created = filter.window("createdFromDateTime", "createdToDateTime")?;
        let ids = filter.ids("userIds")?;
        let users = gong.company.users.iter().enumerate();
        let users = users
            .filter(|(_, user)| !user.avatar && created.holds(user.created))
            .filter(|(_, user)| {
                ids.as_ref()
                    .is_none_or(|ids| ids.contains(user.id.as_str()))
            });
        let mut events = vec![Vec::new(); gong.company.users.len()];
        for event in gong.events() {
            events[event.user].push(event);
        }
        Ok(Self {
            company: &gong.company,
            events,
            users: users.collect(),
            are_named: ids.is_some(),
            days,
        })
    }

    /// What a user did in these days.
    fn events(&self, user: usize, days: Range) -> impl Iterator<Item = &'a Event> {
        let events = &self.events[user];
        let before = |day: Date| events.partition_point(|event| event.day < day);
        let (from, to) = (before(days.from), before(days.to));
        events[from..to.max(from)].iter().copied()
    }

    /// Each user's statistics, for users who did anything at all. None did: Gong answers 404.
    fn each(
        &self,
        text: &str,
        of: impl Fn(usize, &User) -> Option<Value>,
    ) -> Result<Vec<Value>, ApiError> {
        let users = self.users.iter();
        let stats: Vec<Value> = users.filter_map(|(place, user)| of(*place, user)).collect();
        if stats.is_empty() {
            return Err(ApiError::not_found(text));
        }
        Ok(stats)
    }

    /// The bounds as the answers repeat them.
    fn bounds(&self) -> (String, String) {
        (self.midnight(self.days.from), self.midnight(self.days.to))
    }

    fn midnight(&self, day: Date) -> String {
        instants::to_rfc3339(self.company.midnight(day), &self.company.zone)
    }

    fn has_activity(&self, user: usize) -> bool {
        self.events(user, self.days).next().is_some()
    }

    /// How many calls a user did each thing with.
    fn counts(&self, user: usize, days: Range) -> Map<String, Value> {
        let mut counts = [0; Action::ALL.len()];
        for event in self.events(user, days) {
            counts[event.action as usize] += 1;
        }
        let counts = Action::ALL.iter().zip(counts);
        counts
            .map(|((_, name), count)| ((*name).to_owned(), count.into()))
            .collect()
    }
}

/// What Gong's document says when no requested user has data.
const NOBODY: &str = "User not found";

/// One set of sums a user.
fn aggregate(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let query = StatsQuery::read(gong, request)?;
    let stats = query.each(NOBODY, |place, user| {
        query.has_activity(place).then(|| {
            json!({
                "userId": user.id,
                "userEmailAddress": user.email,
                "userAggregateActivityStats": query.counts(place, query.days),
            })
        })
    })?;
    let (page, records) = gong.cursors.page(request, &stats)?;
    let (from, to) = query.bounds();
    Ok(json!({
        "records": records,
        "usersAggregateActivityStats": page,
        "fromDateTime": from,
        "toDateTime": to,
        "timeZone": instants::ZONE_NAME,
    })
    .into())
}

/// A calendar period.
#[derive(Clone, Copy)]
enum Period {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Period {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "DAY" => Self::Day,
            "WEEK" => Self::Week,
            "MONTH" => Self::Month,
            "QUARTER" => Self::Quarter,
            "YEAR" => Self::Year,
            _ => return None,
        })
    }

    /// The first day after the period that a day is in; weeks begin on Monday.
    fn end(self, day: Date) -> Date {
        match self {
            Self::Day => day.saturating_add(Span::new().days(1)),
            Self::Week => {
                let gone = i64::from(day.weekday().to_monday_zero_offset());
                day.saturating_add(Span::new().days(7 - gone))
            }
            Self::Month => day.first_of_month().saturating_add(Span::new().months(1)),
            Self::Quarter => {
                let gone = i64::from((day.month() - 1) % 3);
                day.first_of_month()
                    .saturating_add(Span::new().months(3 - gone))
            }
            Self::Year => day.first_of_year().saturating_add(Span::new().years(1)),
        }
    }
}

impl Range {
    /// The periods of the range; the first and the last one may be cut off. What lies before
    /// the company's first deed is left out but for one day, so that a range from the year 1
    /// is no list of a million days.
    fn periods(self, company: &Company, period: Period) -> Vec<Self> {
        let first = company.events().first().map_or(self.to, |event| event.day);
        let mut from = self
            .from
            .max(first.min(self.to).saturating_sub(Span::new().days(1)));
        let mut periods = Vec::new();
        while from < self.to {
            let to = period.end(from).min(self.to);
            periods.push(Self { from, to });
            from = to;
        }
        periods
    }
}

/// Sums for each period of the range. Users who are requested by id come without activity too,
/// if anybody has any.
fn by_period(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let query = StatsQuery::read(gong, request)?;
    // Gong says this, and not which field is wrong.
    let period = Period::named(Fields::of(&request.body)?.required("aggregationPeriod")?)
        .ok_or_else(|| ApiError::bad_request("Json parse error"))?;
    let periods = query.days.periods(query.company, period);
    let users = query.users.iter();
    let is_any = users
        .into_iter()
        .any(|(place, _)| query.has_activity(*place));
    let stats = query.each(NOBODY, |place, user| {
        let is_listed = is_any && (query.are_named || query.has_activity(place));
        is_listed.then(|| {
            let periods = periods.iter().map(|days| {
                let mut counts = query.counts(place, *days);
                counts.insert("fromDate".to_owned(), query.midnight(days.from).into());
                counts.insert("toDate".to_owned(), query.midnight(days.to).into());
                Value::from(counts)
            });
            json!({
                "userId": user.id,
                "userEmailAddress": user.email,
                "userAggregateActivity": periods.collect::<Value>(),
            })
        })
    })?;
    let (page, records) = gong.cursors.page(request, &stats)?;
    Ok(json!({ "records": records, "usersAggregateActivity": page }).into())
}

/// The ids of the calls, day by day.
fn day_by_day(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let query = StatsQuery::read(gong, request)?;
    let days = query.days.periods(query.company, Period::Day);
    let stats = query.each(NOBODY, |place, user| {
        query.has_activity(place).then(|| {
            let days = days.iter().map(|day| {
                let events: Vec<&Event> = query.events(place, *day).collect();
                let mut calls: Map<String, Value> = Action::ALL
                    .iter()
                    .map(|(action, name)| {
                        let calls: Vec<String> = events
                            .iter()
                            .filter(|event| event.action == *action)
                            .map(|event| query.company.heads[event.call].id.to_string())
                            .collect();
                        ((*name).to_owned(), calls.into())
                    })
                    .collect();
                calls.insert("fromDate".to_owned(), query.midnight(day.from).into());
                calls.insert("toDate".to_owned(), query.midnight(day.to).into());
                Value::from(calls)
            });
            json!({
                "userId": user.id,
                "userEmailAddress": user.email,
                "userDailyActivityStats": days.collect::<Value>(),
            })
        })
    })?;
    let (page, records) = gong.cursors.page(request, &stats)?;
    Ok(json!({ "records": records, "usersDetailedActivities": page }).into())
}

/// Means over the web conferences that a user hosted; on the telephone there is no Whisper.
fn interaction(gong: &Gong, request: &ApiRequest) -> ApiResult {
    let query = StatsQuery::read(gong, request)?;
    let company = query.company;
    let stats = query.each("No stats found for the specified period", |place, user| {
        let hosted = query.events(place, query.days);
        let hosted = hosted.filter(|event| event.action == Action::Hosted);
        let calls: Vec<_> = hosted
            .map(|event| company.call(event.call))
            .filter(|call| call.direction == "Conference")
            .collect();
        let mean = |name: &str| {
            let values = calls.iter().map(|call| match name {
                "Question Rate" => {
                    let request = content::questions(call)["companyCount"].as_f64();
                    request.unwrap_or_default() * 3600.0 / call.seconds as f64
                }
                name => {
                    let stats = content::interaction_stats(call);
                    let mut stats = stats.as_array().into_iter().flatten();
                    let stat = stats.find(|stat| stat["name"] == name);
                    stat.and_then(|stat| stat["value"].as_f64())
                        .unwrap_or_default()
                }
            });
            let mean = values.sum::<f64>() / calls.len() as f64;
            json!({ "name": name, "value": (mean * 100.0).round() / 100.0 })
        };
        (!calls.is_empty()).then(|| {
            json!({
                "userId": user.id,
                "userEmailAddress": user.email,
                "personInteractionStats": INTERACTION.map(mean),
            })
        })
    })?;
    let (page, records) = gong.cursors.page(request, &stats)?;
    let (from, to) = query.bounds();
    Ok(json!({
        "records": records,
        "peopleInteractionStats": page,
        "fromDateTime": from,
        "toDateTime": to,
        "timeZone": instants::ZONE_NAME,
    })
    .into())
}

/// The statistics that Gong names for people.
const INTERACTION: [&str; 5] = [
    "Longest Monologue",
    "Longest Customer Story",
    "Interactivity",
    "Patience",
    "Question Rate",
];
