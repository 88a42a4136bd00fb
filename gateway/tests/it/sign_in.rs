//! Signing in with the company's account, over the whole gateway.
//!
//! | module | concern |
//! |---|---|
//! | `flow` | rmcp's own client, from the 401 to a tool's answer; step-up; static tokens beside it |
//! | `leavers` | refreshing: groups, accounts that are gone, outages, keys that rotate, tokens used again |
//! | `holes` | codes, states, browsers, redirections and tokens that are somebody else's |
//! | `clients` | metadata documents, registrations, and who may be answered |
//! | `administrators`, `command_line` | administrators at the page and on the command line |
//! | `chromium` | the consent page in a browser |
//! | `resource_server` | access tokens of the provider, where the gateway issues none |
//! | `provider`, `agent`, `company` | a provider for the tests, a browser for it, and what the tests share |

mod administrators;
mod agent;
mod chromium;
mod clients;
mod command_line;
mod company;
mod flow;
mod holes;
mod leavers;
mod provider;
mod resource_server;
