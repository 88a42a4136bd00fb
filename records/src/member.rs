//! Members by where they lie: a row of a table for each, where a function for each record would
//! be twice the bytes.
#![expect(unsafe_code, reason = "addresses are raw memory by nature")]

use crate::{Json, Record, Shape};
use core::marker::PhantomData;

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

    /// The record's.
    pub(crate) fn of<'a>(&self, record: &'a mut dyn Record) -> Shape<'a> {
        let record: *mut dyn Record = record;
        // SAFETY: the record has it (`Record`), there (`new`), and is borrowed as long as the shape.
        unsafe { (self.shape)(record.cast::<u8>().add(self.offset), PhantomData) }
    }
}

/// # Safety
/// A `T` lies there, and nobody else looks at it as long as the shape is there.
unsafe fn shape<'a, T: Json>(at: *mut u8, _: PhantomData<&'a mut u8>) -> Shape<'a> {
    unsafe { &mut *at.cast::<T>() }.shape()
}
