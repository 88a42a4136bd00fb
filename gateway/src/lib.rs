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
//! | [`connections`] | how many connections there may be |
//! | [`http`] | routes and bearer tokens |
//! | [`admission`], [`user_bounds`] | which MCP requests a user may have in progress, and how large |
//! | [`mcp`], [`instructions`], [`tool_watch`] | the MCP server; notices of changed tools |
//! | `client_address` | whose request it is, behind proxies |
//! | [`caller`], `client_activity` | who calls, and through what; when clients were used |
//! | [`sign_in`] | signing in with the company's account |
//! | `failed_tokens` | wrong tokens, for the audit |
//! | `attempts` | how often something may fail from one address |
//! | [`os_user`] | users of the operating system, for the audit |
//! | [`page`] | the administrator's page, `/admin` |
//! | [`command_line`] | signing in on the command line |
//! | [`component`] | which component is served |
//! | [`catalog`] | the tools, prompts and resources of the component |
//! | [`governance`] | who may call what |
//! | `audit_push` | the audit goes to another system too |
//! | [`call`] | one call, from the request to the audit |
//! | [`call_gate`] | admits the requests of one call |
//! | [`places`] | which tenant's call gets the next instance of the component |
//! | [`call_queue`] | how many calls of a tenant run and wait |
//! | [`limiter`] | keeps a tenant's requests within Gong's limits |
//! | [`index`] | where the component keeps its index of a tenant |
//! | [`schedule`] | tools that are called regularly |
//! | `fair_queue` | a queue in which users take turns, for the two above |
//! | [`readiness`] | whether new calls are accepted |
//! | [`clock`] | the time, as far as the wall clock can be trusted |
//! | [`progress`] | progress notifications |
//! | [`metrics`] | what is counted and timed |
//! | [`log`] | log lines that say whose call they are about |
//! | `cut` | texts of others, made safe to store and log |
//! | [`trace`] | the client's trace, from `traceparent` |
//! | [`traces`] | calls as OpenTelemetry traces, over OTLP |
//! | `https_client` | HTTP to systems of the operator's own |
//! | `suggest` | "did you mean …?" for names that do not exist |

pub mod admission;
mod attempts;
mod audit_push;
pub mod call;
pub mod call_gate;
pub mod call_queue;
pub mod caller;
pub mod catalog;
mod client_activity;
mod client_address;
pub mod clock;
pub mod command_line;
pub mod component;
pub mod config;
pub mod connections;
mod cut;
mod failed_tokens;
mod fair_queue;
pub mod gateway;
pub mod governance;
pub mod http;
mod https_client;
pub mod index;
pub mod instructions;
pub mod limiter;
pub mod log;
pub mod mcp;
pub mod metrics;
pub mod os_user;
pub mod page;
pub mod places;
pub mod progress;
pub mod readiness;
pub mod schedule;
pub mod serve;
pub mod sign_in;
pub mod store;
mod suggest;
pub mod tenant;
pub mod tenants;
pub mod tool_watch;
pub mod trace;
pub mod traces;
pub mod user_bounds;
