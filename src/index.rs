//! The index of calls: what questions need to find calls, kept between tool calls as objects behind
//! `GONG_INDEX_URL`, so that a question reads only what is new. What is shown of single calls is
//! still read from Gong.
//!
//! A week of calls, from Thursday 00:00 UTC as 1970 began, is one object. It says itself when each of
//! its hours was last read, so no second object has to agree with it: whatever ends a call midway,
//! every object is whole.

mod answer;
mod erase;
mod fill;
mod freshness;
mod lease;
mod pack;
mod query;
mod segment;
mod store;
mod sync;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use answer::{Index, Rest};
pub(crate) use erase::erase;
pub(crate) use freshness::{Patience, max_age};
pub(crate) use query::{Find, Parts};
