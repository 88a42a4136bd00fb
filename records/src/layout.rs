//! How values lie in memory: the component model's canonical ABI.

/// Bytes of an address: 4 in the sandbox, more in native tests.
pub const WORD: usize = size_of::<usize>();

/// How a type lies in memory, and how many core values it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// Bytes.
    pub size: usize,
    /// What its address is a multiple of.
    pub align: usize,
    /// Core values.
    pub slots: usize,
}

impl Layout {
    /// A text or a list: address and length.
    pub const LIST: Self = Self {
        size: 2 * WORD,
        align: WORD,
        slots: 2,
    };

    /// What no record of the WIT has.
    pub const NONE: Self = Self::scalar(0);

    /// A number, a flag, a choice.
    pub const fn scalar(size: usize) -> Self {
        Self {
            size,
            align: if size == 0 { 1 } else { size },
            slots: 1,
        }
    }

    /// A value or nothing.
    pub const fn optional(value: &Self) -> Self {
        Self {
            size: value.align + value.size.next_multiple_of(value.align),
            align: value.align,
            slots: 1 + value.slots,
        }
    }

    /// Members one behind the other.
    pub const fn record(members: &[Self]) -> Self {
        let mut all = Self {
            size: 0,
            align: 1,
            slots: 0,
        };
        let mut rest = members;
        while let [first, others @ ..] = rest {
            if first.align > all.align {
                all.align = first.align;
            }
            all.size = all.size.next_multiple_of(first.align) + first.size;
            all.slots += first.slots;
            rest = others;
        }
        all.size = all.size.next_multiple_of(all.align);
        all
    }
}
