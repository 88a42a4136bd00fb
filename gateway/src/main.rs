//! `gong-gateway`.
fn main() {}
