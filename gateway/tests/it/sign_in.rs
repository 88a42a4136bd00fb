//! Signing in with the company's account, over the whole gateway.
//!
//! | module | concern |
//! |---|---|
//! | `flow` | rmcp's own client, from the 401 to a tool's answer; step-up; static tokens beside it |
//! | `leavers` | refreshing: groups, accounts that are gone, outages, keys that rotate, tokens used again |
//! | `holes` | codes, states, browsers, redirections and tokens that are somebody else's |
//! | `clients` | metadata documents, registrations, and who may be answered |
//! | `people` | who has signed in, and who is deleted |
//! | `registry` | what is known of AI clients, and what becomes of idle ones |
//! | `round_trips` | the requests from the 401 to a tool's answer, counted |
//! | `stops` | kill switches of clients and users, and sign-ins that are revoked |
//! | `administrators`, `command_line` | administrators at the page and on the command line |
//! | `chromium` | the consent page in a browser |
//! | `resource_server` | access tokens of the provider, where the gateway issues none |
//! | `provider`, `agent`, `company` | a provider for the tests, a browser for it, and what the tests share |

mod administrators;
pub(crate) mod agent;
mod chromium;
mod clients;
mod command_line;
mod company;
mod flow;
mod holes;
mod leavers;
mod people;
mod provider;
mod registry;
mod resource_server;
mod round_trips;
mod stops;
