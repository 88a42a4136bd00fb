//! A stand-in for Gong's public REST API: an HTTP server with an invented company that
//! answers as the real one does, so that demos and tests need no Gong account.
//!
//! It is as strict as Gong, and stricter where a lax fake would hide a mistake: a field
//! that Gong's OpenAPI document does not have is refused with 400. Nothing in here is
//! real: the company, its customers, its people and every word they say are made up from
//! a seed, and the same seed with the same `now` gives the same bytes.

mod auth;
mod changes;
pub mod company;
mod contract;
mod control;
mod faults;
mod fields;
mod gong;
mod instants;
mod journal;
mod limits;
mod multipart;
#[cfg(feature = "openapi")]
mod openapi;
#[cfg(not(feature = "openapi"))]
#[path = "no_openapi.rs"]
mod openapi;
mod operation;
mod options;
mod paging;
mod request;
mod response;
mod response_cache;
mod router;
mod routes;
pub mod scripted;
mod server;
mod shared;
mod state;
mod tls;

pub use changes::Change;
pub use company::Company;
pub use control::CONTROL;
pub use faults::Fault;
pub use journal::{Counts, SeenRequest, Tally, Write};
pub use options::{Grown, OpenApi, Options, openapi_beside};
pub use request::Part;
pub use scripted::{Exchange, Scripted, Seen};
pub use server::FakeGong;
pub use state::targets::TargetAssignment;
