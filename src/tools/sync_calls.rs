//! `gong_sync_calls`. POST /v2/calls/extensive (api:calls:read:extensive). Fills and refreshes the
//! index of calls, so that questions need not.

use crate::{
    client::Gong,
    error::{Error, not_configured},
    index::{Index, Patience},
    prelude::*,
    render::{self, Answer, Table},
    time::{self, Range},
    wit::calls::{CallSync, MonthCovered, SyncCalls},
};

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 180;

/// Reads what is missing, the nearest first, then what is too old.
pub(crate) fn run(gong: &Gong<'_>, args: SyncCalls) -> Result<CallSync, Error> {
    let range = Range::from_arguments(args.from.as_deref(), Some("now"), DEFAULT_DAYS, gong.now)?;
    if gong.settings.private_calls {
        return Err(not_configured(
            "GONG_PRIVATE_CALLS",
            "with `allow` there is no index of calls, as it has nothing of private ones.",
        ));
    }
    let Some(mut index) = Index::open(gong, range, Some(Patience::Schedule)) else {
        return Err(not_configured(
            "GONG_INDEX_URL",
            "it is not set, so there is no index of calls. It is a folder that takes GET, PUT and DELETE with ETags, \
             such as http://index.internal/acme/.",
        ));
    };
    let coverage = index.sync()?;
    Ok(CallSync {
        index: coverage.statement,
        complete_from: time::to_display(coverage.from),
        missing_requests: coverage.missing,
        old: coverage.is_old.then_some(true),
        calls: coverage.calls,
        bytes: coverage.bytes as u64,
        months: coverage
            .months
            .into_iter()
            .map(|(month, percent)| MonthCovered { month, percent })
            .collect(),
        requests: gong.requests(),
    })
}

impl Answer for CallSync {
    fn text(&self) -> String {
        let mut text = format!("Complete from {} on", self.complete_from);
        if let Some(missing) = self.missing_requests {
            text.push_str(&format!(
                "; about {} missing: call again",
                render::count(missing, "request")
            ));
        } else if self.old == Some(true) {
            text.push_str("; some is older than it should be: call again");
        }
        text.push_str(&format!(
            ". {} in {} kB; {}.\n",
            render::count(self.calls, "call"),
            self.bytes.div_ceil(1_000),
            self.index
        ));
        let mut table = Table::new(["month", "%"]);
        for month in &self.months {
            table.row([month.month.clone(), month.percent.to_string()]);
        }
        table.write(&mut text);
        render::requests(&mut text, self.requests);
        text
    }
}
