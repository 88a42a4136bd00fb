//! The table of all tools, sorted by name, one for each export in `wit/world.wit`.
//! `docs/architecture.md` says how to add one.

pub(crate) mod add_digital_interaction;
pub(crate) mod ask_account;
pub(crate) mod ask_deal;
pub(crate) mod assign_flow;
pub(crate) mod bulk_assign_flow;
pub(crate) mod count_calls;
pub(crate) mod create_call;
pub(crate) mod create_meeting;
pub(crate) mod create_permission_profile;
pub(crate) mod delete_crm_integration;
pub(crate) mod delete_meeting;
pub(crate) mod erase_personal_data;
pub(crate) mod find_personal_data;
pub(crate) mod generate_brief;
pub(crate) mod get_account;
pub(crate) mod get_activity_stats;
pub(crate) mod get_bulk_assignment;
pub(crate) mod get_call;
pub(crate) mod get_coaching;
pub(crate) mod get_crm_objects;
pub(crate) mod get_crm_request_status;
pub(crate) mod get_deal;
pub(crate) mod get_flow_steps;
pub(crate) mod get_interaction_stats;
pub(crate) mod get_meeting_status;
pub(crate) mod get_permission_profile;
pub(crate) mod get_transcript;
pub(crate) mod get_user;
pub(crate) mod grant_call_access;
pub(crate) mod list_answered_scorecards;
pub(crate) mod list_audit_logs;
pub(crate) mod list_briefs;
pub(crate) mod list_call_access;
pub(crate) mod list_call_outcomes;
pub(crate) mod list_crm_integrations;
pub(crate) mod list_crm_schema;
pub(crate) mod list_daily_activity;
pub(crate) mod list_deals;
pub(crate) mod list_flow_folders;
pub(crate) mod list_flows;
pub(crate) mod list_library_calls;
pub(crate) mod list_library_folders;
pub(crate) mod list_permission_profile_users;
pub(crate) mod list_permission_profiles;
pub(crate) mod list_prospect_flows;
pub(crate) mod list_scorecards;
pub(crate) mod list_targets;
pub(crate) mod list_tasks;
pub(crate) mod list_trackers;
pub(crate) mod list_user_settings_history;
pub(crate) mod list_users;
pub(crate) mod list_workspaces;
pub(crate) mod register_crm_integration;
pub(crate) mod report_engagement;
pub(crate) mod revoke_call_access;
pub(crate) mod search_calls;
pub(crate) mod search_transcripts;
pub(crate) mod set_integration_origins;
pub(crate) mod summarize_calls;
pub(crate) mod sync_calls;
pub(crate) mod unassign_flow_instances;
pub(crate) mod unassign_prospect;
pub(crate) mod update_meeting;
pub(crate) mod update_permission_profile;
pub(crate) mod update_task;
pub(crate) mod upload_call_media;
pub(crate) mod upload_crm_objects;
pub(crate) mod upload_crm_schema;
pub(crate) mod upload_target_assignments;

use serde_json::Value;

use crate::{
    arguments::arguments,
    client::Gong,
    error::{Error, bad_argument},
    prelude::*,
    render::Answer,
};

/// A tool's answer in the two forms that MCP has.
pub(crate) struct ToolAnswer {
    /// Text for the model.
    pub(crate) text: String,
    /// A JSON object without nulls, empty lists and empty texts.
    pub(crate) structured: String,
}

