//! Who was assigned to flows, and who was taken out of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::privacy::Remaining;
use crate::company::Company;
use crate::company::flows::Instance;
use crate::company::random::Random;

/// What has changed about flows.
#[derive(Debug, Default)]
pub(crate) struct Flows {
    assigned: Vec<Instance>,
    unassigned: BTreeSet<String>,
    bulks: Vec<Bulk>,
    /// CRM ids of people whom a bulk assignment brought into the CRM.
    newcomers: Vec<String>,
}

/// Into which flow, for whom, and whether the cool-off counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) flow: usize,
    pub(crate) owner: usize,
    pub(crate) ignores_cool_off: bool,
}

/// Why somebody was not assigned.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// `InvalidArgument` or `InvalidState`.
    pub(crate) code: &'static str,
    /// The texts are the stand-in's own: Gong's were not seen.
    pub(crate) message: String,
}

/// A bulk assignment, which makes progress with each request for its status.
#[derive(Clone, Debug)]
struct Bulk {
    id: String,
    target: Target,
    prospects: Vec<Value>,
    results: Vec<Value>,
    polls: usize,
}

impl Flows {
    /// Every flow instance as it stands now, without those of people who were erased.
    pub(crate) fn instances(&self, remaining: Remaining<'_>) -> Vec<Instance> {
        let founded = remaining.company.instances.iter();
        founded
            .chain(&self.assigned)
            .filter(|instance| !remaining.is_erased_prospect(&instance.prospect))
            .map(|instance| match self.unassigned.contains(&instance.id) {
                true => Instance {
                    status: "Finished",
                    ..instance.clone()
                },
                false => instance.clone(),
            })
            .collect()
    }

    /// Whether the CRM has this contact or lead.
    fn knows(&self, remaining: Remaining<'_>, crm_id: &str) -> bool {
        remaining.contact_by_crm_id(crm_id).is_some()
            || self.newcomers.iter().any(|id| id == crm_id)
    }

    /// Assigns one prospect.
    pub(crate) fn assign(
        &mut self,
        remaining: Remaining<'_>,
        prospect: &str,
        target: Target,
    ) -> Result<Instance, Failure> {
        let company = remaining.company;
        if !self.knows(remaining, prospect) {
            return Err(Failure {
                code: "InvalidArgument",
                message: format!("Prospect {prospect} was not found in the CRM"),
            });
        }
        let state = |message: String| Failure {
            code: "InvalidState",
            message,
        };
        for instance in self.instances(remaining) {
            if instance.prospect != prospect {
                continue;
            }
            let flow = &company.flows[instance.flow];
            if instance.is_open() && instance.flow == target.flow {
                let message = format!("The prospect is in the flow \"{}\" already", flow.name);
                return Err(state(message));
            }
            if instance.is_open() && flow.exclusive {
                let message = format!("The prospect is in the exclusive flow \"{}\"", flow.name);
                return Err(state(message));
            }
            if instance.is_cooling_off() && !target.ignores_cool_off {
                return Err(state("The prospect is in its cool-off period".to_owned()));
            }
        }
        let count = self.assigned.len();
        let instance = Instance {
            id: Random::new(company.seed, &format!("assigned {count}"))
                .signed_id()
                .to_string(),
            prospect: prospect.to_owned(),
            status: "Running",
            flow: target.flow,
            owner: target.owner,
            created: company.now,
        };
        self.assigned.push(instance.clone());
        Ok(instance)
    }

    /// Ends these instances; the ids of those that were still open.
    pub(crate) fn unassign(&mut self, instances: &[Instance]) -> Vec<String> {
        let open = instances.iter().filter(|instance| instance.is_open());
        let ids: Vec<String> = open.map(|instance| instance.id.clone()).collect();
        self.unassigned.extend(ids.iter().cloned());
        ids
    }

