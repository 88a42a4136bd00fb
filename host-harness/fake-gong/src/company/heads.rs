//! What is known of a call without making it, so that a company of 100,000 calls starts in
//! seconds, fits in little memory, and finds a page of calls without looking at the others.

use jiff::Timestamp;

use super::calls::Call;

/// What calls are sorted and filtered by, and from which one is made again each time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    pub(crate) id: u64,
    /// What the call is drawn from.
    pub(crate) number: u32,
    pub(crate) scheme: Scheme,
    pub(crate) started: Timestamp,
    /// The instant by which GET /v2/calls sorts and filters.
    pub(crate) listed_at: Timestamp,
    /// The primary user, by index.
    pub(crate) host: u32,
    /// The account, by index.
    pub(crate) account: Option<u32>,
    /// The workspace, by index.
    pub(crate) workspace: u8,
    pub(crate) is_private: bool,
    pub(crate) is_imported: bool,
    pub(crate) is_phone: bool,
}

/// How a call is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// One of the small company of the demos, all of it from the number alone.
    Small,
    /// From the number and from what the head says.
    Grown,
    /// Not at all: it was added through the API with what it has.
    Added,
}

impl Head {
    /// Of a call of the small company.
    pub(crate) fn of(call: &Call, number: usize) -> Self {
        Self {
            id: call.id.parse().unwrap_or_default(),
            number: small(number),
            scheme: Scheme::Small,
            started: call.started,
            listed_at: call.listed_at(),
            host: small(call.host),
            account: call.account_index.map(small),
            workspace: u8::try_from(call.workspace).unwrap_or_default(),
            is_private: call.is_private,
            is_imported: call.is_imported,
            is_phone: call.direction != "Conference",
        }
    }
}

/// An index in half the memory; there are never four thousand million of anything here.
pub(crate) fn small(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
