//! What the CRM knows about a call and the people on it.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Company;
use super::accounts::{Account, Contact};
use super::calls::{Call, Identity, Party};
use crate::state::moves::Moves;

/// When a CRM object is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timing {
    /// As it stands now.
    Now,
    /// As it stood when the call began.
    TimeOfCall,
}

/// How much of the CRM a request selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Sorts and ids.
    Basic,
    /// Fields too, once for each timing.
    Extended(Vec<Timing>),
}

impl Timing {
    fn name(self) -> &'static str {
        match self {
            Self::Now => "Now",
            Self::TimeOfCall => "TimeOfCall",
        }
    }
}

/// The CRM as it stands now.
#[derive(Clone, Copy)]
pub(crate) struct Crm<'a> {
    pub(crate) now: Timestamp,
    pub(crate) moves: &'a Moves,
}

/// `context` of a call: its deal and its account; empty where the CRM knows nothing of it.
pub(crate) fn of_call(company: &Company, crm: Crm<'_>, call: &Call, depth: &Depth) -> Value {
    let Some(account) = call.account_of(company).filter(|_| call.has_context) else {
        return json!([]);
    };
    let deal = call.deal.map(|index| &account.deals[index]);
    let mut objects = Vec::new();
    each(depth, |timing| {
        let at = match timing {
            Timing::Now => crm.now,
            Timing::TimeOfCall => call.started,
        };
        if let Some(deal) = deal {
            let fields = || deal.fields(crm.moves.at(deal, at));
            objects.push(object("Opportunity", &deal.crm_id, depth, timing, fields));
        }
        let fields = || {
            let fields = [
                ("Name", json!(crm.moves.name(account))),
                ("Website", json!(format!("https://www.{}", account.domain))),
                ("Industry", json!(account.industry)),
                ("NumberOfEmployees", json!(account.employees)),
                ("OwnerId", json!(company.users[account.owner].crm_id)),
                (
                    "Type",
                    json!(if account.is_customer {
                        "Customer"
                    } else {
                        "Prospect"
                    }),
                ),
                ("BillingState", json!(null)),
                ("Customer_Since__c", json!(null)),
                (
                    "Health_Score__c",
                    json!(if account.is_customer {
                        json!(account.employees % 40 + 60)
                    } else {
                        json!(null)
                    }),
                ),
                ("Parent_Account__c", json!(null)),
                (
                    "Segment__c",
                    json!(if account.employees > 5000 {
                        "Enterprise"
                    } else {
                        "Mid-Market"
                    }),
                ),
                (
                    "Success_Manager__c",
                    json!(company.users[account.success].name()),
                ),
                ("Tier__c", json!(null)),
                ("AnnualRevenue", json!(account.employees * 210_000)),
                ("BillingCountry", json!(null)),
                ("Churn_Risk__c", json!(null)),
                ("Competitor_Installed__c", json!(null)),
                ("Data_Residency__c", json!("EU")),
                ("Description", json!(null)),
                ("ERP_System__c", json!(null)),
                ("Last_Business_Review__c", json!(null)),
                ("Named_Account__c", json!(account.employees > 5000)),
                ("Number_of_Sites__c", json!(account.employees / 400 + 1)),
                ("Reference_Customer__c", json!(false)),
                ("Territory__c", json!("EMEA")),
            ];
            named(&fields)
        };
        objects.push(object("Account", &account.crm_id, depth, timing, fields));
    });
    json!([{ "system": "Salesforce", "objects": objects }])
}

/// `context` of a party: a user, a contact or a lead of the CRM.
pub(crate) fn of_party(company: &Company, call: &Call, party: &Party, depth: &Depth) -> Value {
    let (sort, id, fields) = match party.identity {
        Identity::User(index) => {
            let user = &company.users[index];
            let fields = vec![
                ("Name", json!(user.name())),
                ("Email", json!(user.email)),
                ("Title", json!(user.title)),
                ("IsActive", json!(user.active)),
            ];
            ("User", &user.crm_id, fields)
        }
        Identity::Contact(index) => {
            let Some(account) = call.account_of(company).filter(|_| call.has_context) else {
                return json!([]);
            };
            let contact = &account.people[index];
            let sort = if contact.is_lead { "Lead" } else { "Contact" };
            let fields = contact_fields(company, account, contact);
            (sort, &contact.crm_id, fields)
        }
        Identity::Number => return json!([]),
    };
    let mut objects = Vec::new();
    each(depth, |timing| {
        objects.push(object(sort, id, depth, timing, || named(&fields)));
    });
    json!([{ "system": "Salesforce", "objects": objects }])
}

/// What the CRM knows about a person at a customer.
pub(crate) fn contact_fields(
    company: &Company,
    account: &Account,
    contact: &Contact,
) -> Vec<(&'static str, Value)> {
    vec![
        ("Name", json!(contact.name)),
        ("Email", json!(contact.email)),
        ("Title", json!(contact.title)),
        ("AccountId", json!(account.crm_id)),
        ("Phone", json!(contact.phone)),
        ("Department", json!(null)),
        ("LeadSource", json!(null)),
        ("MailingCity", json!(null)),
        ("MailingCountry", json!(null)),
        ("Buying_Role__c", json!(null)),
        ("Email_Opt_Out__c", json!(false)),
        ("Last_Activity_Date__c", json!(null)),
        ("ReportsToId", json!(null)),
        ("OwnerId", json!(company.users[account.owner].crm_id)),
    ]
}

/// Once for each requested timing.
fn each(depth: &Depth, mut look: impl FnMut(Timing)) {
    match depth {
        Depth::Basic => look(Timing::Now),
        Depth::Extended(timings) => timings.iter().copied().for_each(look),
    }
}

fn object(
    sort: &str,
    id: &str,
    depth: &Depth,
    timing: Timing,
    fields: impl Fn() -> Vec<Value>,
) -> Value {
    let mut object = json!({ "objectType": sort, "objectId": id, "timing": timing.name() });
    if *depth != Depth::Basic {
        object["fields"] = fields().into();
    }
    object
}

pub(crate) fn named(fields: &[(&str, Value)]) -> Vec<Value> {
    fields
        .iter()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect()
}
