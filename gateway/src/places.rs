//! Which tenant's call gets the next instance of the component.
//!
//! An instance is held while its call waits for Gong, which can take a minute, so instances are
//! not given to whoever comes first: half of them are divided into shares, one for each tenant,
//! and nobody else gets those. The other half is for calls beyond the shares. Of tenants that
//! wait, the one with the fewest instances is next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// The instances of all tenants.
#[derive(Debug)]
pub struct Places(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Instances at a time.
    all: usize,
    /// Instances that a tenant always gets.
    share: usize,
    /// Tenants that have a share.
    tenants: usize,
    /// Instances in use. Tenants without one are removed.
    held: HashMap<Arc<str>, usize>,
    /// In the order of their arrival.
    waiting: Vec<Waiter>,
    next_id: u64,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    tenant: Arc<str>,
    turn: oneshot::Sender<()>,
}

/// The right to an instance, until it is dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    tenant: Arc<str>,
}

impl Places {
    /// `all` instances at a time, for no tenants yet.
    #[must_use]
    pub fn new(all: u32) -> Arc<Self> {
        Arc::new(Self(Mutex::new(State {
            all: all as usize,
            share: 0,
            tenants: 0,
            held: HashMap::new(),
            waiting: Vec::new(),
            next_id: 0,
        })))
    }

    /// Divides the shares among so many tenants. Calls that run go on.
    pub fn share_among(&self, tenants: usize) {
        let mut state = self.lock();
        state.tenants = tenants;
        let half = (state.all / 2).checked_div(tenants).unwrap_or(0);
        // With more tenants than that, one each as long as a quarter is left for all. Beyond, the
        // tenant with the fewest is next.
        let one = usize::from(tenants <= state.all - state.all / 4);
        state.share = half.max(one);
        state.let_in();
    }

    /// Waits for a place. Dropping the future leaves the line.
    pub async fn enter(self: &Arc<Self>, tenant: &Arc<str>) -> Place {
        let mut waiting = {
            let mut state = self.lock();
            let nobody_before = state.waiting.iter().all(|one| one.tenant != *tenant);
            if nobody_before && state.has_place(tenant) {
                state.take(tenant);
                return self.place(tenant);
            }
            let (turn, receiver) = oneshot::channel();
            let id = state.next_id;
            state.next_id += 1;
            let tenant = Arc::clone(tenant);
            state.waiting.push(Waiter {
                id,
                tenant: Arc::clone(&tenant),
                turn,
            });
            WaitingPlace {
                places: self,
                id,
                tenant,
                turn: receiver,
            }
        };
        (&mut waiting.turn)
            .await
            .expect("the line keeps the sender until the turn comes");
        self.place(tenant)
    }

    /// How many places are in use, and how many calls wait for one.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        let state = self.lock();
        (state.held.values().sum(), state.waiting.len())
    }

    fn place(self: &Arc<Self>, tenant: &Arc<str>) -> Place {
        Place {
            places: Arc::clone(self),
            tenant: Arc::clone(tenant),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn held(&self, tenant: &str) -> usize {
        self.held.get(tenant).copied().unwrap_or_default()
    }

    fn has_place(&self, tenant: &str) -> bool {
        let free = self.all.saturating_sub(self.held.values().sum());
        if self.held(tenant) < self.share {
            return free > 0;
        }
        let used: usize = self.held.values().map(|held| self.share.min(*held)).sum();
        free > (self.share * self.tenants).saturating_sub(used)
    }

    fn take(&mut self, tenant: &Arc<str>) {
        *self.held.entry(Arc::clone(tenant)).or_default() += 1;
    }

    fn give_back(&mut self, tenant: &str) {
        if let Some(held) = self.held.get_mut(tenant) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(tenant);
            }
        }
    }

    /// Lets those in who wait and for whom there is a place.
    fn let_in(&mut self) {
        loop {
            let waiting = self.waiting.iter().enumerate();
            let fitting = waiting.filter(|(_, one)| self.has_place(&one.tenant));
            let next = fitting.min_by_key(|(_, one)| self.held(&one.tenant));
            let Some((index, _)) = next else { return };
            let Waiter { tenant, turn, .. } = self.waiting.remove(index);
            if turn.send(()).is_ok() {
                self.take(&tenant);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.places.lock();
        state.give_back(&self.tenant);
        state.let_in();
    }
}

/// A call in the line, which leaves it when dropped.
struct WaitingPlace<'a> {
    places: &'a Places,
    id: u64,
    tenant: Arc<str>,
    turn: oneshot::Receiver<()>,
}

impl Drop for WaitingPlace<'_> {
    fn drop(&mut self) {
        self.turn.close();
        let mut state = self.places.lock();
        // Its turn had come, but the caller was gone before it could run.
        if self.turn.try_recv().is_ok() {
            state.give_back(&self.tenant);
        }
        state.waiting.retain(|one| one.id != self.id);
        state.let_in();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// Takes places until the tenant has to wait.
    async fn take_all(places: &Arc<Places>, tenant: &str) -> Vec<Place> {
        let mut taken = Vec::new();
        let tenant = tenant.into();
        while let Ok(place) = timeout(Duration::from_millis(1), places.enter(&tenant)).await {
            taken.push(place);
        }
        taken
    }

    #[tokio::test(start_paused = true)]
    async fn busy_tenants_leave_each_other_their_share() {
        let places = Places::new(128);
        places.share_among(17);
        let mut busy = Vec::new();
        for number in 0..16 {
            busy.extend(take_all(&places, &format!("busy-{number}")).await);
        }
        // Half of the places, 64, are 17 shares of 3, and 77 were for whoever came.
        assert_eq!(busy.len(), 77 + 16 * 3);
        let last = take_all(&places, "the 17th").await;
        assert_eq!(last.len(), 3);
        assert_eq!(places.counts(), (128, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn of_those_that_wait_who_has_least_is_next() {
        let places = Places::new(4);
        places.share_among(100);
        let mut held = take_all(&places, "a").await;
        assert_eq!(held.len(), 4);
        let wait = |tenant: &'static str| {
            let places = Arc::clone(&places);
            tokio::spawn(async move { places.enter(&tenant.into()).await })
        };
        let again = wait("a");
        tokio::task::yield_now().await;
        let other = wait("b");
        tokio::task::yield_now().await;
        assert_eq!(places.counts(), (4, 2));
        held.pop();
        let place = timeout(Duration::from_secs(1), other)
            .await
            .unwrap()
            .unwrap();
        assert!(!again.is_finished());
        again.abort();
        let _ = again.await;
        assert_eq!(places.counts(), (4, 0));
        drop((place, held));
        assert_eq!(places.counts(), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_in_the_moment_of_its_turn_gives_the_place_back() {
        let places = Places::new(1);
        places.share_among(2);
        let held = take_all(&places, "a").await;
        let leaves = tokio::spawn({
            let places = Arc::clone(&places);
            async move { places.enter(&"b".into()).await }
        });
        tokio::task::yield_now().await;
        drop(held);
        leaves.abort();
        let _ = leaves.await;
        assert_eq!(places.counts(), (0, 0));
        assert_eq!(take_all(&places, "c").await.len(), 1);
    }
}
