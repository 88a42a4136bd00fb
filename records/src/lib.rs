//! Records from JSON and to JSON, by one reader and one writer for all of them: what a type
//! itself has is a list of names and where its members lie (`#[derive(Record)]`). What serde
//! derives is a reader and a writer for each type, which were a quarter of the component.
#![cfg_attr(target_family = "wasm", no_std)]

extern crate alloc;

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::{cell::Cell, fmt};
pub use gong_tools_macros::{Nameless, Record};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
    ser::{SerializeMap as _, SerializeSeq as _},
};
use serde_json::{Map, Value, value::RawValue};

#[cfg(test)]
use crate as record;
pub use id::Id;
pub use layout::{Layout, WORD};
pub use object::{Items, Member, Object};
pub use release::{Free, release};

mod id;
mod layout;
mod object;
mod release;

/// What JSON is read into and written from.
pub trait Json: 'static {
    /// How it lies in memory where a host reads or writes it.
    const LAYOUT: Layout;
    /// What it is, and where it lies.
    fn shape(&mut self) -> Shape<'_>;
}

/// A place for JSON.
pub enum Shape<'a> {
    /// A text.
    Text(&'a mut String),
    /// True or false.
    Flag(&'a mut bool),
    /// A whole number.
    Whole(&'a mut u32),
    /// A large whole number.
    Long(&'a mut u64),
    /// Any number.
    Number(&'a mut f64),
    /// An id, be it written as a text or as a number.
    Id(&'a mut Id),
    /// JSON of any kind.
    Any(&'a mut Value),
    /// JSON as it is written.
    Raw(&'a mut Raw),
    /// One of several texts.
    Choice(&'a mut dyn Choice),
    /// A value or null.
    Optional(&'a mut dyn Optional),
    /// An array.
    List(&'a mut dyn List),
    /// An object.
    Record(Object<'a>),
}

impl Shape<'_> {
    /// As [`Json::LAYOUT`].
    pub fn layout(&self) -> Layout {
        match self {
            Self::Text(_) => String::LAYOUT,
            Self::Flag(_) => bool::LAYOUT,
            Self::Whole(_) => u32::LAYOUT,
            Self::Long(_) => u64::LAYOUT,
            Self::Number(_) => f64::LAYOUT,
            Self::Id(_) | Self::Any(_) | Self::Raw(_) => Layout::NONE,
            Self::Choice(_) => Layout::scalar(1),
            Self::Optional(optional) => Layout::optional(optional.layout()),
            Self::List(_) => Layout::LIST,
            Self::Record(record) => record.kind().layout,
        }
    }
}

/// An object with known members.
pub trait Record {
    /// It, whatever its type.
    fn object(&mut self) -> Object<'_>;
}

/// What all objects of a kind have in common.
pub struct Kind {
    /// What the members are called, in their order.
    pub names: &'static [&'static str],
    /// Where they lie, in their order.
    pub members: &'static [Member],
    /// Optional members that have to be there, if only as null.
    pub required: &'static [&'static str],
    /// As [`Json::LAYOUT`].
    pub layout: Layout,
}

/// One of several texts.
pub trait Choice {
    /// All the texts.
    fn names(&self) -> &'static [&'static str];
    /// Which it is.
    fn place(&self) -> usize;
    /// Makes it another.
    fn choose(&mut self, place: usize);
}

/// A value or null.
pub trait Optional {
    /// How the value lies in memory.
    fn layout(&self) -> &'static Layout;
    /// Makes it a fresh value.
    fn fill(&mut self);
    /// The value.
    fn value(&mut self) -> Option<Shape<'_>>;
}

/// An array.
pub trait List {
    /// How an item lies in memory.
    fn layout(&self) -> &'static Layout;
    /// Its items.
    fn items(&mut self) -> Items<'_>;
    /// Adds a fresh item.
    fn add(&mut self);
}

/// JSON as it was written.
#[derive(Default)]
pub struct Raw(pub String);

macro_rules! shapes {
    ($($type:ty => $shape:ident, $layout:expr;)*) => {
        $(impl Json for $type {
            const LAYOUT: Layout = $layout;

            fn shape(&mut self) -> Shape<'_> {
                Shape::$shape(self)
            }
        })*
    };
}
shapes! {
    String => Text, Layout::LIST;
    bool => Flag, Layout::scalar(1);
    u32 => Whole, Layout::scalar(4);
    u64 => Long, Layout::scalar(8);
    f64 => Number, Layout::scalar(8);
    Id => Id, Layout::NONE;
    Value => Any, Layout::NONE;
    Raw => Raw, Layout::NONE;
}

impl<T: Json + Default> Json for Option<T> {
    const LAYOUT: Layout = Layout::optional(&T::LAYOUT);

    fn shape(&mut self) -> Shape<'_> {
        Shape::Optional(self)
    }
}

impl<T: Json + Default> Optional for Option<T> {
    fn layout(&self) -> &'static Layout {
        const { &T::LAYOUT }
    }

    fn fill(&mut self) {
        *self = Some(T::default());
    }

    fn value(&mut self) -> Option<Shape<'_>> {
        self.as_mut().map(T::shape)
    }
}

impl<T: Json + Default> Json for Vec<T> {
    const LAYOUT: Layout = Layout::LIST;

    fn shape(&mut self) -> Shape<'_> {
        Shape::List(self)
    }
}

impl<T: Json + Default> List for Vec<T> {
    fn layout(&self) -> &'static Layout {
        const { &T::LAYOUT }
    }

    fn items(&mut self) -> Items<'_> {
        Items::of(self)
    }

    fn add(&mut self) {
        self.push(T::default());
    }
}

