//! What the tests share, and those that are about all tools at once.

pub(crate) mod many_calls;
mod operations;
mod replay;
mod tool_definitions;
