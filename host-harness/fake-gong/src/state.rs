//! What writes have changed since the company was founded.
//!
//! [`crate::Company`] stays as it was founded; reads lay over it what is in here. Each noun
//! has its own part, in a file of its own under `state/`.

use std::sync::{Mutex, MutexGuard};

pub(crate) mod access;
pub(crate) mod calls;
pub(crate) mod crm;
pub(crate) mod events;
pub(crate) mod flows;
pub(crate) mod meetings;
pub(crate) mod privacy;
pub(crate) mod profiles;
pub(crate) mod targets;
pub(crate) mod tasks;

/// Everything that writes have changed, noun by noun.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) access: Shared<access::Grants>,
    pub(crate) calls: Shared<calls::AddedCalls>,
    pub(crate) crm: Shared<crm::Crm>,
    pub(crate) events: Shared<events::Events>,
    pub(crate) flows: Shared<flows::Flows>,
    pub(crate) meetings: Shared<meetings::Meetings>,
    pub(crate) privacy: Shared<privacy::Erased>,
    pub(crate) profiles: Shared<profiles::Profiles>,
    pub(crate) targets: Shared<targets::Targets>,
    pub(crate) tasks: Shared<tasks::Tasks>,
}

/// Something that requests share and change.
#[derive(Debug, Default)]
pub(crate) struct Shared<T>(Mutex<T>);

impl<T> Shared<T> {
    /// Takes it for one change or one read that must see no half change. A lock whose holder
    /// panicked is still good: an operation checks everything before it changes anything.
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(|error| error.into_inner())
    }
}
