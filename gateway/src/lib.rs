//! Serves the tools of a component to many tenants: who may call what, within which limits,
//! and who did.
//!
//! | module | concern |
//! |---|---|
//! | [`config`] | `gateway.toml`, checked as a whole |
//! | [`governance`] | who may call what |
//! | [`limiter`] | Gong's limits, one for each tenant |
//! | [`log`] | lines that say whose call they are about |
//! | [`metrics`] | what is counted and timed |
//! | [`page`] | the administrator's page, `/admin` |
//! | [`queue`] | how many calls run and wait, by tenant |
//! | [`store`] | what survives a restart: reviews, switches, audit, quota |

pub mod call;
pub mod catalog;
pub mod config;
pub mod gateway;
pub mod governance;
pub mod http;
pub mod ledger;
pub mod limiter;
mod line;
pub mod log;
pub mod mcp;
pub mod metrics;
pub mod page;
pub mod progress;
pub mod queue;
pub mod serve;
pub mod store;
pub mod tenant;
pub mod tenants;
