//! Giving memory back before a call ends, in what reads page after page: in the sandbox a value
//! that is only dropped keeps its bytes until then (`runtime.rs`).
#![expect(unsafe_code, reason = "what is freed is raw memory")]

use alloc::{string::String, vec::Vec};

use crate::record::Json;

#[cfg(target_family = "wasm")]
use crate::runtime::free;
#[cfg(not(target_family = "wasm"))]
use alloc::alloc::dealloc as free;

/// Gives back a value with all that is in it, but for the nodes of objects of any kind.
pub(crate) fn release<T: Json>(value: T) {
    // SAFETY: it frees what the allocator gave.
    unsafe { crate::record::release(value, free) }
}

/// Gives back a text.
pub(crate) fn release_text(text: String) {
    release_list(text.into_bytes());
}

/// Gives back a list of what owns nothing.
pub(crate) fn release_list<T: Copy>(list: Vec<T>) {
    let mut list = core::mem::ManuallyDrop::new(list);
    let layout = core::alloc::Layout::array::<T>(list.capacity());
    if let Ok(layout) = layout
        && layout.size() > 0
    {
        // SAFETY: it is the list's, which is not used again.
        unsafe { free(list.as_mut_ptr().cast(), layout) }
    }
}
