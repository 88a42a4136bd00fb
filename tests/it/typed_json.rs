//! Between JSON and the component model's values, as `gong-mcp.wasm` reads arguments and writes
//! answers: members in snake case, what is absent left out.

use serde_json::{Map, Value};
use wasmtime::component::Val;
use wasmtime::component::types::{Field, Type};

/// A value of this type from JSON.
///
/// # Errors
///
/// The type has no such value: what is wrong.
pub(crate) fn from_json(ty: &Type, json: &Value) -> Result<Val, String> {
    let value = match ty {
        Type::Bool => json.as_bool().map(Val::Bool),
        Type::U32 => json
            .as_u64()
            .and_then(|number| number.try_into().ok())
            .map(Val::U32),
        Type::U64 => json.as_u64().map(Val::U64),
        Type::Float64 => json.as_f64().map(Val::Float64),
        Type::String => json.as_str().map(|text| Val::String(text.to_owned())),
        Type::Enum(cases) => json
            .as_str()
            .map(kebab_case)
            .filter(|case| cases.names().any(|name| name == case))
            .map(Val::Enum),
        Type::Option(_) if json.is_null() => Some(Val::Option(None)),
        Type::Option(option) => {
            let value = from_json(&option.ty(), json)?;
            Some(Val::Option(Some(value.into())))
        }
        Type::List(_) if json.is_null() => Some(Val::List(Vec::new())),
        Type::List(list) => match json.as_array() {
            Some(items) => {
                let items = items.iter().map(|item| from_json(&list.ty(), item));
                Some(Val::List(items.collect::<Result<_, _>>()?))
            }
            None => None,
        },
        Type::Record(record) => match json.as_object() {
            Some(members) => Some(Val::Record(record_from_json(record.fields(), members)?)),
            None => None,
        },
        _ => panic!("no argument of a tool has the type {ty:?}"),
    };
    value.ok_or_else(|| format!("{json} is no {ty:?}"))
}

fn record_from_json<'a>(
    fields: impl Iterator<Item = Field<'a>>,
    members: &Map<String, Value>,
) -> Result<Vec<(String, Val)>, String> {
    let mut known = 0;
    let mut values = Vec::new();
    for Field { name, ty } in fields {
        let member = members.get(&snake_case(name));
        known += usize::from(member.is_some());
        let value = from_json(&ty, member.unwrap_or(&Value::Null));
        let value = value.map_err(|error| format!("{name}: {error}"))?;
        values.push((name.to_owned(), value));
    }
    match known == members.len() {
        true => Ok(values),
        false => Err("it has unknown members".to_owned()),
    }
}

/// A value as JSON.
pub(crate) fn to_json(value: Val) -> Value {
    match value {
        Val::Bool(value) => value.into(),
        Val::U32(number) => number.into(),
        Val::U64(number) => number.into(),
        Val::Float64(number) => number.into(),
        Val::String(text) => text.into(),
        Val::Enum(case) => snake_case(&case).into(),
        Val::Option(value) => value.map_or(Value::Null, |value| to_json(*value)),
        Val::List(items) | Val::Tuple(items) => items.into_iter().map(to_json).collect(),
        Val::Record(fields) => fields
            .into_iter()
            .map(|(name, value)| (snake_case(&name), to_json(value)))
            .filter(|(_, value)| !is_empty(value))
            .collect(),
        other => panic!("no answer of a tool has {other:?}"),
    }
}

/// Whether a member is left out.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn snake_case(name: &str) -> String {
    name.replace('-', "_")
}

fn kebab_case(name: &str) -> String {
    name.replace('_', "-")
}
