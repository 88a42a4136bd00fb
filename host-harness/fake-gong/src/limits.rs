//! Gong's limits: 3 requests a second and a number a day, for the whole company together, and
//! credits for what its AI answers.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use http::StatusCode;
use jiff::civil::Date;

use crate::options::Options;
use crate::response::ApiError;

/// How many requests Gong takes in a second.
const PER_SECOND: usize = 3;

/// What Gong was seen to say in production when the day's quota was gone, in seconds.
const QUOTA_RETRY_AFTER: u32 = 4808;

/// Counts requests and credits.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    taken: Mutex<Taken>,
    credits: AtomicU32,
}

#[derive(Debug, Default)]
struct Taken {
    lately: VecDeque<Instant>,
    day: Option<Date>,
    today: u32,
}

impl Limits {
    /// Counts one request, or refuses it. A refused request costs nothing of the quota.
    pub(crate) fn take(&self, options: &Options, day: Date) -> Result<(), ApiError> {
        let mut taken = self.taken.lock().unwrap_or_else(|error| error.into_inner());
        if taken.day.replace(day) != Some(day) {
            taken.today = 0;
        }
        if options
            .daily_quota
            .is_some_and(|quota| taken.today >= quota)
        {
            return Err(ApiError::too_many(QUOTA_RETRY_AFTER));
        }
        if options.rate_limit {
            let now = Instant::now();
            while taken
                .lately
                .front()
                .is_some_and(|at| now - *at >= Duration::from_secs(1))
            {
                taken.lately.pop_front();
            }
            if taken.lately.len() >= PER_SECOND {
                return Err(ApiError::too_many(1));
            }
            taken.lately.push_back(now);
        }
        taken.today = taken.today.saturating_add(1);
        Ok(())
    }

    /// Refuses with 402 when no credit is left.
    pub(crate) fn afford(&self, credits: Option<u32>) -> Result<(), ApiError> {
        if credits.is_some_and(|credits| self.spent() >= credits) {
            return Err(ApiError::new(
                StatusCode::PAYMENT_REQUIRED,
                "Payment Required",
            ));
        }
        Ok(())
    }

    /// Spends credits. The last answer may cost more than there was left.
    pub(crate) fn spend(&self, credits: u32) {
        self.credits.fetch_add(credits, Ordering::Relaxed);
    }

    /// The credits spent so far.
    pub(crate) fn spent(&self) -> u32 {
        self.credits.load(Ordering::Relaxed)
    }
}
