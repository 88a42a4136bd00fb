//! Reproducible random values: each is drawn from a seed and a name, so that one thing can be
//! drawn without all that come before it.

/// A random number generator for one thing.
#[derive(Clone, Debug)]
pub(crate) struct Random(fastrand::Rng);

impl Random {
    /// The generator for the thing named `of` in the company with this seed.
    pub(crate) fn new(seed: u64, of: &str) -> Self {
        Self(fastrand::Rng::with_seed(hash(&format!("{seed} {of}"))))
    }

    /// A number below `end`; 0 when there is none.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.usize(..end.max(1))
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        self.0.i64(low..=high.max(low))
    }

    /// A number from `low` to `high`, with no more than two decimals.
    pub(crate) fn decimal(&mut self, low: f64, high: f64) -> f64 {
        ((low + self.0.f64() * (high - low)) * 100.0).round() / 100.0
    }

    /// A number from 0 to just below 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        self.0.f64()
    }

    /// True with this probability in percent.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.0.u32(..100) < percent
    }

    /// One of these.
    pub(crate) fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    /// So many different ones of these, or all if there are fewer.
    pub(crate) fn some<T: Clone>(&mut self, items: &[T], count: usize) -> Vec<T> {
        let mut items = items.to_vec();
        self.0.shuffle(&mut items);
        items.truncate(count);
        items
    }

    /// An id of Gong's: mostly 18 or 19 digits, as one of 5 in a hundred 20, which is more
    /// than a signed 64-bit number holds.
    pub(crate) fn id(&mut self) -> u64 {
        match self.below(100) {
            0..5 => self
                .0
                .u64(10_000_000_000_000_000_000..18_000_000_000_000_000_000),
            5..25 => self.0.u64(100_000_000_000_000_000..999_999_999_999_999_999),
            _ => self.signed_id(),
        }
    }

    /// An id of Gong's that a signed 64-bit number holds, of 19 digits.
    pub(crate) fn signed_id(&mut self) -> u64 {
        self.0
            .u64(1_000_000_000_000_000_000..9_200_000_000_000_000_000)
    }

    /// An id of Salesforce's: 18 characters that begin with the object's sort.
    pub(crate) fn crm_id(&mut self, prefix: &str) -> String {
        let mut id = format!("{prefix}5g00000");
        while id.len() < 15 {
            id.push(self.0.alphanumeric());
        }
        while id.len() < 18 {
            id.push(self.pick(&['A', 'B', 'E', 'I', 'M', 'Q', 'U', 'Y', '2', '4']));
        }
        id
    }
}

/// A number for a text, spread over all 64 bits. It must stay what it is for ever.
pub(crate) fn hash(text: &str) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
