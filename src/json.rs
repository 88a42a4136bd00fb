//! JSON in little code: [`json!`] of serde_json, but without a serializer of each type.

use crate::list::ToList as _;
use alloc::{borrow::ToOwned, string::String, vec::Vec};
use serde_json::{Map, Value};

/// What JSON is made of.
pub(crate) trait ToJson {
    /// It as JSON.
    fn to_json(&self) -> Value;
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn to_json(&self) -> Value {
        (**self).to_json()
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_json)
    }
}

impl<T: ToJson> ToJson for [T] {
    fn to_json(&self) -> Value {
        Value::Array(self.iter().map(T::to_json).list())
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self) -> Value {
        self.as_slice().to_json()
    }
}

impl<T: ToJson, const N: usize> ToJson for [T; N] {
    fn to_json(&self) -> Value {
        self.as_slice().to_json()
    }
}

impl ToJson for str {
    fn to_json(&self) -> Value {
        Value::String(self.to_owned())
    }
}

impl ToJson for String {
    fn to_json(&self) -> Value {
        self.as_str().to_json()
    }
}

impl ToJson for Value {
    fn to_json(&self) -> Value {
        self.clone()
    }
}

macro_rules! numbers {
    ($($type:ty)*) => {
        $(impl ToJson for $type {
            fn to_json(&self) -> Value {
                Value::from(*self)
            }
        })*
    };
}
numbers!(bool u8 i32 u32 u64 usize i64 f64);

/// Sets a member.
#[inline(never)]
pub(crate) fn set(object: &mut Map<String, Value>, name: &str, value: Value) {
    object.insert(name.to_owned(), value);
}

/// An object of those members that are there: null and empty lists are left out.
pub(crate) fn present<const N: usize>(members: [(&str, Value); N]) -> Value {
    let mut object = Map::new();
    for (name, value) in members {
        if !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty()) {
            set(&mut object, name, value);
        }
    }
    Value::Object(object)
}

/// As `serde_json::json!`, of what is [`ToJson`].
macro_rules! json {
    (null) => { serde_json::Value::Null };
    ([$([$($item:tt)*]),* $(,)?]) => {
        serde_json::Value::Array(alloc::vec![$($crate::json::json!([$($item)*])),*])
    };
    ([$({$($item:tt)*}),* $(,)?]) => {
        serde_json::Value::Array(alloc::vec![$($crate::json::json!({$($item)*})),*])
    };
    ([$($item:expr),* $(,)?]) => {
        serde_json::Value::Array(alloc::vec![$($crate::json::json!($item)),*])
    };
    ({$($members:tt)*}) => {{
        #[allow(unused_mut, reason = "an object may be empty")]
        let mut object = serde_json::Map::new();
        $crate::json::members!(object $($members)*);
        serde_json::Value::Object(object)
    }};
    ($value:expr) => { $crate::json::ToJson::to_json(&$value) };
}
pub(crate) use json;

/// Sets the members of an object, one after the other.
macro_rules! members {
    ($object:ident) => {};
    ($object:ident $name:literal: null $(, $($rest:tt)*)?) => {
        $crate::json::set(&mut $object, $name, serde_json::Value::Null);
        $crate::json::members!($object $($($rest)*)?);
    };
    ($object:ident $name:literal: {$($value:tt)*} $(, $($rest:tt)*)?) => {
        $crate::json::set(&mut $object, $name, $crate::json::json!({$($value)*}));
        $crate::json::members!($object $($($rest)*)?);
    };
    ($object:ident $name:literal: [$($value:tt)*] $(, $($rest:tt)*)?) => {
        $crate::json::set(&mut $object, $name, $crate::json::json!([$($value)*]));
        $crate::json::members!($object $($($rest)*)?);
    };
    ($object:ident $name:ident: $value:expr) => {
        $crate::json::set(&mut $object, $name, $crate::json::ToJson::to_json(&$value));
    };
    ($object:ident $name:literal: $value:expr $(, $($rest:tt)*)?) => {
        $crate::json::set(&mut $object, $name, $crate::json::ToJson::to_json(&$value));
        $crate::json::members!($object $($($rest)*)?);
    };
}
pub(crate) use members;

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec};

    #[test]
    fn it_is_as_serde_json_makes_it() {
        let (text, none) = (String::from("a\"b"), None::<u32>);
        let list = vec![Some("x"), None];
        let make = (
            json!({"text": text, "none": none, "list": list, "in": {"n": 1_u32, "null": null}, "all": [{"a": true}, {}],
                "twice": text.as_str().len() * 2, "numbers": [1_u64, -2_i64 as u64], "float": 1.5}),
            serde_json::json!({"text": text, "none": none, "list": list, "in": {"n": 1_u32, "null": null},
                "all": [{"a": true}, {}], "twice": text.as_str().len() * 2, "numbers": [1_u64, -2_i64 as u64], "float": 1.5}),
        );
        assert_eq!(make.0, make.1);
        assert_eq!(json!([]), serde_json::json!([]));
    }
}
