//! What a scan read, and where the next one goes on.

use alloc::collections::BTreeSet;

use crate::{
    domain::scan::resume::Start,
    gong::calls::Call,
    prelude::*,
    resume::Tokens,
    time::{self, Range},
    wit::types::Scan,
};

/// What a scan read.
pub(crate) struct Report {
    /// The range of the arguments.
    pub(crate) range: Range,
    /// Calls read, private ones included.
    pub(crate) read: u32,
    /// Private calls left out.
    pub(crate) private: u32,
    /// Why not all was read, if so.
    pub(crate) stopped: Option<String>,
    /// If not all was read: everything from here to the end of the range was.
    pub(crate) read_back_to: Option<i64>,
    /// What of the range a fault left out, with what is read before and after it.
    pub(super) gap: Option<Range>,
    /// The rest of the range, as a token.
    pub(crate) resume: Option<String>,
    /// Every call read, in the order of the visits.
    pub(super) log: Vec<Read>,
    /// Ids of calls in the last second of the range that were in an earlier answer.
    pub(super) skipped: BTreeSet<String>,
    /// Calls read that were not visited, as the index says that they do not have what is sought.
    pub(crate) unvisited: u32,
    /// What of the answer is from the index; none without one.
    pub(crate) index: Option<Indexed>,
    /// Names like the one that no call has.
    pub(crate) alike: Vec<String>,
    tokens: Tokens,
}

/// What an answer has from the index of calls.
pub(crate) struct Indexed {
    /// How old it is, and what did not work.
    pub(crate) statement: String,
    /// Calls from here to the end of the range are from it.
    pub(super) from: i64,
    /// While it is filled: everything from here on is in it, and about how many requests the rest
    /// of the range takes.
    pub(super) filling: Option<(i64, u32)>,
}

/// A call read.
pub(super) struct Read {
    pub(super) at: i64,
    pub(super) id: String,
    /// Calls read up to this one, and private ones among them.
    pub(super) so_far: (u32, u32),
}

impl Report {
    /// Of a scan that has read nothing yet.
    pub(super) fn new(tokens: Tokens, start: &Start) -> Self {
        Self {
            range: start.range,
            read: 0,
            private: 0,
            stopped: None,
            read_back_to: None,
            gap: None,
            resume: None,
            log: Vec::new(),
            skipped: start.skip.clone(),
            unvisited: 0,
            index: None,
            alike: Vec::new(),
            tokens,
        }
    }

    /// The report of a scan that read the whole range.
    #[cfg(test)]
    pub(crate) fn whole(range: Range, read: u32) -> Self {
        let skip = BTreeSet::new();
        let start = Start {
            range,
            skip,
            rows: 0,
        };
        Self {
            read,
            ..Self::new(Tokens::default(), &start)
        }
    }

    /// Whether this call is from the index, so that what is shown of it has to be read from Gong.
    pub(crate) fn is_from_index(&self, call: &Call) -> bool {
        let from = self.index.as_ref().map(|index| index.from);
        from.is_some_and(|from| call.meta_data.began().is_some_and(|at| at >= from))
    }

    /// Says that what is shown of single calls was read from Gong just now.
    pub(crate) fn details_are_live(&mut self) {
        if let Some(index) = &mut self.index {
            index.statement.push_str("; details live");
        }
    }

    /// Makes the report end before a visited call: this call and all after it count as not read, and the
    /// token begins with it. For tools that process calls after the scan.
    pub(crate) fn rewind(&mut self, id: &str, why: String) {
        let Some(index) = self.log.iter().position(|read| read.id == id) else {
            return;
        };
        let at = self.log[index].at;
        // The call itself is none of the private ones, which are not visited.
        let (read, private) = self.log[index].so_far;
        (self.read, self.private) = (read - 1, private);
        self.log.truncate(index);
        self.resume = None;
        self.gap = self.gap.filter(|gap| at < gap.to);
        let again = self.visited_at(at, at + 1 >= self.range.to);
        let end = self.range.to.min(at + 1);
        stop(self, end, why, &again);
    }

    /// Ids of the calls visited in one second; in the last second of the range also those in earlier
    /// answers.
    pub(super) fn visited_at(&self, at: i64, last: bool) -> BTreeSet<String> {
        let visited = self.log.iter().filter(|read| read.at == at);
        visited
            .map(|read| read.id.clone())
            .chain(self.skipped.iter().filter(|_| last).cloned())
            .collect()
    }

    /// Whether every call from this one to the end of the range was read.
    pub(crate) fn has_all_from(&self, at: i64) -> bool {
        self.gap.is_none_or(|gap| at >= gap.to)
    }

    /// The begin of what was read: that of the range, unless the scan stopped before it.
    pub(crate) fn read_from(&self) -> i64 {
        let back_to = self.read_back_to.filter(|_| self.gap.is_none());
        back_to.unwrap_or(self.range.from)
    }

    /// The token for the rows beyond these, which are made of the calls from here on.
    pub(crate) fn rows_after(&self, from: i64, rows: usize) -> String {
        let range = Range {
            from,
            to: self.range.to,
        };
        let start = Start {
            range,
            skip: self.skipped.clone(),
            rows,
        };
        self.tokens.at(&start.token())
    }

    /// As answers show it, that found this many things.
    pub(crate) fn summary(&self, found: usize) -> Scan {
        let filling = self.index.as_ref().and_then(|index| index.filling);
        Scan {
            from: time::to_display(self.range.from),
            to: time::to_display(self.range.to),
            read: self.read,
            left_out_private: (self.private > 0).then_some(self.private),
            stopped: self.stopped.clone(),
            read_back_to: self.read_back_to.map(time::to_display_with_seconds),
            read_up_to: self.gap.map(|gap| time::to_display_with_seconds(gap.from)),
            index: self.index.as_ref().map(|index| index.statement.clone()),
            complete_from: filling.map(|(from, _)| time::to_display(from)),
            missing_requests: filling.map(|(_, requests)| requests),
            alike: self.alike.clone(),
            hint: (found == 0).then(|| self.hint()),
        }
    }

    /// What may be the reason that nothing was found.
    fn hint(&self) -> String {
        let what = match (self.read, self.private) {
            (0, _) if self.stopped.is_none() => {
                "Gong lists no call in the range, or none of this host or workspace; an access key sees only what its scopes and workspaces allow."
            }
            (read, private) if read > 0 && read == private => {
                "All calls read are private, and the setting GONG_PRIVATE_CALLS keeps these out."
            }
            _ => "No call read has what is sought.",
        };
        format!("{what} Calls are in Gong's API up to a day late.")
    }
}

/// Records that the scan ended at this time, and why: in a gap, if there is one and this is its end.
pub(super) fn stop(report: &mut Report, at: i64, why: String, skip: &BTreeSet<String>) {
    report.stopped = Some(why);
    let mut range = Range {
        from: report.range.from,
        to: at,
    };
    let mut skip = skip.clone();
    if let Some(gap) = report.gap {
        if at == gap.to {
            range = gap;
        } else {
            // A second stop, behind the gap: what was read there comes again.
            report.gap = None;
            range.to = gap.to;
            skip.clear();
        }
    }
    report.read_back_to = Some(range.to);
    if range.to > range.from {
        let rest = Start {
            range,
            skip,
            rows: 0,
        };
        report.resume = Some(report.tokens.at(&rest.token()));
    }
}
