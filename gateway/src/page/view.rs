//! Parts that several pages show: the frame, badges, times and numbers.

use std::fmt;
use std::sync::LazyLock;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use jiff::tz::Offset;
use ring::digest::{SHA256, digest};

use crate::store::{Class, Classes, Effect, ReviewState, SwitchRow, ToolRow};

/// The style sheet.
pub(super) const STYLE: &str = include_str!("style.css");

/// Displays as the style sheet's address, which changes with its text, so browsers may keep it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style;

impl fmt::Display for Style {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        static VERSION: LazyLock<String> =
            LazyLock::new(|| HEXLOWER.encode(&digest(&SHA256, STYLE.as_bytes()).as_ref()[..6]));
        write!(f, "/admin/style.css?v={}", *VERSION)
    }
}

/// An entry of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NavItem {
    Tenants,
    Audit,
    Tools,
    Toolsets,
    Profiles,
    Users,
    Clients,
    Accounts,
    Quota,
    Index,
}

impl NavItem {
    /// The pages of a tenant, in order.
    pub(super) const TENANT: [Self; 8] = [
        Self::Tools,
        Self::Toolsets,
        Self::Profiles,
        Self::Users,
        Self::Clients,
        Self::Accounts,
        Self::Quota,
        Self::Index,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tenants => "Tenants",
            Self::Audit => "Audit",
            Self::Tools => "Tools",
            Self::Toolsets => "Toolsets",
            Self::Profiles => "Profiles",
            Self::Users => "Users",
            Self::Clients => "Clients",
            Self::Accounts => "Accounts",
            Self::Quota => "Quota",
            Self::Index => "Index",
        }
    }

    pub(super) fn segment(self) -> &'static str {
        match self {
            Self::Tenants => "",
            Self::Audit => "audit",
            Self::Tools => "tools",
            Self::Toolsets => "toolsets",
            Self::Profiles => "profiles",
            Self::Users => "users",
            Self::Clients => "clients",
            Self::Accounts => "accounts",
            Self::Quota => "quota",
            Self::Index => "index",
        }
    }
}

/// What surrounds the content of a page.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) title: String,
    pub(super) at: NavItem,
    pub(super) admin: String,
    pub(super) tenant: Option<String>,
    pub(super) csrf: String,
    /// Whether the gateway is one for stand-ins, which every page says.
    pub(super) stand_in: bool,
    pub(super) message: Option<Message>,
}

/// A list of values to filter a page by.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) values: Vec<String>,
    pub(super) chosen: String,
}

/// The result of a change.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) tone: Tone,
    pub(super) text: String,
}

/// The colour of something. Words always say the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Good,
    Wait,
    Bad,
    Note,
    Care,
}

impl Tone {
    const ALL: [Self; 6] = [
        Self::Plain,
        Self::Good,
        Self::Wait,
        Self::Bad,
        Self::Note,
        Self::Care,
    ];

    /// The class in the style sheet.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Wait => "wait",
            Self::Bad => "bad",
            Self::Note => "note",
            Self::Care => "care",
        }
    }

    pub(super) fn of(class: &str) -> Self {
        let found = Self::ALL.into_iter().find(|tone| tone.class() == class);
        found.unwrap_or(Self::Plain)
    }
}

impl fmt::Display for Tone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.class())
    }
}

/// A coloured word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Badge {
    pub(super) tone: Tone,
    pub(super) text: String,
}

impl Badge {
    pub(super) fn new(tone: Tone, text: &str) -> Self {
        Self {
            tone,
            text: text.to_owned(),
        }
    }
}

