//! Serves the tools of a component to many tenants: who may call what, within which limits,
//! and who did.
//!
//! | module | concern |
//! |---|---|
//! | [`config`] | `gateway.toml`, checked as a whole |
//! | [`limiter`] | Gong's limits, one for each tenant |
//! | [`log`] | lines that say whose call they are about |
//! | [`metrics`] | what is counted and timed |
//! | [`queue`] | how many calls run and wait, by tenant |

pub mod config;
pub mod limiter;
mod line;
pub mod log;
pub mod metrics;
pub mod queue;
