//! What several tools share and no single resource of Gong's API has: scans of calls, filters,
//! deals over time, changes.

pub(crate) mod ai_entity;
pub(crate) mod call_content;
pub(crate) mod call_details;
pub(crate) mod call_filter;
pub(crate) mod call_history;
pub(crate) mod change;
pub(crate) mod crm_link;
pub(crate) mod deals;
pub(crate) mod flow_target;
pub(crate) mod list_part;
pub(crate) mod near_names;
pub(crate) mod person_argument;
pub(crate) mod profile_diff;
pub(crate) mod profile_patch;
pub(crate) mod scan;
pub(crate) mod validate;
