//! What `gong-gateway admin tool` prints: one tool, and what changed since it was reviewed.

use std::fmt::Write as _;

use gateway::store::{Definition, DefinitionPart, ToolVersions};

use super::tables::{classes, parts, time};

/// Everything about one tool.
pub(super) fn show(versions: &ToolVersions) -> String {
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
    if let Some(component) = &tool.component {
        line("component", &format!("sha256 {component}"));
    }
    if tool.reviewed_at.is_some() && tool.reviewed_component != tool.component {
        let reviewed = tool.reviewed_component.as_deref();
        let reviewed = reviewed.map_or("not recorded".to_owned(), |it| format!("sha256 {it}"));
        line("  reviewed", &format!("{reviewed}, which is another one"));
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

/// Escapes characters that a terminal hides but a model reads: control characters, those without
/// width, and those that change the direction of the text.
fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
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
            visible.extend(c.escape_unicode());
        } else {
            visible.push(c);
        }
    }
    visible
}

/// A part of a definition as text.
fn value(definition: &Definition, part: DefinitionPart) -> String {
    match part {
        DefinitionPart::Title => definition.title.clone(),
        DefinitionPart::Description => definition.description.clone(),
        DefinitionPart::InputSchema => pretty(&definition.input_schema),
        DefinitionPart::OutputSchema => pretty(&definition.output_schema),
        DefinitionPart::Annotations => pretty(&definition.annotations),
        DefinitionPart::Toolset => definition.toolset.clone(),
        DefinitionPart::Effect => definition.effect.to_string(),
        DefinitionPart::Classification => {
            let names = definition.classification.iter().map(|class| class.as_str());
            names.collect::<Vec<_>>().join("\n")
        }
        DefinitionPart::Scopes => definition.scopes.join("\n"),
        DefinitionPart::Operations => definition.operations.join("\n"),
    }
}

/// Indented JSON. Other text stays as it is.
fn pretty(json: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(json).ok();
    let pretty = value.and_then(|value| serde_json::to_string_pretty(&value).ok());
    pretty.unwrap_or_else(|| json.to_owned())
}

/// The lines in which two texts differ, from the first to the last one, with a common line before
/// and after.
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
