//! Deals over time. Gong's API has no list of deals: a deal is an Opportunity object on calls, as it
//! is now and as it was at the time of the call.

use crate::{
    gong::{calls::Call, crm_object::CrmObject},
    json_ext,
    prelude::*,
    text::fold_case,
    time,
    wit::deals::{DealChange, DealMoment},
};

/// The fields of a deal that are followed over time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DealState {
    pub(crate) stage: Option<String>,
    pub(crate) amount: Option<String>,
    pub(crate) close_date: Option<String>,
    pub(crate) probability: Option<String>,
}

impl DealState {
    /// The state that an Opportunity object has.
    pub(crate) fn of(object: &CrmObject) -> Self {
        Self {
            stage: object.stage(),
            amount: object.amount(),
            close_date: object.close_date(),
            probability: object.probability(),
        }
    }

    /// The fields that differ in a later state.
    pub(crate) fn changes(&self, later: &Self) -> Vec<DealChange> {
        [
            ("stage", &self.stage, &later.stage),
            ("amount", &self.amount, &later.amount),
            ("close date", &self.close_date, &later.close_date),
            ("probability", &self.probability, &later.probability),
        ]
        .into_iter()
        .filter(|(_, then, now)| then != now)
        .map(|(field, then, now)| DealChange {
            field: field.to_owned(),
            then: or_none(then),
            now: or_none(now),
        })
        .collect()
    }

    /// Whether the deal is won or lost, by the name of the stage: each company names its stages itself.
    pub(crate) fn is_closed(&self) -> bool {
        let stage = fold_case(self.stage.as_deref().unwrap_or_default());
        ["closed", "won", "lost"]
            .iter()
            .any(|end| stage.contains(end))
    }

    /// Days from today to the close date; negative when it is past.
    pub(crate) fn days_to_close(&self, now: i64) -> Option<i64> {
        Some(time::day_number(self.close_date.as_deref()?)? - time::day_of(now))
    }
}

fn or_none(value: &Option<String>) -> String {
    value.clone().unwrap_or_else(|| "none".to_owned())
}

/// The states of a deal, at the time of its calls and now.
#[derive(Debug, Default)]
pub(crate) struct DealHistory {
    /// Each state with the time of the first call that has it, oldest first; neighbours differ.
    pub(crate) seen: Vec<(i64, DealState)>,
    /// The state now, where Gong has it.
    pub(crate) now: Option<DealState>,
}

/// How often and how far the close date moved.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct CloseDateMoves {
    /// How many times it moved to a later day.
    pub(crate) slips: u32,
    /// By how many days, added up.
    pub(crate) slipped_days: u32,
    /// By how many days it moved to earlier ones, added up.
    pub(crate) pulled_in_days: u32,
}

impl DealHistory {
    /// The history of the deal with this id, from calls that are newest first.
    pub(crate) fn of<'c>(calls: impl DoubleEndedIterator<Item = &'c Call>, id: &str) -> Self {
        let mut history = Self::default();
        // Oldest first, so that the newest call is the last to set the state now.
        for call in calls.rev() {
            let at = call.meta_data.began().unwrap_or(0);
            for object in call.objects("Opportunity").filter(|one| one.id() == id) {
                let state = DealState::of(object);
                if !object.is_of_call_time() {
                    history.now = Some(state);
                } else if history.seen.last().is_none_or(|(_, last)| *last != state) {
                    history.seen.push((at, state));
                }
            }
        }
        history
    }

    /// The state now; else the state on the last call.
    pub(crate) fn latest(&self) -> DealState {
        let last = self.seen.last().map(|(_, state)| state);
        self.now.as_ref().or(last).cloned().unwrap_or_default()
    }

    fn states(&self) -> impl Iterator<Item = &DealState> {
        self.seen.iter().map(|(_, state)| state).chain(&self.now)
    }

    /// The moves of the close date.
    pub(crate) fn moves(&self) -> CloseDateMoves {
        let mut moves = CloseDateMoves::default();
        let mut before = None;
        for close in self
            .states()
            .filter_map(|state| time::day_number(state.close_date.as_deref()?))
        {
            let days = before.map_or(0, |before| close - before);
            before = Some(close);
            let length = u32::try_from(days.abs()).unwrap_or(u32::MAX);
            if days > 0 {
                moves.slips += 1;
                moves.slipped_days = moves.slipped_days.saturating_add(length);
            } else {
                moves.pulled_in_days = moves.pulled_in_days.saturating_add(length);
            }
        }
        moves
    }

    /// Rows for an answer: the first with the whole state, each later one with what changed. No rows if
    /// nothing changed.
    pub(crate) fn rows(&self) -> Vec<DealMoment> {
        let mut rows = Vec::new();
        let mut before: Option<&DealState> = None;
        let seen = self.seen.iter().map(|(at, state)| (Some(*at), state));
        for (at, state) in seen.chain(self.now.iter().map(|now| (None, now))) {
            if before == Some(state) {
                continue;
            }
            let changed = |field: fn(&DealState) -> &Option<String>| match before {
                None => field(state).clone(),
                Some(before) => (field(before) != field(state)).then(|| or_none(field(state))),
            };
            rows.push(DealMoment {
                seen: at.map_or_else(|| "now".to_owned(), time::to_date),
                stage: changed(|state| &state.stage),
                amount: changed(|state| &state.amount),
                close_date: changed(|state| &state.close_date),
                probability: changed(|state| &state.probability),
            });
            before = Some(state);
        }
        if rows.len() < 2 { Vec::new() } else { rows }
    }

    /// The highest value that a field had, and when, if the value is lower now.
    pub(crate) fn fall(&self, field: fn(&DealState) -> &Option<String>) -> Option<(i64, String)> {
        let number = |state: &DealState| json_ext::number(field(state).as_deref()?);
        let now = number(self.now.as_ref()?)?;
        let (at, highest) = self
            .seen
            .iter()
            .filter(|(_, state)| number(state).is_some_and(|then| then > now))
            .max_by(|(_, one), (_, other)| {
                let (one, other) = (number(one), number(other));
                one.unwrap_or(0.0).total_cmp(&other.unwrap_or(0.0))
            })?;
        Some((*at, field(highest).clone()?))
    }
}

