//! The component model's canonical ABI for the exports of the world `gong`: arguments from
//! core values or memory into a record, an answer from a record into memory. One reader and
//! one writer go through all records by their [`Shape`]s; what wit-bindgen generates is a
//! reader, a writer and a free of each, for each tool, which were a fifth of the component.
//!
//! Texts are not copied: those of arguments become the record's, those of an answer stay
//! where they are. Nothing is freed here: memory goes with the call (`runtime.rs`), so that
//! there is no `cabi_post_…` either.
#![expect(unsafe_code, reason = "the ABI is raw memory by nature")]

use alloc::{
    alloc::{alloc_zeroed, handle_alloc_error},
    string::String,
};
use core::{alloc::Layout as Memory, ptr};

use crate::{
    error::Error,
    record::{Layout, Object, Shape, WORD},
};

/// Bytes of a core value, where arguments come as such.
const SLOT: usize = 8;

/// Where a value lies.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    at: *mut u8,
    /// Whether as core values, each in a slot, and not in the layout of its type.
    in_slots: bool,
}

impl Place {
    /// Core values.
    pub(crate) fn slots(slots: &[u64]) -> Self {
        Self {
            at: slots.as_ptr().cast_mut().cast(),
            in_slots: true,
        }
    }

    /// Memory that the host has filled.
    pub(crate) fn memory(at: *mut u8) -> Self {
        Self {
            at,
            in_slots: false,
        }
    }

    /// A place some bytes on.
    ///
    /// # Safety
    /// As [`pointer::add`](https://doc.rust-lang.org/std/primitive.pointer.html#method.add).
    unsafe fn on(self, bytes: usize) -> Self {
        let at = unsafe { self.at.add(bytes) };
        Self { at, ..self }
    }

    /// The places of members, each with the next one's.
    ///
    /// # Safety
    /// This is a place within a record, and a member of the layout comes next.
    unsafe fn next(self, from: &mut usize, layout: &Layout) -> Self {
        let (align, size) = match self.in_slots {
            true => (SLOT, layout.slots * SLOT),
            false => (layout.align, layout.size),
        };
        let start = from.next_multiple_of(align);
        *from = start + size;
        unsafe { self.on(start) }
    }

    /// The value of an optional.
    ///
    /// # Safety
    /// This is the place of an optional with such a value.
    unsafe fn within(self, layout: &Layout) -> Self {
        unsafe { self.on(if self.in_slots { SLOT } else { layout.align }) }
    }

    /// Reads a core type.
    ///
    /// # Safety
    /// There is one here. In a slot too it begins at the first byte: wasm is little-endian.
    unsafe fn read<T: Copy>(self) -> T {
        unsafe { self.at.cast::<T>().read() }
    }

    /// Address and length.
    ///
    /// # Safety
    /// There are both here.
    unsafe fn read_list(self) -> (*mut u8, usize) {
        unsafe {
            let length = self.on(if self.in_slots { SLOT } else { WORD });
            (self.read::<usize>() as *mut u8, length.read())
        }
    }
}

/// Reads a value, which takes over the memory that belongs to it.
///
/// # Safety
/// A value of this shape lies there as the canonical ABI says, and nobody else owns its memory.
unsafe fn lift(shape: Shape<'_>, from: Place) {
    unsafe {
        match shape {
            Shape::Text(text) => {
                let (at, length) = from.read_list();
                // Nothing is allocated for an empty text.
                if length > 0 {
                    *text = String::from_raw_parts(at, length, length);
                }
            }
            Shape::Flag(flag) => *flag = from.read::<u8>() != 0,
            Shape::Whole(whole) => *whole = from.read(),
            Shape::Long(long) => *long = from.read(),
            Shape::Number(number) => *number = from.read(),
            Shape::Choice(choice) => choice.choose(from.read::<u8>().into()),
            Shape::Optional(optional) => {
                if from.read::<u8>() != 0 {
                    let given = from.within(optional.layout());
                    optional.fill();
                    if let Some(value) = optional.value() {
                        lift(value, given);
                    }
                }
            }
            Shape::List(list) => {
                let ((at, length), layout) = (from.read_list(), list.layout());
                for place in 0..length {
                    list.add();
                    if let Some(item) = list.items().last() {
                        lift(item, Place::memory(at.add(place * layout.size)));
                    }
                }
            }
            Shape::Record(record) => lift_record(record, from),
            Shape::Id(_) | Shape::Any(_) | Shape::Raw(_) => {}
        }
    }
}

