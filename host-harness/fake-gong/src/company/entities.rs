//! What Gong's AI says about an account, a deal, a contact or a lead, from its calls and
//! emails. Answers are put together from what the calls are about; nothing is understood.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::accounts::Account;
use super::briefs::{Brief, Source};
use super::calls::{Call, Identity};
use super::context::Crm;
use super::random::Random;
use super::{Company, content};
use crate::instants;

/// How many calls and emails Gong reads at most.
const MOST_CALLS: usize = 60;
const MOST_EMAILS: usize = 500;

/// How many calls an answer points to.
const FOUND: usize = 3;

/// An account, deal, contact or lead of the CRM.
#[derive(Clone, Copy)]
pub(crate) struct Entity<'a> {
    account_index: usize,
    account: &'a Account,
    part: Part,
}

#[derive(Clone, Copy)]
enum Part {
    Account,
    Deal(usize),
    Person(usize),
}

/// What was said with and about an entity, newest first.
pub(crate) struct Conversations<'a> {
    company: &'a Company,
    crm: Crm<'a>,
    calls: Vec<&'a Call>,
    emails: Vec<Email>,
}

struct Email {
    id: String,
    title: String,
    sent: Timestamp,
    call: String,
}

impl<'a> Entity<'a> {
    /// The entity of this sort (`ACCOUNT`, `DEAL`, `CONTACT`, `LEAD`) with this id of the CRM.
    pub(crate) fn find(company: &'a Company, sort: &str, id: &str) -> Option<Self> {
        let accounts = company.accounts.iter().enumerate();
        accounts.into_iter().find_map(|(account_index, account)| {
            let part = match sort {
                "ACCOUNT" => (account.crm_id == id).then_some(Part::Account)?,
                "DEAL" => Part::Deal(account.deals.iter().position(|deal| deal.crm_id == id)?),
                "CONTACT" | "LEAD" => {
                    let mut people = account.people.iter();
                    Part::Person(people.position(|person| {
                        person.crm_id == id && person.is_lead == (sort == "LEAD")
                    })?)
                }
                _ => return None,
            };
            Some(Self {
                account_index,
                account,
                part,
            })
        })
    }

    /// The account that it is or belongs to, by index.
    pub(crate) fn account(self) -> usize {
        self.account_index
    }

    /// Whether a call is linked to the entity in the CRM.
    fn has(self, call: &Call) -> bool {
        let is_here = call.has_context && call.account_index == Some(self.account_index);
        is_here
            && match self.part {
                Part::Account => true,
                Part::Deal(index) => call.deal == Some(index),
                Part::Person(index) => {
                    let mut parties = call.parties.iter();
                    parties.any(|party| party.identity == Identity::Contact(index))
                }
            }
    }

    /// The start of the latest call, whenever it was.
    pub(crate) fn last_activity(self, calls: &[Call], workspace: usize) -> Option<Timestamp> {
        let mut calls = calls.iter().rev();
        let last = calls.find(|call| call.workspace == workspace && self.has(call));
        last.map(|call| call.started)
    }

    /// Those of these calls that are of one workspace and whose time fits, and their emails, no
    /// more than Gong reads.
    pub(crate) fn conversations(
        self,
        (company, crm): (&'a Company, Crm<'a>),
        calls: &'a [Call],
        workspace: usize,
        fits: impl Fn(Timestamp) -> bool,
    ) -> Conversations<'a> {
        let linked: Vec<&Call> = calls
            .iter()
            .rev()
            .filter(|call| call.workspace == workspace && self.has(call))
            .collect();
        let emails = linked.iter().flat_map(|call| emails(company, call));
        let mut emails: Vec<Email> = emails.filter(|email| fits(email.sent)).collect();
        emails.sort_by_key(|email| Reverse(email.sent));
        emails.truncate(MOST_EMAILS);
        let calls = linked.into_iter().filter(|call| fits(call.started));
        Conversations {
            company,
            crm,
            calls: calls.take(MOST_CALLS).collect(),
            emails,
        }
    }

    /// What the CRM says, in sentences.
    fn facts(self, company: &Company, crm: Crm<'_>) -> Vec<String> {
        let account = self.account;
        let owner = company.users[account.owner].name();
        let mut facts = vec![format!("{} is owned by {owner}.", crm.moves.name(account))];
        let deals = account.deals.iter().enumerate();
        facts.extend(
            deals
                .filter(|(index, _)| match self.part {
                    Part::Deal(request) => request == *index,
                    _ => true,
                })
                .map(|(_, deal)| deal.summary(crm.moves.at(deal, crm.now))),
        );
        facts
    }
}

/// Up to three emails around a call.
fn emails(company: &Company, call: &Call) -> Vec<Email> {
    let mut random = Random::new(call.seed, "emails");
    let title = call.title.as_deref().unwrap_or("Our call");
    (0..random.between(0, 3))
        .map(|_| {
            let sent = call.started + SignedDuration::from_mins(random.between(-2_000, 4_000));
            let prefix = random.pick(&["Re: ", "Follow-up: ", ""]);
            Email {
                id: format!(
                    "{:x}{:08x}",
                    random.signed_id(),
                    random.between(0, 0xffff_ffff)
                ),
                title: format!("{prefix}{title}"),
                sent: sent.min(company.now),
                call: call.id.clone(),
            }
        })
        .collect()
}

