//! What the administrator's commands print for people.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use gateway::governance::{Code, Through, ToolAccess};
use gateway::store::{
    AuditRow, Definition, Part, ProfileRow, Quota, SwitchRow, SyncReport, TenantRow, ToolRow,
    ToolVersions, ToolsetRow,
};
use jiff::Timestamp;
use serde::Serialize;

/// One line, below the header: most rows are one line high.
const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Names in one cell; more are counted.
const NAMES: usize = 6;

fn table<const N: usize>(header: [&str; N]) -> Table {
    let mut table = Table::new();
    table.load_style(STYLE).set_header(header);
    table
}

/// Numbers stand under each other.
fn right(table: &mut Table, columns: &[usize]) {
    for column in columns {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

/// The table, or a sentence where it has no rows.
fn or(table: &Table, otherwise: &str) -> String {
    if table.is_empty() {
        otherwise.to_owned()
    } else {
        table.trim_fmt()
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%F %H:%M").to_string()
}

fn maybe(at: Option<Timestamp>) -> String {
    at.map(time).unwrap_or_default()
}

fn some<T: ToString>(value: Option<&T>) -> String {
    value.map(T::to_string).unwrap_or_default()
}

/// `a, b`; `nobody` of none is `none`.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

/// One name a line, and how many more.
fn column<'n>(names: impl IntoIterator<Item = &'n String>) -> String {
    let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
    if names.len() <= NAMES {
        return names.join("\n");
    }
    let shown = &names[..NAMES - 1];
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

fn parts(parts: &[Part]) -> String {
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
            &maybe(tenant.synced_at),
        ]);
    }
    right(&mut table, &[2, 5, 6]);
    or(&table, "No tenant is declared.")
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
            &maybe(tool.last_used),
            &tool.calls_30d.to_string(),
        ]);
    }
    right(&mut table, &[7]);
    if table.is_empty() && all > 0 {
        return format!("None of {all} tools fits.");
    }
    let shown = or(
        &table,
        "Nothing has been discovered yet: `gong-gateway serve` does it when it starts, or `gong-gateway admin sync --now`.",
    );
    match tools.len() {
        0 => shown,
        n if n == all => format!("{shown}\n{n} tools."),
        n => format!("{shown}\n{n} of {all} tools."),
    }
}

pub(super) fn tool(versions: &ToolVersions) -> String {
    let tool = &versions.tool;
    let now = &versions.now;
    let mut text = format!("{}@{}  {}\n", tool.name, tool.version, tool.title);
    let mut line = |what: &str, value: &str| {
        let _ = writeln!(text, "  {what:<13}{value}");
    };
    line("state", tool.state.as_str());
    if let (Some(by), Some(at)) = (&tool.reviewed_by, tool.reviewed_at) {
        line("reviewed", &format!("{} by {by}", time(at)));
    }
    if !tool.changed_since_review.is_empty() {
        line("changed", &parts(&tool.changed_since_review));
    }
    line("effect", tool.effect.as_str());
    line(
        "class",
        &if tool.classified {
            let own: Vec<&str> = now
                .classification
                .iter()
                .map(|class| class.as_str())
                .collect();
            format!("{} (its own: {})", classes(tool), own.join(" "))
        } else {
            classes(tool)
        },
    );
    line("group", &tool.toolset);
    line("operations", &now.operations.join(", "));
    line("scopes", &now.scopes.join(", "));
    line("found", &time(tool.found_at));
    line(
        "last used",
        &tool.last_used.map_or_else(|| "never".to_owned(), time),
    );
    line("30 days", &tool.calls_30d.to_string());
    let _ = writeln!(text, "\n{}", visible(&now.description));
    let Some(reviewed) = &versions.reviewed else {
        return text;
    };
    for part in &tool.changed_since_review {
        let _ = writeln!(text, "\n{part}:");
        for line in different(&value(reviewed, *part), &value(now, *part)) {
            let _ = writeln!(text, "{}", visible(&line));
        }
    }
    text
}

/// Makes seen what a terminal would hide: control characters, and those that take no space or
/// turn the writing round. A model reads them all.
fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = c.is_control() && c != '\n'
            || matches!(
                c,
                '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
                    | '\u{200b}'..='\u{200f}'
                    | '\u{2028}'..='\u{202e}'
                    | '\u{2060}'..='\u{206f}'
                    | '\u{fe00}'..='\u{fe0f}'
                    | '\u{e0000}'..='\u{e0fff}'
            );
        if hidden {
            seen.extend(c.escape_unicode());
        } else {
            seen.push(c);
        }
    }
    seen
}

fn value(definition: &Definition, part: Part) -> String {
    match part {
        Part::Title => definition.title.clone(),
        Part::Description => definition.description.clone(),
        Part::InputSchema => pretty(&definition.input_schema),
        Part::OutputSchema => pretty(&definition.output_schema),
        Part::Annotations => pretty(&definition.annotations),
        Part::Toolset => definition.toolset.clone(),
        Part::Effect => definition.effect.to_string(),
        Part::Classification => {
            let names = definition.classification.iter().map(|class| class.as_str());
            names.collect::<Vec<_>>().join("\n")
        }
        Part::Scopes => definition.scopes.join("\n"),
        Part::Operations => definition.operations.join("\n"),
    }
}

