//! What std's prelude would bring: in the sandbox the crate has `alloc` only.

pub(crate) use alloc::{
    borrow::ToOwned,
    boxed::Box,
    format,
    string::{String, ToString},
    vec::Vec,
};
