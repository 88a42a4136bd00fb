//! What to say about a name that does not exist: the closest one that does, or a list.

/// How similar two names must be for one to be proposed instead of the other.
const SIMILAR: f64 = 0.75;

/// The known name that is most similar, if any is similar enough.
pub(crate) fn closest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let normalized = |name: &str| name.to_lowercase().replace('-', "_");
    let name = normalized(name);
    known
        .map(|known| (strsim::jaro_winkler(&name, &normalized(known)), known))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, known)| known)
}

/// Says that there is no `noun` of this name, and which there are.
pub(crate) fn unknown_name<'k>(
    noun: &str,
    name: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let mut text = format!("there is no {noun} {name:?}");
    if let Some(closest) = closest(name, known.iter().copied()) {
        text.push_str(&format!("; did you mean {closest}?"));
    } else if known.is_empty() {
        text.push_str(&format!("; there are no {noun}s at all"));
    } else if known.len() <= 12 {
        text.push_str(&format!("; there are: {}", known.join(", ")));
    } else {
        text.push_str(&format!("; there are {} {noun}s", known.len()));
    }
    text
}
