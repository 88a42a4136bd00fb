//! The argument `resume`: where a list goes on, with the tool and the arguments that it is of, so that
//! the rest of one list is never taken for the rest of another. A token reads
//! `search_calls?account=Acme&by[]=host&people:=true#POSITION~CHECK`: the arguments like a query of a
//! URL, with `[]` for the texts of a list and `:=` before other JSON, then the tool's own position. The
//! check is of all before it: models copy tokens by hand, and one that lost a letter is of another list.

use alloc::collections::BTreeMap;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{
    client::Gong,
    error::{Error, bad_argument},
    gong::id::call_id,
    prelude::*,
    text::{fingerprint, fold_case, one_line, shortened},
};

/// Characters that would end a value, or that JSON and models write in more than one way.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'&')
    .add(b'\\');
/// Arguments that change how much is shown of a list or how fresh it is, not which list it is: each
/// question has its own.
const FREE: [&str; 4] = ["resume", "limit", "bytes", "max_age"];
/// Arguments that are no filter, or that every list states by itself.
const NO_FILTER: [&str; 6] = ["by", "people", "include", "call_ids", "from", "to"];

/// Puts the arguments that a token carries into `arguments`, and the tool's position in its place.
///
/// # Errors
/// `bad-argument` for a token of another tool, and for an argument that is not that of the token. Names
/// of which `is_argument` is not true are left as they are.
pub(crate) fn open(
    tool: &str,
    arguments: &mut Map<String, Value>,
    is_argument: &dyn Fn(&str) -> bool,
) -> Result<(), Error> {
    let token = arguments.get("resume").and_then(Value::as_str);
    let Some(token) = token.filter(|token| !is_blank(&json!(token))) else {
        return Ok(());
    };
    let (of, carried, position) = intact(token)
        .and_then(|token| read(&token))
        .ok_or_else(|| wrong("it is no token of an answer, or a letter of it was lost."))?;
    if tool != of {
        return Err(wrong(&format!("it goes on with {of}, not with {tool}.")));
    }
    for (name, value) in arguments.iter() {
        if FREE.contains(&name.as_str()) || is_blank(value) || !is_argument(name) {
            continue;
        }
        let problem = match carried.get(name) {
            Some(carried) if is_same(carried, value) => continue,
            Some(carried) => format!("resume goes on with {}.", shown(name, carried)),
            None => "resume goes on with a list without it.".to_owned(),
        };
        return Err(bad_argument(
            name,
            &problem,
            "{\"resume\": \"…\"} alone goes on; without resume another list begins.",
        ));
    }
    arguments.insert("resume".to_owned(), position.into());
    for (name, value) in carried {
        let blank = arguments.get(&name).is_none_or(is_blank);
        if blank && !FREE.contains(&name.as_str()) {
            arguments.insert(name, value);
        }
    }
    Ok(())
}

/// As [`open`], for arguments that are a record, whose tokens then carry these.
///
/// # Errors
/// As [`open`].
#[cfg_attr(
    any(feature = "mcp", not(target_family = "wasm")),
    allow(dead_code, reason = "only typed exports take records")
)]
pub(crate) fn open_record<A: Serialize + DeserializeOwned>(
    gong: &Gong<'_>,
    tool: &str,
    arguments: A,
) -> Result<A, Error> {
    let Ok(Value::Object(mut members)) = serde_json::to_value(arguments) else {
        unreachable!("arguments are a record")
    };
    open(tool, &mut members, &|_| true)?;
    begin(gong, tool, &members);
    let read = serde_json::from_value(Value::Object(members));
    read.map_err(|error| wrong(&format!("it carries what is no argument: {error}.")))
}

/// Makes the tokens of this call carry its tool and arguments.
pub(crate) fn begin(gong: &Gong<'_>, tool: &str, arguments: &Map<String, Value>) {
    let mut prefix = tool.trim_start_matches("gong_").to_owned();
    let carried = said(arguments);
    let mut separator = '?';
    let mut push = |name: &str, kind: &str, value: &str| {
        prefix.push(separator);
        prefix.push_str(name);
        prefix.push_str(kind);
        prefix.extend(utf8_percent_encode(value, ENCODED));
        separator = '&';
    };
    for (name, value) in carried {
        match value {
            Value::String(text) => push(name, "=", text),
            Value::Array(items) if items.iter().all(Value::is_string) => {
                let texts = items.iter().filter_map(Value::as_str);
                texts.for_each(|text| push(name, "[]=", text));
            }
            json => push(name, ":=", &json.to_string()),
        }
    }
    prefix.push('#');
    gong.begin_tokens(Tokens(prefix));
}