/// One tool of the table.
pub(crate) struct Tool {
    /// MCP name.
    pub(crate) name: &'static str,
    /// Runs it with its arguments as JSON.
    pub(crate) call: fn(&Gong<'_>, arguments: &str) -> Result<ToolAnswer, Error>,
}

/// The one list of the tools, sorted by name: export, module, arguments and answer. The
/// exports (`lib.rs`), the table below and the schemas (`testing/tool_definitions.rs`) are
/// made from it. Tools that change something say `unless "read-only"`: with that feature they
/// are left out.
macro_rules! every_tool {
    ($make:ident) => {
        $make! {
            gong_add_digital_interaction => add_digital_interaction(engagement::AddDigitalInteraction) -> types::Receipt, unless "read-only";
            gong_ask_account => ask_account(ai::AskAccount) -> ai::AiAnswer;
            gong_ask_deal => ask_deal(ai::AskDeal) -> ai::AiAnswer;
            gong_assign_flow => assign_flow(engage::AssignFlow) -> types::Receipt, unless "read-only";
            gong_bulk_assign_flow => bulk_assign_flow(engage::BulkAssignFlow) -> types::Receipt, unless "read-only";
            gong_count_calls => count_calls(calls::CountCalls) -> calls::CallCounts;
            gong_create_call => create_call(calls::CreateCall) -> types::Receipt, unless "read-only";
            gong_create_meeting => create_meeting(meetings::CreateMeeting) -> types::Receipt, unless "read-only";
            gong_create_permission_profile => create_permission_profile(permission_profiles::CreatePermissionProfile) -> types::Receipt, unless "read-only";
            gong_delete_crm_integration => delete_crm_integration(crm::DeleteCrmIntegration) -> types::Receipt, unless "read-only";
            gong_delete_meeting => delete_meeting(meetings::DeleteMeeting) -> types::Receipt, unless "read-only";
            gong_erase_personal_data => erase_personal_data(privacy::ErasePersonalData) -> types::Receipt, unless "read-only";
            gong_find_personal_data => find_personal_data(privacy::FindPersonalData) -> privacy::PersonalData;
            gong_generate_brief => generate_brief(ai::GenerateBrief) -> ai::AiAnswer;
            gong_get_account => get_account(deals::GetAccount) -> deals::AccountOverview;
            gong_get_activity_stats => get_activity_stats(stats::GetActivityStats) -> stats::ActivityStats;
            gong_get_bulk_assignment => get_bulk_assignment(engage::GetBulkAssignment) -> engage::BulkAssignment;
            gong_get_call => get_call(calls::GetCall) -> calls::CallDigest;
            gong_get_coaching => get_coaching(stats::GetCoaching) -> stats::Coaching;
            gong_get_crm_objects => get_crm_objects(crm::GetCrmObjects) -> crm::CrmObjects;
            gong_get_crm_request_status => get_crm_request_status(crm::GetCrmRequestStatus) -> crm::CrmRequestStatus;
            gong_get_deal => get_deal(deals::GetDeal) -> deals::DealOverview;
            gong_get_flow_steps => get_flow_steps(flows::GetFlowSteps) -> flows::FlowSteps;
            gong_get_interaction_stats => get_interaction_stats(stats::GetInteractionStats) -> stats::InteractionStats;
            gong_get_meeting_status => get_meeting_status(meetings::GetMeetingStatus) -> meetings::MeetingStatus;
            gong_get_permission_profile => get_permission_profile(permission_profiles::ProfileQuery) -> permission_profiles::Profile;
            gong_get_transcript => get_transcript(transcripts::GetTranscript) -> transcripts::Transcript;
            gong_get_user => get_user(users::GetUser) -> users::User;
            gong_grant_call_access => grant_call_access(access::GrantCallAccess) -> types::Receipt, unless "read-only";
            gong_list_answered_scorecards => list_answered_scorecards(scorecards::ListAnsweredScorecards) -> scorecards::AnsweredList;
            gong_list_audit_logs => list_audit_logs(audit::ListAuditLogs) -> audit::AuditLogPage;
            gong_list_briefs => list_briefs(ai::ListBriefs) -> ai::BriefList;
            gong_list_call_access => list_call_access(access::ListCallAccess) -> access::CallAccessList;
            gong_list_call_outcomes => list_call_outcomes(calls::ListCallOutcomes) -> calls::CallOutcomeList;
            gong_list_crm_integrations => list_crm_integrations(crm::ListCrmIntegrations) -> crm::CrmIntegrationList;
            gong_list_crm_schema => list_crm_schema(crm::ListCrmSchema) -> crm::CrmSchema;
            gong_list_daily_activity => list_daily_activity(stats::ListDailyActivity) -> stats::DailyActivity;
            gong_list_deals => list_deals(deals::ListDeals) -> deals::DealPage;
            gong_list_flow_folders => list_flow_folders(flows::ListFlowFolders) -> flows::FlowFolderList;
            gong_list_flows => list_flows(flows::ListFlows) -> flows::FlowList;
            gong_list_library_calls => list_library_calls(library::ListLibraryCalls) -> library::LibraryCallList;
            gong_list_library_folders => list_library_folders(library::ListLibraryFolders) -> library::LibraryFolderList;
            gong_list_permission_profile_users => list_permission_profile_users(permission_profiles::ProfileQuery) -> permission_profiles::ProfileUsers;
            gong_list_permission_profiles => list_permission_profiles(permission_profiles::ListPermissionProfiles) -> permission_profiles::ProfileList;
            gong_list_prospect_flows => list_prospect_flows(flows::ListProspectFlows) -> flows::ProspectFlowList;
            gong_list_scorecards => list_scorecards(scorecards::ListScorecards) -> scorecards::ScorecardList;
            gong_list_targets => list_targets(targets::ListTargets) -> targets::TargetList;
            gong_list_tasks => list_tasks(engage::ListTasks) -> engage::TaskList;
            gong_list_trackers => list_trackers(settings::ListTrackers) -> settings::TrackerList;
            gong_list_user_settings_history => list_user_settings_history(users::ListUserSettingsHistory) -> users::SettingsHistory;
            gong_list_users => list_users(users::ListUsers) -> users::UserPage;
            gong_list_workspaces => list_workspaces(users::ListWorkspaces) -> users::WorkspaceList;
            gong_register_crm_integration => register_crm_integration(crm::RegisterCrmIntegration) -> types::Receipt, unless "read-only";
            gong_report_engagement => report_engagement(engagement::ReportEngagement) -> types::Receipt, unless "read-only";
            gong_revoke_call_access => revoke_call_access(access::RevokeCallAccess) -> types::Receipt, unless "read-only";
            gong_search_calls => search_calls(calls::SearchCalls) -> calls::CallPage;
            gong_search_transcripts => search_transcripts(transcripts::SearchTranscripts) -> transcripts::TranscriptMatches;
            gong_set_integration_origins => set_integration_origins(origins::SetIntegrationOrigins) -> types::Receipt, unless "read-only";
            gong_summarize_calls => summarize_calls(calls::SummarizeCalls) -> calls::CallSummaries;
            gong_sync_calls => sync_calls(calls::SyncCalls) -> calls::CallSync;
            gong_unassign_flow_instances => unassign_flow_instances(engage::UnassignFlowInstances) -> types::Receipt, unless "read-only";
            gong_unassign_prospect => unassign_prospect(engage::UnassignProspect) -> types::Receipt, unless "read-only";
            gong_update_meeting => update_meeting(meetings::UpdateMeeting) -> types::Receipt, unless "read-only";
            gong_update_permission_profile => update_permission_profile(permission_profiles::UpdatePermissionProfile) -> types::Receipt, unless "read-only";
            gong_update_task => update_task(engage::UpdateTask) -> types::Receipt, unless "read-only";
            gong_upload_call_media => upload_call_media(calls::UploadCallMedia) -> types::Receipt, unless "read-only";
            gong_upload_crm_objects => upload_crm_objects(crm::UploadCrmObjects) -> types::Receipt, unless "read-only";
            gong_upload_crm_schema => upload_crm_schema(crm::UploadCrmSchema) -> types::Receipt, unless "read-only";
            gong_upload_target_assignments => upload_target_assignments(targets::UploadTargetAssignments) -> types::Receipt, unless "read-only";
        }
    };
}
#[allow(
    unused_imports,
    reason = "used by the exports of `gong.wasm` and by the tests"
)]
pub(crate) use every_tool;

