//! These run in tokio's paused time, where a day passes in milliseconds.

use std::cell::Cell;
use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use tokio::task::JoinSet;
use tokio::time::{advance, sleep};

use super::*;

thread_local! {
    /// The start of the test on both clocks. Each test has its own thread.
    static START: Cell<Option<(Instant, Timestamp)>> = const { Cell::new(None) };
}

const NOON: &str = "2026-03-16T12:00:00Z";

fn start_at(time: &str) {
    START.set(Some((Instant::now(), time.parse().expect("a timestamp"))));
}

/// A clock that runs with tokio's.
fn clock() -> Timestamp {
    let (instant, time) = START.get().expect("the test has set a start");
    time + instant.elapsed()
}

/// A ledger in memory, that outlives the limiter as a file does.
#[derive(Debug, Default)]
struct MemoryLedger(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    leased: BTreeMap<Date, u32>,
    users: BTreeMap<(Date, String), u32>,
    blocked_until: Option<Timestamp>,
    broken: bool,
}

impl MemoryLedger {
    fn leased_on(&self, day: Date) -> u32 {
        self.0
            .lock()
            .unwrap()
            .leased
            .get(&day)
            .copied()
            .unwrap_or(0)
    }
}

impl Ledger for MemoryLedger {
    fn lease(&self, day: Date, at_most: u32, per_day: u32) -> anyhow::Result<Lease> {
        let mut remembered = self.0.lock().unwrap();
        anyhow::ensure!(!remembered.broken, "the disk is full");
        let leased = remembered.leased.entry(day).or_default();
        let granted = at_most.min(per_day.saturating_sub(*leased));
        *leased += granted;
        Ok(Lease {
            granted,
            leased: *leased,
        })
    }

    fn give_back(&self, day: Date, unsent: u32) -> anyhow::Result<()> {
        *self.0.lock().unwrap().leased.get_mut(&day).unwrap() -= unsent;
        Ok(())
    }

    fn leased(&self, day: Date) -> anyhow::Result<u32> {
        Ok(self.leased_on(day))
    }

    fn user_requests(&self, day: Date) -> anyhow::Result<Vec<(String, u32)>> {
        let remembered = self.0.lock().unwrap();
        let of_day = remembered.users.iter().filter(|((of, _), _)| *of == day);
        Ok(of_day
            .map(|((_, user), sent)| (user.clone(), *sent))
            .collect())
    }

    fn block_until(&self, until: Timestamp) -> anyhow::Result<()> {
        let known = &mut self.0.lock().unwrap().blocked_until;
        *known = (*known).max(Some(until));
        Ok(())
    }

    fn blocked_until(&self) -> anyhow::Result<Option<Timestamp>> {
        Ok(self.0.lock().unwrap().blocked_until)
    }
}

const LIMITS: RequestLimits = RequestLimits {
    per_second: 3,
    per_day: 10_000,
    per_user_day: 10_000,
    per_schedule_day: 2_000,
};

fn open(limits: RequestLimits, ledger: &Arc<MemoryLedger>) -> Arc<TenantLimiter> {
    let ledger = Arc::clone(ledger) as Arc<dyn Ledger>;
    TenantLimiter::open(limits, ledger, false, clock).unwrap()
}

fn limiter() -> Arc<TenantLimiter> {
    start_at(NOON);
    open(LIMITS, &Arc::default())
}

