//! A gate before the network: whose turn it is, and what became of each request.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fake_gong::Fault;
use sandbox::gate::Admission;
use sandbox::{Gate, Limits, Refused, Run, SandboxError};

use crate::support::{options, outbound, run_for, sandbox, sandbox_with, stand_in};

/// Refuses the first few requests and admits the others, each after a pause.
#[derive(Debug, Default)]
struct Turnstile {
    refuse: usize,
    retry_after: Duration,
    pause: Duration,
    requests: AtomicUsize,
    admitted: AtomicUsize,
    answers: Mutex<Vec<(Option<u16>, Option<u64>)>>,
}

impl Gate for Turnstile {
    fn admit(&self, deadline: Instant) -> Admission<'_> {
        Box::pin(async move {
            assert!(deadline > Instant::now());
            if self.requests.fetch_add(1, Ordering::Relaxed) < self.refuse {
                return Err(Refused {
                    retry_after: self.retry_after,
                    reason: "The company's budget is spent.".to_owned(),
                });
            }
            tokio::time::sleep(self.pause).await;
            self.admitted.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    }

    fn answered(&self, status: Option<http::StatusCode>, retry_after: Option<Duration>) {
        let status = status.map(|status| status.as_u16());
        let seconds = retry_after.map(|time| time.as_secs());
        self.answers.lock().unwrap().push((status, seconds));
    }
}

impl Turnstile {
    fn before(self, run: Run) -> (Arc<Self>, Run) {
        let gate = Arc::new(self);
        let run = Run {
            gate: Some(gate.clone()),
            ..run
        };
        (gate, run)
    }

    fn answers(&self) -> Vec<(Option<u16>, Option<u64>)> {
        self.answers.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn each_outcome_is_reported_once() {
    let gong = stand_in(options()).await;
    let (gate, run) = Turnstile::default().before(run_for(&gong));
    let limited = |seconds| Fault::Status(429, "Too many".into(), Some(seconds));
    gong.fault("", limited(1), Some(1));
    let answer = sandbox()
        .call_tool(&run, "gong_list_workspaces", "{}")
        .await;
    assert!(!answer.unwrap().is_error);
    assert_eq!(gate.answers(), [(Some(429), Some(1)), (Some(200), None)]);

    let (gate, run) = Turnstile::default().before(run_for(&gong));
    gong.fault("", limited(4808), Some(1));
    let answer = sandbox()
        .call_tool(&run, "gong_list_workspaces", "{}")
        .await;
    assert!(answer.unwrap().is_error);
    assert_eq!(gate.answers(), [(Some(429), Some(4808))]);

    let (gate, mut run) = Turnstile::default().before(run_for(&gong));
    run.env.set("GONG_BASE_URL", "http://127.0.0.1:1");
    run.outbound = outbound("http://127.0.0.1:1", None);
    let answer = sandbox()
        .call_tool(&run, "gong_list_workspaces", "{}")
        .await;
    assert!(answer.unwrap().is_error);
    // A read is sent once more.
    assert_eq!(gate.answers(), [(None, None), (None, None)]);
}

#[tokio::test]
async fn a_refused_request_is_not_sent_and_reads_as_the_apis_limit() {
    let gong = stand_in(options()).await;
    let day = Turnstile {
        refuse: usize::MAX,
        retry_after: Duration::from_secs(4808),
        ..Turnstile::default()
    };
    let (gate, run) = day.before(run_for(&gong));
    let answer = sandbox()
        .call_tool(&run, "gong_list_workspaces", "{}")
        .await;
    let answer = answer.unwrap();
    assert!(answer.is_error);
    assert!(
        answer.text.contains("The company's budget is spent.")
            && answer.text.contains("1 h 21 min"),
        "{}",
        answer.text
    );
    assert_eq!(gong.requests().len(), 0);
    assert_eq!(gate.answers(), []);
}

#[tokio::test]
async fn a_refused_request_is_tried_again_when_it_may_be() {
    let gong = stand_in(options()).await;
    let second = Turnstile {
        refuse: 1,
        retry_after: Duration::from_millis(900),
        ..Turnstile::default()
    };
    let (gate, run) = second.before(run_for(&gong));
    let answer = sandbox()
        .call_tool(&run, "gong_list_workspaces", "{}")
        .await;
    let answer = answer.unwrap();
    assert!(!answer.is_error, "{}", answer.text);
    assert!(answer.usage.wall_time >= Duration::from_secs(1));
    assert_eq!(gong.requests().len(), 1);
    assert_eq!(gate.answers(), [(Some(200), None)]);
}

#[tokio::test]
async fn a_call_that_ends_early_is_heard_too_once_its_request_was_admitted() {
    let gong = stand_in(options()).await;
    let (gate, run) = Turnstile::default().before(run_for(&gong));
    gong.fault("", Fault::Slow(Duration::from_secs(5)), Some(1));
    let limits = Limits {
        wall_time: Duration::from_secs(1),
        ..Limits::default()
    };
    let hasty = sandbox_with(limits);
    let call = hasty.call_tool(&run, "gong_list_workspaces", "{}");
    let dropped = tokio::time::timeout(Duration::from_millis(300), call).await;
    assert!(dropped.is_err(), "the answer is slow");
    answers(&gate, &[(None, None)]).await;

    // Its turn does not come: it was never admitted, and the call's time counts on.
    let waiting = Turnstile {
        pause: Duration::from_secs(5),
        ..Turnstile::default()
    };
    let (gate, run) = waiting.before(run_for(&gong));
    let stopped = hasty.call_tool(&run, "gong_list_workspaces", "{}").await;
    let stopped = stopped.unwrap_err();
    assert_eq!(stopped.error, SandboxError::WallTime(limits.wall_time));
    assert_eq!(stopped.usage.requests, 1);
    assert!(stopped.usage.wall_time >= limits.wall_time);
    assert!(stopped.usage.cpu > Duration::ZERO);
    assert_eq!(gate.requests.load(Ordering::Relaxed), 1);
    assert_eq!(gate.admitted.load(Ordering::Relaxed), 0);
    answers(&gate, &[]).await;
}

/// What a gate hears in the end: a dropped call's requests end on another task.
async fn answers(gate: &Turnstile, expected: &[(Option<u16>, Option<u64>)]) {
    for _ in 0..100 {
        if gate.answers().len() >= expected.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(gate.answers(), expected);
}
