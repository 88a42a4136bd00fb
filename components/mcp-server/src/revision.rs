//! The revisions of MCP.

use core::fmt;

/// A revision of MCP, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revision {
    /// 2024-11-05.
    V2024_11_05,
    /// 2025-03-26: the only one with batches, and the one of HTTP requests that name none.
    V2025_03_26,
    /// 2025-06-18.
    V2025_06_18,
    /// 2025-11-25: the last that begins with `initialize`.
    V2025_11_25,
    /// 2026-07-28: every request names its revision.
    V2026_07_28,
}

impl Revision {
    /// All, oldest first.
    pub const ALL: [Self; 5] = [
        Self::V2024_11_05,
        Self::V2025_03_26,
        Self::V2025_06_18,
        Self::V2025_11_25,
        Self::V2026_07_28,
    ];

    /// The one of requests that name none.
    pub const UNNAMED: Self = Self::V2025_03_26;

    /// The newest that begins with `initialize`.
    pub const LAST_WITH_INITIALIZE: Self = Self::V2025_11_25;

    /// Its name, such as `2025-11-25`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// The revision with that name, if this server has it.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Whether it begins with `initialize`.
    #[must_use]
    pub fn has_initialize(self) -> bool {
        self <= Self::LAST_WITH_INITIALIZE
    }

    /// Whether one array may hold several messages.
    #[must_use]
    pub fn has_batches(self) -> bool {
        self == Self::V2025_03_26
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
