//! A generated company for tests of the index: a stand-in for Gong that answers as Gong does for any
//! number of calls, and a store that keeps objects in memory. Tests change calls, clock and store.

use serde_json::Value;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use crate::{
    client::request::{Host, Request, Response},
    error::Error,
    mcp::call_tool,
    testing::dice::Dice,
    time::DAY,
};

mod gong;
mod names;
mod store;

use names::{LAST, SUBJECT};
pub(crate) use store::Fault;

/// 2026-11-23T12:00:00Z, a Monday.
pub(crate) const NOW: i64 = 1_795_435_200;

const STORE: &str = "index.internal";

/// How large a company is.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) calls: usize,
    pub(crate) days: i64,
    pub(crate) accounts: usize,
    pub(crate) outsiders: usize,
    pub(crate) users: usize,
}

impl Size {
    /// An ordinary customer of Gong's.
    pub(crate) const ORDINARY: Self = Self {
        calls: 30_000,
        days: 180,
        accounts: 5_000,
        outsiders: 40_000,
        users: 100,
    };
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
    pub(crate) host: usize,
    others: Vec<usize>,
    seconds: u32,
    kind: usize,
    tracker: usize,
    stage_then: usize,
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
    /// Exchanges with Gong and the store so far, and the one from which on nothing is done any more:
    /// as if the call were killed before it.
    pub(crate) exchanges: Cell<usize>,
    pub(crate) killed_at: Cell<usize>,
    /// What another call writes just before the next `PUT` of these objects.
    pub(crate) others_write: RefCell<Vec<(String, Vec<u8>)>>,
    /// How far the clock jumps after each exchange, in seconds.
    pub(crate) jump: Cell<i64>,
    pub(crate) settings: RefCell<BTreeMap<&'static str, String>>,
    version: Cell<u64>,
    clock: Cell<u64>,
}

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
                names::BRANCH[account / 16 % 8]
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
            exchanges: Cell::new(0),
            killed_at: Cell::new(usize::MAX),
            others_write: RefCell::default(),
            jump: Cell::new(0),
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
}

impl Host for Company {
    fn send(&self, request: &Request<'_>) -> Result<Response, Error> {
        if self.exchanges.replace(self.exchanges.get() + 1) >= self.killed_at.get() {
            return Err(Error::unreachable("Killed.".into()));
        }
        self.now.set(self.now.get() + self.jump.get());
        if request.authority == STORE {
            return self.object(request);
        }
        assert!(request.authorization.is_some() && request.object.is_none());
        let sent = request.body.map_or(&[][..], |(_, body)| body);
        let number = self.requests.borrow().len();
        self.requests.borrow_mut().push(format!(
            "{} {}",
            request.path,
            String::from_utf8_lossy(sent)
        ));
        let (status, retry_after, body) = match number >= self.refuses_from.get() {
            true => (429, Some("4808".to_owned()), Value::Null),
            false => (200, None, self.answer(request.path, sent)),
        };
        Ok(Response {
            status,
            retry_after,
            body: body.to_string().into_bytes(),
            ..Response::default()
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
