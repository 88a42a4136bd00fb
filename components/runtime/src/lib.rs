//! What a `no_std` component needs on `wasm32-wasip2` and std would bring along with imports of
//! its own: an allocator, `cabi_realloc` and a panic handler. A component links it by
//! `use component_runtime as _;`; natively the crate is empty.
#![no_std]
#![cfg(target_family = "wasm")]
#![expect(
    unsafe_code,
    reason = "memory comes from C, and the host calls `cabi_realloc` with raw memory; wit-bindgen has the same function, \
              but links it on targets other than wasip2 only"
)]

extern crate alloc;

use alloc::alloc::{Layout, alloc, realloc};
use core::{arch::wasm32::unreachable, panic::PanicInfo};

// wasi-libc: the allocator, and what the compiler expects of a C library, such as memcmp.
#[link(name = "c")]
unsafe extern "C" {
    fn aligned_alloc(align: usize, size: usize) -> *mut u8;
}

/// The name by which `libc_alloc` allocates; wasi-libc has the function by its standard name only.
#[unsafe(no_mangle)]
extern "C" fn memalign(align: usize, size: usize) -> *mut u8 {
    // SAFETY: C asks for a size that is a multiple of the alignment, and nothing else.
    unsafe { aligned_alloc(align, size.next_multiple_of(align)) }
}

/// wasi-libc's malloc uses the memory that an instance begins with, where an allocator written in
/// Rust grows it, which costs a fresh instance more than the rest of a small call.
#[global_allocator]
static ALLOCATOR: libc_alloc::LibcAlloc = libc_alloc::LibcAlloc;

/// By which the host places arguments and results (component model, canonical ABI).
///
/// # Safety
/// `old` is null, or a block of `old_size` bytes that this function gave for the same `align`.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_size: usize,
    align: usize,
    new_size: usize,
) -> *mut u8 {
    let (Ok(old_layout), Ok(new_layout)) = (
        Layout::from_size_align(old_size, align),
        Layout::from_size_align(new_size, align),
    ) else {
        unreachable()
    };
    // SAFETY: neither size is 0 where it is used, and the block is as the host promises.
    let block = unsafe {
        match (old_size, new_size) {
            (_, 0) => core::ptr::without_provenance_mut(align),
            (0, _) => alloc(new_layout),
            _ => realloc(old, old_layout, new_size),
        }
    };
    if block.is_null() {
        unreachable()
    }
    block
}

/// A panic is a bug. It traps, and the host says so.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unreachable()
}
