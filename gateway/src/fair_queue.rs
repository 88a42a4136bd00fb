//! A queue in which users take turns, for calls and for requests to Gong. What is on the schedule
//! comes after all users.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot::Receiver;
use tokio::sync::oneshot::error::RecvError;
use tokio::time::{Instant, sleep_until};

use crate::config::SCHEDULE;

/// How often a waiting caller hears about its progress.
pub(crate) const PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// Waits for a turn. Calls `report` at once and then every [`PROGRESS_INTERVAL`].
pub(crate) async fn wait_for_turn<T>(
    turn: &mut Receiver<T>,
    mut report: impl FnMut(),
) -> Result<T, RecvError> {
    let mut report_at = Instant::now();
    loop {
        tokio::select! {
            biased;
            turn = &mut *turn => return turn,
            () = sleep_until(report_at) => {
                report();
                report_at = Instant::now() + PROGRESS_INTERVAL;
            }
        }
    }
}

/// Waiting items by user. Users take turns, and the items of one user stay in order.
#[derive(Debug)]
pub(crate) struct FairQueue<T> {
    /// The first user is next. Users without waiting items are removed.
    users: VecDeque<(Arc<str>, VecDeque<T>)>,
    /// Those of the user [`SCHEDULE`], which are served when no other waits.
    behind: VecDeque<T>,
}

impl<T> FairQueue<T> {
    pub(crate) fn new() -> Self {
        Self {
            users: VecDeque::new(),
            behind: VecDeque::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.users.is_empty() && self.behind.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        let of_users = self.users.iter().map(|(_, waiting)| waiting.len());
        of_users.sum::<usize>() + self.behind.len()
    }

    /// How many items of a user wait.
    pub(crate) fn len_of(&self, user: &str) -> usize {
        if user == SCHEDULE {
            return self.behind.len();
        }
        let mut users = self.users.iter();
        let found = users.find(|(name, _)| **name == *user);
        found.map_or(0, |(_, waiting)| waiting.len())
    }

    /// A user who was not in the queue is next after one turn of each user who was.
    pub(crate) fn push(&mut self, user: &Arc<str>, item: T) {
        if **user == *SCHEDULE {
            self.behind.push_back(item);
            return;
        }
        match self.users.iter_mut().find(|(name, _)| name == user) {
            Some((_, waiting)) => waiting.push_back(item),
            None => self
                .users
                .push_back((Arc::clone(user), VecDeque::from([item]))),
        }
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let Some((user, mut waiting)) = self.users.pop_front() else {
            return self.behind.pop_front();
        };
        let item = waiting.pop_front();
        if !waiting.is_empty() {
            self.users.push_back((user, waiting));
        }
        item
    }

    /// All items, in the order in which they are served if no others come and none leaves.
    pub(crate) fn order(&self) -> impl Iterator<Item = &T> {
        let rounds = self.users.iter().map(|(_, waiting)| waiting.len()).max();
        let of_users = (0..rounds.unwrap_or(0)).flat_map(|round| {
            let turn = move |(_, waiting): &'_ (Arc<str>, VecDeque<T>)| waiting.len() > round;
            let in_turn = self.users.iter().filter(move |user| turn(user));
            in_turn.map(move |(_, waiting)| &waiting[round])
        });
        of_users.chain(&self.behind)
    }

    /// Removes and returns the items for which `leaves` holds.
    pub(crate) fn remove(&mut self, mut leaves: impl FnMut(&T) -> bool) -> Vec<T> {
        let mut removed = Vec::new();
        let of_users = self.users.iter_mut().map(|(_, waiting)| waiting);
        for waiting in of_users.chain([&mut self.behind]) {
            let (leaving, staying) = waiting.drain(..).partition(|item| leaves(item));
            *waiting = staying;
            removed.extend::<VecDeque<T>>(leaving);
        }
        self.users.retain(|(_, waiting)| !waiting.is_empty());
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(items: &[(&str, u32)]) -> FairQueue<u32> {
        let mut queue = FairQueue::new();
        for (user, item) in items {
            queue.push(&(*user).into(), *item);
        }
        queue
    }

    #[test]
    fn users_take_turns_and_keep_their_order() {
        let mut queue = queue(&[("a", 1), ("a", 2), ("a", 3), ("b", 4), ("c", 5), ("c", 6)]);
        let expected = [1, 4, 5, 2, 6, 3];
        assert_eq!(queue.order().copied().collect::<Vec<_>>(), expected);
        assert_eq!(queue.len(), 6);
        let served: Vec<u32> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(served, expected);
        assert!(queue.is_empty());
    }

    #[test]
    fn the_schedule_comes_after_all_users() {
        let mut queue = queue(&[("schedule", 1), ("a", 2), ("schedule", 3), ("b", 4)]);
        assert_eq!(queue.len_of("schedule"), 2);
        assert_eq!(queue.order().copied().collect::<Vec<_>>(), [2, 4, 1, 3]);
        assert_eq!(queue.pop(), Some(2));
        queue.push(&"c".into(), 5);
        assert_eq!(queue.remove(|item| *item == 3), [3]);
        let served: Vec<u32> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(served, [4, 5, 1]);
        assert!(queue.is_empty());
    }

    #[test]
    fn who_leaves_holds_up_nobody() {
        let mut queue = queue(&[("a", 1), ("a", 2), ("b", 3), ("c", 4)]);
        let mut left = queue.remove(|item| [1, 3].contains(item));
        left.sort_unstable();
        assert_eq!(left, [1, 3]);
        assert_eq!(queue.order().copied().collect::<Vec<_>>(), [2, 4]);
    }
}
