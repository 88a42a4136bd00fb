//! Helpers that several tests share, and the tests of all tools at once.

pub(crate) mod company;
pub(crate) mod many_calls;
mod operations;
mod replay;
mod tool_definitions;
