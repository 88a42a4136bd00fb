//! What one user may do at a time and in a second, over all connections.
//!
//! A tenant's limits keep tenants apart; these keep one user, or one token that was stolen, from
//! using all of a tenant's, and from requests that never become calls of a tool.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::tenants::Identity;

/// What a user may have in progress. A change counts from the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserBounds {
    /// MCP requests at a time, without streams. Default: 32.
    pub requests: u32,
    /// MCP requests a second, with as many again at once after a pause. Default: 50.
    pub requests_per_second: u32,
    /// Bytes of request bodies at a time. Default: 32 MiB.
    pub bytes: u64,
    /// Streams for notifications at a time. Default: 8.
    pub streams: u32,
}

impl Default for UserBounds {
    fn default() -> Self {
        Self {
            requests: 32,
            requests_per_second: 50,
            bytes: 32 << 20,
            streams: 8,
        }
    }
}

/// A bound of a user that a request would exceed. It displays as a sentence for whoever reads
/// the client's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exceeded {
    /// [`UserBounds::requests`].
    Requests(u32),
    /// [`UserBounds::requests_per_second`].
    Rate(u32),
    /// [`UserBounds::bytes`].
    Bytes(u64),
    /// [`UserBounds::streams`].
    Streams(u32),
}

impl Exceeded {
    /// The bound's name in metrics, which is that of its setting.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requests(_) => "requests",
            Self::Rate(_) => "requests_per_second",
            Self::Bytes(_) => "bytes",
            Self::Streams(_) => "streams",
        }
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests(most) => write!(
                f,
                "This user has {most} requests in progress, and no more may be at a time. Try \
                 again when some have ended."
            ),
            Self::Rate(most) => write!(
                f,
                "This user sends more than {most} requests a second. Try again in a second."
            ),
            Self::Bytes(most) => write!(
                f,
                "The requests of this user that are in progress would have more than {most} bytes \
                 together. Send large ones one after the other."
            ),
            Self::Streams(most) => write!(
                f,
                "This user listens on {most} streams, and no more may be open at a time. Close \
                 those of clients that are not used any more."
            ),
        }
    }
}

/// All users that have sent something. Only users who exist come here, of the configuration or signed
/// in, so there are never more.
#[derive(Debug, Default)]
pub struct Users(Mutex<HashMap<Identity, Arc<User>>>);

#[derive(Debug)]
struct User(Mutex<InProgress>);

#[derive(Debug)]
struct InProgress {
    requests: u32,
    streams: u32,
    bytes: u64,
    /// A token bucket: how many requests may come at once, and when that was computed.
    at_once: f64,
    computed: Instant,
}

/// A request or a stream in progress, until it is dropped.
#[derive(Debug)]
pub struct UserRequest {
    user: Arc<User>,
    bounds: UserBounds,
    bytes: u64,
    is_stream: bool,
}

impl Users {
    /// Counts a request that begins.
    ///
    /// # Errors
    ///
    /// The user has as many in progress as may be, or sends them too fast.
    pub fn begin(&self, who: &Identity, bounds: UserBounds) -> Result<UserRequest, Exceeded> {
        self.begin_at(who, bounds, Instant::now())
    }

    fn begin_at(
        &self,
        who: &Identity,
        bounds: UserBounds,
        now: Instant,
    ) -> Result<UserRequest, Exceeded> {
        let user = {
            let mut users = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || {
                Arc::new(User(Mutex::new(InProgress {
                    requests: 0,
                    streams: 0,
                    bytes: 0,
                    at_once: f64::from(bounds.requests_per_second) * 2.0,
                    computed: now,
                })))
            };
            Arc::clone(users.entry(who.clone()).or_insert_with(new))
        };
        {
            let mut progress = user.lock();
            progress.refill(bounds.requests_per_second, now);
            if progress.at_once < 1.0 {
                return Err(Exceeded::Rate(bounds.requests_per_second));
            }
            progress.at_once -= 1.0;
            if progress.requests >= bounds.requests {
                return Err(Exceeded::Requests(bounds.requests));
            }
            progress.requests += 1;
        }
        Ok(UserRequest {
            user,
            bounds,
            bytes: 0,
            is_stream: false,
        })
    }
}

