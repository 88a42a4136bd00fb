//! What std would bring on wasm, without the imports it brings along: memory, and a panic that
//! just traps.
//!
//! Memory is a region: what a call of an export allocates is freed with the call, all at once.
//! Dropping a value costs neither time nor code (a tenth of the component), and what is dropped
//! keeps its bytes until the call ends. Where that would be much, in what reads page after page,
//! values are given back by `memory::release`, and their bytes are used again. Nothing on the heap
//! outlives a call: the crate has no statics that point there.
#![expect(
    unsafe_code,
    reason = "the global allocator and `cabi_realloc` are raw memory by nature"
)]

use core::{
    alloc::{GlobalAlloc, Layout},
    arch::wasm32::{memory_grow, memory_size, unreachable},
    cell::Cell,
    panic::PanicInfo,
};

use crate::region::{Ground, Region};

// memcmp and its like.
#[link(name = "c")]
unsafe extern "C" {}

unsafe extern "C" {
    /// Where the linker says that the heap begins.
    static __heap_base: u8;
}

/// Bytes of a page of linear memory.
const PAGE: usize = 1 << 16;

/// The linear memory behind stack and data.
struct Heap;

impl Ground for Heap {
    fn begin(&self) -> usize {
        (&raw const __heap_base).addr()
    }

    fn end(&self) -> usize {
        memory_size(0) * PAGE
    }

    fn reach(&self, end: usize) -> bool {
        let pages = memory_size(0);
        let needed = end.div_ceil(PAGE) - pages;
        // A quarter more, so that memory grows seldom.
        memory_grow(0, needed.max(pages / 4)) != usize::MAX || memory_grow(0, needed) != usize::MAX
    }
}

/// The memory of a call.
struct Memory {
    region: Region<Heap>,
    /// Whether an export is being called.
    calling: Cell<bool>,
    /// Whether the host has placed arguments of the call that comes.
    placed: Cell<bool>,
}

// SAFETY: a component has one thread.
unsafe impl Sync for Memory {}

#[global_allocator]
static MEMORY: Memory = Memory {
    region: Region::new(Heap),
    calling: Cell::new(false),
    placed: Cell::new(false),
};

// SAFETY: blocks that somebody has do not overlap, and lie in memory that there is. They are
// freed between calls, when nobody has them any more (`call`).
unsafe impl GlobalAlloc for Memory {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.region.alloc(layout)
    }

    #[inline(always)]
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    #[inline(never)]
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { self.region.realloc(at, layout, size) }
    }
}

/// Frees a block before the call ends.
///
/// # Safety
/// As [`GlobalAlloc::dealloc`], which does nothing.
pub(crate) unsafe fn free(at: *mut u8, layout: Layout) {
    // SAFETY: the caller's promise.
    unsafe { MEMORY.region.free(at, layout) }
}

/// Runs the body of an export.
///
/// Of the last call there is nothing left that anybody reads: a host reads an answer and calls
/// its `post-return` before it enters the component again (component model, canonical ABI).
pub(crate) fn call<T>(body: impl FnOnce() -> T) -> T {
    if !MEMORY.placed.get() {
        MEMORY.region.clear();
    }
    MEMORY.calling.set(true);
    MEMORY.placed.set(false);
    let answer = body();
    MEMORY.calling.set(false);
    answer
}

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
    if !MEMORY.calling.get() && !MEMORY.placed.replace(true) {
        MEMORY.region.clear();
    }
    if new_size == 0 {
        return align as *mut u8;
    }
    // SAFETY: the host's promises.
    let pointer = unsafe {
        if old_size == 0 {
            MEMORY.alloc(Layout::from_size_align_unchecked(new_size, align))
        } else {
            let layout = Layout::from_size_align_unchecked(old_size, align);
            GlobalAlloc::realloc(&MEMORY, old, layout, new_size)
        }
    };
    if pointer.is_null() {
        unreachable();
    }
    pointer
}

/// A panic is a broken proof. It traps; the host says so and goes on.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    unreachable()
}
