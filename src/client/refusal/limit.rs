//! What an error says about a limit of requests.

use crate::{client::refusal::duration, prelude::*};

/// A longer `Retry-After` means the day's quota, a shorter one a burst (seen: 4,808 s and 1 s).
const BURST_SECONDS: u64 = 60;

/// For Gong's own limit.
pub(super) fn rate_limit_text(retry_after: Option<u64>, said: &str) -> String {
    match retry_after {
        Some(seconds) if seconds > BURST_SECONDS => format!(
            "The company's daily allowance of Gong requests (10,000, shared by everyone) is used up: {said}. It is back \
             in about {}. Until then neither trying again nor a narrower question helps.",
            duration(seconds)
        ),
        _ => format!(
            "Gong is busy with the company's other requests (3 a second, shared by everyone) and stayed so for as long as \
             a tool waits: {said}. Try again in a minute."
        ),
    }
}

/// For a limit that may not be Gong's: its answers have a request id, those of a host that keeps its
/// calls to a limit have none.
pub(super) fn other_limit_text(retry_after: Option<u64>, said: &str) -> String {
    match retry_after {
        Some(seconds) if seconds > BURST_SECONDS => format!(
            "A limit on requests to Gong is reached: {said}. Requests are possible again in about {}. Until then neither \
             trying again nor a narrower question helps.",
            duration(seconds)
        ),
        _ => format!(
            "A limit on requests to Gong is reached, and was so for as long as a tool waits: {said}. Try again in a \
             minute."
        ),
    }
}