/// What can be read from JSON.
pub trait FromJson: Sized {
    /// Reads it. Members of objects that a record does not have are passed over.
    ///
    /// # Errors
    /// What is not JSON, is of another type, or misses a member that has to be there.
    fn from_json(json: &[u8]) -> serde_json::Result<Self>;
}

impl<T: Json + Default> FromJson for T {
    fn from_json(json: &[u8]) -> serde_json::Result<Self> {
        let mut value = T::default();
        read(json, value.shape(), false)?;
        Ok(value)
    }
}

/// As [`FromJson::from_json`].
///
/// # Errors
/// As [`FromJson::from_json`].
pub fn from_str<T: FromJson>(json: &str) -> serde_json::Result<T> {
    T::from_json(json.as_bytes())
}

/// Reads arguments: what the record does not have is an error, null is left out.
///
/// # Errors
/// As [`FromJson::from_json`], and members that the record does not have.
pub fn read_strictly(json: &str, record: &mut dyn Record) -> serde_json::Result<()> {
    read(json.as_bytes(), Shape::Record(record.object()), true)
}

fn read(json: &[u8], shape: Shape<'_>, strict: bool) -> serde_json::Result<()> {
    let mut from = serde_json::Deserializer::from_slice(json);
    Into { shape, strict }.deserialize(&mut from)?;
    from.end()
}

/// JSON as it is written there, without the white space around it.
///
/// # Errors
/// It is not JSON.
pub fn raw(json: &[u8]) -> serde_json::Result<&str> {
    serde_json::from_slice::<&RawValue>(json).map(RawValue::get)
}

/// The one reader.
struct Into<'a> {
    shape: Shape<'a>,
    strict: bool,
}

