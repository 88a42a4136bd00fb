//! A generated company for tests of the index: a stand-in for Gong that answers as Gong does for any
//! number of calls, and a store that keeps objects in memory. Tests change calls, clock and store.

use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    client::request::{Host, Method, Precondition, Request, Response},
    error::Error,
    mcp::call_tool,
    time::{self, DAY},
};

/// 2026-11-23T12:00:00Z, a Monday.
pub(crate) const NOW: i64 = 1_795_435_200;
const PAGE: usize = 100;
const FIRST_ID: u64 = 7_000_000_000_000_000_000;
const STORE: &str = "index.internal";

/// Numbers that look random and are the same in every run (splitmix64).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    pub(crate) fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }
}

/// How large a company is.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) calls: usize,
    pub(crate) days: i64,
    pub(crate) accounts: usize,
    pub(crate) outsiders: usize,
    pub(crate) users: usize,
}

/// A call of the company.
#[derive(Clone)]
pub(crate) struct MadeCall {
    pub(crate) at: i64,
    /// Gong shows it from then on.
    pub(crate) shown_from: i64,
    pub(crate) title: String,
    pub(crate) private: bool,
    pub(crate) deleted: bool,
    pub(crate) account: Option<usize>,
    host: usize,
    others: Vec<usize>,
    seconds: u32,
    kind: usize,
    tracker: usize,
    stage_then: usize,
}

/// What the store does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Unreachable,
    Slow,
    Full,
    Failing,
    WithoutEtags,
}

/// The company and its store.
pub(crate) struct Company {
    pub(crate) size: Size,
    pub(crate) calls: RefCell<Vec<MadeCall>>,
    pub(crate) account_names: RefCell<Vec<String>>,
    pub(crate) stages: RefCell<Vec<usize>>,
    pub(crate) now: Cell<i64>,
    pub(crate) indexed: Cell<bool>,
    pub(crate) fault: Cell<Fault>,
    /// Requests to Gong: path and body.
    pub(crate) requests: RefCell<Vec<String>>,
    /// Requests to Gong are refused from this number on.
    pub(crate) refuses_from: Cell<usize>,
    pub(crate) objects: RefCell<BTreeMap<String, (Vec<u8>, u64)>>,
    pub(crate) settings: RefCell<BTreeMap<&'static str, String>>,
    version: Cell<u64>,
    clock: Cell<u64>,
}

const FIRST: [&str; 16] = [
    "Maria", "Jo", "Ann", "Cleo", "Sven", "Priya", "Omar", "Lena", "Hugo", "Ines", "Karl", "Mina",
    "Noor", "Olga", "Paul", "Rosa",
];
const LAST: [&str; 16] = [
    "Lopez", "Ray", "Li", "Vance", "Berg", "Nair", "Haddad", "Kranz", "Moreau", "Silva", "Weber",
    "Sato", "Khan", "Petrova", "Stone", "Rossi",
];
const BRANCH: [&str; 8] = [
    "Labs", "Corp", "Foods", "Energy", "Media", "Steel", "Health", "Bank",
];
const SUBJECT: [&str; 6] = [
    "discovery",
    "demo",
    "pricing",
    "security review",
    "renewal",
    "kick-off",
];
const STAGE: [&str; 5] = [
    "Discovery",
    "Proposal",
    "Negotiation",
    "Closed Won",
    "Closed Lost",
];
const TRACKER: [&str; 4] = ["Price", "Competitors", "Legal", "Timing"];

impl Company {
    pub(crate) fn new(size: Size) -> Self {
        let mut dice = Dice::new(7);
        let calls = (0..size.calls).map(|call| {
            let at = NOW - size.days * DAY + call as i64 * size.days * DAY / size.calls as i64;
            Self::made(&mut dice, size, at)
        });
        let calls = calls.collect();
        let names = (0..size.accounts).map(|account| {
            format!(
                "{}{account} {}",
                LAST[account % 16],
                BRANCH[account / 16 % 8]
            )
        });
        Self {
            calls: RefCell::new(calls),
            account_names: RefCell::new(names.collect()),
            stages: RefCell::new((0..size.accounts).map(|deal| deal % 5).collect()),
            size,
            now: Cell::new(NOW),
            indexed: Cell::new(true),
            fault: Cell::new(Fault::None),
            requests: RefCell::default(),
            refuses_from: Cell::new(usize::MAX),
            objects: RefCell::default(),
            settings: RefCell::default(),
            version: Cell::new(0),
            clock: Cell::new(0),
        }
    }