    /// Takes a bulk assignment in, and answers as the submission does.
    pub(crate) fn submit(&mut self, company: &Company, target: Target, people: &[Value]) -> Value {
        let number = self.bulks.len();
        let bulk = Bulk {
            id: Random::new(company.seed, &format!("bulk assignment {number}"))
                .signed_id()
                .to_string(),
            target,
            prospects: people.to_vec(),
            results: Vec::new(),
            polls: 0,
        };
        let answer = bulk.json("PENDING");
        self.bulks.push(bulk);
        answer
    }

    /// The status of a bulk assignment: pending at the first request for it, half done at the
    /// second, and complete from the third on. `None` if there is none with this id.
    pub(crate) fn poll(&mut self, remaining: Remaining<'_>, id: &str) -> Option<Value> {
        let place = self.bulks.iter().position(|bulk| bulk.id == id)?;
        let mut bulk = self.bulks[place].clone();
        bulk.polls += 1;
        let (status, end) = match bulk.polls {
            1 => ("PENDING", 0),
            2 => ("IN_PROGRESS", bulk.prospects.len() / 2),
            _ => ("COMPLETED", bulk.prospects.len()),
        };
        for person in bulk.results.len()..end {
            let result = self.assign_person(remaining, &bulk.prospects[person], bulk.target);
            bulk.results.push(result);
        }
        let answer = bulk.json(status);
        self.bulks[place] = bulk;
        Some(answer)
    }

    /// One of a bulk: known by the CRM's id or the email address, else brought into the CRM,
    /// which wants to know the company.
    fn assign_person(&mut self, remaining: Remaining<'_>, person: &Value, target: Target) -> Value {
        let text = |name: &str| person[name].as_str().filter(|text| !text.is_empty());
        let failed = |status: &str, crm_id: Option<&str>, failure: Failure| {
            json!({
                "prospect": person,
                "status": status,
                "crmId": crm_id,
                "flowInstanceId": null,
                "errorCode": failure.code,
                "errorMessage": failure.message,
            })
        };
        let account = text("accountCrmId");
        let mut accounts = remaining.company.accounts.iter();
        let is_strange = account.is_some_and(|id| !accounts.any(|known| known.crm_id == id));
        let with_email = text("email").and_then(|email| remaining.contact_by_email(email));
        let lost = match (text("crmId"), with_email) {
            (Some(id), _) if self.knows(remaining, id) => None,
            (Some(id), _) => Some(format!("No contact or lead has the CRM ID {id}")),
            (None, None) if is_strange => Some("The account was not found".to_owned()),
            (None, None) if account.is_none() && text("companyName").is_none() => {
                Some("A new lead needs a company: REQUIRED_FIELD_MISSING [Company]".to_owned())
            }
            _ => None,
        };
        if let Some(message) = lost {
            let failure = Failure {
                code: "InvalidArgument",
                message,
            };
            return failed("CRM_OPERATION_FAILED", None, failure);
        }
        let crm_id = match (text("crmId"), with_email) {
            (Some(id), _) => id.to_owned(),
            (None, Some(contact)) => contact.crm_id.clone(),
            (None, None) => {
                let number = self.newcomers.len();
                let crm_id = Random::new(remaining.company.seed, &format!("newcomer {number}"))
                    .crm_id("00Q");
                self.newcomers.push(crm_id.clone());
                crm_id
            }
        };
        match self.assign(remaining, &crm_id, target) {
            Err(failure) => failed("FLOW_ASSIGNMENT_FAILED", Some(&crm_id), failure),
            Ok(instance) => json!({
                "prospect": person,
                "status": "ASSIGNED",
                "crmId": crm_id,
                "flowInstanceId": instance.id,
                "errorCode": null,
                "errorMessage": null,
            }),
        }
    }
}

impl Bulk {
    fn json(&self, status: &str) -> Value {
        let results = self.results.iter();
        let successes = results.filter(|result| result["status"] == "ASSIGNED");
        let successes = successes.count();
        json!({
            "id": self.id,
            "status": status,
            "totalCount": self.prospects.len(),
            "processedCount": self.results.len(),
            "successCount": successes,
            "failedCount": self.results.len() - successes,
            "results": self.results,
        })
    }
}
