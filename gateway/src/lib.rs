//! Serves the tools of a component to many tenants: who may call what, within which limits,
//! and who did.
//!
//! | module | concern |
//! |---|---|
//! | [`config`] | `gateway.toml`, checked as a whole |
//! | [`limiter`] | Gong's limits, one for each tenant |

pub mod config;
pub mod limiter;