/// Reads a record.
///
/// # Safety
/// As [`lift`].
pub(crate) unsafe fn lift_record(mut record: Object<'_>, from: Place) {
    let (mut offset, mut place) = (0, 0);
    while let Some(member) = record.member(place) {
        // SAFETY: the caller's promise.
        unsafe {
            let from = from.next(&mut offset, &member.layout());
            lift(member, from);
        }
        place += 1;
    }
}

/// Memory for an answer, all zero, or an address that is only aligned where none is needed.
fn room(size: usize, align: usize) -> *mut u8 {
    let memory = Memory::from_size_align(size, align).unwrap_or(Memory::new::<u64>());
    if memory.size() == 0 {
        return ptr::without_provenance_mut(align);
    }
    // SAFETY: the size is not 0.
    let at = unsafe { alloc_zeroed(memory) };
    if at.is_null() {
        handle_alloc_error(memory);
    }
    at
}

/// Writes a value. Its texts stay where they are; lists are laid into new memory.
///
/// # Safety
/// There is room for a value of this shape. What is written is good as long as the value's
/// texts are.
unsafe fn lower(shape: Shape<'_>, to: Place) {
    unsafe {
        match shape {
            Shape::Text(text) => write_list(to, text.as_ptr(), text.len()),
            Shape::Flag(flag) => to.at.write(u8::from(*flag)),
            Shape::Whole(whole) => to.at.cast::<u32>().write(*whole),
            Shape::Long(long) => to.at.cast::<u64>().write(*long),
            Shape::Number(number) => to.at.cast::<f64>().write(*number),
            Shape::Choice(choice) => to.at.write(choice.place() as u8),
            Shape::Optional(optional) => {
                let within = to.within(optional.layout());
                if let Some(value) = optional.value() {
                    to.at.write(1);
                    lower(value, within);
                }
            }
            Shape::List(list) => {
                let layout = list.layout();
                let mut items = list.items();
                let at = room(items.count() * layout.size, layout.align);
                let mut place = 0;
                while let Some(item) = items.item(place) {
                    lower(item, Place::memory(at.add(place * layout.size)));
                    place += 1;
                }
                write_list(to, at, place);
            }
            Shape::Record(mut record) => {
                let (mut offset, mut place) = (0, 0);
                while let Some(member) = record.member(place) {
                    let to = to.next(&mut offset, &member.layout());
                    lower(member, to);
                    place += 1;
                }
            }
            Shape::Id(_) | Shape::Any(_) | Shape::Raw(_) => {}
        }
    }
}

/// Writes address and length.
///
/// # Safety
/// There is room for both.
unsafe fn write_list(to: Place, at: *const u8, length: usize) {
    unsafe {
        to.at.cast::<usize>().write(at.expose_provenance());
        to.on(WORD).at.cast::<usize>().write(length);
    }
}

