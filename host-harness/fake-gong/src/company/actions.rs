//! What the vendor's people did with calls. Statistics, coaching metrics and logs all count
//! these same actions, so that they agree with each other and with the calls.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::Company;
use super::calls::Identity;
use super::content;
use super::random::Random;

/// What a user did with a call, in the order of Gong's statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    Hosted,
    GaveFeedback,
    RequestedFeedback,
    ReceivedFeedback,
    ListenedToOwn,
    ListenedToOthers,
    SharedInternally,
    SharedExternally,
    FilledScorecard,
    ReceivedScorecard,
    Attended,
    GaveComment,
    ReceivedComment,
    MarkedAsReviewed,
    WasMarkedAsReviewed,
}

impl Action {
    /// Every action, with its field in the statistics.
    pub(crate) const ALL: [(Self, &'static str); 15] = [
        (Self::Hosted, "callsAsHost"),
        (Self::GaveFeedback, "callsGaveFeedback"),
        (Self::RequestedFeedback, "callsRequestedFeedback"),
        (Self::ReceivedFeedback, "callsReceivedFeedback"),
        (Self::ListenedToOwn, "ownCallsListenedTo"),
        (Self::ListenedToOthers, "othersCallsListenedTo"),
        (Self::SharedInternally, "callsSharedInternally"),
        (Self::SharedExternally, "callsSharedExternally"),
        (Self::FilledScorecard, "callsScorecardsFilled"),
        (Self::ReceivedScorecard, "callsScorecardsReceived"),
        (Self::Attended, "callsAttended"),
        (Self::GaveComment, "callsCommentsGiven"),
        (Self::ReceivedComment, "callsCommentsReceived"),
        (Self::MarkedAsReviewed, "callsMarkedAsFeedbackGiven"),
        (Self::WasMarkedAsReviewed, "callsMarkedAsFeedbackReceived"),
    ];
}

/// Somebody did something with a call. Nobody does the same thing with a call twice, so
/// sums over days are sums over calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) at: Timestamp,
    /// The day in the company's time zone.
    pub(crate) day: Date,
    /// The user, by index.
    pub(crate) user: usize,
    /// The call, by index.
    pub(crate) call: usize,
    pub(crate) action: Action,
}

/// All that was done up to now, oldest first.
pub(crate) fn happen(company: &Company) -> Vec<Event> {
    let mut actions = Actions {
        company,
        known: BTreeSet::new(),
        events: Vec::new(),
    };
    for call in 0..company.heads.len() {
        actions.of_call(call);
    }
    for answered in &company.answered {
        if let Some(reviewer) = answered.reviewer {
            let (call, at) = (answered.call, answered.reviewed_at);
            actions.add(at, reviewer, call, Action::FilledScorecard);
            actions.add(at, answered.reviewed, call, Action::ReceivedScorecard);
        }
    }
    let mut events = actions.events;
    events.sort_by_key(|event| (event.at, event.call, event.user, event.action));
    events
}

struct Actions<'a> {
    company: &'a Company,
    known: BTreeSet<(usize, usize, Action)>,
    events: Vec<Event>,
}

impl Actions<'_> {
    fn add(&mut self, at: Timestamp, user: usize, call: usize, action: Action) {
        let at = at.min(self.company.now);
        if self.known.insert((user, call, action)) {
            self.events.push(Event {
                at,
                day: self.company.day(at),
                user,
                call,
                action,
            });
        }
    }

    fn of_call(&mut self, index: usize) {
        let company = self.company;
        let call = &company.call(index);
        let host = call.host;
        self.add(call.started, host, index, Action::Hosted);
        for party in &call.parties {
            // Who was only invited did not come.
            if let Identity::User(user) = party.identity
                && user != host
                && party.methods.contains(&"Attendee")
            {
                self.add(call.started, user, index, Action::Attended);
            }
        }
        let over = call.started + SignedDuration::from_secs(call.seconds);
        let mut random = Random::new(call.seed, "activity");
        let after = |random: &mut Random, hours: i64| {
            over + SignedDuration::from_mins(random.between(20, hours * 60))
        };
        if random.chance(22) {
            let at = after(&mut random, 30);
            self.add(at, host, index, Action::ListenedToOwn);
        }
        if random.chance(14) {
            let at = after(&mut random, 24);
            self.add(at, host, index, Action::SharedInternally);
        }
        if call.account_index.is_some() && random.chance(9) {
            let at = after(&mut random, 48);
            self.add(at, host, index, Action::SharedExternally);
        }
        if random.chance(8) {
            let at = after(&mut random, 12);
            self.add(at, host, index, Action::RequestedFeedback);
        }
        let manager = company.users[host].manager_id.as_ref();
        let mut users = company.users.iter();
        let manager = manager.and_then(|id| users.position(|user| user.id == *id));
        if let Some(manager) = manager
            && random.chance(40)
        {
            let at = after(&mut random, 90);
            self.add(at, manager, index, Action::ListenedToOthers);
            if random.chance(35) {
                self.add(at, manager, index, Action::GaveFeedback);
                self.add(at, host, index, Action::ReceivedFeedback);
            }
            if random.chance(30) {
                self.add(at, manager, index, Action::MarkedAsReviewed);
                self.add(at, host, index, Action::WasMarkedAsReviewed);
            }
        }
        let comments = content::comments(company, call);
        for comment in comments.as_array().into_iter().flatten() {
            let mut users = company.users.iter();
            let writer = users.position(|user| comment["commenterUserId"] == user.id.as_str());
            let posted = comment["posted"].as_str().and_then(|at| at.parse().ok());
            if let (Some(writer), Some(posted)) = (writer, posted) {
                self.add(posted, writer, index, Action::GaveComment);
                self.add(posted, host, index, Action::ReceivedComment);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_are_listed_in_their_order() {
        let places = Action::ALL.iter().enumerate();
        assert!(
            places
                .into_iter()
                .all(|(place, (action, _))| *action as usize == place)
        );
    }
}
