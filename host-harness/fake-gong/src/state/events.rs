//! What partners reported about people: digital interactions, and the older engagement events.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// The events so far.
#[derive(Debug, Default)]
pub(crate) struct Events {
    seen: BTreeSet<(String, String)>,
    events: Vec<Event>,
}

/// One event.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event {
    /// `contentShared`, `contentViewed`, `customEvent` or `digitalInteraction`.
    pub(crate) sort: &'static str,
    /// The reporting system; digital interactions may have none.
    pub(crate) system: Option<String>,
    /// By which an event is known again.
    pub(crate) id: Option<String>,
    /// As it was sent.
    pub(crate) timestamp: String,
    pub(crate) name: Option<String>,
    pub(crate) content_id: Option<String>,
    pub(crate) content_url: Option<String>,
    /// The addresses of the people it is about.
    pub(crate) emails: Vec<String>,
}

impl Events {
    /// Records an event; false where `scope` reported one with this id before.
    pub(crate) fn record(&mut self, scope: &str, event: Event) -> bool {
        let is_new = match &event.id {
            Some(id) => self.seen.insert((scope.to_owned(), id.clone())),
            None => true,
        };
        if is_new {
            self.events.push(event);
        }
        is_new
    }

    /// The events about one person, as the data privacy endpoint lists them.
    pub(crate) fn of(&self, email: &str) -> Vec<Value> {
        let events = self.events.iter().filter(|event| event.is_about(email));
        events
            .map(|event| {
                json!({
                    "eventType": event.sort,
                    "timestamp": event.timestamp,
                    "contentId": event.content_id,
                    "contentUrl": event.content_url,
                    "reportingSystem": event.system,
                    "eventName": event.name,
                    "sourceEventId": event.id,
                })
            })
            .collect()
    }

    /// Forgets the events about one person.
    pub(crate) fn forget(&mut self, email: &str) {
        self.events.retain(|event| !event.is_about(email));
    }
}

impl Event {
    fn is_about(&self, email: &str) -> bool {
        let mut emails = self.emails.iter();
        emails.any(|known| known.eq_ignore_ascii_case(email))
    }
}
