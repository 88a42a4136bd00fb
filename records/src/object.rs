//! Objects and lists by where they and what is in them lie: a row of a table for each member, where a
//! function for each record would be twice the bytes.
#![expect(unsafe_code, reason = "addresses are raw memory by nature")]

use alloc::vec::Vec;
use core::{alloc::Layout as Memory, marker::PhantomData, ptr};

use crate::{Json, Kind, Shape};

/// A record, whatever its type.
pub struct Object<'a> {
    at: *mut u8,
    kind: &'static Kind,
    borrowed: PhantomData<&'a mut u8>,
}

impl<'a> Object<'a> {
    /// A record of this kind.
    ///
    /// # Safety
    /// It has the kind's members.
    pub unsafe fn new<T>(record: &'a mut T, kind: &'static Kind) -> Self {
        Self {
            at: ptr::from_mut(record).cast(),
            kind,
            borrowed: PhantomData,
        }
    }

    /// What all objects of its kind have in common.
    pub fn kind(&self) -> &'static Kind {
        self.kind
    }

    /// The member with the name at this place.
    pub fn member(&mut self, place: usize) -> Option<Shape<'_>> {
        let member = self.kind.members.get(place)?;
        // SAFETY: the record has it (`new`), there (`Member::new`), and is borrowed as long as the
        // shape.
        Some(unsafe { (member.shape)(self.at.add(member.offset), PhantomData) })
    }
}

/// The items of a list, whatever their type.
pub struct Items<'a> {
    at: *mut u8,
    count: usize,
    /// How many there is room for.
    capacity: usize,
    /// An item's own layout in Rust.
    memory: Memory,
    shape: Look,
    borrowed: PhantomData<&'a mut u8>,
}

impl<'a> Items<'a> {
    /// All of a list.
    pub fn of<T: Json>(items: &'a mut Vec<T>) -> Self {
        Self {
            at: items.as_mut_ptr().cast(),
            count: items.len(),
            capacity: items.capacity(),
            memory: Memory::new::<T>(),
            shape: shape::<T>,
            borrowed: PhantomData,
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The item at this place.
    pub fn item(&mut self, place: usize) -> Option<Shape<'_>> {
        if place >= self.count {
            return None;
        }
        // SAFETY: the list has it (`of`), and is borrowed as long as the shape.
        Some(unsafe { (self.shape)(self.at.add(place * self.memory.size()), PhantomData) })
    }

    /// The list's memory, whatever is in it.
    pub(crate) fn memory(&self) -> (*mut u8, Memory) {
        let size = self.capacity * self.memory.size();
        let all = Memory::from_size_align(size, self.memory.align());
        (self.at, all.unwrap_or(Memory::new::<()>()))
    }

    /// The last item.
    pub fn last(&mut self) -> Option<Shape<'_>> {
        self.item(self.count.checked_sub(1)?)
    }
}

/// Looks at a value of some type.
type Look = for<'a> unsafe fn(*mut u8, PhantomData<&'a mut u8>) -> Shape<'a>;

/// A member of a record.
pub struct Member {
    /// Bytes from the record's beginning.
    offset: usize,
    shape: Look,
}

impl Member {
    /// A member of type `T`.
    ///
    /// # Safety
    /// There is one so many bytes from the beginning of each record that has this member.
    pub const unsafe fn new<T: Json>(offset: usize) -> Self {
        Self {
            offset,
            shape: shape::<T>,
        }
    }
}

/// # Safety
/// A `T` lies there, and nobody else looks at it as long as the shape is there.
unsafe fn shape<'a, T: Json>(at: *mut u8, _: PhantomData<&'a mut u8>) -> Shape<'a> {
    unsafe { &mut *at.cast::<T>() }.shape()
}