impl Conversations<'_> {
    /// How many calls and emails were read.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.calls.len(), self.emails.len())
    }

    /// `answer` to a question; nothing where nothing was read.
    pub(crate) fn answer(&self, question: &str) -> Value {
        let best = self.best(question).into_iter();
        best.map(|call| {
            json!({
                "answerItems": self.items(call),
                "callFindings": [self.call_finding(call)],
                "emailFindings": self.email_findings(&[call]),
            })
        })
        .collect()
    }

    /// `briefSections` of a brief.
    pub(crate) fn brief(&self, brief: &Brief, entity: Entity<'_>) -> Value {
        let sections = brief.sections.iter().map(|(title, source)| {
            let mut section = match source {
                Source::Conversations => self.summarize_calls(title.unwrap_or_default()),
                Source::Crm => json!({
                    "briefSectionType": "CrmOrGongData",
                    "sectionSummary": entity.facts(self.company, self.crm),
                    "conversationFindings": null,
                    "webFindings": null,
                    "mcpResult": null,
                }),
                Source::Web => {
                    let Account {
                        domain, industry, ..
                    } = entity.account;
                    let name = self.crm.moves.name(entity.account);
                    let summary = format!("{name} is a company in the field of {industry}.");
                    json!({
                        "briefSectionType": "Web",
                        "sectionSummary": [summary],
                        "conversationFindings": null,
                        "webFindings": [{
                            "domain": format!("www.{domain}"),
                            "title": format!("About {name}"),
                            "url": format!("https://www.{domain}/about"),
                        }],
                        "mcpResult": null,
                    })
                }
                Source::Mcp => json!({
                    "briefSectionType": "McpConnection",
                    "sectionSummary": [],
                    "conversationFindings": null,
                    "webFindings": null,
                    "mcpResult": {
                        "connections": [{ "name": "Tickets", "status": "NOT_CONNECTED" }],
                        "servers": [],
                        "mcpStatus": "CONNECTION_ERROR",
                        "errorMessage": "The connection Tickets could not be established.",
                    },
                }),
            };
            // Left out where there is none.
            if let Some(title) = title {
                section["title"] = json!(title);
            }
            section
        });
        sections.collect()
    }

    /// A section of a brief that is made from calls and emails.
    fn summarize_calls(&self, about: &str) -> Value {
        let best = self.best(about);
        let summary: Vec<String> = best.iter().flat_map(|call| self.items(call)).collect();
        let calls: Vec<Value> = best.iter().map(|call| self.call_finding(call)).collect();
        json!({
            "briefSectionType": "Conversations",
            "sectionSummary": summary,
            "conversationFindings": {
                "callFindings": calls,
                "emailFindings": self.email_findings(&best),
            },
            "webFindings": null,
            "mcpResult": null,
        })
    }

    /// The calls that share most words with a text, of those the newest, best first.
    fn best(&self, text: &str) -> Vec<&Call> {
        let request: Vec<String> = words(text).collect();
        let mut calls: Vec<(usize, &Call)> = self
            .calls
            .iter()
            .map(|call| {
                let title = call.title.as_deref().unwrap_or_default();
                let about = format!("{title} {}", content::brief(self.company, call));
                let shared = words(&about).filter(|word| request.contains(word)).count();
                (shared, *call)
            })
            .collect();
        // Newest first already, and this sort keeps that order.
        calls.sort_by_key(|(shared, _)| Reverse(*shared));
        calls
            .into_iter()
            .take(FOUND)
            .map(|(_, call)| call)
            .collect()
    }

    fn items(&self, call: &Call) -> Vec<String> {
        let points = content::key_points(self.company, call);
        let point = points[0]["text"].as_str().map(str::to_owned);
        let mut items = vec![content::brief(self.company, call)];
        items.extend(point);
        items
    }

    fn call_finding(&self, call: &Call) -> Value {
        json!({ "call": {
            "id": call.id,
            "title": call.title,
            "started": instants::to_rfc3339(call.started, &self.company.zone),
            "url": call.url(),
        } })
    }

    fn email_findings(&self, calls: &[&Call]) -> Value {
        let emails = self.emails.iter();
        let emails: Vec<Value> = emails
            .filter(|email| calls.iter().any(|call| call.id == email.call))
            .map(|email| {
                let sent = instants::to_rfc3339(email.sent, &self.company.zone);
                json!({ "id": email.id, "title": email.title, "sentDateTime": sent })
            })
            .collect();
        if emails.is_empty() {
            return json!([]);
        }
        json!([{ "emails": emails }])
    }
}

/// The words of a text that mean something, in lower case.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| word.chars().count() > 3)
        .map(str::to_lowercase)
}