    pub(crate) fn made(dice: &mut Dice, size: Size, at: i64) -> MadeCall {
        let account = (!dice.one_in(8)).then(|| dice.below(size.accounts));
        let subject = SUBJECT[dice.below(6)];
        let outsiders = 1 + dice.below(3);
        MadeCall {
            at,
            shown_from: at,
            title: match account {
                Some(account) => format!("{}{account}: {subject}", LAST[account % 16]),
                None => format!("Weekly {subject}"),
            },
            private: dice.one_in(20),
            deleted: false,
            account,
            host: dice.below(size.users),
            others: (0..outsiders).map(|_| dice.below(size.outsiders)).collect(),
            seconds: 300 + dice.below(3_600) as u32,
            kind: dice.below(4),
            tracker: dice.below(8),
            stage_then: dice.below(5),
        }
    }

    pub(crate) fn id(call: usize) -> String {
        (FIRST_ID + call as u64 * 977).to_string()
    }

    pub(crate) fn account_id(account: usize) -> String {
        format!("0013601230A{account:04}AAC")
    }

    pub(crate) fn deal_id(deal: usize) -> String {
        format!("0063601230D{deal:04}AAC")
    }

    pub(crate) fn user_id(user: usize) -> String {
        (600_000 + user).to_string()
    }

    /// An e-mail domain; every third account has none of its own.
    pub(crate) fn domain(account: usize) -> String {
        format!("{}{account}.example", LAST[account % 16].to_lowercase())
    }

    pub(crate) fn outsider(outsider: usize) -> String {
        format!(
            "{} {}{outsider}",
            FIRST[outsider % 16],
            LAST[outsider / 16 % 16]
        )
    }

    pub(crate) fn email(&self, outsider: usize) -> String {
        let name = Self::outsider(outsider).to_lowercase().replace(' ', ".");
        format!("{name}@{}", Self::domain(outsider % self.size.accounts))
    }

    pub(crate) fn user(user: usize) -> String {
        format!("{} {}son{user}", FIRST[user % 16], LAST[user % 16])
    }

    /// Calls a tool and returns its text and structure; its error instead.
    pub(crate) fn ask(&self, tool: &str, arguments: &Value) -> Result<(String, Value), String> {
        let result = call_tool(self, tool, &arguments.to_string());
        match result.is_error {
            true => Err(result.text),
            false => Ok((
                result.text,
                serde_json::from_str(&result.structured.expect("structure")).expect("JSON"),
            )),
        }
    }

    /// The same, and how many requests to Gong it took.
    pub(crate) fn count(&self, tool: &str, arguments: &Value) -> (usize, String, Value) {
        let before = self.requests.borrow().len();
        let (text, answer) = self.ask(tool, arguments).expect("an answer");
        (self.requests.borrow().len() - before, text, answer)
    }

    /// Bytes of all objects.
    pub(crate) fn kept(&self) -> usize {
        let objects = self.objects.borrow();
        objects.values().map(|(bytes, _)| bytes.len()).sum()
    }

    fn is_visible(&self, call: &MadeCall) -> bool {
        !call.deleted && call.shown_from <= self.now.get() && call.at < self.now.get()
    }

