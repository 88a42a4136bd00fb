//! The tables that the administrator's commands print.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use gateway::governance::{DenialCode, Grant, ToolAccess};
use gateway::store::{
    AuditRow, DefinitionPart, ProfileRow, Quota, SwitchRow, SyncReport, TenantRow, ToolRow,
    ToolsetRow,
};
use jiff::Timestamp;
use serde::Serialize;

/// Only a line below the header, because most rows have a single line.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Names that one cell shows at most.
const MAX_NAMES: usize = 6;

pub(super) fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_header(header);
    table
}

/// Aligns columns of numbers to the right.
pub(super) fn align_right(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// The table, or a sentence if it has no rows.
pub(super) fn table_or(table: &Table, otherwise: &str) -> String {
    if table.is_empty() {
        otherwise.to_owned()
    } else {
        table.trim_fmt()
    }
}

pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%F %H:%M").to_string()
}

pub(super) fn time_or_empty(at: Option<Timestamp>) -> String {
    at.map(time).unwrap_or_default()
}

fn text_or_empty<T: ToString>(value: Option<&T>) -> String {
    value.map(T::to_string).unwrap_or_default()
}

/// `a, b`, or `none`.
pub(super) fn joined<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// Names below each other. Of many only the first, and how many more there are.
pub(super) fn lines<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    if names.len() <= MAX_NAMES {
        return names.join("\n");
    }
    let shown = &names[..MAX_NAMES - 1];
    format!(
        "{}\nand {} more",
        shown.join("\n"),
        names.len() - shown.len()
    )
}

pub(super) fn classes(tool: &ToolRow) -> String {
    let names: Vec<&str> = tool
        .classification
        .iter()
        .map(|class| class.as_str())
        .collect();
    names.join(" ")
}

pub(super) fn parts(parts: &[DefinitionPart]) -> String {
    let names: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
    names.join(", ")
}

pub(super) fn tenants(tenants: &[TenantRow]) -> String {
    let mut table = table([
        "Tenant",
        "Gong",
        "Users",
        "New tools",
        "Metered",
        "Per second",
        "Per day",
        "Discovered",
    ]);
    for tenant in tenants {
        table.add_row([
            &*tenant.name,
            &tenant.gong,
            &tenant.users.len().to_string(),
            tenant.review.as_str(),
            if tenant.metered { "yes" } else { "no" },
            &tenant.requests_per_second.to_string(),
            &tenant.requests_per_day.to_string(),
            &time_or_empty(tenant.synced_at),
        ]);
    }
    align_right(&mut table, &[2, 5, 6]);
    table_or(&table, "No tenant is declared.")
}

pub(super) fn tools(tools: &[ToolRow], all: usize) -> String {
    let mut table = table([
        "Tool",
        "State",
        "Effect",
        "Class",
        "Group",
        "Reviewed",
        "Last used",
        "30 days",
    ]);
    for tool in tools {
        let mut state = tool.state.to_string();
        if !tool.changed_since_review.is_empty() {
            let _ = write!(state, "\nchanged: {}", parts(&tool.changed_since_review));
        }
        if tool.has_other_component() {
            state.push_str("\nother component");
        }
        let mut class = classes(tool);
        if tool.classified {
            class.push_str(" (set)");
        }
        let reviewed = match (&tool.reviewed_by, tool.reviewed_at) {
            (Some(by), Some(at)) => format!("{} {by}", time(at)),
            _ => String::new(),
        };
        table.add_row([
            &*tool.name,
            &state,
            tool.effect.as_str(),
            &class,
            &tool.toolset,
            &reviewed,
            &time_or_empty(tool.last_used),
            &tool.calls_30d.to_string(),
        ]);
    }
    align_right(&mut table, &[7]);
    if table.is_empty() && all > 0 {
        return format!("None of {all} tools fits.");
    }
    let shown = table_or(
        &table,
        "Nothing has been discovered yet: `gong-gateway serve` does it when it starts, or `gong-gateway admin sync --now`.",
    );
    match tools.len() {
        0 => shown,
        n if n == all => format!("{shown}\n{n} tools."),
        n => format!("{shown}\n{n} of {all} tools."),
    }
}

