//! The library: folders of calls worth hearing.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::people::Role;
use super::random::Random;
use super::{Company, SALES, SUCCESS};
use crate::instants;

/// A public folder of the library.
#[derive(Clone, Debug)]
pub struct LibraryFolder {
    /// Gong's id.
    pub id: String,
    /// The name.
    pub name: &'static str,
    /// The id of the workspace it is in.
    pub workspace_id: String,
    pub(crate) workspace: usize,
    parent: Option<String>,
    creator: usize,
    updated: Timestamp,
    calls: Vec<Entry>,
}

/// A call in a folder.
#[derive(Clone, Debug)]
struct Entry {
    call: usize,
    note: Option<&'static str>,
    by: usize,
    at: Timestamp,
    /// From and to, in seconds from the call's start; none where the whole call is meant.
    snippet: Option<(i64, i64)>,
}

/// Name, place of the parent, workspace, and how many calls are in it.
const FOLDERS: [(&str, Option<usize>, usize, usize); 5] = [
    ("Sales onboarding", None, SALES, 4),
    ("Great discovery calls", Some(0), SALES, 6),
    ("Handling the price question", Some(0), SALES, 3),
    ("Empty for now", None, SALES, 0),
    ("Renewals that went well", None, SUCCESS, 3),
];

const NOTES: [&str; 4] = [
    "Listen to how the problem is repeated in the customer's own words.",
    "A calm answer to the question on price.",
    "The next step is agreed with a date.",
    "Good questions right from the start.",
];

/// The folders, parents before their children.
pub(crate) fn fill(company: &Company) -> Vec<LibraryFolder> {
    let managers = company.with_role(&[Role::SalesManager, Role::SuccessManager]);
    let mut folders: Vec<LibraryFolder> = Vec::new();
    for (name, parent, workspace, count) in FOLDERS {
        let mut random = Random::new(company.seed, &format!("library {name}"));
        let heads = company.heads.iter().enumerate();
        let fit: Vec<usize> = heads
            .filter(|(_, head)| usize::from(head.workspace) == workspace && !head.is_private)
            .map(|(index, _)| index)
            .collect();
        let chosen = random.some(&fit, count);
        let mut calls: Vec<Entry> = chosen
            .into_iter()
            .map(|index| {
                let call = company.call(index);
                let at = call.started + SignedDuration::from_hours(random.between(2, 300));
                let from = random.between(10, call.seconds / 2);
                Entry {
                    call: index,
                    note: random.chance(60).then(|| random.pick(&NOTES)),
                    by: random.pick(&managers),
                    at: at.min(company.now),
                    snippet: random.chance(50).then_some((from, from + call.seconds / 3)),
                }
            })
            .collect();
        calls.sort_by_key(|entry| entry.at);
        let made = company.now - SignedDuration::from_hours(24 * 200);
        folders.push(LibraryFolder {
            id: random.signed_id().to_string(),
            name,
            workspace_id: company.workspaces[workspace].id.clone(),
            workspace,
            parent: parent.map(|place| folders[place].id.clone()),
            creator: random.pick(&managers),
            updated: calls.last().map_or(made, |entry| entry.at),
            calls,
        });
    }
    folders
}

impl LibraryFolder {
    /// As GET /v2/library/folders answers it.
    pub(crate) fn json(&self, company: &Company) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "parentFolderId": self.parent,
            "createdBy": company.users[self.creator].id,
            "updated": instants::to_rfc3339(self.updated, &company.zone),
        })
    }

    /// As GET /v2/library/folder-content answers it, with those calls that are left, by place.
    pub(crate) fn content(&self, company: &Company, is_left: impl Fn(usize) -> bool) -> Value {
        let calls = self.calls.iter();
        let calls: Vec<Value> = calls
            .filter(|entry| is_left(entry.call))
            .map(|entry| entry.json(company))
            .collect();
        json!({
            "id": self.id,
            "name": self.name,
            "createdBy": company.users[self.creator].id,
            "updated": instants::to_rfc3339(self.updated, &company.zone),
            "calls": calls,
        })
    }
}

impl Entry {
    fn json(&self, company: &Company) -> Value {
        let call = company.call(self.call);
        let url = match self.snippet {
            None => call.url(),
            // Gong's own encoding of [{"to":…,"from":…,"type":"LIBRARY"}].
            Some((from, to)) => format!(
                "{}&highlights=%5B%7B%22to%22%3A+{to}%2C+%22from%22%3A+{from}%2C+%22type%22%3A+%22LIBRARY%22%7D%5D",
                call.url()
            ),
        };
        json!({
            "id": call.id,
            "title": call.title,
            "note": self.note,
            "addedBy": company.users[self.by].id,
            "created": instants::to_rfc3339(self.at, &company.zone),
            "url": url,
            "snippet": self.snippet.map(|(from, to)| json!({ "fromSec": from, "toSec": to })),
        })
    }
}
