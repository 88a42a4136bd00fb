//! How many of a day's requests each user has sent.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The counts of a tenant's users. They are written down every few seconds: what a crash loses of
/// them gives a user a few requests more, and never the tenant, whose requests are leased.
#[derive(Debug, Default)]
pub(super) struct UserCounts(BTreeMap<(i64, Arc<str>), Count>);

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    sent: u32,
    stored: u32,
}

impl UserCounts {
    /// Continues the counts that were stored for a day.
    pub(super) fn continued(day: i64, stored: impl IntoIterator<Item = (String, u32)>) -> Self {
        let counts = stored.into_iter().map(|(user, sent)| {
            let count = Count { sent, stored: sent };
            ((day, user.into()), count)
        });
        Self(counts.collect())
    }

    /// Requests that a user has sent on a day.
    pub(super) fn sent(&self, day: i64, user: &Arc<str>) -> u32 {
        let count = self.0.get(&(day, Arc::clone(user)));
        count.map_or(0, |count| count.sent)
    }

    pub(super) fn add(&mut self, day: i64, user: &Arc<str>) {
        self.0.entry((day, Arc::clone(user))).or_default().sent += 1;
    }

    /// Takes back a request that was not sent after all.
    pub(super) fn take_back(&mut self, day: i64, user: &Arc<str>) {
        if let Some(count) = self.0.get_mut(&(day, Arc::clone(user))) {
            count.sent = count.sent.saturating_sub(1);
        }
    }

    /// The users of a day with what each has sent, sorted by name.
    pub(super) fn of(&self, day: i64) -> impl Iterator<Item = (&Arc<str>, u32)> + Clone {
        let of_day = self.0.iter().filter(move |((of, _), _)| *of == day);
        of_day.map(|((_, user), count)| (user, count.sent))
    }

    /// The counts that differ from what is stored.
    pub(super) fn unstored(&self) -> impl Iterator<Item = (i64, &Arc<str>, u32)> {
        let changed = self
            .0
            .iter()
            .filter(|(_, count)| count.sent != count.stored);
        changed.map(|((day, user), count)| (*day, user, count.sent))
    }

    /// Takes note of what was stored, and forgets other days than `today`.
    pub(super) fn stored(&mut self, day: i64, user: &Arc<str>, sent: u32, today: i64) {
        if let Some(count) = self.0.get_mut(&(day, Arc::clone(user))) {
            count.stored = sent;
        }
        self.0
            .retain(|(day, _), count| *day == today || count.sent != count.stored);
    }
}