fn within(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

async fn admit(limiter: &Arc<TenantLimiter>, user: &str, seconds: u64) -> Result<(), Refused> {
    limiter.admit(&user.into(), within(seconds), |_| ()).await
}

/// Sends `count` numbered requests of a user at once.
fn send(
    set: &mut JoinSet<(String, usize, Instant)>,
    limiter: &Arc<TenantLimiter>,
    user: &str,
    count: usize,
) {
    for number in 0..count {
        let (limiter, user) = (Arc::clone(limiter), user.to_owned());
        set.spawn(async move {
            admit(&limiter, &user, 3600).await.unwrap();
            (user, number, Instant::now())
        });
    }
}

async fn all(mut set: JoinSet<(String, usize, Instant)>) -> Vec<(String, usize, Instant)> {
    let mut done = Vec::new();
    while let Some(one) = set.join_next().await {
        done.push(one.unwrap());
    }
    done.sort_by_key(|(_, _, at)| *at);
    done
}

/// A pseudo-random number generator with a fixed seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

#[tokio::test(start_paused = true)]
async fn never_more_than_the_limit_in_any_second() {
    for (seed, per_second) in [(1, 3), (2, 1), (3, 7), (4, 3), (5, 2)] {
        start_at(NOON);
        let ledger = Arc::default();
        let limits = RequestLimits {
            per_second,
            ..LIMITS
        };
        let limiter = open(limits, &ledger);
        let mut dice = Dice(seed);
        let mut set: JoinSet<Option<Instant>> = JoinSet::new();
        for _ in 0..300 {
            sleep(Duration::from_millis(dice.roll(400))).await;
            let user = format!("user-{}", dice.roll(5));
            let limiter = Arc::clone(&limiter);
            let patience = (dice.roll(4) == 0).then(|| Duration::from_millis(dice.roll(3000)));
            set.spawn(async move {
                let admitted = admit(&limiter, &user, 3600);
                match patience {
                    None => admitted.await.unwrap(),
                    // Some give up before their turn.
                    Some(time) => tokio::time::timeout(time, admitted).await.ok()?.unwrap(),
                }
                Some(Instant::now())
            });
        }
        let mut left = Vec::new();
        while let Some(one) = set.join_next().await {
            left.extend(one.unwrap());
        }
        left.sort();
        for (first, over) in left.iter().zip(left.iter().skip(per_second as usize)) {
            let span = *over - *first;
            assert!(span >= SPAN, "{} in {span:?}", per_second + 1);
        }
        // Those that gave up cost nothing: every leased request was sent or given back.
        limiter.close().await.unwrap();
        let sent = u32::try_from(left.len()).unwrap();
        assert!(sent > 200, "{sent}");
        assert_eq!(ledger.leased_on(date(2026, 3, 16)), sent);
    }
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_used_fully() {
    let limiter = limiter();
    let start = Instant::now();
    let mut set = JoinSet::new();
    send(&mut set, &limiter, "a", 31);
    let left = all(set).await;
    let last = left.last().unwrap().2 - start;
    assert_eq!(last, SPAN * 10);
}

#[tokio::test(start_paused = true)]
async fn a_user_with_many_requests_delays_another_by_one_turn() {
    let limiter = limiter();
    let mut set = JoinSet::new();
    send(&mut set, &limiter, "greedy", 50);
    sleep(Duration::from_millis(500)).await;
    send(&mut set, &limiter, "modest", 1);
    let left = all(set).await;
    let place = left.iter().position(|(user, ..)| user == "modest").unwrap();
    // Three left at once, and then at most one more of the user with many.
    assert!(place <= 4, "{place}");
    let numbers: Vec<usize> = left
        .iter()
        .filter(|(user, ..)| user == "greedy")
        .map(|(_, number, _)| *number)
        .collect();
    assert!(numbers.is_sorted(), "first come, first served: {numbers:?}");
}

#[tokio::test(start_paused = true)]
async fn nobody_starves() {
    let limiter = limiter();
    let mut set = JoinSet::new();
    for user in ["a", "b", "c", "d"] {
        send(&mut set, &limiter, user, 30);
    }
    let left = all(set).await;
    assert_eq!(left.len(), 120);
    // At any moment no user is more than one request behind another.
    let mut served = BTreeMap::from([("a", 0), ("b", 0), ("c", 0), ("d", 0)]);
    for (user, ..) in &left {
        *served.get_mut(&**user).unwrap() += 1;
        let counts: Vec<i32> = served.values().copied().collect();
        let most = counts.iter().max().unwrap();
        // Three left before the other users came.
        assert!(most - counts.iter().min().unwrap() <= 3, "{served:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_can_not_be_served_in_time_is_refused_at_once() {
    let limiter = limiter();
    let mut set = JoinSet::new();
    send(&mut set, &limiter, "a", 33);
    sleep(Duration::from_millis(1)).await;
    let start = Instant::now();
    let refused = admit(&limiter, "a", 5).await.unwrap_err();
    assert_eq!(Instant::now(), start, "it did not wait");
    // The 34th leaves eleven spans after the first.
    let honest = SPAN * 11;
    assert!(refused.retry_after <= honest && refused.retry_after > honest - PROGRESS_INTERVAL);
    assert_eq!(
        refused.reason,
        "Too many requests of this company are in line for Gong's limit a second: the next turn \
         is in about 13 s, later than this call may take."
    );
    // The turn of another user comes in time.
    admit(&limiter, "b", 5).await.unwrap();
    all(set).await;
}

/// Requests of other users that come later can leave earlier, so that an estimated wait becomes
/// too short.
#[tokio::test(start_paused = true)]
async fn who_was_overtaken_is_refused_as_soon_as_it_is_known() {
    start_at(NOON);
    let limiter = open(
        RequestLimits {
            per_second: 1,
            ..LIMITS
        },
        &Arc::default(),
    );
    admit(&limiter, "a", 60).await.unwrap();
    let mut set = JoinSet::new();
    send(&mut set, &limiter, "a", 2);
    let late = tokio::spawn({
        let limiter = Arc::clone(&limiter);
        async move { (admit(&limiter, "a", 4).await, Instant::now()) }
    });
    sleep(Duration::from_millis(10)).await;
    assert!(!late.is_finished());
    let now = Instant::now();
    send(&mut set, &limiter, "b", 1);
    let (outcome, at) = late.await.unwrap();
    assert!(outcome.is_err());
    assert!(at - now < Duration::from_millis(10));
    all(set).await;
}

#[tokio::test(start_paused = true)]
async fn a_waiter_hears_its_place_in_line() {
    let limiter = limiter();
    let mut set = JoinSet::new();
    send(&mut set, &limiter, "a", 12);
    sleep(Duration::from_millis(1)).await;
    let mut waits = Vec::new();
    limiter
        .admit(&"a".into(), within(60), |wait| waits.push(wait))
        .await
        .unwrap();
    assert!(waits.len() >= 4, "{waits:?}");
    assert_eq!(waits[0].ahead, 9);
    assert_eq!(waits[0].reason, WaitReason::Rate);
    assert!(waits.is_sorted_by(|a, b| a.ahead >= b.ahead && a.time > b.time));
    all(set).await;
}

#[tokio::test(start_paused = true)]
async fn retry_after_holds_for_all_and_across_restarts() {
    start_at(NOON);
    let ledger = Arc::default();
    let limiter = open(LIMITS, &ledger);
    admit(&limiter, "a", 60).await.unwrap();
    let waiting = tokio::spawn({
        let limiter = Arc::clone(&limiter);
        async move {
            send_three(&limiter).await;
            admit(&limiter, "c", 5).await
        }
    });
    sleep(Duration::from_millis(100)).await;
    limiter.answered(
        Some(StatusCode::TOO_MANY_REQUESTS),
        Some(Duration::from_secs(4808)),
    );
    let refused = waiting.await.unwrap().unwrap_err();
    assert_eq!(
        refused.reason,
        "Gong takes no requests of this company for about 1 h 21 min, as it said itself."
    );
    let refused = admit(&limiter, "b", 60).await.unwrap_err();
    assert_eq!(refused.retry_after, Duration::from_secs(4808));
    assert_eq!(
        limiter.status().blocked_for,
        Some(Duration::from_secs(4808))
    );

    // An answer with a shorter pause that comes later does not shorten it.
    limiter.answered(Some(StatusCode::TOO_MANY_REQUESTS), None);
    limiter.close().await.unwrap();
    advance(Duration::from_secs(1000)).await;
    let limiter = open(LIMITS, &ledger);
    assert!(admit(&limiter, "b", 60).await.is_err());
    advance(Duration::from_secs(3808)).await;
    admit(&limiter, "b", 60).await.unwrap();
}

async fn send_three(limiter: &Arc<TenantLimiter>) {
    for _ in 0..2 {
        admit(limiter, "a", 60).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_pause_is_waited_out() {
    let limiter = limiter();
    let start = Instant::now();
    limiter.answered(
        Some(StatusCode::TOO_MANY_REQUESTS),
        Some(Duration::from_secs(7)),
    );
    limiter.answered(Some(StatusCode::OK), Some(Duration::from_secs(700)));
    limiter.answered(None, None);
    admit(&limiter, "a", 60).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn the_day_has_an_end_and_another_begins() {
    start_at("2026-03-16T23:59:00Z");
    let limits = RequestLimits {
        per_day: 5,
        ..LIMITS
    };
    let ledger = Arc::default();
    let limiter = open(limits, &ledger);
    for left in (0..5).rev() {
        admit(&limiter, "a", 10).await.unwrap();
        assert_eq!(limiter.status().left_today, left);
    }
    let refused = admit(&limiter, "a", 10).await.unwrap_err();
    assert!(
        refused.reason.starts_with(
            "The 5 requests that this company may send Gong in a day are used up; the next day \
             begins at midnight UTC, in about "
        ),
        "{}",
        refused.reason
    );
    assert!(refused.retry_after > Duration::from_secs(55));
    // A call with a long enough deadline waits for midnight.
    admit(&limiter, "a", 90).await.unwrap();
    assert_eq!(clock().to_string()[..16], *"2026-03-17T00:00");
    assert_eq!(limiter.status().left_today, 4);
    assert_eq!(ledger.leased_on(date(2026, 3, 16)), 5);

    // A higher limit counts at once.
    for _ in 0..4 {
        admit(&limiter, "a", 10).await.unwrap();
    }
    assert!(admit(&limiter, "a", 10).await.is_err());
    limiter.set_limits(RequestLimits {
        per_day: 6,
        ..LIMITS
    });
    admit(&limiter, "a", 10).await.unwrap();
    assert!(admit(&limiter, "a", 10).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_clean_restart_costs_nothing() {
    start_at(NOON);
    let ledger = Arc::default();
    let limiter = open(LIMITS, &ledger);
    for _ in 0..3 {
        admit(&limiter, "a", 10).await.unwrap();
    }
    assert_eq!(ledger.leased_on(date(2026, 3, 16)), LEASE_SIZE);
    limiter.close().await.unwrap();
    assert_eq!(ledger.leased_on(date(2026, 3, 16)), 3);
    assert!(admit(&limiter, "a", 10).await.is_err(), "it is closed");

    let limiter = open(LIMITS, &ledger);
    assert_eq!(limiter.status().left_today, 9_997);
    let start = Instant::now();
    for _ in 0..3 {
        admit(&limiter, "a", 10).await.unwrap();
    }
    assert_eq!(Instant::now(), start);
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_the_first_second_counts_as_full() {
    start_at(NOON);
    let ledger: Arc<MemoryLedger> = Arc::default();
    let before = open(LIMITS, &ledger);
    admit(&before, "a", 10).await.unwrap();
    drop(before);
    let limiter =
        TenantLimiter::open(LIMITS, Arc::clone(&ledger) as Arc<dyn Ledger>, true, clock).unwrap();
    assert_eq!(limiter.status().left_today, 10_000 - LEASE_SIZE);
    let start = Instant::now();
    admit(&limiter, "a", 10).await.unwrap();
    assert_eq!(start.elapsed(), SPAN);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_unaccounted() {
    start_at(NOON);
    let ledger: Arc<MemoryLedger> = Arc::default();
    ledger.0.lock().unwrap().broken = true;
    let limiter = open(LIMITS, &ledger);
    let refused = admit(&limiter, "a", 10).await.unwrap_err();
    assert!(refused.reason.contains("can not write down"), "{refused:?}");
    ledger.0.lock().unwrap().broken = false;
    admit(&limiter, "a", 10).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_turn_goes_to_the_next() {
    let limiter = limiter();
    let start = Instant::now();
    let mut set = JoinSet::new();
    send(&mut set, &limiter, "a", 3);
    sleep(Duration::from_millis(1)).await;
    let cancelled: Vec<_> = (0..30)
        .map(|_| {
            let limiter = Arc::clone(&limiter);
            tokio::spawn(async move { admit(&limiter, "a", 60).await })
        })
        .collect();
    sleep(Duration::from_millis(1)).await;
    send(&mut set, &limiter, "a", 1);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(limiter.status().waiting, 31);
    for task in cancelled {
        task.abort();
    }
    let left = all(set).await;
    assert_eq!(left.last().unwrap().2 - start, SPAN);
    assert_eq!(limiter.status().waiting, 0);
}

#[test]
fn times_are_told_roughly() {
    let shown = |seconds| wait::about(Duration::from_secs(seconds));
    assert_eq!(shown(1), "about 1 s");
    assert_eq!(wait::about(Duration::from_millis(1200)), "about 2 s");
    assert_eq!(shown(150), "about 3 min");
    assert_eq!(shown(4808), "about 1 h 21 min");
}

/// Stores what the limiter has counted, as the gateway does every few seconds.
fn store_users(limiter: &TenantLimiter, ledger: &MemoryLedger) {
    for (day, user, sent) in limiter.unstored_user_requests() {
        let key = (day, user.to_string());
        ledger.0.lock().unwrap().users.insert(key, sent);
        limiter.stored_user_requests(day, &user, sent);
    }
}

#[tokio::test(start_paused = true)]
async fn no_user_takes_the_others_share_of_the_day() {
    start_at("2026-03-16T23:00:00Z");
    let limits = RequestLimits {
        per_day: 10,
        per_user_day: 4,
        ..LIMITS
    };
    let ledger: Arc<MemoryLedger> = Arc::default();
    let limiter = open(limits, &ledger);
    // All at once: those that wait count too.
    let mut set = JoinSet::new();
    for _ in 0..8 {
        let limiter = Arc::clone(&limiter);
        set.spawn(async move { admit(&limiter, "a", 60).await });
    }
    let answers = set.join_all().await;
    let refused: Vec<&Refused> = answers
        .iter()
        .filter_map(|one| one.as_ref().err())
        .collect();
    assert_eq!(refused.len(), 4);
    assert_eq!(
        refused[0].reason,
        "a has used up the 4 requests that one user may send Gong in a day, which leaves some for \
         the company's other users; the next day begins at midnight UTC, in about 1 h 0 min. Whoever \
         runs the gateway can raise user_requests_per_day."
    );
    assert_eq!(refused[0].retry_after.as_secs(), 3600);
    for _ in 0..2 {
        admit(&limiter, "b", 60).await.unwrap();
    }
    let status = limiter.status();
    assert_eq!((status.most_of_a_user, status.users_used_up), (4, 1));
    assert_eq!(limiter.user_requests(), [("a".into(), 4), ("b".into(), 2)]);
    // A restart forgets nothing that was stored.
    store_users(&limiter, &ledger);
    assert!(limiter.unstored_user_requests().is_empty());
    limiter.close().await.unwrap();
    let limiter = open(limits, &ledger);
    assert!(admit(&limiter, "a", 60).await.is_err());
    admit(&limiter, "b", 60).await.unwrap();
    // A higher share counts at once.
    limiter.set_limits(RequestLimits {
        per_user_day: 5,
        ..limits
    });
    admit(&limiter, "a", 60).await.unwrap();
    assert!(limiter.is_user_used_up(&"a".into()));
    // The next day begins anew.
    advance(Duration::from_secs(3600)).await;
    admit(&limiter, "a", 60).await.unwrap();
    assert_eq!(limiter.user_requests(), [("a".into(), 1)]);
    store_users(&limiter, &ledger);
    let of_the_day_before = ledger.user_requests(date(2026, 3, 16)).unwrap();
    assert_eq!(
        of_the_day_before,
        [("a".to_owned(), 5), ("b".to_owned(), 3)]
    );
}

/// What is on the schedule has a share of its own, and waits while users do.
#[tokio::test(start_paused = true)]
async fn the_schedule_has_its_share_and_comes_last() {
    start_at(NOON);
    let limits = RequestLimits {
        per_user_day: 6,
        per_schedule_day: 2,
        ..LIMITS
    };
    let limiter = open(limits, &Arc::default());
    for _ in 0..3 {
        admit(&limiter, "a", 60).await.unwrap();
    }
    let mut set = JoinSet::new();
    send(&mut set, &limiter, "schedule", 2);
    send(&mut set, &limiter, "a", 3);
    send(&mut set, &limiter, "b", 3);
    let left = all(set).await;
    let of_users = left.iter().take(6).all(|(user, ..)| user != "schedule");
    assert!(of_users, "{left:?}");
    let refused = admit(&limiter, "schedule", 60).await.unwrap_err();
    assert!(
        refused
            .reason
            .contains("The 2 requests that calls on the schedule may send")
            && refused.reason.contains("schedule_requests_per_day"),
        "{}",
        refused.reason
    );
    let status = limiter.status();
    assert_eq!((status.most_of_a_user, status.users_used_up), (6, 1));
}

/// A request whose call has ended before its turn could be used is not the user's.
#[tokio::test(start_paused = true)]
async fn who_leaves_the_line_has_spent_nothing() {
    let limiter = limiter();
    for _ in 0..3 {
        admit(&limiter, "a", 60).await.unwrap();
    }
    let waiting = tokio::time::timeout(Duration::from_millis(500), admit(&limiter, "b", 60));
    assert!(waiting.await.is_err());
    sleep(Duration::from_secs(5)).await;
    assert_eq!(limiter.user_requests(), [("a".into(), 3)]);
}