    fn call(&self, index: usize, selector: &Value) -> Value {
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

    fn answer(&self, request: &Request<'_>) -> Value {
        let body: Value = request
            .body
            .map(|(_, body)| serde_json::from_slice(body).expect("JSON"))
            .unwrap_or_default();
        let (path, query) = request.path.split_once('?').unwrap_or((request.path, ""));
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
            "/v2/calls/transcript" => {
                let ids = filter["callIds"].as_array().expect("ids");
                let said = json!([{ "speakerId": null, "sentences": [{ "start": 1000, "text": "The price." }] }]);
                let all: Vec<Value> = ids
                    .iter()
                    .map(|id| json!({ "callId": id, "transcript": said }))
                    .collect();
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

    fn object(&self, request: &Request<'_>) -> Result<Response, Error> {
        assert_eq!(request.authorization, None, "the store gets no credentials");
        let condition = request.object.expect("a request for an object");
        let answer = |status, etag: Option<u64>, body: Vec<u8>| {
            Ok(Response {
                status,
                retry_after: None,
                location: None,
                etag: etag.map(|etag| format!("\"{etag}\"")),
                body,
            })
        };
        match self.fault.get() {
            Fault::Unreachable => return Err(Error::unreachable("No connection.".into())),
            Fault::Slow => self.clock.set(self.clock.get() + 1_500),
            Fault::Failing => return answer(500, None, Vec::new()),
            Fault::Full if request.method == Method::Put => return answer(507, None, Vec::new()),
            Fault::None | Fault::Full | Fault::WithoutEtags => {}
        }
        let name = request
            .path
            .strip_prefix("/acme/")
            .expect("the folder")
            .to_owned();
        let mut objects = self.objects.borrow_mut();
        let known = objects.get(&name).map(|(_, etag)| *etag);
        let holds = match condition {
            Precondition::Any => true,
            Precondition::Absent => known.is_none(),
            Precondition::Unchanged(etag) => {
                known.is_some_and(|known| format!("\"{known}\"") == etag)
            }
        };
        let shown = |etag| (self.fault.get() != Fault::WithoutEtags).then_some(etag);
        match (request.method, request.body) {
            (Method::Get, None) => match objects.get(&name) {
                Some((bytes, etag)) => answer(200, shown(*etag), bytes.clone()),
                None => answer(404, None, Vec::new()),
            },
            _ if !holds => answer(412, None, Vec::new()),
            (Method::Put, Some((_, bytes))) => {
                self.version.set(self.version.get() + 1);
                objects.insert(name, (bytes.to_vec(), self.version.get()));
                answer(201, shown(self.version.get()), Vec::new())
            }
            (Method::Delete, None) => {
                objects.remove(&name);
                answer(204, None, Vec::new())
            }
            other => panic!("{:?}", other.0),
        }
    }
}

impl Host for Company {
    fn send(&self, request: &Request<'_>) -> Result<Response, Error> {
        if request.authority == STORE {
            return self.object(request);
        }
        assert!(request.authorization.is_some() && request.object.is_none());
        let body = request
            .body
            .map(|(_, body)| String::from_utf8_lossy(body).into_owned());
        let number = self.requests.borrow().len();
        self.requests
            .borrow_mut()
            .push(format!("{} {}", request.path, body.unwrap_or_default()));
        let (status, retry_after, body) = match number >= self.refuses_from.get() {
            true => (429, Some(4808), Value::Null),
            false => (200, None, self.answer(request)),
        };
        Ok(Response {
            status,
            retry_after,
            location: None,
            etag: None,
            body: body.to_string().into_bytes(),
        })
    }

    fn now(&self) -> i64 {
        self.now.get()
    }

    fn elapsed_ms(&self) -> u64 {
        self.clock.get()
    }

    fn pause(&self, milliseconds: u64) {
        self.clock.set(self.clock.get() + milliseconds);
    }

    fn variable(&self, name: &str) -> Option<String> {
        if let Some(value) = self.settings.borrow().get(name) {
            return Some(value.clone());
        }
        match name {
            "GONG_BASE_URL" => Some("https://acme.api.gong.io".into()),
            "GONG_ACCESS_KEY" | "GONG_ACCESS_KEY_SECRET" => Some("key".into()),
            "GONG_INDEX_URL" => self.indexed.get().then(|| format!("http://{STORE}/acme")),
            _ => None,
        }
    }
}
