//! The company's side of Gong's API.

use serde_json::{Value, json};
use std::collections::BTreeSet;

use crate::{
    testing::company::{
        Company, MadeCall,
        names::{STAGE, SUBJECT, TRACKER},
    },
    time,
};

const PAGE: usize = 100;

impl Company {
    fn is_visible(&self, call: &MadeCall) -> bool {
        !call.deleted && call.shown_from <= self.now.get() && call.at < self.now.get()
    }

    /// A call as Gong sends it.
    pub(crate) fn call(&self, index: usize, selector: &Value) -> Value {
        let call = &self.calls.borrow()[index];
        let id = Self::id(index);
        let (direction, scope) = [
            ("Conference", "External"),
            ("Inbound", "External"),
            ("Outbound", "External"),
            ("Conference", "Internal"),
        ][call.kind];
        let mut json = json!({ "metaData": {
            "id": id, "url": format!("https://us-48.app.gong.io/call?id={id}"), "title": call.title,
            "started": time::to_rfc3339(call.at), "duration": call.seconds, "primaryUserId": Self::user_id(call.host),
            "direction": direction, "scope": scope, "language": if call.kind == 1 { "deu" } else { "eng" },
            "workspaceId": format!("{}", 900_000 + call.host % 2), "isPrivate": call.private,
        }});
        let exposed = &selector["exposedFields"];
        if exposed["parties"] == true {
            let mut parties = vec![json!({
                "name": Self::user(call.host), "userId": Self::user_id(call.host), "affiliation": "Internal",
                "emailAddress": format!("u{}@vendor.example", call.host), "methods": ["Invitee", "Attendee"],
                "context": [{ "objects": [{ "objectType": "User", "objectId": format!("0053601230U{:04}AAC", call.host) }] }],
            })];
            for (place, other) in call.others.iter().enumerate() {
                parties.push(json!({
                    "name": Self::outsider(*other), "emailAddress": self.email(*other), "affiliation": "External",
                    "title": "Manager", "speakerId": if place == 0 { Value::from("7") } else { Value::Null },
                    "methods": if place == 1 { json!(["Invitee"]) } else { json!(["Attendee"]) },
                }));
            }
            json["parties"] = parties.into();
        }
        if let (Some(account), "Extended") = (
            call.account,
            selector["context"].as_str().unwrap_or_default(),
        ) {
            let timing = selector["contextTiming"].as_array();
            let then = timing.is_some_and(|timing| timing.contains(&"TimeOfCall".into()));
            let field = |name: &str, value: Value| json!({ "name": name, "value": value });
            let name = self.account_names.borrow()[account].clone();
            let mut objects = vec![
                json!({ "objectType": "Account", "objectId": Self::account_id(account), "timing": "Now", "fields": [
                    field("Name", name.clone().into()), field("Website", format!("https://www.{}", Self::domain(account)).into()),
                    field("Industry", "Steel".into()), field("Custom__c", "x".into()),
                ]}),
            ];
            if account % 5 < 3 {
                let deal = |timing: &str, stage: usize| {
                    json!({ "objectType": "Opportunity", "objectId": Self::deal_id(account), "timing": timing, "fields": [
                        field("Name", format!("{name} - Renewal").into()), field("StageName", STAGE[stage].into()),
                        field("Amount", (10_000 + account * 100).into()), field("CloseDate", "2026-12-18".into()),
                        field("Probability", (20 * stage).into()), field("OwnerId", format!("0053601230U{:04}AAC", account % self.size.users).into()),
                    ]})
                };
                objects.push(deal("Now", self.stages.borrow()[account]));
                if then {
                    objects.push(deal("TimeOfCall", call.stage_then));
                }
            }
            json["context"] = json!([{ "system": "Salesforce", "objects": objects }]);
        }
        let content = &exposed["content"];
        if content.is_object() {
            json["content"] = json!({
                "keyPoints": [{ "text": format!("Point of {}", call.title) }],
                "callOutcome": { "category": "Answered", "name": SUBJECT[call.tracker % 6] },
                "trackers": TRACKER.map(|name| json!({ "name": name, "count": usize::from(TRACKER[call.tracker % 4] == name) })),
            });
        }
        json
    }

