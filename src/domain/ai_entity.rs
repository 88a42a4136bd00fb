//! The arguments of requests to Gong's AI: a CRM object, by the CRM's id or by name, and a period.
//! Gong has no look-up of CRM objects, so a name is looked for on calls (POST
//! /v2/calls/extensive), which costs requests but no credits.

use alloc::collections::BTreeMap;
use core::ops::ControlFlow;
use serde_json::json;

use crate::{
    client::Gong,
    domain::scan::{self, Endpoint, Extent, Plan, resume::Start},
    error::{Error, bad_argument},
    gong::{
        calls::{Call, ContentSelector},
        crm_id,
    },
    names::{has_words, unknown},
    prelude::*,
    text::{fold_case, one_line, shortened},
    time::{self, Range},
    wit::ai::EntityType,
};

/// Days of calls that are searched for a name where the arguments have no range.
const DEFAULT_DAYS: i64 = 90;
/// The period where the arguments have none: the default of Gong's own MCP server.
const DEFAULT_PERIOD: &str = "LAST_90DAYS";
/// The period that `from` and `to` say.
const CUSTOM: &str = "CUSTOM_RANGE";
/// The others that Gong's specification has.
const PERIODS: [&str; 11] = [
    "LAST_7DAYS",
    "LAST_30DAYS",
    "LAST_90DAYS",
    "LAST_YEAR",
    "THIS_WEEK",
    "THIS_MONTH",
    "THIS_QUARTER",
    "THIS_YEAR",
    "LAST_90_DAYS_SINCE_LAST_ACTIVITY",
    "LAST_YEAR_SINCE_LAST_ACTIVITY",
    "ALL_CONVERSATIONS",
];

/// A CRM object.
pub(crate) struct Entity {
    pub(crate) kind: EntityType,
    /// The CRM's id.
    pub(crate) id: String,
    /// Its name, if it was found by name.
    pub(crate) name: Option<String>,
    /// A remark on the search by name.
    pub(crate) note: Option<String>,
}

impl Entity {
    /// As answers name it: `account Acme (001…)`.
    pub(crate) fn shown(&self) -> String {
        match &self.name {
            Some(name) => format!("{} {name} ({})", word(self.kind), self.id),
            None => format!("{} {}", word(self.kind), self.id),
        }
    }

    /// Gong's `crmEntityType`.
    pub(crate) fn crm_type(&self) -> &'static str {
        match self.kind {
            EntityType::Account => "ACCOUNT",
            EntityType::Deal => "DEAL",
            EntityType::Contact => "CONTACT",
            EntityType::Lead => "LEAD",
        }
    }
}

fn word(kind: EntityType) -> &'static str {
    match kind {
        EntityType::Account => "account",
        EntityType::Deal => "deal",
        EntityType::Contact => "contact",
        EntityType::Lead => "lead",
    }
}

/// What the arguments say about the search for an entity by name.
pub(crate) struct EntitySearch<'a> {
    /// The name of the argument that has the entity, for errors.
    pub(crate) argument: &'a str,
    /// Only calls of this workspace are searched.
    pub(crate) workspace: &'a str,
    /// The arguments `from` and `to`.
    pub(crate) from: Option<&'a str>,
    pub(crate) to: Option<&'a str>,
}