impl User {
    fn lock(&self) -> MutexGuard<'_, InProgress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InProgress {
    fn refill(&mut self, per_second: u32, now: Instant) {
        let since = now
            .saturating_duration_since(self.computed)
            .min(Duration::from_secs(60));
        let per_second = f64::from(per_second);
        let grown = self.at_once + since.as_secs_f64() * per_second;
        self.at_once = grown.min(per_second * 2.0);
        self.computed = now;
    }
}

impl UserRequest {
    /// Counts bytes of its body.
    ///
    /// # Errors
    ///
    /// With them the user's requests in progress have too many.
    pub fn add_bytes(&mut self, bytes: usize) -> Result<(), Exceeded> {
        let mut progress = self.user.lock();
        let sum = progress.bytes.saturating_add(bytes as u64);
        if sum > self.bounds.bytes {
            return Err(Exceeded::Bytes(self.bounds.bytes));
        }
        progress.bytes = sum;
        self.bytes += bytes as u64;
        Ok(())
    }

    /// Counts it as a stream from now on, and not as a request.
    ///
    /// # Errors
    ///
    /// The user has as many streams as may be.
    pub fn into_stream(mut self) -> Result<Self, Exceeded> {
        {
            let mut progress = self.user.lock();
            if progress.streams >= self.bounds.streams {
                return Err(Exceeded::Streams(self.bounds.streams));
            }
            progress.requests -= 1;
            progress.streams += 1;
        }
        self.is_stream = true;
        Ok(self)
    }
}

impl Drop for UserRequest {
    fn drop(&mut self) {
        let mut progress = self.user.lock();
        progress.bytes -= self.bytes;
        if self.is_stream {
            progress.streams -= 1;
        } else {
            progress.requests -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: UserBounds = UserBounds {
        requests: 2,
        requests_per_second: 10,
        bytes: 100,
        streams: 1,
    };

    fn who(user: &str) -> Identity {
        Identity {
            tenant: "acme".into(),
            user: user.into(),
        }
    }

    #[test]
    fn requests_at_a_time_are_each_users_own() {
        let users = Users::default();
        let first = users.begin(&who("mia"), BOUNDS).unwrap();
        let _second = users.begin(&who("mia"), BOUNDS).unwrap();
        let third = users.begin(&who("mia"), BOUNDS).unwrap_err();
        assert_eq!(third, Exceeded::Requests(2));
        assert!(users.begin(&who("noa"), BOUNDS).is_ok());
        drop(first);
        assert!(users.begin(&who("mia"), BOUNDS).is_ok());
    }

    #[test]
    fn a_second_has_so_many_requests_and_twice_as_many_after_a_pause() {
        let users = Users::default();
        let start = Instant::now();
        let count = |after| {
            let begin =
                || users.begin_at(&who("mia"), BOUNDS, start + Duration::from_millis(after));
            let refused = std::iter::repeat_with(begin).position(|begun| begun.is_err());
            refused.unwrap()
        };
        assert_eq!(count(0), 20);
        assert_eq!(count(0), 0);
        assert_eq!(count(1000), 10);
        assert_eq!(count(60_000), 20);
        let refused = users.begin_at(&who("mia"), BOUNDS, start).unwrap_err();
        assert_eq!(refused, Exceeded::Rate(10));
    }

    #[test]
    fn bytes_and_streams_are_given_back() {
        let users = Users::default();
        let mut first = users.begin(&who("mia"), BOUNDS).unwrap();
        let mut second = users.begin(&who("mia"), BOUNDS).unwrap();
        first.add_bytes(60).unwrap();
        assert_eq!(second.add_bytes(60), Err(Exceeded::Bytes(100)));
        second.add_bytes(40).unwrap();
        drop(first);
        second.add_bytes(60).unwrap();
        let stream = second.into_stream().unwrap();
        let other = users.begin(&who("mia"), BOUNDS).unwrap();
        assert_eq!(other.into_stream().unwrap_err(), Exceeded::Streams(1));
        drop(stream);
        let again = users.begin(&who("mia"), BOUNDS).unwrap();
        assert!(again.into_stream().is_ok());
    }
}