pub(super) fn toolsets(toolsets: &[ToolsetRow]) -> String {
    let mut table = table(["Toolset", "From", "Tools", "Profiles"]);
    for toolset in toolsets {
        let mut tools = lines(&toolset.tools);
        if !toolset.missing.is_empty() {
            let _ = write!(tools, "\nnot there: {}", joined(&toolset.missing));
        }
        table.add_row([
            &*toolset.name,
            toolset.origin.as_str(),
            &tools,
            &lines(&toolset.profiles),
        ]);
    }
    table_or(&table, "There are no toolsets.")
}

pub(super) fn profiles(profiles: &[ProfileRow]) -> String {
    let mut table = table(["Profile", "From", "Toolsets", "Users"]);
    for profile in profiles {
        table.add_row([
            &*profile.name,
            profile.origin.as_str(),
            &lines(&profile.toolsets),
            &lines(&profile.users),
        ]);
    }
    table_or(
        &table,
        "There are no profiles, so nobody has tools. Make one, such as: gong-gateway admin profiles put analysts --toolset read-only --user mia",
    )
}

/// A user with their access.
#[derive(Serialize)]
pub(super) struct User {
    pub(super) user: String,
    pub(super) profiles: Vec<String>,
    /// What the user may call now.
    pub(super) tools: Vec<String>,
}

pub(super) fn users(users: &[User]) -> String {
    let mut table = table(["User", "Profiles", "May call"]);
    for user in users {
        let tools = match user.tools.len() {
            0 => "nothing".to_owned(),
            1 => "1 tool".to_owned(),
            n => format!("{n} tools"),
        };
        table.add_row([&*user.user, &joined(&user.profiles), &tools]);
    }
    table_or(
        &table,
        "The tenant has no users; declare them in the configuration file.",
    )
}

/// Whether a user may call a tool, and why.
#[derive(Serialize)]
pub(super) struct Explained {
    tool: String,
    allowed: bool,
    /// What gives the tool to the user. It may be denied all the same.
    #[serde(rename = "through")]
    grants: Vec<Grant>,
    code: Option<DenialCode>,
    why_not: Option<String>,
}

impl Explained {
    pub(super) fn new(tool: &str, access: &ToolAccess) -> Self {
        let denial = access.verdict.as_ref().err();
        Self {
            tool: tool.to_owned(),
            allowed: denial.is_none(),
            grants: access.grants.clone(),
            code: denial.map(|denial| denial.code),
            why_not: denial.map(|denial| denial.sentence.clone()),
        }
    }
}

pub(super) fn explained(user: &str, rows: &[Explained]) -> String {
    if let [one] = rows {
        let mut text = match &one.why_not {
            None => format!("{user} may call {}.", one.tool),
            Some(why) => format!(
                "{user} may not call {} ({}).\n{why}",
                one.tool,
                text_or_empty(one.code.as_ref())
            ),
        };
        for grant in &one.grants {
            let _ = write!(
                text,
                "\nProfile {} gives it with toolset {}.",
                grant.profile, grant.toolset
            );
        }
        return text;
    }
    let mut table = table(["Tool", "May call", "Through", "Why not"]);
    for row in rows {
        let through: Vec<String> = row
            .grants
            .iter()
            .map(|grant| format!("{}: {}", grant.profile, grant.toolset))
            .collect();
        table.add_row([
            &*row.tool,
            if row.allowed { "yes" } else { "no" },
            &lines(&through),
            &text_or_empty(row.code.as_ref()),
        ]);
    }
    let allowed = rows.iter().filter(|row| row.allowed).count();
    let shown = table_or(&table, "Nothing has been discovered yet.");
    format!(
        "{shown}\n{user} may call {allowed} of {} tools. For whole sentences on one name it: gong-gateway admin explain --user {user} TOOL",
        rows.len()
    )
}

pub(super) fn switches(switches: &[SwitchRow]) -> String {
    let mut table = table(["Off", "Since", "By", "Reason"]);
    for row in switches {
        table.add_row([
            &*row.switch.to_string(),
            &time(row.at),
            &row.by,
            &row.reason,
        ]);
    }
    table_or(&table, "Nothing is switched off.")
}