/// The entity with this id or name. An id is used without a look-up; a name has to be exact, as the
/// next request spends credits.
///
/// # Errors
/// `bad-argument` with similar names; whatever the scan fails with.
pub(crate) fn find(
    gong: &Gong<'_>,
    kind: EntityType,
    text: &str,
    place: &EntitySearch<'_>,
) -> Result<Entity, Error> {
    let text = crm_id::in_argument(text);
    if text.is_empty() {
        return Err(bad_argument(
            place.argument,
            "it is empty.",
            "a name, or the CRM's id.",
        ));
    }
    if crm_id::is_crm_id(text) {
        return Ok(Entity {
            kind,
            id: text.to_owned(),
            name: None,
            note: None,
        });
    }
    let persons = matches!(kind, EntityType::Contact | EntityType::Lead);
    let selector = ContentSelector {
        context: Some("Extended"),
        context_timing: &[],
        exposed_fields: persons.then(|| json!({ "parties": true })),
    };
    let start = Start::from_arguments(place.from, place.to, None, DEFAULT_DAYS, gong.now)?;
    let since = time::to_date(start.range.from);
    let plan = Plan {
        endpoint: Endpoint::Extensive {
            selector: &selector,
            hosts: &[],
        },
        workspace: Some(place.workspace),
        extent: Extent::Most,
        start,
    };
    let mut seen: BTreeMap<String, SeenObject> = BTreeMap::new();
    let report = scan::newest_first(gong, plan, |call| {
        gather(call, kind, &mut seen);
        ControlFlow::Continue(())
    })?;
    let mut exact = seen.iter().filter(|(id, one)| one.is(id, text));
    if let (Some((id, one)), None) = (exact.next(), exact.next()) {
        return Ok(Entity {
            kind,
            id: id.clone(),
            name: one.name.clone(),
            note: report.stopped.map(|why| {
                format!(
                    "The name was looked for on some calls only ({}).",
                    why.trim_end_matches('.')
                )
            }),
        });
    }
    let choices_where = |pick: &dyn Fn(&String, &SeenObject) -> bool| -> Vec<(String, String)> {
        seen.iter()
            .filter(|(id, one)| pick(id, one))
            .map(|(id, one)| (format!("{} ({id})", one.shown()), id.clone()))
            .collect()
    };
    let mut choices = choices_where(&|id, one| one.is(id, text));
    if choices.is_empty() {
        choices = choices_where(&|_, one| {
            let folded = fold_case(text);
            let mut words = folded.split_whitespace();
            words.any(|word| has_words(&one.shown(), word))
        });
    }
    let lister = match kind {
        EntityType::Deal => "gong_list_deals",
        _ => "gong_search_calls (with people)",
    };
    let what = format!("{} on calls since {since}", word(kind));
    let error = unknown(
        place.argument,
        &what,
        text,
        choices.into_iter(),
        seen.len(),
        lister,
    );
    Err(match report.stopped {
        Some(why) => {
            Error::bad_argument(format!("{} Not all calls were read: {why}.", error.text()))
        }
        None => error,
    })
}

/// An object as calls show it.
#[derive(Default)]
struct SeenObject {
    name: Option<String>,
    email: Option<String>,
}

impl SeenObject {
    /// Whether an argument is the id, the name or the e-mail address.
    fn is(&self, id: &str, argument: &str) -> bool {
        let same = |text: &Option<String>| {
            text.as_deref()
                .is_some_and(|text| fold_case(text.trim()) == fold_case(argument))
        };
        crm_id::is_same(id, argument) || same(&self.name) || same(&self.email)
    }

    fn shown(&self) -> String {
        let names = [&self.name, &self.email];
        let names: Vec<&str> = names.into_iter().flatten().map(String::as_str).collect();
        names.join(", ")
    }
}

/// Adds the objects of this kind that a call has.
fn gather(call: &Call, kind: EntityType, seen: &mut BTreeMap<String, SeenObject>) {
    let object_type = match kind {
        EntityType::Account => "Account",
        EntityType::Deal => "Opportunity",
        EntityType::Contact => return gather_from_people(call, "Contact", seen),
        EntityType::Lead => return gather_from_people(call, "Lead", seen),
    };
    for object in call
        .objects(object_type)
        .filter(|object| !object.id().is_empty())
    {
        let one = seen.entry(object.id().to_owned()).or_default();
        one.name = one.name.take().or_else(|| object.name());
    }
}

/// Contacts and leads are objects of the people on a call, not of the call.
fn gather_from_people(call: &Call, object_type: &str, seen: &mut BTreeMap<String, SeenObject>) {
    for party in call.parties() {
        let contexts = party.context.iter().flatten();
        let objects = contexts.flat_map(|context| context.objects.iter().flatten());
        for object in objects.filter(|object| {
            object.object_type.as_deref() == Some(object_type) && !object.id().is_empty()
        }) {
            let one = seen.entry(object.id().to_owned()).or_default();
            one.name = one.name.take().or_else(|| party.name());
            one.email = one
                .email
                .take()
                .or_else(|| party.email_address.as_deref().map(one_line));
        }
    }
}