fn pretty(json: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(json).ok();
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
    pretty.unwrap_or_else(|| json.to_owned())
}

/// The lines of two texts that differ: what both begin and end with is left out, but for a
/// line on either side.
fn different(old: &str, new: &str) -> Vec<String> {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let same = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| {
        pairs.take_while(|(one, other)| one == other).count()
    };
    let before = same(&mut old.iter().zip(&new));
    let after = same(&mut old[before..].iter().rev().zip(new[before..].iter().rev()));
    let mut lines = Vec::new();
    if before > 0 {
        lines.push(format!("    {}", new[before - 1]));
    }
    lines.extend(
        old[before..old.len() - after]
            .iter()
            .map(|line| format!("  - {line}")),
    );
    lines.extend(
        new[before..new.len() - after]
            .iter()
            .map(|line| format!("  + {line}")),
    );
    if after > 0 {
        lines.push(format!("    {}", new[new.len() - after]));
    }
    lines
}

pub(super) fn toolsets(toolsets: &[ToolsetRow]) -> String {
    let mut table = table(["Toolset", "From", "Tools", "Profiles"]);
    for toolset in toolsets {
        let mut tools = column(&toolset.tools);
        if !toolset.missing.is_empty() {
            let _ = write!(tools, "\nnot there: {}", listed(&toolset.missing));
        }
        table.add_row([
            &*toolset.name,
            toolset.origin.as_str(),
            &tools,
            &column(&toolset.profiles),
        ]);
    }
    or(&table, "There are no toolsets.")
}

pub(super) fn profiles(profiles: &[ProfileRow]) -> String {
    let mut table = table(["Profile", "From", "Toolsets", "Users"]);
    for profile in profiles {
        table.add_row([
            &*profile.name,
            profile.origin.as_str(),
            &column(&profile.toolsets),
            &column(&profile.users),
        ]);
    }
    or(
        &table,
        "There are no profiles, so nobody has tools. Make one, such as: gong-gateway admin profiles put analysts --toolset read-only --user mia",
    )
}

/// A user and what they have.
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
        table.add_row([&*user.user, &listed(&user.profiles), &tools]);
    }
    or(
        &table,
        "The tenant has no users; declare them in the configuration file.",
    )
}

/// How a user stands to a tool.
#[derive(Serialize)]
pub(super) struct Explained {
    tool: String,
    allowed: bool,
    /// What gives the tool to the user, whether or not something else stands against it.
    through: Vec<Through>,
    code: Option<Code>,
    why_not: Option<String>,
}

impl Explained {
    pub(super) fn new(tool: &str, access: &ToolAccess) -> Self {
        let denial = access.verdict.as_ref().err();
        Self {
            tool: tool.to_owned(),
            allowed: denial.is_none(),
            through: access.through.clone(),
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
                some(one.code.as_ref())
            ),
        };
        for through in &one.through {
            let _ = write!(
                text,
                "\nProfile {} gives it with toolset {}.",
                through.profile, through.toolset
            );
        }
        return text;
    }
    let mut table = table(["Tool", "May call", "Through", "Why not"]);
    for row in rows {
        let through: Vec<String> = row
            .through
            .iter()
            .map(|through| format!("{}: {}", through.profile, through.toolset))
            .collect();
        table.add_row([
            &*row.tool,
            if row.allowed { "yes" } else { "no" },
            &column(&through),
            &some(row.code.as_ref()),
        ]);
    }
    let allowed = rows.iter().filter(|row| row.allowed).count();
    let shown = or(&table, "Nothing has been discovered yet.");
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
    or(&table, "Nothing is switched off.")
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
                let client = match (&call.client, &call.client_version) {
                    (Some(client), Some(version)) => format!("{client} {version}"),
                    (Some(client), None) => client.clone(),
                    _ => String::new(),
                };
                table.add_row([
                    &*call.time.strftime("%F %H:%M:%S").to_string(),
                    &call.tenant,
                    &call.user,
                    &client,
                    &call.tool,
                    call.result.as_str(),
                    &some(call.latency_ms.as_ref()),
                    &some(call.gong_requests.as_ref()),
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
    right(&mut table, &[6, 7]);
    let mut text = or(&table, "Nothing fits.");
    if more {
        text.push_str("\nThere is more: raise --limit, or export with --jsonl.");
    }
    text
}

/// A tenant's day.
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
        "Blocked by Gong until",
    ]);
    for row in rows {
        let quota = &row.quota;
        table.add_row([
            &*row.tenant,
            &quota.day.to_string(),
            &quota.used.to_string(),
            &quota.limit.to_string(),
            &quota.left.to_string(),
            &quota
                .blocked_until
                .map(|until| until.strftime("%F %H:%M:%S").to_string())
                .unwrap_or_default(),
        ]);
    }
    right(&mut table, &[2, 3, 4]);
    or(&table, "No tenant is declared.")
}

/// What discovery found for a tenant.
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
            &maybe(row.at),
            found
                .as_deref()
                .unwrap_or("nothing has been discovered yet"),
        ]);
    }
    or(&table, "No tenant is declared.")
}
