//! The AI clients of a tenant.

use std::time::Duration;

/// What becomes of the clients of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientsConfig {
    /// After how long without use something happens to a client.
    pub idle: IdleAfter,
    /// How long a token of a service account may last. Default: 365 days.
    pub longest_service_token: Duration,
}

impl Default for ClientsConfig {
    fn default() -> Self {
        Self {
            idle: IdleAfter::default(),
            longest_service_token: 365 * DAY,
        }
    }
}

/// After how long without use something happens to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdleAfter {
    /// Lists leave it out. Default: 1 day.
    pub hidden: Duration,
    /// Its sign-ins end. Default: 7 days.
    pub closed: Duration,
    /// It is deleted. Default: 90 days.
    pub deleted: Duration,
}

/// A day, as durations have it.
pub(super) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for IdleAfter {
    fn default() -> Self {
        Self {
            hidden: DAY,
            closed: 7 * DAY,
            deleted: 90 * DAY,
        }
    }
}
