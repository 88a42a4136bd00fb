//! Objects by where they and their members lie: a row of a table for each member, where a
//! function for each record would be twice the bytes.
#![expect(unsafe_code, reason = "addresses are raw memory by nature")]

use crate::{Json, Kind, Shape};
use core::{marker::PhantomData, ptr};

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

/// A member of a record.
pub struct Member {
    /// Bytes from the record's beginning.
    offset: usize,
    shape: for<'a> unsafe fn(*mut u8, PhantomData<&'a mut u8>) -> Shape<'a>,
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
