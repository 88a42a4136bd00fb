//! A region of memory: blocks one behind the other, all freed at once. Some are given back
//! earlier, and used again.
#![expect(unsafe_code, reason = "memory is raw by nature")]

use core::{
    alloc::Layout,
    cell::Cell,
    ptr::{self, null_mut},
};

/// Where a region lies. It begins with as much as there is, and may grow at its end.
pub(crate) trait Ground {
    /// The address where it begins.
    fn begin(&self) -> usize;
    /// The address where it ends.
    fn end(&self) -> usize;
    /// Moves the end on so far at least, and further if that is cheap. Whether it did.
    fn reach(&self, end: usize) -> bool;
}

/// What sizes are multiples of, and addresses. 8 in the sandbox.
const GRAIN: usize = size_of::<Spare>();
/// Two for each power of two from [`GRAIN`] on.
const CLASSES: usize = 58;
/// Most spare blocks of one class that are looked at.
const LOOKS: usize = 8;
/// What is left of a block is worth keeping from here on.
const WORTH: usize = 64;

/// A block that was given back; it holds this itself.
#[derive(Clone, Copy)]
struct Spare {
    /// The next one of its class.
    next: *mut Spare,
    /// Its bytes.
    size: usize,
}

/// The region.
pub(crate) struct Region<G> {
    ground: G,
    /// Where the next block begins.
    next: Cell<usize>,
    /// Blocks that were given back, by the class of their size.
    spare: [Cell<*mut Spare>; CLASSES],
    /// A bit for each class that has some.
    filled: Cell<u64>,
}

/// Which class blocks of so many bytes are in: the power of two, and which half of it.
fn class(size: usize) -> usize {
    let power = size.ilog2() as usize;
    (power - GRAIN.ilog2() as usize) * 2 + (size >> (power - 1) & 1)
}

impl<G: Ground> Region<G> {
    /// Nothing can be had of it before it is cleared.
    pub(crate) const fn new(ground: G) -> Self {
        Self {
            ground,
            next: Cell::new(usize::MAX),
            spare: [const { Cell::new(null_mut()) }; CLASSES],
            filled: Cell::new(0),
        }
    }

    /// Frees all there is.
    pub(crate) fn clear(&self) {
        self.next.set(rounded(self.ground.begin()));
        if self.filled.replace(0) != 0 {
            self.spare.iter().for_each(|first| first.set(null_mut()));
        }
    }

    /// A block; null where there is no more memory.
    pub(crate) fn alloc(&self, layout: Layout) -> *mut u8 {
        let size = rounded(layout.size());
        let next = self.next.get();
        if layout.align() > GRAIN {
            return self.place(next.next_multiple_of(layout.align()), size);
        }
        if self.filled.get() != 0
            && let Some(at) = self.reuse(size)
        {
            return at;
        }
        self.place(next, size)
    }

    /// A block's new size, and where it lies then; null where there is no more memory.
    ///
    /// # Safety
    /// It is a block of this layout.
    pub(crate) unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let (old, new) = (rounded(layout.size()), rounded(size));
        if self.is_last(at, old) {
            return self.place(at.addr(), new);
        }
        // SAFETY: the caller's promise, and a new block that is large enough.
        unsafe {
            if new <= old {
                if old - new >= WORTH {
                    self.give_back(at.add(new), old - new);
                }
                return at;
            }
            let to = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !to.is_null() {
                to.copy_from_nonoverlapping(at, layout.size());
                self.give_back(at, old);
            }
            to
        }
    }

    /// Frees a block before the rest.
    ///
    /// # Safety
    /// It is a block of this layout, whose size is not 0, and nobody uses it any more.
    pub(crate) unsafe fn free(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { self.give_back(at, rounded(layout.size())) }
    }

    /// Makes a block the last one.
    fn place(&self, at: usize, size: usize) -> *mut u8 {
        let Some(end) = at.checked_add(size) else {
            return null_mut();
        };
        if end > self.ground.end() && !self.ground.reach(end) {
            return null_mut();
        }
        self.next.set(end);
        ptr::with_exposed_provenance_mut(at)
    }

    fn is_last(&self, at: *mut u8, size: usize) -> bool {
        at.addr() + size == self.next.get()
    }

    /// A block that was given back and is large enough.
    fn reuse(&self, size: usize) -> Option<*mut u8> {
        let own = class(size);
        // Of a larger class each block will do.
        let larger = (self.filled.get() & (!1 << own)).trailing_zeros() as usize;
        [own, larger]
            .into_iter()
            .find_map(|class| self.take(self.spare.get(class)?, size))
    }

    /// A block of this size from a list of them.
    fn take(&self, first: &Cell<*mut Spare>, size: usize) -> Option<*mut u8> {
        let mut link: *const Cell<*mut Spare> = first;
        for _ in 0..LOOKS {
            // SAFETY: links lead from the list's first to blocks that nobody has, or nowhere.
            unsafe {
                let at = (*link).get();
                if at.is_null() {
                    break;
                }
                let Spare { next, size: all } = *at;
                if all >= size {
                    (*link).set(next);
                    if first.get().is_null() {
                        self.filled.set(self.filled.get() & !(1 << class(all)));
                    }
                    if all - size >= WORTH {
                        self.give_back(at.cast::<u8>().add(size), all - size);
                    }
                    return Some(at.cast());
                }
                link = (&raw const (*at).next).cast();
            }
        }
        None
    }

    /// # Safety
    /// It is a block of so many bytes, a multiple of [`GRAIN`] and not 0, that nobody has.
    unsafe fn give_back(&self, at: *mut u8, size: usize) {
        if self.is_last(at, size) {
            self.next.set(at.addr());
            return;
        }
        let class = class(size);
        self.filled.set(self.filled.get() | 1 << class);
        let first = &self.spare[class];
        let next = first.replace(at.cast());
        // SAFETY: it has room, and the alignment.
        unsafe { at.cast::<Spare>().write(Spare { next, size }) }
    }
}

