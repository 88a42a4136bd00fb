//! How many of a tenant's calls run at once, and how many may wait for that.
//!
//! The bounds keep one tenant from taking all of the gateway, and a caller from waiting for what
//! will not come: beyond them it hears so at once. Users take turns, as at Gong's limit.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::oneshot;

use crate::line::{self, Line};

/// How many calls may run and wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// At the same time.
    pub running: u32,
    /// For a place; with those, the tenant's calls are full.
    pub waiting: u32,
}

/// The queue of one tenant.
#[derive(Debug)]
pub struct CallQueue(Mutex<State>);

#[derive(Debug)]
struct State {
    bounds: Bounds,
    running: usize,
    line: Line<Waiter>,
    next_id: u64,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    turn: oneshot::Sender<()>,
}

/// As many calls run and wait as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full {
    /// How many wait.
    pub waiting: usize,
}

/// A place among the calls that run, until dropped.
#[derive(Debug)]
pub struct Running(Arc<CallQueue>);

impl CallQueue {
    /// With nobody in it.
    #[must_use]
    pub fn new(bounds: Bounds) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            bounds,
            running: 0,
            line: Line::new(),
            next_id: 0,
        })))
    }

    /// Waits for a place. While it waits, `waiting` hears now and then how many go before.
    /// Dropping the future leaves the line.
    ///
    /// # Errors
    ///
    /// Too many wait already.
    pub async fn enter(
        self: &Arc<Self>,
        user: &Arc<str>,
        mut waiting: impl FnMut(usize),
    ) -> Result<Running, Full> {
        let mut place = {
            let mut state = self.lock();
            if state.line.is_empty() && state.has_room() {
                state.running += 1;
                return Ok(Running(Arc::clone(self)));
            }
            if state.line.len() >= state.bounds.waiting as usize {
                return Err(Full {
                    waiting: state.line.len(),
                });
            }
            let (turn, receiver) = oneshot::channel();
            let id = state.next_id;
            state.next_id += 1;
            state.line.push(user, Waiter { id, turn });
            Place {
                queue: self,
                id,
                turn: receiver,
            }
        };
        let id = place.id;
        let turn = line::turn(&mut place.turn, || {
            if let Some(ahead) = self.ahead(id) {
                waiting(ahead);
            }
        });
        turn.await.expect("who is in line is not forgotten");
        Ok(Running(Arc::clone(self)))
    }

    /// Other bounds from now on. Calls that run or wait already go on.
    pub fn set(&self, bounds: Bounds) {
        let mut state = self.lock();
        state.bounds = bounds;
        state.let_in();
    }

    /// How many calls run, and how many wait.
    #[must_use]
    pub fn standing(&self) -> (usize, usize) {
        let state = self.lock();
        (state.running, state.line.len())
    }

    fn ahead(&self, id: u64) -> Option<usize> {
        self.lock().line.order().position(|waiter| waiter.id == id)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.running < self.bounds.running as usize
    }

    fn let_in(&mut self) {
        while self.has_room()
            && let Some(waiter) = self.line.pop()
        {
            if waiter.turn.send(()).is_ok() {
                self.running += 1;
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.running -= 1;
        state.let_in();
    }
}

/// A place in line, left when dropped.
struct Place<'a> {
    queue: &'a CallQueue,
    id: u64,
    turn: oneshot::Receiver<()>,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.turn.close();
        let mut state = self.queue.lock();
        // Its turn had come, and it left without making use of it.
        if self.turn.try_recv().is_ok() {
            state.running -= 1;
        }
        state.line.remove(|waiter| waiter.id == self.id);
        state.let_in();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    const BOUNDS: Bounds = Bounds {
        running: 2,
        waiting: 3,
    };

    async fn enter(queue: &Arc<CallQueue>, user: &str) -> Result<Running, Full> {
        queue.enter(&user.into(), |_| ()).await
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_run_so_many_wait_and_the_next_hears_so_at_once() {
        let queue = CallQueue::new(BOUNDS);
        let first = enter(&queue, "a").await.unwrap();
        let second = enter(&queue, "a").await.unwrap();
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let queue = Arc::clone(&queue);
                tokio::spawn(async move { enter(&queue, "a").await })
            })
            .collect();
        sleep(Duration::from_millis(1)).await;
        assert_eq!(queue.standing(), (2, 3));
        let full = enter(&queue, "b").await.unwrap_err();
        assert_eq!(full, Full { waiting: 3 });

        drop(first);
        drop(second);
        let mut running = Vec::new();
        for (index, task) in waiting.into_iter().enumerate() {
            running.push(task.await.unwrap().unwrap());
            if index == 1 {
                running.clear();
            }
        }
        assert_eq!(queue.standing(), (1, 0));
        drop(running);
        assert_eq!(queue.standing(), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn users_take_turns_and_hear_their_place() {
        let queue = CallQueue::new(Bounds {
            running: 1,
            waiting: 10,
        });
        let running = enter(&queue, "a").await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for user in ["a", "a", "a", "b"] {
            let (queue, order) = (Arc::clone(&queue), Arc::clone(&order));
            tasks.push(tokio::spawn(async move {
                let mut heard = Vec::new();
                let running = queue.enter(&user.into(), |ahead| heard.push(ahead)).await;
                order.lock().unwrap().push((user, heard));
                drop(running.unwrap());
            }));
            sleep(Duration::from_millis(1)).await;
        }
        sleep(Duration::from_millis(1500)).await;
        drop(running);
        for task in tasks {
            task.await.unwrap();
        }
        let order = order.lock().unwrap();
        let users: Vec<&str> = order.iter().map(|(user, _)| *user).collect();
        assert_eq!(users, ["a", "b", "a", "a"]);
        assert_eq!(order[1].1, [1, 1]);
        assert_eq!(order[3].1, [2, 3]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_gives_the_place_to_the_next() {
        let queue = CallQueue::new(Bounds {
            running: 1,
            waiting: 10,
        });
        let running = enter(&queue, "a").await.unwrap();
        let leaves = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { enter(&queue, "a").await }
        });
        let stays = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { enter(&queue, "a").await }
        });
        sleep(Duration::from_millis(1)).await;
        // Its turn comes, and in the same moment it is cancelled.
        drop(running);
        leaves.abort();
        stays.await.unwrap().unwrap();
        assert_eq!(queue.standing(), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn wider_bounds_let_the_waiting_in() {
        let queue = CallQueue::new(Bounds {
            running: 0,
            waiting: 1,
        });
        let waits = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { enter(&queue, "a").await }
        });
        sleep(Duration::from_millis(1)).await;
        assert!(!waits.is_finished());
        queue.set(BOUNDS);
        waits.await.unwrap().unwrap();
    }
}
