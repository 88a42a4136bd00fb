//! Runs the gateway over real sockets, with the built component and a stand-in for Gong.
//!
//! | module | concern |
//! |---|---|
//! | `mcp`, `http` | what MCP clients see; tokens, sessions, health, TLS, shutdown |
//! | `stateless` | requests without a session, as all servers answer them |
//! | `limits`, `isolation` | Gong's limits and the queue; tenants do not affect each other |
//! | `attacks` | what one user, or nobody signed in, can not do to the others |
//! | `deploy` | the files for deployment name what exists |
//! | `operations` | readiness, `check`, and what else an operator expects |
//! | `undeclared` | a component whose tools do other things than they say |
//! | `reload`, `secrets` | changes of the configuration; secrets appear nowhere |
//! | `sign_in` | signing in with the company's account, by clients as they come, and every hole that was tried |
//! | `accounts` | service accounts |
//! | `traces` | calls as traces, to a collector |
//! | `audit`, `audit_push` | calls and acts, and that no row is lost, altered or left out |
//! | `index`, `index_kill` | where the component keeps its index |
//! | `schedule` | tools that are called regularly |
//! | `store`, `kill` | several processes on one state file; `kill -9` at any moment |
//! | `admin_cli`, `page`, `demo` | the administrator's commands and page; the demo |
//! | `browser`, `support`, `wat` | a WebDriver client; what the tests share |

mod accounts;
mod admin_cli;
mod attacks;
mod audit;
mod audit_push;
mod browser;
mod demo;
mod deploy;
mod http;
mod index;
mod index_kill;
mod isolation;
mod kill;
mod killed;
mod limits;
mod mcp;
mod operations;
mod page;
mod reload;
mod schedule;
mod secrets;
mod sign_in;
mod stateless;
mod store;
mod support;
mod traces;
mod undeclared;
#[path = "../../../tests/it/wat.rs"]
mod wat;
