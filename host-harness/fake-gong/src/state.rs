//! What writes have changed since the company was founded.
//!
//! [`crate::Company`] stays as it was founded; reads lay over it what is in here. Each noun
//! has its own part, in a file of its own under `state/`.

use crate::company::Company;
use crate::shared::Shared;

pub(crate) mod access;
pub(crate) mod call_index;
pub(crate) mod calls;
pub(crate) mod crm;
pub(crate) mod events;
pub(crate) mod flows;
pub(crate) mod meetings;
pub(crate) mod moves;
pub(crate) mod orders;
pub(crate) mod privacy;
pub(crate) mod profiles;
pub(crate) mod targets;
pub(crate) mod tasks;

/// Everything that writes have changed, noun by noun.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) access: Shared<access::Grants>,
    pub(crate) calls: Shared<call_index::CallIndex>,
    pub(crate) crm: Shared<crm::Crm>,
    pub(crate) events: Shared<events::Events>,
    pub(crate) flows: Shared<flows::Flows>,
    pub(crate) meetings: Shared<meetings::Meetings>,
    pub(crate) moves: Shared<moves::Moves>,
    pub(crate) privacy: Shared<privacy::Erased>,
    pub(crate) profiles: Shared<profiles::Profiles>,
    pub(crate) targets: Shared<targets::Targets>,
    pub(crate) tasks: Shared<tasks::Tasks>,
}

impl State {
    /// Nothing has changed yet.
    pub(crate) fn new(company: &Company) -> Self {
        Self {
            access: Shared::default(),
            calls: Shared::new(call_index::CallIndex::new(company)),
            crm: Shared::default(),
            events: Shared::default(),
            flows: Shared::default(),
            meetings: Shared::default(),
            moves: Shared::default(),
            privacy: Shared::default(),
            profiles: Shared::default(),
            targets: Shared::default(),
            tasks: Shared::default(),
        }
    }
}
