//! The index of a tenant, and the tools on its schedule.

use std::time::Duration;

use rmcp::model::JsonObject;

use super::SecretRef;

/// Where the component keeps its index of a tenant, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexConfig {
    /// The place. Default: memory.
    pub keep: IndexPlace,
    /// Bytes of all objects. Default: 32 MiB.
    pub max_bytes: u64,
    /// After which time what was written is gone. Default: 30 days.
    pub max_age: Duration,
}

/// The place of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexPlace {
    /// None: every question is answered by reading from Gong.
    Off,
    /// In memory: it is gone when the gateway ends.
    Memory,
    /// In the folder of indexes, encrypted.
    Disk {
        /// The key, 64 hexadecimal digits, by reference.
        key: SecretRef,
        /// The key before it, while what was written with it is written anew.
        previous_key: Option<SecretRef>,
    },
}

impl IndexPlace {
    /// Its name in the file.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Memory => "memory",
            Self::Disk { .. } => "disk",
        }
    }
}

/// A tool that is called regularly, as the user [`SCHEDULE`](super::SCHEDULE).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledTool {
    /// The tool's name.
    pub tool: String,
    /// Its arguments.
    pub arguments: JsonObject,
    /// The time from the beginning of one call to that of the next.
    pub every: Duration,
}
