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

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    arguments::{arguments, record},
    client::Gong,
    domain::scan::resume::resumed,
    error::{Error, bad_argument},
    json_ext::{is_absent, leave_out_absent_members},
    prelude::*,
    render::Answer,
    resume,
};

/// A tool's answer in the two forms that MCP has.
pub(crate) struct ToolAnswer {
    /// Text for the model.
    pub(crate) text: String,
    /// A JSON object without what is absent.
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
/// are left out. Tools with the argument `resume` say `with resume`, for the exports.
macro_rules! every_tool {
    ($make:ident) => {
        $make! {
            gong_add_digital_interaction => add_digital_interaction(engagement::AddDigitalInteraction) -> types::Receipt, unless "read-only";
            gong_ask_account => ask_account(ai::AskAccount) -> ai::AiAnswer;
            gong_ask_deal => ask_deal(ai::AskDeal) -> ai::AiAnswer;
            gong_assign_flow => assign_flow(engage::AssignFlow) -> types::Receipt, unless "read-only";
            gong_bulk_assign_flow => bulk_assign_flow(engage::BulkAssignFlow) -> types::Receipt, unless "read-only";
            gong_count_calls => count_calls(calls::CountCalls) -> calls::CallCounts, with resume;
            gong_create_call => create_call(calls::CreateCall) -> types::Receipt, unless "read-only";
            gong_create_meeting => create_meeting(meetings::CreateMeeting) -> types::Receipt, unless "read-only";
            gong_create_permission_profile => create_permission_profile(permission_profiles::CreatePermissionProfile) -> types::Receipt, unless "read-only";
            gong_delete_crm_integration => delete_crm_integration(crm::DeleteCrmIntegration) -> types::Receipt, unless "read-only";
            gong_delete_meeting => delete_meeting(meetings::DeleteMeeting) -> types::Receipt, unless "read-only";
            gong_erase_personal_data => erase_personal_data(privacy::ErasePersonalData) -> types::Receipt, unless "read-only";
            gong_find_personal_data => find_personal_data(privacy::FindPersonalData) -> privacy::PersonalData, with resume;
            gong_generate_brief => generate_brief(ai::GenerateBrief) -> ai::AiAnswer;
            gong_get_account => get_account(deals::GetAccount) -> deals::AccountOverview, with resume;
            gong_get_activity_stats => get_activity_stats(stats::GetActivityStats) -> stats::ActivityStats, with resume;
            gong_get_bulk_assignment => get_bulk_assignment(engage::GetBulkAssignment) -> engage::BulkAssignment;
            gong_get_call => get_call(calls::GetCall) -> calls::CallDigest;
            gong_get_coaching => get_coaching(stats::GetCoaching) -> stats::Coaching;
            gong_get_crm_objects => get_crm_objects(crm::GetCrmObjects) -> crm::CrmObjects, with resume;
            gong_get_crm_request_status => get_crm_request_status(crm::GetCrmRequestStatus) -> crm::CrmRequestStatus;
            gong_get_deal => get_deal(deals::GetDeal) -> deals::DealOverview, with resume;
            gong_get_flow_steps => get_flow_steps(flows::GetFlowSteps) -> flows::FlowSteps, with resume;
            gong_get_interaction_stats => get_interaction_stats(stats::GetInteractionStats) -> stats::InteractionStats, with resume;
            gong_get_meeting_status => get_meeting_status(meetings::GetMeetingStatus) -> meetings::MeetingStatus;
            gong_get_permission_profile => get_permission_profile(permission_profiles::GetPermissionProfile) -> permission_profiles::Profile;
            gong_get_transcript => get_transcript(transcripts::GetTranscript) -> transcripts::Transcript, with resume;
            gong_get_user => get_user(users::GetUser) -> users::User;
            gong_grant_call_access => grant_call_access(access::GrantCallAccess) -> types::Receipt, unless "read-only";
            gong_list_answered_scorecards => list_answered_scorecards(scorecards::ListAnsweredScorecards) -> scorecards::AnsweredList, with resume;
            gong_list_audit_logs => list_audit_logs(audit::ListAuditLogs) -> audit::AuditLogPage, with resume;
            gong_list_briefs => list_briefs(ai::ListBriefs) -> ai::BriefList, with resume;
            gong_list_call_access => list_call_access(access::ListCallAccess) -> access::CallAccessList, with resume;
            gong_list_call_outcomes => list_call_outcomes(calls::ListCallOutcomes) -> calls::CallOutcomeList, with resume;
            gong_list_crm_integrations => list_crm_integrations(crm::ListCrmIntegrations) -> crm::CrmIntegrationList;
            gong_list_crm_schema => list_crm_schema(crm::ListCrmSchema) -> crm::CrmSchema, with resume;
            gong_list_daily_activity => list_daily_activity(stats::ListDailyActivity) -> stats::DailyActivity, with resume;
            gong_list_deals => list_deals(deals::ListDeals) -> deals::DealPage, with resume;
            gong_list_flow_folders => list_flow_folders(flows::ListFlowFolders) -> flows::FlowFolderList, with resume;
            gong_list_flows => list_flows(flows::ListFlows) -> flows::FlowList, with resume;
            gong_list_library_calls => list_library_calls(library::ListLibraryCalls) -> library::LibraryCallList, with resume;
            gong_list_library_folders => list_library_folders(library::ListLibraryFolders) -> library::LibraryFolderList, with resume;
            gong_list_permission_profile_users => list_permission_profile_users(permission_profiles::ListPermissionProfileUsers) -> permission_profiles::ProfileUsers, with resume;
            gong_list_permission_profiles => list_permission_profiles(permission_profiles::ListPermissionProfiles) -> permission_profiles::ProfileList, with resume;
            gong_list_prospect_flows => list_prospect_flows(flows::ListProspectFlows) -> flows::ProspectFlowList, with resume;
            gong_list_scorecards => list_scorecards(scorecards::ListScorecards) -> scorecards::ScorecardList, with resume;
            gong_list_targets => list_targets(targets::ListTargets) -> targets::TargetList, with resume;
            gong_list_tasks => list_tasks(engage::ListTasks) -> engage::TaskList, with resume;
            gong_list_trackers => list_trackers(settings::ListTrackers) -> settings::TrackerList, with resume;
            gong_list_user_settings_history => list_user_settings_history(users::ListUserSettingsHistory) -> users::SettingsHistory, with resume;
            gong_list_users => list_users(users::ListUsers) -> users::UserPage, with resume;
            gong_list_workspaces => list_workspaces(users::ListWorkspaces) -> users::WorkspaceList, with resume;
            gong_register_crm_integration => register_crm_integration(crm::RegisterCrmIntegration) -> types::Receipt, unless "read-only";
            gong_report_engagement => report_engagement(engagement::ReportEngagement) -> types::Receipt, unless "read-only";
            gong_revoke_call_access => revoke_call_access(access::RevokeCallAccess) -> types::Receipt, unless "read-only";
            gong_search_calls => search_calls(calls::SearchCalls) -> calls::CallPage, with resume;
            gong_search_transcripts => search_transcripts(transcripts::SearchTranscripts) -> transcripts::TranscriptMatches, with resume;
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
    ($($export:ident => $module:ident($($arguments:ident)::+) -> $($answer:ident)::+ $(, with $resume:ident)? $(, unless $feature:tt)?;)*) => {
        /// All tools, sorted by name.
        pub(crate) const TOOLS: &[Tool] = &[$(
            $(#[cfg(not(feature = $feature))])?
            Tool {
                name: stringify!($export),
                call: |gong, json| answer(gong, stringify!($export), json, $module::run),
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

/// Runs a tool with its arguments as JSON. What is not of the tool's types is apart: there is one of
/// this for each tool.
fn answer<A: DeserializeOwned, R: Answer>(
    gong: &Gong<'_>,
    tool: &str,
    json: &str,
    run: fn(&Gong<'_>, A) -> Result<R, Error>,
) -> Result<ToolAnswer, Error> {
    let (members, filters) = open_arguments(gong, tool, json)?;
    let answer = run(gong, record(members, definition(tool))?)?;
    let value = serde_json::to_value(&answer).expect("the keys of a record are strings");
    Ok(tool_answer(tool, filters, answer.text(), value))
}

/// The arguments as the schema has them, with those of a token; and the filters among them, for a list.
fn open_arguments(
    gong: &Gong<'_>,
    tool: &str,
    json: &str,
) -> Result<(Map<String, Value>, Option<String>), Error> {
    let definition = definition(tool);
    if !definition.reads {
        gong.require_whole_names();
    }
    let is_argument = |name: &str| definition.input_schema.contains(&format!("\"{name}\":"));
    let goes_on = is_argument("resume");
    let members = arguments(json, definition, |members| match goes_on {
        true => resume::open(tool, members, &is_argument),
        false => Ok(()),
    })?;
    if goes_on {
        resume::begin(gong, tool, &members);
    }
    let filters = is_list(tool).then(|| resume::filters(&members)).flatten();
    Ok((members, filters))
}

fn tool_answer(
    tool: &str,
    filters: Option<String>,
    text: String,
    mut structured: Value,
) -> ToolAnswer {
    leave_out_absent(tool, &mut structured);
    if let Some(filters) = &filters {
        structured["filters"] = filters.as_str().into();
    }
    ToolAnswer {
        text: match filters {
            Some(filters) => format!("Filters: {filters}. {text}"),
            None => text,
        },
        structured: structured.to_string(),
    }
}

/// Whether a tool's answer is a list, whose first line names its filters.
pub(crate) fn is_list(tool: &str) -> bool {
    let is = |kind: &str| tool.starts_with(kind);
    ["gong_list_", "gong_search_", "gong_count_"]
        .into_iter()
        .any(is)
        || tool.ends_with("_stats")
}

/// The lists that an answer has also when they are empty.
#[derive(Default, Deserialize)]
#[serde(default)]
struct AnswerSchema {
    required: Vec<String>,
}

/// As [`AnswerSchema`], in a definition.
#[derive(Deserialize)]
struct About {
    #[serde(default, rename = "outputSchema")]
    output_schema: AnswerSchema,
}

/// Removes nulls and empty lists from objects, as an absent member says the same in fewer tokens; of
/// the answer itself only the lists that its schema does not require.
fn leave_out_absent(tool: &str, answer: &mut Value) {
    let about: About = serde_json::from_str(definition(tool).about).expect("a test writes it");
    if let Value::Object(members) = answer {
        members.retain(|name, value| {
            leave_out_absent_members(value);
            let is_list = value.is_array();
            !is_absent(value) || (is_list && about.output_schema.required.contains(name))
        });
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

/// The number in a position that is a prefix and a number; 0 without a position.
///
/// # Errors
/// `bad-argument` for any other.
pub(crate) fn resume_number(resume: Option<&str>, prefix: &str) -> Result<usize, Error> {
    let number = |text: &str| text.strip_prefix(prefix)?.parse().ok();
    Ok(resumed(resume, number)?.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::leave_out_absent;

    #[test]
    fn absent_members_are_left_out_but_not_the_answers_own_lists() {
        let mut value = json!({"calls": [], "call_url": null, "resume": "", "d": 0, "e": false, "other": [], "f": [{"g": null, "h": 1, "i": []}]});
        leave_out_absent("gong_search_calls", &mut value);
        assert_eq!(
            value,
            json!({"calls": [], "resume": "", "d": 0, "e": false, "f": [{"h": 1}]})
        );
    }
}
