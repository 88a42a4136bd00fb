//! The index of calls: what questions need to find calls, kept between tool calls as objects behind
//! `GONG_INDEX_URL`, so that a question reads only what is new. What is shown of single calls is
//! still read from Gong.
//!
//! A week of calls, from Thursday 00:00 UTC as 1970 began, is one object. It says itself when each of
//! its hours was last read, so no second object has to agree with it: whatever ends a call midway,
//! every object is whole.

mod answer;
mod copy;
mod coverage;
mod deals;
mod erase;
mod fill;
mod freshness;
mod lease;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod made;
mod pack;
mod query;
mod segment;
mod statement;
mod store;
mod sums;
mod sync;
mod tables;
#[cfg(test)]
mod tests;
mod view;
mod week;

pub(crate) use answer::Index;
pub(crate) use coverage::Rest;
pub(crate) use deals::DealOnCall;
pub(crate) use erase::erase;
pub(crate) use freshness::{Patience, max_age};
pub(crate) use query::{Find, Parts};
pub(crate) use segment::Tables;
pub(crate) use sums::{Alike, Period, Sum};
pub(crate) use tables::{ObjectText, PersonText};
