//! Deals as the CRM has them, and had them: their stage, amount and close date move.
//!
//! Gong's API lists no deals; they are seen only as the context of calls, as they stood at the
//! time of the call or as they stand now.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use super::people::User;
use super::random::Random;

/// The stages of a deal in their order, with the CRM's probability; the last two are ends.
pub(crate) const STAGES: [(&str, i64); 7] = [
    ("Qualification", 10),
    ("Discovery", 20),
    ("Technical Evaluation", 40),
    ("Proposal", 60),
    ("Negotiation", 80),
    ("Closed Won", 100),
    ("Closed Lost", 0),
];

const WON: usize = 5;
const LOST: usize = 6;

/// An opportunity.
#[derive(Clone, Debug)]
pub struct Deal {
    /// The CRM's id, of 18 characters.
    pub crm_id: String,
    /// The opportunity's name.
    pub name: String,
    pub(crate) kind: &'static str,
    pub(crate) lead_source: &'static str,
    pub(crate) owner_crm_id: String,
    pub(crate) competitor: &'static str,
    pub(crate) history: Vec<Moment>,
    /// What the details are drawn from, since most deals are never looked at.
    details: Random,
}

/// How a deal stands from one moment to the next.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    pub(crate) since: Timestamp,
    pub(crate) stage: usize,
    pub(crate) amount: i64,
    pub(crate) close: Date,
    pub(crate) next_step: &'static str,
}

impl Moment {
    /// The moment at which a deal comes into another stage, by its place in [`STAGES`], or gets
    /// another amount or close date; what is not changed stays.
    pub(crate) fn moved(
        &self,
        since: Timestamp,
        stage: Option<usize>,
        amount: Option<i64>,
        close: Option<Date>,
    ) -> Self {
        let stage = stage.unwrap_or(self.stage);
        Self {
            since,
            stage,
            amount: amount.unwrap_or(self.amount),
            close: close.unwrap_or(self.close),
            next_step: NEXT_STEPS[stage],
        }
    }
}

const NEXT_STEPS: [&str; 7] = [
    "Book discovery with operations and IT",
    "Demo Relay Core to the integration team",
    "Security questionnaire and architecture review",
    "Send proposal and walk finance through it",
    "Agree on the data processing addendum",
    "Kick-off with customer success",
    "Check back next fiscal year",
];

/// The deals of one account: a customer has a won one and a renewal or an expansion, a
/// prospect a new one, which a few have lost, and sometimes a second.
pub(crate) fn open(
    random: &mut Random,
    account: &str,
    is_customer: bool,
    since: Timestamp,
    now: Timestamp,
    owner: usize,
    users: &[User],
) -> Vec<Deal> {
    let day = |days: i64| SignedDuration::from_hours(24 * days);
    let mut deals = Vec::new();
    if is_customer {
        let end = since + day(random.between(20, 40));
        deals.push(deal(
            random,
            account,
            "New Business",
            since,
            end,
            WON,
            &users[owner],
        ));
        let kind = random.pick(&["Renewal", "Expansion"]);
        let since = now - day(random.between(100, 150));
        let last = usize::try_from(random.between(2, 4)).unwrap_or(2);
        deals.push(deal(random, account, kind, since, now, last, &users[owner]));
    } else {
        let last = match random.below(8) {
            0 => LOST,
            1 => WON,
            _ => usize::try_from(random.between(2, 4)).unwrap_or(2),
        };
        let since = now - day(random.between(120, 175));
        let end = now - day(random.between(1, 12));
        deals.push(deal(
            random,
            account,
            "New Business",
            since,
            end,
            last,
            &users[owner],
        ));
        if random.chance(35) {
            let since = now - day(random.between(40, 70));
            deals.push(deal(random, account, "Pilot", since, now, 1, &users[owner]));
        }
    }
    deals
}

fn deal(
    random: &mut Random,
    account: &str,
    kind: &'static str,
    since: Timestamp,
    end: Timestamp,
    last: usize,
    owner: &User,
) -> Deal {
    let stages: Vec<usize> = match last {
        WON => (0..=WON).collect(),
        LOST => vec![0, 1, 2, 3, LOST],
        last => (0..=last).collect(),
    };
    let span = end.duration_since(since).as_secs();
    let step = span / i64::try_from(stages.len()).unwrap_or(1).max(1);
    let mut amount = random.between(24, 360) * 1000;
    let mut close = (since + SignedDuration::from_hours(24 * random.between(90, 160)))
        .to_zoned_datetime(TimeZone::UTC)
        .date();
    let mut history = Vec::new();
    for (index, stage) in stages.into_iter().enumerate() {
        let index = i64::try_from(index).unwrap_or_default();
        let at = since + SignedDuration::from_secs(index * step);
        if index > 0 && random.chance(60) {
            amount = (amount * random.between(80, 125) / 100) / 500 * 500;
        }
        if index > 1 && random.chance(55) {
            close = close.saturating_add(jiff::Span::new().days(random.between(10, 35)));
        }
        if stage >= WON {
            close = at.to_zoned_datetime(TimeZone::UTC).date();
        }
        history.push(Moment {
            since: at,
            stage,
            amount,
            close,
            next_step: NEXT_STEPS[stage],
        });
    }
    let competitor = random.pick(&["Bridgeline", "DataFerry", "Conduit One", "None known"]);
    let crm_id = random.crm_id("006");
    let lead_source = random.pick(&["Outbound", "Inbound", "Partner", "Trade Show", "Referral"]);
    let drawn_from = random.clone();
    // What is drawn after this deal is drawn as if the details had been kept.
    details(random);
    Deal {
        crm_id,
        name: format!("{account} - {kind}"),
        kind,
        lead_source,
        owner_crm_id: owner.crm_id.clone(),
        competitor,
        history,
        details: drawn_from,
    }
}

