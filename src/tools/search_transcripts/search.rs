//! The search: collects calls until they fill a request, reads their transcripts together, and
//! searches these in the calls' order.

use alloc::collections::BTreeMap;
use core::ops::ControlFlow;

use crate::{
    client::Gong,
    domain::call_filter::CallFilter,
    error::Error,
    gong::{
        calls::{self, Call, CallsBody, ContentSelector, Filter, moment_url},
        transcripts::{TRANSCRIPT, Transcripts},
    },
    prelude::*,
    tools::search_transcripts::{
        query::Query,
        quotes::{self, Matches},
    },
    wit::transcripts::{CallQuotes, Quote, Speakers},
};

/// The most calls in a request for transcripts: Gong's page.
const MAX_CALLS: usize = 100;
/// The most minutes of talk in a request. A minute is 2 to 3 kB of Gong's JSON, so an answer has
/// about 5 MB, and reading it takes two or three times that of the sandbox's 64 MB.
const MAX_MINUTES: u32 = 2_000;
/// The most requests for transcripts in a tool call: about 1,300 calls of half an hour. With
/// the scan's pages that takes 20 s at Gong's pace, and 0.6 % of the company's daily requests.
const MAX_REQUESTS: u32 = 20;
/// The most bytes of quotes in an answer: clients cut longer ones.
const MAX_BYTES: usize = 45_000;

/// A search in progress. Calls come newest first.
pub(super) struct Search<'g, 'w> {
    gong: &'g Gong<'w>,
    query: Query,
    speakers: Speakers,
    limit: usize,
    /// Calls whose transcripts are not read yet, and how long they are together.
    pending: Vec<Call>,
    minutes: u32,
    /// Requests for transcripts so far.
    requests: u32,
    pub(super) calls: Vec<CallQuotes>,
    /// Quotes in `calls`.
    found: usize,
    /// Of these matches.
    bytes: usize,
    /// Calls that are done.
    pub(super) matched: u32,
    /// Those of them with a transcript.
    pub(super) searched: u32,
    pub(super) stop: Option<Stop>,
    /// Set where the calls are from the index.
    pub(super) live: Option<Live<'g>>,
}

/// What is read of calls from Gong before their transcripts, and what they must still have.
#[derive(Clone, Copy)]
pub(super) struct Live<'g> {
    pub(super) selector: &'g ContentSelector,
    pub(super) filter: &'g CallFilter,
}

/// Where and why the search stopped before the last call.
pub(super) struct Stop {
    /// The first call that was not searched.
    pub(super) call: String,
    pub(super) why: String,
    pub(super) error: Option<Error>,
}

/// Why not all transcripts were read, and the error if there was one.
type Incomplete = (String, Option<Error>);

impl<'g, 'w> Search<'g, 'w> {
    /// A search that has sent no request yet.
    pub(super) fn new(gong: &'g Gong<'w>, query: Query, speakers: Speakers, limit: usize) -> Self {
        Self {
            gong,
            query,
            speakers,
            limit,
            pending: Vec::new(),
            minutes: 0,
            requests: 0,
            calls: Vec::new(),
            found: 0,
            bytes: 0,
            matched: 0,
            searched: 0,
            stop: None,
            live: None,
        }
    }