/// Makes the tokens of one list.
#[derive(Clone, Default)]
pub(crate) struct Tokens(String);

impl Tokens {
    /// The token for a position.
    pub(crate) fn at(&self, position: &str) -> String {
        let token = format!("{}{position}", self.0);
        let check = check(&token);
        token + "~" + &check
    }
}

/// Four letters and digits that tell whether a token is whole.
fn check(token: &str) -> String {
    let mut rest = fingerprint(&[token]);
    let mut letter = || {
        let digit = b"0123456789abcdefghijklmnopqrstuvwxyz"[(rest % 36) as usize];
        rest /= 36;
        char::from(digit)
    };
    [letter(), letter(), letter(), letter()].iter().collect()
}

/// A token without its check, out of what models and clients put round and into it; none if it is not
/// whole.
fn intact(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("resume");
    let text = text
        .trim_matches(|c: char| c.is_whitespace() || "\\\"'`*<>()[]“”:=.,".contains(c))
        .trim_start_matches("gong_");
    let text = text.replace("\\u0026", "&").replace("&amp;", "&");
    let (token, its_check) = text.rsplit_once('~')?;
    (its_check == check(token)).then(|| token.to_owned())
}

/// The arguments that held, as the first line of a list names them; none without any.
pub(crate) fn filters(arguments: &Map<String, Value>) -> Option<String> {
    let named: Vec<String> = said(arguments)
        .into_iter()
        .filter(|(name, _)| !NO_FILTER.contains(&name.as_str()))
        .map(|(name, value)| shown(name, value))
        .collect();
    (!named.is_empty()).then(|| named.join(", "))
}

/// The arguments that say which list it is, by name: whether a map keeps another order depends on how
/// the crate is built.
fn said(arguments: &Map<String, Value>) -> BTreeMap<&String, &Value> {
    arguments
        .iter()
        .filter(|(name, value)| !FREE.contains(&name.as_str()) && !is_blank(value))
        .collect()
}

/// Tool, arguments and position in a token.
fn read(token: &str) -> Option<(String, Map<String, Value>, String)> {
    let (list, position) = token.rsplit_once('#')?;
    let (tool, query) = list.split_once('?').unwrap_or((list, ""));
    let mut carried = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=')?;
        let value = percent_decode_str(value).decode_utf8().ok()?;
        if let Some(name) = name.strip_suffix("[]") {
            let list = carried.entry(name).or_insert_with(|| json!([]));
            list.as_array_mut()?.push(value.into());
        } else if let Some(name) = name.strip_suffix(':') {
            carried.insert(name.to_owned(), serde_json::from_str(&value).ok()?);
        } else {
            carried.insert(name.to_owned(), value.into());
        }
    }
    Some((format!("gong_{tool}"), carried, position.to_owned()))
}

fn wrong(problem: &str) -> Error {
    bad_argument(
        "resume",
        problem,
        "the resume value of this tool's previous answer, unchanged; or leave it out to start anew.",
    )
}

/// Whether a value says nothing, in the spellings of clients that fill in every argument.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::String(text) => {
            let text = text.trim().to_ascii_lowercase();
            ["", "null", "none", "undefined"].contains(&text.as_str())
        }
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    }
}

/// Whether an argument means what a token carries, however it is written.
fn is_same(carried: &Value, value: &Value) -> bool {
    match (carried, value) {
        (Value::String(carried), Value::String(value)) => {
            let call = call_id(carried);
            fold_case(&one_line(carried)) == fold_case(&one_line(value))
                || call.is_ok_and(|call| call_id(value).is_ok_and(|id| id == call))
        }
        (Value::Array(carried), Value::Array(values)) => {
            let mut pairs = carried.iter().zip(values);
            carried.len() == values.len() && pairs.all(|(one, other)| is_same(one, other))
        }
        (Value::Array(carried), value) => carried.len() == 1 && is_same(&carried[0], value),
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (carried, Value::String(value)) => serde_json::from_str::<Value>(&fold_case(value))
            .is_ok_and(|value| !value.is_string() && is_same(carried, &value)),
        (carried, value) => carried == value,
    }
}

/// `account=Acme`.
fn shown(name: &str, value: &Value) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => shortened(&one_line(text)),
        other => other.to_string(),
    };
    let value = match value {
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("+"),
        one => text(one),
    };
    format!("{name}={value}")
}

#[cfg(test)]
mod tests;