/// Writes what a tool gives, `result<record, error>`, for the host to read.
///
/// # Safety
/// What is written is good as long as the answer's texts are.
pub(crate) unsafe fn give(answer: Result<Object<'_>, &Error>, layout: &Layout) -> *mut u8 {
    // Of the error: the case, then its text.
    let align = layout.align.max(WORD);
    let to = Place::memory(room(align + layout.size.max(3 * WORD), align));
    // SAFETY: there is room for the case of the result and for either of its values.
    unsafe {
        let value = to.on(align);
        match answer {
            Ok(record) => lower(Shape::Record(record), value),
            Err(error) => {
                to.at.write(1);
                value.at.write(error.case() as u8);
                let text = error.text();
                write_list(value.on(WORD), text.as_ptr(), text.len());
            }
        }
    }
    to.at
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use wit_parser::{Resolve, SizeAlign, Type, WorldItem};

    use super::{Layout, Place, WORD, give, lift};
    use crate::{
        error::{Case, Error},
        record::{Json, Record, json},
        tools::every_tool,
        wit,
    };

    /// Each tool's layouts: of its arguments and of its answer.
    macro_rules! layouts {
        ($($export:ident => $module:ident($($arguments:ident)::+) -> $($answer:ident)::+ $(, unless $feature:tt)?;)*) => {
            [$((
                stringify!($export),
                wit::$($arguments)::+::LAYOUT,
                wit::$($answer)::+::LAYOUT,
            ),)*]
        };
    }

    /// The layout of a type as wit-parser says, for addresses as they are natively.
    fn laid(resolve: &Resolve, sizes: &SizeAlign, of: &Type) -> Layout {
        let mut storage = vec![wit_parser::abi::WasmType::I32; 1000];
        let mut flat = wit_parser::abi::FlatTypes::new(&mut storage);
        assert!(resolve.push_flat(of, &mut flat));
        Layout {
            size: sizes.size(of).size_wasm64(),
            align: sizes.align(of).align_wasm64(),
            slots: flat.to_vec().len(),
        }
    }

    #[test]
    fn arguments_and_answers_lie_as_the_wit_says() {
        let mut resolve = Resolve::default();
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("wit");
        let (package, _) = resolve.push_dir(wit).expect("the WIT");
        let world = resolve
            .select_world(&[package], Some("gong"))
            .expect("a world");
        let mut sizes = SizeAlign::default();
        sizes.fill(&resolve).expect("sizes");
        let layouts = every_tool!(layouts);
        for (name, arguments, answer) in layouts {
            let name = name.replace('_', "-");
            let exports = &resolve.worlds[world].exports;
            let Some(WorldItem::Function(function)) =
                exports.get(&wit_parser::WorldKey::Name(name.clone()))
            else {
                panic!("{name}: no such export");
            };
            let given = laid(&resolve, &sizes, &function.params[0].ty);
            assert_eq!(arguments, given, "arguments of {name}");
            let Some(Type::Id(result)) = function.result else {
                panic!("{name}: no result");
            };
            let wit_parser::TypeDefKind::Result(result) = &resolve.types[result].kind else {
                panic!("{name}: no result");
            };
            let ok = result.ok.expect("an answer");
            assert_eq!(answer, laid(&resolve, &sizes, &ok), "answer of {name}");
        }
    }

    #[derive(Clone, Copy, Debug, PartialEq, Record)]
    enum Side {
        Ours,
        Theirs,
    }

    #[derive(Record)]
    struct Part {
        text: String,
        whole: Option<u32>,
    }

    #[derive(Record)]
    struct Whole {
        flag: bool,
        text: String,
        number: Option<f64>,
        side: Side,
        maybe: Option<Side>,
        long: u64,
        parts: Vec<Part>,
        words: Option<Vec<String>>,
        part: Part,
        none: Option<Part>,
        whole: u32,
    }

    const JSON: &str = r#"{"flag": true, "text": "a", "number": 1.5, "side": "theirs", "maybe": "ours", "long": 5000000000,
        "parts": [{"text": "b", "whole": 3}, {"text": "cd"}], "words": ["ef", "g"], "part": {"text": "h"}, "whole": 7}"#;

    /// What a host reads is what was given: here the reader of arguments is the host.
    #[test]
    fn what_is_given_is_what_was_meant() {
        let meant: serde_json::Value = serde_json::from_str(JSON).expect("JSON");
        let whole: Whole = crate::record::from_str(JSON).expect("a record");
        let mut whole = std::mem::ManuallyDrop::new(whole);
        let mut read = Whole::default();
        // SAFETY: the answer is there. What the reader takes over the answer forgets.
        unsafe {
            let answer = give(Ok(whole.object()), &Whole::LAYOUT);
            assert_eq!(*answer, 0);
            lift(read.shape(), Place::memory(answer.add(8)));
        }
        let read: serde_json::Value = serde_json::from_str(&json(&mut read)).expect("JSON");
        assert_eq!(read, meant);
    }

    #[test]
    fn an_error_is_its_case_and_its_text() {
        let error = Error::not_found("no such call".into());
        // SAFETY: the answer is there, as long as the error.
        unsafe {
            let answer = give(Err(&error), &u64::LAYOUT);
            assert_eq!(*answer, 1);
            let value = Place::memory(answer.add(8));
            assert_eq!(*value.at, Case::NotFound as u8);
            let (text, length) = value.on(WORD).read_list();
            let text = std::slice::from_raw_parts(text, length);
            assert_eq!(text, b"no such call");
        }
    }

    #[test]
    fn values_come_in_slots() {
        let mut part = Part::default();
        let text = String::from("abc").into_boxed_str();
        let length = text.len();
        let at = Box::into_raw(text).cast::<u8>().expose_provenance();
        // SAFETY: the text is the record's from here on.
        unsafe {
            lift(
                part.shape(),
                Place::slots(&[at as u64, length as u64, 1, 42]),
            )
        };
        assert_eq!((part.text.as_str(), part.whole), ("abc", Some(42)));
    }

    #[test]
    fn cases_count_as_in_the_wit() {
        let wit = include_str!("../wit/types.wit");
        let (_, cases) = wit.split_once("variant error {").expect("the error");
        let (cases, _) = cases.split_once('}').expect("its end");
        let cases = cases
            .lines()
            .filter_map(|line| line.trim().strip_suffix("(string),"));
        let cases = cases.map(|case| case.replace('-', "_"));
        let ours = Case::ALL.iter().map(|(_, name)| (*name).to_owned());
        assert!(cases.eq(ours));
        for (place, (case, _)) in Case::ALL.iter().enumerate() {
            assert_eq!(*case as usize, place);
        }
    }
}