/// Badges for a tool's state, changes since its review, and its kill switch.
pub(super) fn state(tool: &ToolRow, off: bool) -> Vec<Badge> {
    let tone = match tool.state {
        ReviewState::Pending => Tone::Wait,
        ReviewState::Approved => Tone::Good,
        ReviewState::Disabled | ReviewState::Removed => Tone::Plain,
    };
    let mut badges = vec![Badge::new(tone, tool.state.as_str())];
    if !tool.changed_since_review.is_empty() {
        let parts: Vec<&str> = tool
            .changed_since_review
            .iter()
            .map(|part| part.as_str())
            .collect();
        badges.push(Badge::new(
            Tone::Wait,
            &format!("changed: {}", parts.join(", ")),
        ));
    }
    if tool.has_other_component() {
        badges.push(Badge::new(Tone::Wait, "other component"));
    }
    if off {
        badges.push(Badge::new(Tone::Bad, "switched off"));
    }
    badges
}

/// Badges for a tool's classes.
pub(super) fn classes(classes: &Classes) -> Vec<Badge> {
    let tone = |class| match class {
        Class::Read => Tone::Plain,
        Class::Write => Tone::Note,
        Class::Sensitive => Tone::Care,
        Class::Destructive | Class::Dangerous => Tone::Bad,
    };
    let badge = |class: &Class| Badge::new(tone(*class), class.as_str());
    classes.iter().map(badge).collect()
}

/// Whether approving a tool needs a confirmation.
pub(super) fn needs_confirmation(tool: &ToolRow) -> bool {
    matches!(tool.effect, Effect::Outreach | Effect::Destructive)
        || tool.classification.contains(&Class::Destructive)
        || tool.classification.contains(&Class::Dangerous)
}

/// The panel of a kill switch.
#[derive(Debug)]
pub(super) struct SwitchPanel {
    /// Unique in the page.
    pub(super) id: &'static str,
    pub(super) what: String,
    /// What switching off does.
    pub(super) effect: &'static str,
    pub(super) action: String,
    pub(super) off: Option<OffNotice>,
    /// Whether this administrator may switch it.
    pub(super) may: bool,
}

/// Who switched something off, when and why.
#[derive(Clone, Debug)]
pub(super) struct OffNotice {
    /// Such as `Everything is`.
    pub(super) what: &'static str,
    pub(super) by: String,
    pub(super) at: String,
    pub(super) reason: String,
}

impl OffNotice {
    pub(super) fn of(what: &'static str, row: &SwitchRow) -> Self {
        Self {
            what,
            by: row.by.clone(),
            at: minute(row.at),
            reason: row.reason.clone(),
        }
    }
}

/// UTC, to the minute: `2026-11-24 18:20`.
pub(super) fn minute(at: Timestamp) -> String {
    formatted(at, "%Y-%m-%d %H:%M")
}

/// UTC, to the second.
pub(super) fn second(at: Timestamp) -> String {
    formatted(at, "%Y-%m-%d %H:%M:%S")
}

pub(super) fn formatted(at: Timestamp, format: &str) -> String {
    Offset::UTC.to_datetime(at).strftime(format).to_string()
}

/// The first sentence of a text on one line, cut to `most` characters.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = line.split_inclusive(". ").next().unwrap_or_default().trim();
    if first.chars().count() <= most {
        return first.to_owned();
    }
    let cut: String = first.chars().take(most).collect();
    let whole = cut.rsplit_once(' ').map_or(&*cut, |(words, _)| words);
    format!("{whole}…")
}

/// `1 tool`, `2 tools`.
pub(super) fn count(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {noun}{s}", number(count))
}

/// With commas: `10,000`.
pub(super) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_are_shortened_at_words() {
        assert_eq!(shortened("Lists calls. More.", 40), "Lists calls.");
        assert_eq!(shortened("One\n two  three four", 12), "One two…");
        assert_eq!(shortened("Ünïcödé", 3), "Ünï…");
        assert_eq!(shortened("", 3), "");
    }

    #[test]
    fn numbers_have_commas() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(1_000), "1,000");
        assert_eq!(number(12_345_678), "12,345,678");
        assert_eq!(count(1, "tool"), "1 tool");
    }

    #[test]
    fn times_are_utc() {
        let at = "2026-11-24T18:20:07+02:00".parse().unwrap();
        assert_eq!(minute(at), "2026-11-24 16:20");
        assert_eq!(second(at), "2026-11-24 16:20:07");
    }
}
