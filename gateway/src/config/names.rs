//! Names of tenants, users, administrators, toolsets and profiles.

/// The automatic toolset of the approved tools that only read.
pub const READ_ONLY: &str = "read-only";

/// The prefix of the automatic toolsets that hold the component's groups, such as
/// `component:calls`. No other toolset may have such a name: otherwise removing it would uncover
/// an automatic one with more tools.
pub const COMPONENT_TOOLSET: &str = "component:";

/// The user in whose name tools on a schedule are called. Nobody can be declared with this name.
pub const SCHEDULE: &str = "schedule";

/// Characters of the longest name.
const LONGEST: usize = 64;

/// Checks a name: at most 64 lower-case letters, digits and dashes, with no dash at either end.
///
/// # Errors
///
/// The name is wrong. The error says why, with an example that works.
pub fn check_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() {
        return Err("a name can not be empty; such as acme-emea".to_owned());
    }
    if name.len() > LONGEST {
        return Err(format!(
            "a name has at most {LONGEST} characters, and this one {}; such as acme-emea",
            name.chars().count()
        ));
    }
    if name.chars().all(fits) && !name.starts_with('-') && !name.ends_with('-') {
        return Ok(());
    }
    Err(format!(
        "{name:?} is no name: names have lower-case letters, digits, and dashes between them, such as {}",
        likely(name)
    ))
}

/// A valid name that is similar.
fn likely(name: &str) -> String {
    let dashed: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let mut parts = dashed.split('-').filter(|part| !part.is_empty());
    let mut likely = parts.next().unwrap_or("acme-emea").to_owned();
    for part in parts {
        likely.push('-');
        likely.push_str(part);
    }
    likely.truncate(LONGEST);
    likely
}

/// The component's group behind an automatic toolset: `calls` for `component:calls`.
#[must_use]
pub fn component_toolset(name: &str) -> Option<&str> {
    name.strip_prefix(COMPONENT_TOOLSET)
}

/// Whether a toolset is automatic, so that nobody can change it.
#[must_use]
pub fn is_automatic(name: &str) -> bool {
    name == READ_ONLY || component_toolset(name).is_some()
}

/// Checks the name of a toolset that somebody creates.
///
/// # Errors
///
/// The name is wrong, or only automatic toolsets may have it.
pub fn check_toolset(name: &str) -> Result<(), String> {
    if is_automatic(name) {
        return Err(format!(
            "toolset {name} is automatic and can not be changed; make one of your own name, such as my-{}",
            name.rsplit(':').next().unwrap_or(name)
        ));
    }
    check_name(name)
}
