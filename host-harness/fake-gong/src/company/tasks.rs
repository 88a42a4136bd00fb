//! Engage tasks: the calls that a user is to make, for a step of a flow or of their own accord.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::deals::STAGES;
use super::people::Role;
use super::random::Random;
use super::{Company, SALES};
use crate::instants;

/// A task as it was before any write.
#[derive(Clone, Debug)]
pub struct Task {
    /// Gong's id, of 19 digits: a JSON number in answers, which a JavaScript number does not hold.
    pub id: u64,
    /// `OPEN`, `DONE` or `DISMISSED`.
    pub status: &'static str,
    pub(crate) user: usize,
    pub(crate) workspace: usize,
    pub(crate) due: Timestamp,
    pub(crate) updated: Timestamp,
    pub(crate) priority: usize,
    created: Timestamp,
    account: usize,
    contact: usize,
    /// The flow and its step; a task of one's own accord has none.
    step: Option<(usize, usize)>,
    title: Option<&'static str>,
}

/// Every status of a task.
pub(crate) const STATUSES: [&str; 3] = ["OPEN", "DONE", "DISMISSED"];

/// Every kind of task.
pub(crate) const TYPES: [&str; 2] = ["FLOW", "MANUAL"];

/// Name and weight of the priorities.
pub(crate) const PRIORITIES: [(&str, i64); 3] = [("Low", 1), ("Medium", 2), ("High", 3)];

const TITLES: [&str; 5] = [
    "Call back about the pilot",
    "Ask who signs on their side",
    "Check whether the questionnaire arrived",
    "Confirm the date of the workshop",
    "Follow up on the pricing mail",
];

/// Six tasks for each who opens conversations or sells, four of them open.
pub(crate) fn plan(company: &Company) -> Vec<Task> {
    let mut tasks = Vec::new();
    for user in company.with_role(&[Role::Opener, Role::Seller]) {
        let is_opener = company.users[user].role == Role::Opener;
        for number in 0..6 {
            let mut random = Random::new(company.seed, &format!("task {user} {number}"));
            let id = random.signed_id();
            let account = random.below(company.accounts.len());
            let contact = random.below(company.accounts[account].people.len());
            let flow = random.below(3);
            let hours = SignedDuration::from_hours;
            let created = company.now - hours(random.between(30, 400));
            // Openers work through flows, sellers through their own notes.
            let step = (is_opener && number != 3).then(|| {
                let steps = &company.flows[flow].steps;
                let call = steps.iter().position(|step| step["action"] == "CALL");
                (flow, call.unwrap_or_default())
            });
            tasks.push(Task {
                id,
                status: match number {
                    4 => "DONE",
                    5 => "DISMISSED",
                    _ => "OPEN",
                },
                user,
                workspace: step.map_or(SALES, |(flow, _)| company.flows[flow].workspace),
                due: company.now + hours(random.between(-48, 120)),
                updated: created + hours(random.between(0, 20)),
                priority: random.below(PRIORITIES.len()),
                created,
                account,
                contact,
                step,
                title: step.is_none().then(|| random.pick(&TITLES)),
            });
        }
    }
    tasks
}

impl Task {
    /// `FLOW` or `MANUAL`.
    pub(crate) fn sort(&self) -> &'static str {
        TYPES[usize::from(self.step.is_none())]
    }

    /// The CRM's id of whom it is about.
    pub(crate) fn prospect<'a>(&self, company: &'a Company) -> &'a str {
        &company.accounts[self.account].people[self.contact].crm_id
    }

    /// As POST /v2/tasks answers it; every id of Gong's own is a JSON number.
    pub(crate) fn json(&self, company: &Company) -> Value {
        let written = |at| instants::to_rfc3339(at, &company.zone);
        let number = |id: &str| id.parse::<u64>().unwrap_or_default();
        let account = &company.accounts[self.account];
        let contact = &account.people[self.contact];
        let url = |sort: &str, id: &str| {
            format!("https://northwindrelay.my.salesforce.example/lightning/r/{sort}/{id}/view")
        };
        let deal = account.deals.iter().find(|deal| deal.is_open(company.now));
        let opportunity = deal.map(|deal| {
            let moment = deal.at(company.now);
            let (stage, probability) = STAGES[moment.stage];
            json!({
                "crmId": deal.crm_id,
                "name": deal.name,
                "crmUrl": url("Opportunity", &deal.crm_id),
                "status": "OPEN",
                "stage": stage,
                "amount": moment.amount.to_string(),
                "probability": probability.to_string(),
                "closeDate": moment.close.to_string(),
            })
        });
        let flow = self.step.map(|(flow, step)| {
            let flow = &company.flows[flow];
            let id = flow.steps[step]["id"].as_str().unwrap_or_default();
            json!({
                "id": number(&flow.id),
                "name": flow.name,
                "step": { "id": number(id), "name": "Call", "stepNumber": step + 1 },
            })
        });
        let last_name = contact.name.split_once(' ').map(|(_, last)| last);
        let sort = if contact.is_lead { "Lead" } else { "Contact" };
        let (priority, weight) = PRIORITIES[self.priority];
        json!({
            "id": self.id,
            "userId": number(&company.users[self.user].id),
            "created": written(self.created),
            "updated": written(self.updated),
            "status": self.status,
            "type": self.sort(),
            "actions": ["CALL"],
            "account": {
                "crmId": account.crm_id,
                "name": account.name,
                "crmUrl": url("Account", &account.crm_id),
            },
            "opportunity": opportunity,
            "dueDate": written(self.due),
            "flow": flow,
            "contact": {
                "crmId": contact.crm_id,
                "type": sort.to_uppercase(),
                "data": {
                    "firstName": contact.first_name,
                    "lastName": last_name,
                    "crmUrl": url(sort, &contact.crm_id),
                    "companyName": account.name,
                    "affiliation": "Them",
                    "emails": [{ "email": contact.email }],
                    "title": contact.title,
                    "timezone": null,
                    "phoneNumbers": [{
                        "raw": contact.phone,
                        "extension": null,
                        "countryCode": 44,
                        "normalized": contact.phone.replace(' ', ""),
                        "label": "Work",
                        "isVerified": false,
                    }],
                    "city": null,
                    "country": null,
                    "state": null,
                    "zipcode": null,
                    "optOutChannels": [],
                    "linkedinProfile": null,
                },
            },
            "additionalContacts": [],
            "title": self.title,
            "priority": { "id": priority_id(company, self.priority), "name": priority, "weight": weight },
        })
    }
}

fn priority_id(company: &Company, priority: usize) -> u64 {
    Random::new(company.seed, &format!("priority {priority}")).signed_id()
}
