//! The parameters of `initialize`.

use alloc::{
    borrow::{Cow, ToOwned as _},
    boxed::Box,
};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Object, is_object, is_text, members, raw_value};

/// The revision of a client that names none, by the specification of Streamable HTTP.
const UNNAMED: &str = "2025-03-26";

/// What a request since 2026-07-28 has in its `_meta`: there, `initialize` is no method any more.
const VERSION_OF_REQUEST: &str = "io.modelcontextprotocol/protocolVersion";

/// The capabilities whose members have any name, and are objects.
const OPEN: [&str; 2] = ["experimental", "extensions"];

/// The members of capabilities that are no objects: JSON has them true or false.
const SWITCHES: [&str; 2] = ["listChanged", "schemaValidation"];

/// The level of settings within capabilities, deeper than that of any switch.
const SETTINGS: u32 = 3;

/// The parameters with all that the specification requires of them, if something is missing or of
/// a wrong type: a client that can not say who it is can call tools nevertheless.
pub(crate) fn mend(params: Option<&RawValue>) -> Option<Box<RawValue>> {
    let mut params = match params {
        Some(params) => members(params)?,
        None => Object::new(),
    };
    let meta = params.get("_meta").and_then(|meta| members(meta));
    if meta.is_some_and(|meta| meta.contains_key(VERSION_OF_REQUEST)) {
        return None;
    }
    let mut mended = require(&mut params, "protocolVersion", is_text, &UNNAMED);
    mended |= require(&mut params, "capabilities", is_object, &Object::new());
    mended |= require(&mut params, "clientInfo", is_object, &Object::new());
    let capabilities = params.get("capabilities");
    let capabilities = capabilities.and_then(|sent| sound_capabilities(sent, 0));
    let client = params.get("clientInfo").and_then(|sent| sound_client(sent));
    for (name, sound) in [("capabilities", capabilities), ("clientInfo", client)] {
        if let Some(sound) = sound {
            params.insert(name.to_owned(), Cow::Owned(sound));
            mended = true;
        }
    }
    mended.then(|| raw_value(&params))?
}

/// A client with name and version. No server here shows icons, whose form has changed.
fn sound_client(sent: &RawValue) -> Option<Box<RawValue>> {
    let mut client = members(sent)?;
    let mut mended = require(&mut client, "name", is_text, &"unknown");
    mended |= require(&mut client, "version", is_text, &"unknown");
    let before = client.len();
    client.retain(|name, value| match &**name {
        "title" | "description" | "websiteUrl" => is_text(value),
        "icons" => false,
        _ => true,
    });
    mended |= client.len() < before;
    mended.then(|| raw_value(&client))?
}

/// Capabilities without the members that have not the form of one. `level` counts the objects around
/// these; those of [`OPEN`] ones are settings that only the client knows.
fn sound_capabilities(sent: &RawValue, level: u32) -> Option<Box<RawValue>> {
    let mut capabilities = members(sent)?;
    let mut mended = false;
    capabilities.retain(|name, value| {
        let is_switch = (1..SETTINGS).contains(&level) && SWITCHES.contains(&&**name);
        if is_switch || !is_object(value) {
            let is_sound = is_switch && matches!(value.get(), "true" | "false");
            mended |= !is_sound;
            return is_sound;
        }
        let inner = match level {
            0 if OPEN.contains(&&**name) => sound_capabilities(value, SETTINGS),
            0 | 1 => sound_capabilities(value, level + 1),
            _ => None,
        };
        if let Some(inner) = inner {
            *value = Cow::Owned(inner);
            mended = true;
        }
        true
    });
    mended.then(|| raw_value(&capabilities))?
}

/// Puts in a member that is missing or wrong; whether it was.
fn require(
    object: &mut Object<'_>,
    name: &str,
    is_sound: fn(&RawValue) -> bool,
    value: &impl Serialize,
) -> bool {
    if object.get(name).is_some_and(|raw| is_sound(raw)) {
        return false;
    }
    let Some(value) = raw_value(value) else {
        return false;
    };
    object.insert(name.to_owned(), Cow::Owned(value));
    true
}
