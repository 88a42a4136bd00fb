//! Helpers that several tests share, and the tests of all tools at once. Benches use the generated
//! company too.

#[cfg(test)]
mod answers;
pub(crate) mod company;
pub(crate) mod dice;
#[cfg(test)]
pub(crate) mod many_calls;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod tool_definitions;