#[cfg(test)]
mod tests {
    use super::{CloseDateMoves, DealHistory, DealState};
    use crate::gong::calls::Call;

    fn state(stage: &str, amount: &str, close_date: &str, probability: &str) -> DealState {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        DealState {
            stage: text(stage),
            amount: text(amount),
            close_date: text(close_date),
            probability: text(probability),
        }
    }

    #[test]
    fn the_close_date_slips_and_is_pulled_in() {
        let seen = |dates: &[&str]| DealHistory {
            seen: dates
                .iter()
                .map(|date| (0, state("", "", date, "")))
                .collect(),
            now: Some(state("", "", "2027-01-10", "")),
        };
        assert_eq!(
            seen(&["2026-11-30", "2026-12-20", "", "2026-12-15"]).moves(),
            CloseDateMoves {
                slips: 2,
                slipped_days: 46,
                pulled_in_days: 5
            }
        );
        assert_eq!(
            seen(&["soon", "2027-01-10"]).moves(),
            CloseDateMoves::default()
        );
        assert_eq!(seen(&[]).moves(), CloseDateMoves::default());
    }

    #[test]
    fn rows_have_only_what_changed() {
        let history = DealHistory {
            seen: vec![
                (0, state("Discovery", "40000", "2026-11-30", "20")),
                (86_400, state("Proposal", "40000", "2026-11-30", "60")),
            ],
            now: Some(state("Proposal", "", "2026-12-18", "60")),
        };
        let rows: Vec<String> = history
            .rows()
            .iter()
            .map(|row| {
                let cell = |value: &Option<String>| value.clone().unwrap_or_default();
                let cells = [&row.stage, &row.amount, &row.close_date, &row.probability];
                format!("{}|{}", row.seen, cells.map(cell).join("|"))
            })
            .collect();
        assert_eq!(
            rows,
            [
                "1970-01-01|Discovery|40000|2026-11-30|20",
                "1970-01-02|Proposal|||60",
                "now||none|2026-12-18|"
            ]
        );
        let still = DealHistory {
            seen: vec![(0, state("Discovery", "", "", ""))],
            now: Some(state("Discovery", "", "", "")),
        };
        assert!(still.rows().is_empty());
    }

    #[test]
    fn a_fall_is_from_the_highest() {
        let history = DealHistory {
            seen: vec![
                (1, state("", "100", "", "20")),
                (2, state("", "300.5", "", "80")),
                (3, state("", "200", "", "60")),
            ],
            now: Some(state("", "150", "", "80")),
        };
        assert_eq!(
            history.fall(|state| &state.amount),
            Some((2, "300.5".into()))
        );
        assert_eq!(history.fall(|state| &state.probability), None);
    }

    #[test]
    fn the_newest_call_says_how_it_is_now() {
        let call = |started: &str, now: &str, then: &str| -> Call {
            let object = |timing: &str, stage: &str| {
                serde_json::json!({"objectType": "Opportunity", "objectId": "006", "timing": timing,
                    "fields": [{"name": "StageName", "value": stage}, {"name": "Amount", "value": null}]})
            };
            let objects = [object("Now", now), object("TimeOfCall", then)];
            let json = serde_json::json!({"metaData": {"started": started}, "context": [{"objects": objects}]});
            serde_json::from_str(&json.to_string()).expect("call")
        };
        let calls = [
            call("2026-11-20T00:00:00Z", "Won", "B"),
            call("2026-11-10T00:00:00Z", "B", "B"),
            call("2026-11-01T00:00:00Z", "A", "A"),
        ];
        let history = DealHistory::of(calls.iter(), "006");
        assert!(history.latest().is_closed());
        let stages: Vec<_> = history
            .seen
            .iter()
            .map(|(_, one)| one.stage.as_deref())
            .collect();
        assert_eq!(stages, [Some("A"), Some("B")]);
        assert!(DealHistory::of(calls.iter(), "007").seen.is_empty());
    }
}
