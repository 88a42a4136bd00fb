//! How many calls of a tenant run at the same time, and how many may wait.
//!
//! The limits keep one tenant from using the whole gateway. A call beyond them is refused at once.
//! Users take turns, as they do at Gong's rate limit.

use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::oneshot;

use crate::fair_queue::{FairQueue, wait_for_turn};

/// How many calls may run and wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueLimits {
    /// Calls that may run at the same time.
    pub running: u32,
    /// Calls that may wait to run.
    pub waiting: u32,
}

/// The calls of one tenant.
#[derive(Debug)]
pub struct CallQueue(Mutex<State>);

#[derive(Debug)]
struct State {
    limits: QueueLimits,
    running: usize,
    queue: FairQueue<Waiter>,
    next_id: u64,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    turn: oneshot::Sender<()>,
}

/// A call was refused because too many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueFull {
    /// How many wait.
    pub waiting: usize,
}

/// The permission to run. Dropping it lets the next call run.
#[derive(Debug)]
pub struct RunningCall(Arc<CallQueue>);

impl CallQueue {
    /// An empty queue.
    #[must_use]
    pub fn new(limits: QueueLimits) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            limits,
            running: 0,
            queue: FairQueue::new(),
            next_id: 0,
        })))
    }

    /// Waits until a call may run. Meanwhile `report` regularly gets the number of calls that
    /// are ahead. Dropping the future leaves the queue.
    ///
    /// # Errors
    ///
    /// Too many wait already.
    pub async fn enter(
        self: &Arc<Self>,
        user: &Arc<str>,
        mut report: impl FnMut(usize),
    ) -> Result<RunningCall, QueueFull> {
        let mut waiting = {
            let mut state = self.lock();
            if state.queue.is_empty() && state.has_room() {
                state.running += 1;
                return Ok(RunningCall(Arc::clone(self)));
            }
            if state.queue.len() >= state.limits.waiting as usize {
                return Err(QueueFull {
                    waiting: state.queue.len(),
                });
            }
            let (turn, receiver) = oneshot::channel();
            let id = state.next_id;
            state.next_id += 1;
            state.queue.push(user, Waiter { id, turn });
            WaitingCall {
                queue: self,
                id,
                turn: receiver,
            }
        };
        let id = waiting.id;
        let turn = wait_for_turn(&mut waiting.turn, || {
            if let Some(ahead) = self.ahead(id) {
                report(ahead);
            }
        });
        turn.await
            .expect("the queue keeps the sender until the turn comes");
        Ok(RunningCall(Arc::clone(self)))
    }

    /// Changes the limits. Calls that already run or wait go on.
    pub fn set_limits(&self, limits: QueueLimits) {
        let mut state = self.lock();
        state.limits = limits;
        state.start_waiting();
    }

    /// The limits in force.
    #[must_use]
    pub fn limits(&self) -> QueueLimits {
        self.lock().limits
    }

    /// How many calls run, and how many wait.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let state = self.lock();
        (state.running, state.queue.len())
    }

    fn ahead(&self, id: u64) -> Option<usize> {
        self.lock().queue.order().position(|waiter| waiter.id == id)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl State {
    fn has_room(&self) -> bool {
        self.running < self.limits.running as usize
    }

    /// Lets waiting calls run while there is room.
    fn start_waiting(&mut self) {
        while self.has_room()
            && let Some(waiter) = self.queue.pop()
        {
            if waiter.turn.send(()).is_ok() {
                self.running += 1;
            }
        }
    }
}

impl Drop for RunningCall {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.running -= 1;
        state.start_waiting();
    }
}

/// A call in the queue, which leaves it when dropped.
struct WaitingCall<'a> {
    queue: &'a CallQueue,
    id: u64,
    turn: oneshot::Receiver<()>,
}

impl Drop for WaitingCall<'_> {
    fn drop(&mut self) {
        self.turn.close();
        let mut state = self.queue.lock();
        // Its turn had come, but the caller was gone before it could run.
        if self.turn.try_recv().is_ok() {
            state.running -= 1;
        }
        state.queue.remove(|waiter| waiter.id == self.id);
        state.start_waiting();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    const LIMITS: QueueLimits = QueueLimits {
        running: 2,
        waiting: 3,
    };

    async fn enter(queue: &Arc<CallQueue>, user: &str) -> Result<RunningCall, QueueFull> {
        queue.enter(&user.into(), |_| ()).await
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_run_so_many_wait_and_the_next_hears_so_at_once() {
        let queue = CallQueue::new(LIMITS);
        let first = enter(&queue, "a").await.unwrap();
        let second = enter(&queue, "a").await.unwrap();
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let queue = Arc::clone(&queue);
                tokio::spawn(async move { enter(&queue, "a").await })
            })
            .collect();
        sleep(Duration::from_millis(1)).await;
        assert_eq!(queue.counts(), (2, 3));
        let full = enter(&queue, "b").await.unwrap_err();
        assert_eq!(full, QueueFull { waiting: 3 });

        drop(first);
        drop(second);
        let mut running = Vec::new();
        for (index, task) in waiting.into_iter().enumerate() {
            running.push(task.await.unwrap().unwrap());
            if index == 1 {
                running.clear();
            }
        }
        assert_eq!(queue.counts(), (1, 0));
        drop(running);
        assert_eq!(queue.counts(), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn users_take_turns_and_hear_their_place() {
        let queue = CallQueue::new(QueueLimits {
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
        let queue = CallQueue::new(QueueLimits {
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
        assert_eq!(queue.counts(), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn wider_bounds_let_the_waiting_in() {
        let queue = CallQueue::new(QueueLimits {
            running: 0,
            waiting: 1,
        });
        let waits = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { enter(&queue, "a").await }
        });
        sleep(Duration::from_millis(1)).await;
        assert!(!waits.is_finished());
        queue.set_limits(LIMITS);
        waits.await.unwrap().unwrap();
    }
}
