//! A line in which users take turns.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot::Receiver;
use tokio::sync::oneshot::error::RecvError;
use tokio::time::{Instant, sleep_until};

/// How often who waits is told its place.
pub(crate) const TELL: Duration = Duration::from_secs(1);

/// Waits for a turn; `tell` is called at once and then every [`TELL`].
pub(crate) async fn turn<T>(
    turn: &mut Receiver<T>,
    mut tell: impl FnMut(),
) -> Result<T, RecvError> {
    let mut tell_at = Instant::now();
    loop {
        tokio::select! {
            biased;
            turn = &mut *turn => return turn,
            () = sleep_until(tell_at) => {
                tell();
                tell_at = Instant::now() + TELL;
            }
        }
    }
}

/// What waits, by user: users take turns, and each user's own are served in their order.
#[derive(Debug)]
pub(crate) struct Line<T> {
    /// The user whose turn is next is first. No user is here without something that waits.
    ring: VecDeque<(Arc<str>, VecDeque<T>)>,
}

impl<T> Line<T> {
    pub(crate) fn new() -> Self {
        Self {
            ring: VecDeque::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.ring.iter().map(|(_, waiting)| waiting.len()).sum()
    }

    /// A user who was not in line comes after one turn of each who was.
    pub(crate) fn push(&mut self, user: &Arc<str>, item: T) {
        match self.ring.iter_mut().find(|(name, _)| name == user) {
            Some((_, waiting)) => waiting.push_back(item),
            None => self
                .ring
                .push_back((Arc::clone(user), VecDeque::from([item]))),
        }
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let (user, mut waiting) = self.ring.pop_front()?;
        let item = waiting.pop_front();
        if !waiting.is_empty() {
            self.ring.push_back((user, waiting));
        }
        item
    }

    /// All, in the order in which they would be served if nobody came or left.
    pub(crate) fn order(&self) -> impl Iterator<Item = &T> {
        let rounds = self.ring.iter().map(|(_, waiting)| waiting.len()).max();
        (0..rounds.unwrap_or(0)).flat_map(|round| {
            let turn = move |(_, waiting): &'_ (Arc<str>, VecDeque<T>)| waiting.len() > round;
            let in_turn = self.ring.iter().filter(move |user| turn(user));
            in_turn.map(move |(_, waiting)| &waiting[round])
        })
    }

    /// Takes those out for which it holds.
    pub(crate) fn remove(&mut self, mut leaves: impl FnMut(&T) -> bool) -> Vec<T> {
        let mut left = Vec::new();
        for (_, waiting) in &mut self.ring {
            let (gone, stay) = waiting.drain(..).partition(|item| leaves(item));
            *waiting = stay;
            left.extend::<VecDeque<T>>(gone);
        }
        self.ring.retain(|(_, waiting)| !waiting.is_empty());
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(items: &[(&str, u32)]) -> Line<u32> {
        let mut line = Line::new();
        for (user, item) in items {
            line.push(&(*user).into(), *item);
        }
        line
    }

    #[test]
    fn users_take_turns_and_keep_their_order() {
        let mut line = line(&[("a", 1), ("a", 2), ("a", 3), ("b", 4), ("c", 5), ("c", 6)]);
        let expected = [1, 4, 5, 2, 6, 3];
        assert_eq!(line.order().copied().collect::<Vec<_>>(), expected);
        assert_eq!(line.len(), 6);
        let served: Vec<u32> = std::iter::from_fn(|| line.pop()).collect();
        assert_eq!(served, expected);
        assert!(line.is_empty());
    }

    #[test]
    fn who_leaves_holds_up_nobody() {
        let mut line = line(&[("a", 1), ("a", 2), ("b", 3), ("c", 4)]);
        let mut left = line.remove(|item| [1, 3].contains(item));
        left.sort_unstable();
        assert_eq!(left, [1, 3]);
        assert_eq!(line.order().copied().collect::<Vec<_>>(), [2, 4]);
    }
}
