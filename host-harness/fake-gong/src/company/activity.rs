//! What the vendor's people did with calls. Statistics, coaching metrics and logs all count
//! these same deeds, so that they agree with each other and with the calls.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, civil::Date};

use super::Company;
use super::calls::Who;
use super::content;
use super::dice::Dice;

/// A sort of deed, in the order in which Gong's statistics name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Deed {
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

impl Deed {
    /// Every deed, with its field in the statistics.
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
    /// Who did it, by place.
    pub(crate) user: usize,
    /// The call, by place.
    pub(crate) call: usize,
    pub(crate) deed: Deed,
}

/// All that was done up to now, oldest first.
pub(crate) fn happen(company: &Company) -> Vec<Event> {
    let mut deeds = Deeds {
        company,
        known: BTreeSet::new(),
        events: Vec::new(),
    };
    for call in 0..company.calls.len() {
        deeds.of_call(call);
    }
    for answered in &company.answered {
        if let Some(reviewer) = answered.reviewer {
            let (call, at) = (answered.call, answered.reviewed_at);
            deeds.add(at, reviewer, call, Deed::FilledScorecard);
            deeds.add(at, answered.reviewed, call, Deed::ReceivedScorecard);
        }
    }
    let mut events = deeds.events;
    events.sort_by_key(|event| (event.at, event.call, event.user, event.deed));
    events
}

struct Deeds<'a> {
    company: &'a Company,
    known: BTreeSet<(usize, usize, Deed)>,
    events: Vec<Event>,
}

impl Deeds<'_> {
    fn add(&mut self, at: Timestamp, user: usize, call: usize, deed: Deed) {
        let at = at.min(self.company.now);
        if self.known.insert((user, call, deed)) {
            self.events.push(Event {
                at,
                day: self.company.day(at),
                user,
                call,
                deed,
            });
        }
    }

    fn of_call(&mut self, index: usize) {
        let company = self.company;
        let call = &company.calls[index];
        let host = call.host;
        self.add(call.started, host, index, Deed::Hosted);
        for party in &call.parties {
            // Who was only invited did not come.
            if let Who::User(user) = party.who
                && user != host
                && party.methods.contains(&"Attendee")
            {
                self.add(call.started, user, index, Deed::Attended);
            }
        }
        let over = call.started + SignedDuration::from_secs(call.seconds);
        let mut dice = Dice::new(call.seed, "activity");
        let after = |dice: &mut Dice, hours: i64| {
            over + SignedDuration::from_mins(dice.between(20, hours * 60))
        };
        if dice.chance(22) {
            let at = after(&mut dice, 30);
            self.add(at, host, index, Deed::ListenedToOwn);
        }
        if dice.chance(14) {
            let at = after(&mut dice, 24);
            self.add(at, host, index, Deed::SharedInternally);
        }
        if call.account_index.is_some() && dice.chance(9) {
            let at = after(&mut dice, 48);
            self.add(at, host, index, Deed::SharedExternally);
        }
        if dice.chance(8) {
            let at = after(&mut dice, 12);
            self.add(at, host, index, Deed::RequestedFeedback);
        }
        let manager = company.users[host].manager_id.as_ref();
        let mut users = company.users.iter();
        let manager = manager.and_then(|id| users.position(|user| user.id == *id));
        if let Some(manager) = manager
            && dice.chance(40)
        {
            let at = after(&mut dice, 90);
            self.add(at, manager, index, Deed::ListenedToOthers);
            if dice.chance(35) {
                self.add(at, manager, index, Deed::GaveFeedback);
                self.add(at, host, index, Deed::ReceivedFeedback);
            }
            if dice.chance(30) {
                self.add(at, manager, index, Deed::MarkedAsReviewed);
                self.add(at, host, index, Deed::WasMarkedAsReviewed);
            }
        }
        let comments = content::comments(company, call);
        for comment in comments.as_array().into_iter().flatten() {
            let mut users = company.users.iter();
            let writer = users.position(|user| comment["commenterUserId"] == user.id.as_str());
            let posted = comment["posted"].as_str().and_then(|at| at.parse().ok());
            if let (Some(writer), Some(posted)) = (writer, posted) {
                self.add(posted, writer, index, Deed::GaveComment);
                self.add(posted, host, index, Deed::ReceivedComment);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_are_listed_in_their_order() {
        let places = Deed::ALL.iter().enumerate();
        assert!(
            places
                .into_iter()
                .all(|(place, (deed, _))| *deed as usize == place)
        );
    }
}