macro_rules! table {
    ($($export:ident => $module:ident($($arguments:ident)::+) -> $($answer:ident)::+ $(, unless $feature:tt)?;)*) => {
        /// All tools, sorted by name.
        pub(crate) const TOOLS: &[Tool] = &[$(
            $(#[cfg(not(feature = $feature))])?
            Tool {
                name: stringify!($export),
                call: |gong, json| {
                    let arguments = arguments(json, definition(stringify!($export)))?;
                    Ok(tool_answer(&$module::run(gong, arguments)?))
                },
            },
        )*];
    };
}
every_tool!(table);

/// What is listed of a tool, from its file in `tool_definitions/`.
pub(crate) struct Definition {
    tool: &'static str,
    /// Whether it changes nothing.
    pub(crate) reads: bool,
    /// As JSON.
    pub(crate) input_schema: &'static str,
    /// The rest as JSON: title, description, output schema, toolset, effect, scopes. Its
    /// `inputSchema` is null.
    pub(crate) about: &'static str,
}

/// Sorted by the names of the tools.
const DEFINITIONS: &[Definition] = include!(concat!(env!("OUT_DIR"), "/tool_definitions.rs"));

/// A tool's definition. A tool that is so new that it has none has an empty one.
pub(crate) fn definition(tool: &str) -> &'static Definition {
    const NONE: &Definition = &Definition {
        tool: "",
        reads: true,
        input_schema: "{}",
        about: "{}",
    };
    let index = DEFINITIONS.binary_search_by_key(&tool, |definition| definition.tool);
    index.map_or(NONE, |index| &DEFINITIONS[index])
}