impl<'de> DeserializeSeed<'de> for Into<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        match self.shape {
            Shape::Optional(_) => from.deserialize_option(self),
            Shape::Raw(raw) => {
                <&RawValue>::deserialize(from).map(|value| raw.0 = value.get().to_owned())
            }
            Shape::Id(id) => {
                let value = <&RawValue>::deserialize(from)?.get();
                id.read(value).map_err(D::Error::custom)
            }
            _ => from.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Into<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.shape {
            Shape::Text(_) | Shape::Choice(_) => "a text",
            Shape::Flag(_) => "true or false",
            Shape::Whole(_) | Shape::Long(_) | Shape::Number(_) => "a number",
            Shape::List(_) => "a list",
            _ => "an object",
        })
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        // What is read begins with nothing.
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        let Shape::Optional(optional) = self.shape else {
            return Err(mismatch());
        };
        optional.fill();
        let into = Into {
            shape: optional.value().ok_or_else(mismatch)?,
            strict: self.strict,
        };
        into.deserialize(from)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        match self.shape {
            Shape::Any(any) => *any = Value::Null,
            Shape::List(_) if self.strict => {}
            _ => return Err(mismatch()),
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        match self.shape {
            Shape::Flag(flag) => *flag = value,
            Shape::Any(any) => *any = value.into(),
            _ => return Err(mismatch()),
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        match self.shape {
            Shape::Whole(whole) => *whole = u32::try_from(value).map_err(|_| mismatch())?,
            Shape::Long(long) => *long = value,
            Shape::Number(number) => *number = value as f64,
            Shape::Any(any) => *any = value.into(),
            _ => return Err(mismatch()),
        }
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        match self.shape {
            Shape::Number(number) => *number = value as f64,
            Shape::Any(any) => *any = value.into(),
            _ => return Err(mismatch()),
        }
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        match self.shape {
            Shape::Number(number) => *number = value,
            Shape::Any(any) => *any = value.into(),
            _ => return Err(mismatch()),
        }
        Ok(())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        match self.shape {
            Shape::Text(text) => *text = value.to_owned(),
            Shape::Choice(choice) => {
                let place = choice.names().iter().position(|name| *name == value);
                choice.choose(place.ok_or_else(mismatch)?);
            }
            Shape::Any(any) => *any = value.into(),
            _ => return Err(mismatch()),
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let list: &mut dyn List = match self.shape {
            Shape::List(list) => list,
            Shape::Any(any) => {
                *any = Value::Array(Vec::new());
                any.as_array_mut().ok_or_else(mismatch)?
            }
            _ => return Err(mismatch()),
        };
        // A member that comes twice.
        if list.items().count() > 0 {
            return Err(mismatch());
        }
        while items
            .next_element_seed(Item {
                list: &mut *list,
                strict: self.strict,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut record = match self.shape {
            Shape::Record(record) => record,
            Shape::Any(any) => return self::any(any, members),
            _ => return Err(mismatch()),
        };
        let Kind {
            names, required, ..
        } = record.kind();
        // A bit for each member: no record has more than 64 (the derive macro sees to it).
        let (mut seen, mut next) = (0_u64, 0);
        while let Some(place) = members.next_key_seed(Name { names, next })? {
            match record.member(place) {
                Some(shape) => {
                    seen |= 1 << place;
                    next = place + 1;
                    let strict = self.strict;
                    members.next_value_seed(Into { shape, strict })?;
                }
                None if self.strict => return Err(mismatch()),
                None => {
                    members.next_value::<IgnoredAny>()?;
                }
            }
        }
        for (place, name) in names.iter().enumerate() {
            if seen & (1 << place) != 0 {
                continue;
            }
            let optional = match record.member(place) {
                Some(Shape::Optional(_)) => true,
                Some(Shape::List(_)) => self.strict,
                _ => false,
            };
            if !optional || required.contains(name) {
                return Err(Error::missing_field(name));
            }
        }
        Ok(())
    }
}

/// Reads an object of any kind. The one that serde_json has is compiled twice, for the sake of
/// raw JSON in it, and with words for errors that no reader here makes.
fn any<'de, A: MapAccess<'de>>(any: &mut Value, mut members: A) -> Result<(), A::Error> {
    let mut object = Map::new();
    while let Some(name) = members.next_key()? {
        let mut member = Value::Null;
        members.next_value_seed(Into {
            shape: Shape::Any(&mut member),
            strict: false,
        })?;
        object.insert(name, member);
    }
    *any = Value::Object(object);
    Ok(())
}

fn mismatch<E: Error>() -> E {
    E::custom("a value of another type")
}

/// The next item of a list, which gets its place when there is one.
struct Item<'a> {
    list: &'a mut dyn List,
    strict: bool,
}

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        self.list.add();
        let mut items = self.list.items();
        let into = Into {
            shape: items.last().ok_or_else(mismatch)?,
            strict: self.strict,
        };
        into.deserialize(from)
    }
}

/// The name of a member, as its place among the names; of others beyond them.
struct Name {
    names: &'static [&'static str],
    /// Members mostly come in their order: the one that is looked at first.
    next: usize,
}