    /// Gong's answer to a request with this path, with the query, and body.
    pub(crate) fn answer(&self, path: &str, body: &[u8]) -> Value {
        let body: Value = match body {
            [] => Value::Null,
            body => serde_json::from_slice(body).expect("JSON"),
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let parameter = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.replace("%3A", ":"))
        };
        let filter = &body["filter"];
        let is_basic = match path {
            "/v2/calls" => true,
            "/v2/calls/extensive" => false,
            "/v2/users/extensive" => {
                let ids: Vec<usize> = filter["userIds"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|id| Some(id.as_str()?.parse::<usize>().ok()? - 600_000))
                    .collect();
                let users: Vec<Value> = ids
                    .iter()
                    .map(|user| {
                        let name = Self::user(*user);
                        let (first, last) = name.split_once(' ').expect("two names");
                        json!({ "id": Self::user_id(*user), "firstName": first, "lastName": last })
                    })
                    .collect();
                return json!({ "records": {}, "users": users });
            }
            "/v2/data-privacy/erase-data-for-email-address" => return json!({}),
            "/v2/users" => {
                let user = |user| {
                    let name = Self::user(user);
                    let (first, last) = name.split_once(' ').expect("two names");
                    json!({ "id": Self::user_id(user), "firstName": first, "lastName": last, "active": true })
                };
                let users: Vec<Value> = (0..self.size.users).map(user).collect();
                return json!({ "records": {}, "users": users });
            }
            "/v2/calls/transcript" => {
                let ids = filter["callIds"].as_array().expect("ids");
                let calls = self.calls.borrow();
                let said = |id: &Value| {
                    let call = &calls[Self::index_of(id.as_str()?)?];
                    let text = format!("The price of {} is {}.", call.title, call.seconds);
                    self.is_visible(call).then(|| {
                        json!({ "callId": id, "transcript": [
                        { "speakerId": null, "sentences": [{ "start": 1000, "text": text }] },
                    ] })
                    })
                };
                let all: Vec<Value> = ids.iter().filter_map(said).collect();
                return json!({ "records": {}, "callTranscripts": all });
            }
            other => panic!("{other}"),
        };
        let text = |name: &str| match is_basic {
            true => parameter(name),
            false => filter[name].as_str().map(str::to_owned),
        };
        let at = |name: &str| text(name).and_then(|text| time::parse_instant(&text));
        let ids: BTreeSet<&str> = filter["callIds"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let hosts: BTreeSet<&str> = filter["primaryUserIds"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let (from, to) = (
            at("fromDateTime").unwrap_or(0),
            at("toDateTime").unwrap_or(i64::MAX),
        );
        let workspace = text("workspaceId");
        let calls = self.calls.borrow();
        let is_sought = |index: usize, call: &MadeCall| {
            (from..to).contains(&call.at)
                && self.is_visible(call)
                && (ids.is_empty() || ids.contains(Self::id(index).as_str()))
                && (hosts.is_empty() || hosts.contains(Self::user_id(call.host).as_str()))
                && workspace
                    .as_ref()
                    .is_none_or(|id| *id == format!("{}", 900_000 + call.host % 2))
        };
        let mut found: Vec<usize> = calls
            .iter()
            .enumerate()
            .filter(|(index, call)| is_sought(*index, call))
            .map(|(index, _)| index)
            .collect();
        found.sort_by_key(|index| (calls[*index].at, *index));
        let cursor = match is_basic {
            true => parameter("cursor"),
            false => body["cursor"].as_str().map(str::to_owned),
        };
        drop(calls);
        let page: usize = cursor.map_or(0, |cursor| cursor.parse().expect("a cursor"));
        let shown: Vec<Value> = found
            .iter()
            .skip(page * PAGE)
            .take(PAGE)
            .map(|index| {
                let call = self.call(*index, &body["contentSelector"]);
                match is_basic {
                    true => call["metaData"].clone(),
                    false => call,
                }
            })
            .collect();
        let mut records = json!({ "totalRecords": found.len() });
        if (page + 1) * PAGE < found.len() {
            records["cursor"] = (page + 1).to_string().into();
        }
        json!({ "records": records, "calls": shown })
    }
}
