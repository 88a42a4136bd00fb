//! Builds the components of this workspace, composes them, and makes the distribution.
//!
//! | module | concern |
//! |---|---|
//! | [`component`] | the artefacts: building them with cargo, and finding them |
//! | [`compose`] | one component of two |
//! | [`gateway`] | the gateway as it is deployed |
//! | [`dist`] | the artefacts with what other hosts need to run them, in one folder |
//!
//! The last three are in the feature `dist`, so that a host which only builds its own component
//! is not compiled with the tools for composition and distribution.

mod cargo;
pub mod component;
#[cfg(feature = "dist")]
pub mod compose;
#[cfg(feature = "dist")]
pub mod dist;
#[cfg(feature = "dist")]
pub mod gateway;