/// The bytes that a block takes.
fn rounded(size: usize) -> usize {
    size.next_multiple_of(GRAIN)
}

#[cfg(test)]
mod tests {
    use std::alloc::Layout;
    use std::cell::Cell;

    use super::{Ground, Region};

    /// Memory of which more and more may be used.
    struct Field {
        memory: Vec<u64>,
        used: Cell<usize>,
    }

    impl Field {
        fn new(bytes: usize) -> Self {
            Self {
                memory: vec![0; bytes / 8],
                used: Cell::new(100),
            }
        }
    }

    impl Ground for Field {
        fn begin(&self) -> usize {
            self.memory.as_ptr().expose_provenance()
        }

        fn end(&self) -> usize {
            self.begin() + self.used.get()
        }

        fn reach(&self, end: usize) -> bool {
            self.used.set(end - self.begin());
            self.used.get() <= self.memory.len() * 8
        }
    }

    /// A block that is full of its own number.
    struct Block {
        at: *mut u8,
        layout: Layout,
        number: u8,
    }

    impl Block {
        fn new(at: *mut u8, layout: Layout, number: u8) -> Self {
            assert!(!at.is_null() && at.addr().is_multiple_of(layout.align()));
            // SAFETY: the region says so.
            unsafe { at.write_bytes(number, layout.size()) };
            Self { at, layout, number }
        }

        fn is_whole(&self, bytes: usize) -> bool {
            // SAFETY: it is written so far.
            let all = unsafe { std::slice::from_raw_parts(self.at, bytes) };
            all.iter().all(|byte| *byte == self.number)
        }
    }

    /// Numbers that look random, and are the same each time (xorshift).
    struct Dice(u32);

    impl Dice {
        fn below(&mut self, most: u32) -> u32 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 17;
            self.0 ^= self.0 << 5;
            self.0 % most
        }
    }

    #[test]
    fn nobody_gets_what_another_has() {
        let mut dice = Dice(1);
        let region = Region::new(Field::new(64 << 20));
        for _ in 0..3 {
            region.clear();
            let mut blocks: Vec<Block> = Vec::new();
            for step in 0..20_000_u32 {
                let number = step as u8;
                let most = 16 << dice.below(9);
                let size = 1 + dice.below(most) as usize;
                let place = dice.below(400) as usize;
                match dice.below(5) {
                    0 | 1 if blocks.len() < 400 => {
                        let layout = Layout::from_size_align(size, 1 << dice.below(5)).unwrap();
                        blocks.push(Block::new(region.alloc(layout), layout, number));
                    }
                    2 | 3 if place < blocks.len() => {
                        let old = blocks.swap_remove(place);
                        // SAFETY: it is the region's block.
                        let at = unsafe { region.realloc(old.at, old.layout, size) };
                        let kept = Block { at, ..old };
                        assert!(kept.is_whole(size.min(old.layout.size())));
                        let layout = Layout::from_size_align(size, old.layout.align()).unwrap();
                        blocks.push(Block::new(at, layout, number));
                    }
                    _ if place < blocks.len() => {
                        let old = blocks.swap_remove(place);
                        assert!(old.is_whole(old.layout.size()));
                        // SAFETY: it is the region's block, and forgotten.
                        unsafe { region.free(old.at, old.layout) };
                    }
                    _ => {}
                }
            }
            assert!(blocks.iter().all(|one| one.is_whole(one.layout.size())));
        }
    }

    #[test]
    fn what_is_given_back_is_used_again() {
        let region = Region::new(Field::new(4096));
        region.clear();
        let layout = Layout::from_size_align(640, 8).unwrap();
        let block = |size| region.alloc(Layout::from_size_align(size, 8).unwrap());
        let (first, _last) = (region.alloc(layout), block(8));
        // SAFETY: it is the region's block, and forgotten.
        unsafe { region.free(first, layout) };
        assert_eq!(block(192), first);
        assert_eq!(block(400).addr(), first.addr() + 192);
        assert!(block(4096).is_null());
    }
}
