//! Everything that refers to a person at a customer, as the data privacy endpoints list it:
//! several hundred emails, without their subjects and texts, as in Gong.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::Company;
use super::accounts::{Account, Contact};
use super::calls::Call;
use super::context::{contact_fields, named};
use super::random::{self, Random};
use crate::instants;

/// How many emails there are at least.
const EMAILS: i64 = 360;

/// The person's emails with the account's owner, newest last.
pub(crate) fn emails(company: &Company, account: &Account, contact: &Contact) -> Vec<Value> {
    let mut random = Random::new(company.seed, &format!("emails {}", contact.email));
    let owner = &company.users[account.owner].email;
    let count = EMAILS + random.between(0, 40);
    (0..count)
        .map(|number| {
            let age = SignedDuration::from_mins((count - number) * 600 + random.between(0, 500));
            let hash = |salt: &str| random::hash(&format!("{salt} {number} {}", contact.email));
            json!({
                "from": if random.chance(45) { &contact.email } else { owner },
                "id": format!("{:016x}{:016x}", hash("email a"), hash("email b")),
                "sentTime": instants::to_rfc3339(company.now - age, &company.zone),
                "mailbox": owner,
                "messageHash": format!("{:016x}{:016x}", hash("message a"), hash("message b")),
            })
        })
        .collect()
}

/// A call that the person was on; the CRM has a task for most.
pub(crate) fn call(call: &Call) -> Value {
    let mut random = Random::new(call.seed, "task of the CRM");
    let systems = match call.has_context {
        true => json!([{
            "system": "Salesforce",
            "objects": [{ "objectType": "Task", "externalId": random.crm_id("00T") }],
        }]),
        false => json!([]),
    };
    json!({ "id": call.id, "status": "COMPLETED", "externalSystems": systems })
}

/// The person's meetings, held or not.
pub(crate) fn meetings(company: &Company, contact: &Contact) -> Vec<Value> {
    let mut random = Random::new(company.seed, &format!("meetings {}", contact.email));
    let count = random.between(8, 30);
    (0..count)
        .map(|_| json!({ "id": random.signed_id().to_string() }))
        .collect()
}

/// The contact or lead itself. Its `externalId` is the CRM's id.
pub(crate) fn customer(company: &Company, account: &Account, contact: &Contact) -> Value {
    let mut random = Random::new(company.seed, &format!("customer {}", contact.email));
    json!({
        "id": random.signed_id().to_string(),
        "objectType": if contact.is_lead { "Lead" } else { "Contact" },
        "externalId": contact.crm_id,
        "mirrorId": random.signed_id().to_string(),
        "fields": named(&contact_fields(company, account, contact)),
    })
}
