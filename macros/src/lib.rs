//! What gong-tools has made at compile time so that the component is small: records say
//! where their members lie instead of each having code that reads and writes it, exports
//! leave arguments and answers to one reader and one writer, and contracts are packed.

mod exports;
mod packed;
mod record;

use proc_macro::TokenStream;
use syn::{DeriveInput, Error, LitStr, parse_macro_input};

/// For the crate `records`, which is in scope as `crate::record`: a struct becomes a `Record`,
/// a fieldless enum a `Choice`; both begin with their default (of an enum: its first case).
///
/// Members are called as in Rust, with `#[serde(rename_all = "camelCase")]` as Gong calls
/// them; cases in snake case. `#[record(required)]`: an optional member that has to be there,
/// if only as null.
#[proc_macro_derive(Record, attributes(record, serde))]
pub fn record(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let tokens = record::expand(&input, true);
    tokens.unwrap_or_else(Error::into_compile_error).into()
}

/// As `Record`, for what a host reads and writes in memory and nobody as JSON: members lie
/// somewhere, and are not called anything.
#[proc_macro_derive(Nameless, attributes(record, serde))]
pub fn nameless(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    let tokens = record::expand(&input, false);
    tokens.unwrap_or_else(Error::into_compile_error).into()
}

/// `packed!("folder")`: the JSON files of a folder of the crate, sorted, each a line `name
/// JSON` without white space between tokens, compressed as an LZ4 block after its length.
#[proc_macro]
pub fn packed(folder: TokenStream) -> TokenStream {
    let folder = parse_macro_input!(folder as LitStr);
    let tokens = packed::expand(&folder);
    tokens.unwrap_or_else(Error::into_compile_error).into()
}

/// `exports! { gong_get_user => tools::get_user::run; … }`: for each function of the world
/// `gong` in `wit/` its export, which has `call`, in scope where it stands, do the work. What
/// has an attribute `#[cfg(…)]` keeps it.
#[proc_macro]
pub fn exports(exports: TokenStream) -> TokenStream {
    let exports = parse_macro_input!(exports as exports::Exports);
    let tokens = exports::expand(&exports);
    tokens.unwrap_or_else(Error::into_compile_error).into()
}