impl<'de> DeserializeSeed<'de> for Name {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<usize, D::Error> {
        from.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = usize;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<usize, E> {
        if self.names.get(self.next) == Some(&value) {
            return Ok(self.next);
        }
        let place = self.names.iter().position(|name| *name == value);
        Ok(place.unwrap_or(usize::MAX))
    }
}

/// The record as JSON, without nulls, empty lists and empty texts: absent says it shorter.
pub fn json(record: &mut dyn Record) -> String {
    let written = serde_json::to_string(&Out::of(Shape::Record(record.object())));
    written.expect("texts are its names, and nothing in it fails")
}

/// JSON of any kind as text.
pub fn text(json: &Value) -> String {
    let written = serde_json::to_string(json);
    written.expect("names are texts, and nothing in it fails")
}

/// The one writer: what it writes is looked at once.
struct Out<'a>(Cell<Option<Shape<'a>>>);

impl<'a> Out<'a> {
    fn of(shape: Shape<'a>) -> Self {
        Self(Cell::new(Some(shape)))
    }
}

impl Serialize for Out<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Some(shape) = self.0.take() else {
            return to.serialize_unit();
        };
        match shape {
            Shape::Text(text) => to.serialize_str(text),
            Shape::Flag(flag) => to.serialize_bool(*flag),
            Shape::Whole(whole) => to.serialize_u32(*whole),
            Shape::Long(long) => to.serialize_u64(*long),
            Shape::Number(number) => to.serialize_f64(*number),
            Shape::Id(id) => to.serialize_str(&id.0),
            Shape::Any(any) => any.serialize(to),
            Shape::Raw(raw) => to.serialize_str(&raw.0),
            Shape::Choice(choice) => to.serialize_str(word(choice)),
            Shape::Optional(optional) => match optional.value() {
                Some(value) => Out::of(value).serialize(to),
                None => to.serialize_unit(),
            },
            Shape::List(list) => {
                let mut written = to.serialize_seq(None)?;
                let mut items = list.items();
                let mut place = 0;
                while let Some(item) = items.item(place) {
                    written.serialize_element(&Out::of(item))?;
                    place += 1;
                }
                written.end()
            }
            Shape::Record(mut record) => {
                let mut members = to.serialize_map(None)?;
                for (place, name) in record.kind().names.iter().enumerate() {
                    if let Some(mut member) = record.member(place)
                        && !is_absent(&mut member)
                    {
                        members.serialize_entry(name, &Out::of(member))?;
                    }
                }
                members.end()
            }
        }
    }
}

/// Whether a member need not be written.
fn is_absent(shape: &mut Shape<'_>) -> bool {
    match shape {
        Shape::Text(text) => text.is_empty(),
        Shape::Id(id) => id.0.is_empty(),
        Shape::Raw(raw) => raw.0.is_empty(),
        Shape::Any(Value::String(text)) => text.is_empty(),
        Shape::Any(Value::Array(items)) => items.is_empty(),
        Shape::Any(any) => any.is_null(),
        Shape::Optional(optional) => match optional.value() {
            Some(mut value) => is_absent(&mut value),
            None => true,
        },
        Shape::List(list) => list.items().count() == 0,
        _ => false,
    }
}

/// The text of a choice.
pub fn word(choice: &dyn Choice) -> &'static str {
    choice
        .names()
        .get(choice.place())
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec::Vec};

    use super::{Record, json};

    #[derive(Record)]
    struct Inner {
        g: Option<String>,
        h: u32,
    }

    #[derive(Record)]
    struct Outer {
        a: Option<String>,
        b: Vec<String>,
        c: String,
        d: u32,
        e: bool,
        f: Vec<Inner>,
    }

    #[test]
    fn what_is_absent_is_left_out_and_zero_and_false_stay() {
        let mut outer = Outer {
            f: [Inner { g: None, h: 1 }].into(),
            ..Outer::default()
        };
        let written: serde_json::Value = serde_json::from_str(&json(&mut outer)).expect("JSON");
        assert_eq!(
            written,
            serde_json::json!({"d": 0, "e": false, "f": [{"h": 1}]})
        );
    }
}
