//! The parameters of `initialize`.

use alloc::{
    borrow::{Cow, ToOwned as _},
    boxed::Box,
};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Object, object, raw_value};

/// The revision of a client that names none, by the specification of Streamable HTTP.
const UNNAMED: &str = "2025-03-26";

/// What a request since 2026-07-28 has in its `_meta`: there, `initialize` is no method any more.
const VERSION_OF_REQUEST: &str = "io.modelcontextprotocol/protocolVersion";

/// The parameters with all that the specification requires of them, if something is missing. What is
/// there but wrong stays, for the server to say so.
pub(crate) fn mend(params: Option<&RawValue>) -> Option<Box<RawValue>> {
    let mut params = match params {
        Some(params) if params.get() != "null" => object(params)?,
        _ => Object::new(),
    };
    let meta = params.get("_meta").and_then(|meta| object(meta));
    if meta.is_some_and(|meta| meta.contains_key(VERSION_OF_REQUEST)) {
        return None;
    }
    let mut mended = add(&mut params, "protocolVersion", &UNNAMED);
    mended |= add(&mut params, "capabilities", &Object::new());
    let client = params.get("clientInfo").filter(|raw| raw.get() != "null");
    let mut client = match client {
        Some(client) => object(client)?,
        None => Object::new(),
    };
    if add(&mut client, "name", &"unknown") | add(&mut client, "version", &"unknown") {
        let client = raw_value(&client)?;
        params.insert("clientInfo".to_owned(), Cow::Owned(client));
        mended = true;
    }
    mended.then(|| raw_value(&params))?
}

/// Adds a member that is missing or null; whether it was.
fn add(object: &mut Object<'_>, name: &str, value: &impl Serialize) -> bool {
    if object.get(name).is_some_and(|raw| raw.get() != "null") {
        return false;
    }
    let Some(value) = raw_value(value) else {
        return false;
    };
    object.insert(name.to_owned(), Cow::Owned(value));
    true
}