fn tool_answer(answer: &impl Answer) -> ToolAnswer {
    let mut value = serde_json::to_value(answer).expect("the keys of a record are strings");
    leave_out_absent(&mut value);
    ToolAnswer {
        text: answer.text(),
        structured: value.to_string(),
    }
}

/// Removes nulls, empty lists and empty texts from objects: an absent member says the same in
/// fewer tokens.
fn leave_out_absent(value: &mut Value) {
    match value {
        Value::Object(members) => members.retain(|_, value| {
            leave_out_absent(value);
            match value {
                Value::Null => false,
                Value::Array(items) => !items.is_empty(),
                Value::String(text) => !text.is_empty(),
                _ => true,
            }
        }),
        Value::Array(items) => items.iter_mut().for_each(leave_out_absent),
        _ => {}
    }
}

/// The `limit` argument.
///
/// # Errors
/// `bad-argument` outside 1 to `most`.
pub(crate) fn limit(limit: Option<u32>, default: u32, most: u32) -> Result<usize, Error> {
    match limit.unwrap_or(default) {
        limit if (1..=most).contains(&limit) => Ok(limit as usize),
        limit => Err(bad_argument(
            "limit",
            &format!("{limit} is not from 1 to {most}."),
            &format!("{default}."),
        )),
    }
}

/// The number in a `resume` token that is a prefix and a number; 0 without a token.
///
/// # Errors
/// `bad-argument` for any other token.
pub(crate) fn resume_number(resume: Option<&str>, prefix: &str) -> Result<usize, Error> {
    let Some(token) = resume else {
        return Ok(0);
    };
    let number = token.trim().strip_prefix(prefix);
    number
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| {
            bad_argument(
                "resume",
                "not a token of this tool.",
                &format!(
                    "the resume value of the previous answer, unchanged, such as \"{prefix}100\"."
                ),
            )
        })
}

/// How many items to skip, by the `resume` argument of tools that read a whole list and show a
/// part of it.
///
/// # Errors
/// `bad-argument` for anything but a token of [`offset_token`].
pub(crate) fn offset(resume: Option<&str>) -> Result<usize, Error> {
    resume_number(resume, "after-")
}

/// The token to go on after `shown` of `all` items, if any are left.
pub(crate) fn offset_token(shown: usize, all: usize) -> Option<String> {
    (shown < all).then(|| format!("after-{shown}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::leave_out_absent;

    #[test]
    fn absent_members_are_left_out_but_zero_and_false_stay() {
        let mut value =
            json!({"a": null, "b": [], "c": "", "d": 0, "e": false, "f": [{"g": null, "h": 1}]});
        leave_out_absent(&mut value);
        assert_eq!(value, json!({"d": 0, "e": false, "f": [{"h": 1}]}));
    }
}