    /// Adds a call, and searches the pending ones once they fill a request.
    pub(super) fn add(&mut self, call: Call) -> ControlFlow<&'static str> {
        self.minutes += call.meta_data.minutes().max(1);
        self.pending.push(call);
        if self.pending.len() < MAX_CALLS && self.minutes < MAX_MINUTES {
            return ControlFlow::Continue(());
        }
        self.search_pending()
    }

    /// Reads the transcripts of the pending calls and keeps what matches, in the calls' order.
    pub(super) fn search_pending(&mut self) -> ControlFlow<&'static str> {
        const ENOUGH: &str = "the limit is reached";
        self.minutes = 0;
        let mut batch = core::mem::take(&mut self.pending);
        if let Some(Live { selector, filter }) = self.live {
            let ids = batch.iter().map(|call| call.meta_data.id());
            let mut live = match calls::whole_by_ids(self.gong, ids, selector) {
                Ok(live) => live,
                Err(error) => {
                    let first = batch.first().map_or("", |call| call.meta_data.id());
                    let why = error.text().to_owned();
                    return self.stop_at(first.to_owned(), why, Some(error));
                }
            };
            live.retain(|_, call| {
                calls::is_shown(self.gong, &call.meta_data) && filter.matches(call).is_some()
            });
            batch = batch
                .iter()
                .filter_map(|call| live.remove(call.meta_data.id()))
                .collect();
        }
        let (mut found, incomplete) = self.read_transcripts(&batch);
        for call in batch {
            let id = call.meta_data.id().to_owned();
            match found.remove(&id) {
                None => {
                    if let Some((why, error)) = incomplete {
                        return self.stop_at(id, why, error);
                    }
                }
                Some(matches) => {
                    let room = self.limit - self.found;
                    self.bytes += bytes(&matches.quotes);
                    let is_over = matches.quotes.len() > room || self.bytes > MAX_BYTES;
                    if is_over && self.found > 0 {
                        return self.stop_at(id, ENOUGH.to_owned(), None);
                    }
                    self.searched += 1;
                    self.keep(&call, matches, room);
                }
            }
            self.matched += 1;
        }
        match self.found < self.limit {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(ENOUGH),
        }
    }

    fn stop_at(
        &mut self,
        call: String,
        why: String,
        error: Option<Error>,
    ) -> ControlFlow<&'static str> {
        self.stop = Some(Stop { call, why, error });
        ControlFlow::Break("")
    }

    fn keep(&mut self, call: &Call, mut matches: Matches, room: usize) {
        matches.more += matches.quotes.len().saturating_sub(room) as u32;
        matches.quotes.truncate(room);
        if matches.quotes.is_empty() {
            return;
        }
        self.found += matches.quotes.len();
        let meta = &call.meta_data;
        self.calls.push(CallQuotes {
            call_id: meta.id().to_owned(),
            title: meta.title(),
            started: meta.started_display(),
            minutes: meta.minutes(),
            account: call.account().and_then(|account| account.name()),
            private: meta.is_private().then_some(true),
            quotes: matches.quotes,
            more: (matches.more > 0).then_some(matches.more),
            moment_url: meta.url.as_deref().map(moment_url),
        });
    }

    /// Reads and searches transcripts: the matches by call, and why some were not read.
    fn read_transcripts(
        &mut self,
        batch: &[Call],
    ) -> (BTreeMap<String, Matches>, Option<Incomplete>) {
        let mut found = BTreeMap::new();
        let ids: Vec<&str> = batch.iter().map(|call| call.meta_data.id()).collect();
        if ids.is_empty() {
            return (found, None);
        }
        let left = MAX_REQUESTS - self.requests;
        if left == 0 {
            let why = format!("asked {MAX_REQUESTS} times for transcripts, the most for one call");
            return (found, Some((why, None)));
        }
        let (gong, requests) = (self.gong, &mut self.requests);
        let pages = gong.pages(left, |cursor| {
            *requests += 1;
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
            Err(error) => {
                return (found, Some((error.text().to_owned(), Some(error))));
            }
        };
        for one in pages.items {
            let id = one.call_id.map(|id| id.0).unwrap_or_default();
            let call = batch.iter().find(|call| call.meta_data.id() == id);
            if let (Some(call), Some(monologues)) = (call, one.transcript) {
                let matches = quotes::find(call, &monologues, &self.query, self.speakers);
                found.insert(id, matches);
            }
        }
        (found, pages.stopped.map(|why| (why, None)))
    }
}

/// Bytes of the words of quotes.
fn bytes(quotes: &[Quote]) -> usize {
    let bytes = |quote: &Quote| {
        let around = [&quote.before, &quote.after];
        quote.text.len() + around.into_iter().flatten().map(String::len).sum::<usize>()
    };
    quotes.iter().map(bytes).sum()
}
