//! Names of tenants, users, administrators, toolsets and profiles.

/// The automatic toolset of approved tools that only read.
pub const READ_ONLY: &str = "read-only";

/// What the names of the automatic toolsets begin with that hold the component's own groups:
/// `component:calls`. Nobody can make a toolset of such a name, so removing one of the
/// tenant's own never uncovers a wider one of the same name.
pub const COMPONENT_TOOLSET: &str = "component:";

/// Longest name.
const LONGEST: usize = 64;

/// Checks a name: lower-case letters, digits and dashes, at most 64, beginning with a letter
/// or digit.
///
/// # Errors
///
/// What is wrong, as the end of a sentence, with an example that works.
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

/// The nearest name that is one.
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

/// Whether a toolset is there by itself and can not be changed.
#[must_use]
pub fn is_automatic(name: &str) -> bool {
    name == READ_ONLY || component_toolset(name).is_some()
}

/// Checks the name of a toolset that somebody makes.
///
/// # Errors
///
/// It is no name, or an automatic toolset has it.
pub fn check_toolset(name: &str) -> Result<(), String> {
    if is_automatic(name) {
        return Err(format!(
            "toolset {name} is automatic and can not be changed; make one of your own name, such as my-{}",
            name.rsplit(':').next().unwrap_or(name)
        ));
    }
    check_name(name)
}