/// What companies add to their CRM; most of it nobody fills in.
fn details(random: &mut Random) -> Vec<(&'static str, Value)> {
    let yes = |random: &mut Random| Value::from(random.chance(40));
    vec![
        ("Budget_Confirmed__c", yes(random)),
        ("Champion_Identified__c", yes(random)),
        (
            "Contract_Term_Months__c",
            random.pick(&[json!(12), json!(24), json!(36), json!(null)]),
        ),
        (
            "Decision_Process__c",
            random.pick(&[
                json!(null),
                json!("Steering committee, then CFO"),
                json!("Director of IT alone"),
            ]),
        ),
        (
            "Discount_Percent__c",
            random.pick(&[json!(null), json!(0), json!(5), json!(10), json!(15)]),
        ),
        ("Economic_Buyer__c", json!(null)),
        (
            "Forecast_Category__c",
            random.pick(&[json!("Pipeline"), json!("Best Case"), json!("Commit")]),
        ),
        ("Go_Live_Target__c", json!(null)),
        (
            "Legal_Status__c",
            random.pick(&[json!("Not started"), json!("In review"), json!("Approved")]),
        ),
        ("Loss_Reason__c", json!(null)),
        ("Number_of_Connectors__c", json!(random.between(2, 28))),
        ("Partner_Account__c", json!(null)),
        (
            "Primary_Use_Case__c",
            random.pick(&[
                json!("Order events"),
                json!("Inventory sync"),
                json!("Partner onboarding"),
                json!("Audit trail"),
            ]),
        ),
        ("Procurement_Contact__c", json!(null)),
        (
            "Products__c",
            random.pick(&[
                json!("Relay Core"),
                json!("Relay Core;Relay Connect"),
                json!("Relay Core;Relay Connect;Relay Vault"),
            ]),
        ),
        (
            "Security_Review_Status__c",
            random.pick(&[json!("Not started"), json!("In progress"), json!("Passed")]),
        ),
        ("Services_Amount__c", json!(random.between(0, 40) * 500)),
        ("Solution_Engineer__c", json!(null)),
        (
            "Sub_Region__c",
            random.pick(&[
                json!("DACH"),
                json!("UKI"),
                json!("Nordics"),
                json!("Southern Europe"),
            ]),
        ),
        ("Technical_Win__c", yes(random)),
    ]
}

impl Deal {
    /// How the deal stood at this instant; before its beginning, as it began.
    pub(crate) fn at(&self, instant: Timestamp) -> &Moment {
        let mut past = self.history.iter().rev();
        past.find(|moment| moment.since <= instant)
            .unwrap_or(&self.history[0])
    }

    /// The stage at this instant, as a place in [`STAGES`].
    pub(crate) fn stage(&self, instant: Timestamp) -> usize {
        self.at(instant).stage
    }

    /// Whether the deal existed and was undecided at this instant.
    pub(crate) fn is_open(&self, instant: Timestamp) -> bool {
        self.history[0].since <= instant && self.stage(instant) < WON
    }

    /// How the deal stands at this moment, in a sentence.
    pub(crate) fn summary(&self, moment: &Moment) -> String {
        let (stage, _) = STAGES[moment.stage];
        format!(
            "{} is in stage {stage} with an amount of {} and a close date of {}.",
            self.name, moment.amount, moment.close
        )
    }

    /// The CRM's fields at this moment.
    pub(crate) fn fields(&self, moment: &Moment) -> Vec<Value> {
        let (stage, probability) = STAGES[moment.stage];
        let mut fields = vec![
            ("Name", json!(self.name)),
            ("StageName", json!(stage)),
            ("Amount", json!(moment.amount)),
            ("CloseDate", json!(moment.close.to_string())),
            ("Probability", json!(probability)),
            ("Type", json!(self.kind)),
            ("LeadSource", json!(self.lead_source)),
            ("OwnerId", json!(self.owner_crm_id)),
            ("NextStep", json!(moment.next_step)),
            ("Competitor__c", json!(self.competitor)),
        ];
        fields.extend(details(&mut self.details.clone()));
        fields
            .into_iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect()
    }
}
