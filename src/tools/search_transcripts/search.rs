//! The search itself: calls are gathered until they fill a request, their transcripts
//! asked for together and looked through in the calls' order.

use alloc::collections::BTreeMap;
use core::ops::ControlFlow;

use crate::{
    client::Gong,
    error::Error,
    gong::{
        calls::{Call, CallsBody, Filter, moment_url},
        transcripts::{TRANSCRIPT, Transcripts},
    },
    prelude::*,
    tools::search_transcripts::{
        query::Query,
        quotes::{self, Found},
    },
    wit::transcripts::{CallQuotes, Speakers},
};

/// Calls whose transcripts are asked for at once: Gong's page.
const MOST_CALLS: usize = 100;
/// Minutes of talk asked for at once. A minute is 2 to 3 kB of Gong's JSON, so an
/// answer has some 5 MB; of the sandbox's 64 MB reading it takes two or three times that.
const MOST_MINUTES: u32 = 2_000;
/// Requests for transcripts of one tool call: about 1,300 calls of half an hour. With
/// the scan's pages that is 20 s at Gong's pace, 0.6 % of the company's requests of a day.
const MOST_REQUESTS: u32 = 20;

/// A search on its way through the calls, newest first.
pub(super) struct Search<'g, 'w> {
    gong: &'g Gong<'w>,
    query: Query,
    whose: Speakers,
    limit: usize,
    /// Calls whose words are still to be asked for, and how long they are together.
    pending: Vec<Call>,
    minutes: u32,
    /// Requests for transcripts.
    asked: u32,
    pub(super) calls: Vec<CallQuotes>,
    /// Quotes in `calls`.
    found: usize,
    /// Calls looked through, with and without transcript.
    pub(super) matched: u32,
    pub(super) searched: u32,
    pub(super) cut: Option<Cut>,
}

/// Where the search ended before its calls did.
pub(super) struct Cut {
    /// The first call that was not looked through.
    pub(super) call: String,
    pub(super) why: String,
    pub(super) failed: Option<Error>,
}

/// Why an answer of Gong's is not whole, and the error if that is why.
type Ended = (String, Option<Error>);

impl<'g, 'w> Search<'g, 'w> {
    /// Nothing is asked of Gong yet.
    pub(super) fn new(gong: &'g Gong<'w>, query: Query, whose: Speakers, limit: usize) -> Self {
        Self {
            gong,
            query,
            whose,
            limit,
            pending: Vec::new(),
            minutes: 0,
            asked: 0,
            calls: Vec::new(),
            found: 0,
            matched: 0,
            searched: 0,
            cut: None,
        }
    }

    /// Keeps a call until there are enough for one request.
    pub(super) fn add(&mut self, call: Call) -> ControlFlow<&'static str> {
        self.minutes += call.meta_data.minutes().max(1);
        self.pending.push(call);
        if self.pending.len() < MOST_CALLS && self.minutes < MOST_MINUTES {
            return ControlFlow::Continue(());
        }
        self.look_through()
    }

    /// Asks for the words of the pending calls and takes what matches, in the calls' order.
    pub(super) fn look_through(&mut self) -> ControlFlow<&'static str> {
        const ENOUGH: &str = "the limit is reached";
        self.minutes = 0;
        let batch = core::mem::take(&mut self.pending);
        let (mut heard, ended) = self.hear(&batch);
        for call in batch {
            let id = call.meta_data.id().to_owned();
            match heard.remove(&id) {
                None => {
                    if let Some((why, failed)) = ended {
                        return self.end(id, why, failed);
                    }
                }
                Some(found) => {
                    let room = self.limit - self.found;
                    if found.quotes.len() > room && self.found > 0 {
                        return self.end(id, ENOUGH.to_owned(), None);
                    }
                    self.searched += 1;
                    self.keep(&call, found, room);
                }
            }
            self.matched += 1;
        }
        match self.found < self.limit {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(ENOUGH),
        }
    }

    fn end(
        &mut self,
        call: String,
        why: String,
        failed: Option<Error>,
    ) -> ControlFlow<&'static str> {
        self.cut = Some(Cut { call, why, failed });
        ControlFlow::Break("")
    }

    fn keep(&mut self, call: &Call, mut found: Found, room: usize) {
        found.more += found.quotes.len().saturating_sub(room) as u32;
        found.quotes.truncate(room);
        if found.quotes.is_empty() {
            return;
        }
        self.found += found.quotes.len();
        let meta = &call.meta_data;
        self.calls.push(CallQuotes {
            call_id: meta.id().to_owned(),
            title: meta.title(),
            started: meta.started_display(),
            minutes: meta.minutes(),
            account: call.account().and_then(|account| account.name()),
            private: meta.is_private().then_some(true),
            quotes: found.quotes,
            more: (found.more > 0).then_some(found.more),
            moment_url: meta.url.as_deref().map(moment_url),
        });
    }

    /// What is found in the words of calls, by id; and why not all were heard.
    fn hear(&mut self, batch: &[Call]) -> (BTreeMap<String, Found>, Option<Ended>) {
        let mut heard = BTreeMap::new();
        let ids: Vec<&str> = batch.iter().map(|call| call.meta_data.id()).collect();
        if ids.is_empty() {
            return (heard, None);
        }
        let left = MOST_REQUESTS - self.asked;
        if left == 0 {
            let why = format!("asked {MOST_REQUESTS} times for transcripts, the most for one call");
            return (heard, Some((why, None)));
        }
        let (gong, asked) = (self.gong, &mut self.asked);
        let pages = gong.pages(left, |cursor| {
            *asked += 1;
            let body = CallsBody {
                cursor,
                filter: Filter {
                    call_ids: &ids,
                    ..Filter::default()
                },
                content_selector: None,
            };
            gong.post_list::<Transcripts>(TRANSCRIPT, &body)
        });
        let pages = match pages {
            Ok(pages) => pages,
            Err(failed) => {
                return (heard, Some((failed.text().to_owned(), Some(failed))));
            }
        };
        for one in pages.items {
            let id = one.call_id.map(|id| id.0).unwrap_or_default();
            let call = batch.iter().find(|call| call.meta_data.id() == id);
            if let (Some(call), Some(monologues)) = (call, one.transcript) {
                heard.insert(id, quotes::find(call, &monologues, &self.query, self.whose));
            }
        }
        (heard, pages.stopped.map(|why| (why, None)))
    }
}
