//! What std would bring on wasm, without the imports it brings along: memory
//! from wasi-libc's malloc (which grows the memory less often than others, so that
//! a fresh instance costs less), and a panic that just traps.
#![expect(
    unsafe_code,
    reason = "the global allocator and `cabi_realloc` are raw memory by nature"
)]

use core::{
    alloc::{GlobalAlloc, Layout},
    panic::PanicInfo,
    ptr::null_mut,
};

// memcmp and its like, and malloc.
#[link(name = "c")]
unsafe extern "C" {
    fn malloc(size: usize) -> *mut u8;
    fn calloc(count: usize, size: usize) -> *mut u8;
    fn realloc(pointer: *mut u8, size: usize) -> *mut u8;
    fn aligned_alloc(align: usize, size: usize) -> *mut u8;
    fn free(pointer: *mut u8);
}

/// What malloc aligns to on wasm32.
const MALLOC_ALIGN: usize = 16;

struct Libc;

// SAFETY: malloc's family gives memory of the size asked, aligned to 16, and
// aligned_alloc (with the size rounded up to the alignment, as C asks) to more.
unsafe impl GlobalAlloc for Libc {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe {
            if layout.align() <= MALLOC_ALIGN {
                malloc(layout.size())
            } else {
                aligned_alloc(
                    layout.align(),
                    layout.size().next_multiple_of(layout.align()),
                )
            }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe {
            if layout.align() <= MALLOC_ALIGN {
                return calloc(1, layout.size());
            }
            let pointer = self.alloc(layout);
            if !pointer.is_null() {
                pointer.write_bytes(0, layout.size());
            }
            pointer
        }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, _: Layout) {
        unsafe { free(pointer) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe {
            if layout.align() <= MALLOC_ALIGN {
                return realloc(pointer, size);
            }
            let Ok(larger) = Layout::from_size_align(size, layout.align()) else {
                return null_mut();
            };
            let new = self.alloc(larger);
            if !new.is_null() {
                core::ptr::copy_nonoverlapping(pointer, new, layout.size().min(size));
                free(pointer);
            }
            new
        }
    }
}

#[global_allocator]
static ALLOCATOR: Libc = Libc;

/// The canonical ABI's way to place arguments and results; wit-bindgen links none on wasip2.
///
/// # Safety
/// Called by the host as the component model's canonical ABI says.
#[unsafe(no_mangle)]
unsafe extern "C" fn cabi_realloc(
    old: *mut u8,
    old_size: usize,
    align: usize,
    new_size: usize,
) -> *mut u8 {
    if new_size == 0 {
        return align as *mut u8;
    }
    let pointer = unsafe {
        if old_size == 0 {
            ALLOCATOR.alloc(Layout::from_size_align_unchecked(new_size, align))
        } else {
            GlobalAlloc::realloc(
                &ALLOCATOR,
                old,
                Layout::from_size_align_unchecked(old_size, align),
                new_size,
            )
        }
    };
    if pointer.is_null() {
        core::arch::wasm32::unreachable();
    }
    pointer
}

/// A panic is a broken proof. It traps; the host says so and goes on.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
