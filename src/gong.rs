//! Gong's API, one file per resource: paths, requests, and answers as far as the tools read them;
//! and finding one of a resource by name or id.

pub(crate) mod ai_credits;
pub(crate) mod call_content;
pub(crate) mod calls;
pub(crate) mod crm;
pub(crate) mod crm_id;
pub(crate) mod crm_object;
pub(crate) mod flows;
pub(crate) mod id;
pub(crate) mod library;
pub(crate) mod permission_profiles;
pub(crate) mod stats;
pub(crate) mod targets;
pub(crate) mod transcripts;
pub(crate) mod users;
pub(crate) mod workspaces;