pub(super) fn audit(rows: &[AuditRow], more: bool) -> String {
    let mut table = table([
        "Time (UTC)",
        "Tenant",
        "Who",
        "Through",
        "What",
        "Result",
        "ms",
        "Gong",
        "Why",
    ]);
    for row in rows {
        match row {
            AuditRow::Call(call) => {
                let mut client = match (&call.client, &call.client_version) {
                    (Some(client), Some(version)) => format!("{client} {version}"),
                    (Some(client), None) => client.clone(),
                    _ => String::new(),
                };
                for (what, id) in [("client", &call.client_id), ("sign-in", &call.sign_in)] {
                    if let Some(id) = id {
                        let _ = write!(client, "\n{what} {id}");
                    }
                }
                table.add_row([
                    &*call.time.strftime("%F %H:%M:%S").to_string(),
                    &call.tenant,
                    &match &call.owner {
                        Some(owner) => format!("{}\nof {owner}", call.user),
                        None => call.user.clone(),
                    },
                    &client,
                    &call.tool,
                    call.result.as_str(),
                    &text_or_empty(call.latency_ms.as_ref()),
                    &text_or_empty(call.gong_requests.as_ref()),
                    call.code.as_deref().unwrap_or_default(),
                ])
            }
            AuditRow::Act(act) => {
                let what = match &act.subject {
                    Some(subject) => format!("{} {subject}", act.act),
                    None => act.act.clone(),
                };
                table.add_row([
                    &*act.time.strftime("%F %H:%M:%S").to_string(),
                    act.tenant.as_deref().unwrap_or("all"),
                    &act.actor,
                    &act.via,
                    &what,
                    "done",
                    "",
                    "",
                    act.detail.as_deref().unwrap_or_default(),
                ])
            }
        };
    }
    align_right(&mut table, &[6, 7]);
    let mut text = table_or(&table, "Nothing fits.");
    if more {
        text.push_str("\nThere is more: raise --limit, or export with --jsonl.");
    }
    text
}

/// The quota of a tenant.
#[derive(Serialize)]
pub(super) struct TenantQuota {
    pub(super) tenant: String,
    #[serde(flatten)]
    pub(super) quota: Quota,
}

pub(super) fn quota(rows: &[TenantQuota]) -> String {
    let mut table = table([
        "Tenant",
        "Day (UTC)",
        "Used",
        "Limit",
        "Left",
        "One user",
        "Users",
        "Blocked by Gong until",
    ]);
    for row in rows {
        let quota = &row.quota;
        let users: Vec<String> = quota
            .users
            .iter()
            .map(|one| format!("{} {}", one.user, one.used))
            .collect();
        table.add_row([
            &*row.tenant,
            &quota.day.to_string(),
            &quota.used.to_string(),
            &quota.limit.to_string(),
            &quota.left.to_string(),
            &quota.user_limit.to_string(),
            &lines(&users),
            &quota
                .blocked_until
                .map(|until| until.strftime("%F %H:%M:%S").to_string())
                .unwrap_or_default(),
        ]);
    }
    align_right(&mut table, &[2, 3, 4, 5]);
    table_or(&table, "No tenant is declared.")
}

/// The last discovery of a tenant.
#[derive(Serialize)]
pub(super) struct Found {
    tenant: String,
    at: Option<Timestamp>,
    found: Option<SyncReport>,
}

impl From<TenantRow> for Found {
    fn from(tenant: TenantRow) -> Self {
        Self {
            tenant: tenant.name,
            at: tenant.synced_at,
            found: tenant.found,
        }
    }
}

pub(super) fn found(rows: &[Found]) -> String {
    let mut table = table(["Tenant", "Discovered", "Found"]);
    for row in rows {
        let found = row
            .found
            .as_ref()
            .map(|found| found.to_string().replace("; ", "\n"));
        table.add_row([
            &*row.tenant,
            &time_or_empty(row.at),
            found
                .as_deref()
                .unwrap_or("nothing has been discovered yet"),
        ]);
    }
    table_or(&table, "No tenant is declared.")
}
