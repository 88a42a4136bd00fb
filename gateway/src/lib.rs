//! Serves the tools of a component to many tenants: who may call what, within which limits,
//! and who did.
//!
//! | module | concern |
//! |---|---|
//! | [`config`] | `gateway.toml`, checked as a whole |
//! | [`store`] | the state file: reviews, kill switches, audit, quota |
//! | [`serve`] | starting, reloading and shutting down |
//! | [`gateway`] | the parts of a serving gateway |
//! | [`tenants`], [`tenant`] | who is served: connections, credentials, limits |
//! | [`http`] | routes and bearer tokens |
//! | [`mcp`] | the MCP server |
//! | [`page`] | the administrator's page, `/admin` |
//! | [`component`] | which component is served |
//! | [`catalog`] | the tools, prompts and resources of the component |
//! | [`governance`] | who may call what |
//! | [`call`] | one call, from the request to the audit |
//! | [`call_gate`] | admits the requests of one call |
//! | [`call_queue`] | how many calls of a tenant run and wait |
//! | [`limiter`] | keeps a tenant's requests within Gong's limits |
//! | `fair_queue` | a queue in which users take turns, for the two above |
//! | `cors` | which web pages may use `/mcp` |
//! | [`readiness`] | whether new calls are accepted |
//! | [`clock`] | the time, as far as the wall clock can be trusted |
//! | [`progress`] | progress notifications |
//! | [`metrics`] | what is counted and timed |
//! | [`log`] | log lines that say whose call they are about |
//! | [`trace`] | the client's trace, from `traceparent` |
//! | `suggest` | "did you mean …?" for names that do not exist |

pub mod call;
pub mod call_gate;
pub mod call_queue;
pub mod catalog;
pub mod clock;
pub mod component;
pub mod config;
mod cors;
mod fair_queue;
pub mod gateway;
pub mod governance;
pub mod http;
pub mod limiter;
pub mod log;
pub mod mcp;
pub mod metrics;
pub mod page;
pub mod progress;
pub mod readiness;
pub mod serve;
pub mod store;
mod suggest;
pub mod tenant;
pub mod tenants;
pub mod trace;