/// The period of the calls and e-mails that Gong's AI reads.
pub(crate) struct Period {
    /// Gong's `timePeriod`.
    pub(crate) name: String,
    /// Start and end, with `CUSTOM_RANGE`.
    pub(crate) range: Option<(String, String)>,
}

impl Period {
    /// From the arguments. A period is one of Gong's in any case, with blanks, `_`, `-` or nothing
    /// between its words.
    ///
    /// # Errors
    /// `bad-argument`.
    pub(crate) fn from_arguments(
        period: Option<&str>,
        from: Option<&str>,
        to: Option<&str>,
        now: i64,
    ) -> Result<Self, Error> {
        let letters = |text: &str| {
            let parts = text.split([' ', '_', '-', '"', '\'']);
            parts.collect::<String>().to_ascii_uppercase()
        };
        let name = period.map(letters);
        let custom = name.as_deref().is_none_or(|name| name == letters(CUSTOM));
        if from.is_some() || to.is_some() {
            if !custom {
                return Err(bad_argument(
                    "period",
                    "it is another way to say from and to; give one of them.",
                    "\"LAST_90DAYS\", or from \"30d\".",
                ));
            }
            let range = Range::from_arguments(from, to, DEFAULT_DAYS, now)?;
            return Ok(Self {
                name: CUSTOM.to_owned(),
                range: Some((time::to_rfc3339(range.from), time::to_rfc3339(range.to))),
            });
        }
        let known = match name {
            None => Some(DEFAULT_PERIOD),
            Some(name) => PERIODS.into_iter().find(|known| letters(known) == name),
        };
        match known {
            Some(known) => Ok(Self {
                name: known.to_owned(),
                range: None,
            }),
            None => Err(bad_argument(
                "period",
                &format!(
                    "“{}” is none of {}. Any other period is said by from and to.",
                    shortened(period.unwrap_or_default()),
                    PERIODS.join(", ")
                ),
                "{\"period\": \"LAST_90DAYS\"}, or {\"from\": \"last week\"}.",
            )),
        }
    }

    /// As answers show it.
    pub(crate) fn shown(&self) -> String {
        match &self.range {
            Some((from, to)) => format!(
                "{} to {}",
                time::display_or_same(from),
                time::display_or_same(to)
            ),
            None => self.name.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Period;

    #[test]
    fn a_period_is_a_name_or_a_range() {
        let period = |period, from, to| {
            Period::from_arguments(period, from, to, 1_795_437_000).map(|period| period.shown())
        };
        assert_eq!(period(None, None, None).expect("default"), "LAST_90DAYS");
        assert_eq!(
            period(Some("this quarter"), None, None).expect("name"),
            "THIS_QUARTER"
        );
        assert_eq!(
            period(None, Some("2026-11-01"), Some("2026-11-08")).expect("range"),
            "2026-11-01T00:00Z to 2026-11-09T00:00Z"
        );
        for text in [
            "last 90 days",
            "LAST_90_DAYS",
            "Last_90Days",
            " last-90-days",
        ] {
            let shown = period(Some(text), None, None).expect(text);
            assert_eq!(shown, "LAST_90DAYS", "{text}");
        }
        assert_eq!(
            period(Some("custom range"), Some("2026-11-01"), Some("2026-11-08")).expect("range"),
            "2026-11-01T00:00Z to 2026-11-09T00:00Z"
        );
        assert!(period(Some("LAST_YEAR"), Some("7d"), None).is_err());
        let refused = period(Some("last week"), None, None).expect_err("none of Gong's");
        assert_eq!(
            refused.text(),
            "Argument `period`: “last week” is none of LAST_7DAYS, LAST_30DAYS, \
             LAST_90DAYS, LAST_YEAR, THIS_WEEK, THIS_MONTH, THIS_QUARTER, THIS_YEAR, \
             LAST_90_DAYS_SINCE_LAST_ACTIVITY, LAST_YEAR_SINCE_LAST_ACTIVITY, ALL_CONVERSATIONS. Any other period \
             is said by from and to. Example: {\"period\": \"LAST_90DAYS\"}, or {\"from\": \"last week\"}."
        );
        assert!(period(Some("CUSTOM_RANGE"), None, None).is_err());
        assert!(period(Some("last week&x=1"), None, None).is_err());
    }
}
