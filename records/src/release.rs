//! Freeing a value by where what it owns lies: by one function for all types, and by another one
//! than the allocator's own.
#![expect(unsafe_code, reason = "what is freed is raw memory")]

use alloc::{string::String, vec::Vec};
use core::{
    alloc::Layout as Memory,
    mem::{ManuallyDrop, take},
};

use serde_json::Value;

use crate::{Json, Shape};

/// Gives memory back to where it came from.
pub type Free = unsafe fn(*mut u8, Memory);

/// Frees a value with all that it owns. Of objects of any kind the nodes of the map are dropped.
///
/// # Safety
/// `free` takes what the global allocator gave.
pub unsafe fn release<T: Json>(value: T, free: Free) {
    let mut value = ManuallyDrop::new(value);
    // SAFETY: the value is not used again.
    unsafe { all(value.shape(), free) }
}

/// # Safety
/// As [`release`], and neither used nor dropped again.
unsafe fn all(shape: Shape<'_>, free: Free) {
    unsafe {
        match shape {
            Shape::Text(text) => bytes(text, free),
            Shape::Id(id) => bytes(&mut id.0, free),
            Shape::Raw(raw) => bytes(&mut raw.0, free),
            Shape::Any(any) => json(take(any), free),
            Shape::Optional(optional) => {
                if let Some(value) = optional.value() {
                    all(value, free);
                }
            }
            Shape::List(list) => {
                let mut items = list.items();
                let mut place = 0;
                while let Some(item) = items.item(place) {
                    all(item, free);
                    place += 1;
                }
                let (at, memory) = items.memory();
                if memory.size() > 0 {
                    free(at, memory);
                }
            }
            Shape::Record(mut record) => {
                let mut place = 0;
                while let Some(member) = record.member(place) {
                    all(member, free);
                    place += 1;
                }
            }
            Shape::Flag(_)
            | Shape::Whole(_)
            | Shape::Long(_)
            | Shape::Number(_)
            | Shape::Choice(_) => {}
        }
    }
}

/// # Safety
/// As [`all`].
unsafe fn json(value: Value, free: Free) {
    unsafe {
        match value {
            Value::String(mut text) => bytes(&mut text, free),
            Value::Array(items) => {
                let mut items = ManuallyDrop::new(items);
                for item in items.iter_mut() {
                    json(take(item), free);
                }
                if let Ok(memory) = Memory::array::<Value>(items.capacity())
                    && memory.size() > 0
                {
                    free(items.as_mut_ptr().cast(), memory);
                }
            }
            Value::Object(object) => {
                for (mut name, member) in object {
                    bytes(&mut name, free);
                    json(member, free);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// # Safety
/// As [`all`].
unsafe fn bytes(text: &mut String, free: Free) {
    let mut bytes: ManuallyDrop<Vec<u8>> = ManuallyDrop::new(take(text).into_bytes());
    if let Ok(memory) = Memory::array::<u8>(bytes.capacity())
        && memory.size() > 0
    {
        unsafe { free(bytes.as_mut_ptr(), memory) }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{alloc::dealloc, string::String, vec::Vec};
    use core::{
        alloc::Layout as Memory,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use serde_json::Value;

    use crate::{Id, Raw, Record, release};

    #[derive(Record)]
    struct Inner {
        text: String,
        numbers: Vec<u64>,
    }

    #[derive(Record)]
    struct Outer {
        id: Id,
        raw: Raw,
        any: Value,
        text: Option<String>,
        none: Option<Inner>,
        inner: Option<Inner>,
        list: Vec<Inner>,
        flag: bool,
    }

    static FREED: AtomicUsize = AtomicUsize::new(0);

    unsafe fn counted(at: *mut u8, memory: Memory) {
        FREED.fetch_add(memory.size(), Ordering::Relaxed);
        // SAFETY: as the caller's.
        unsafe { dealloc(at, memory) }
    }

    #[test]
    fn all_that_a_value_owns_is_freed_once() {
        let inner = |text: &str| Inner {
            text: text.into(),
            numbers: [1, 2, 3].into(),
        };
        let outer = Outer {
            id: Id("12345".into()),
            raw: Raw("[1]".into()),
            any: serde_json::from_str(r#"{"ab": ["c", null, {"d": "efg"}]}"#).expect("JSON"),
            text: Some("seven b".into()),
            none: None,
            inner: Some(inner("ab")),
            list: [inner("c"), inner("")].into(),
            flag: true,
        };
        let items = outer.any["ab"].as_array().expect("a list").capacity();
        // SAFETY: what `counted` frees was allocated so.
        unsafe { release(outer, counted) }
        let texts = 5 + 3 + 7 + 2 + 1 + (2 + 1 + 1 + 3);
        let lists = 3 * 3 * size_of::<u64>() + 2 * size_of::<Inner>() + items * size_of::<Value>();
        assert_eq!(FREED.load(Ordering::Relaxed), texts + lists);
    }
}
