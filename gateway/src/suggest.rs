//! What to say about a name that does not exist: the closest one that does, or a list.

use host_harness::mcp::names::{self, MAX_NAME};

use crate::cut::cut;

/// The known name that is most similar, if any is similar enough.
pub(crate) fn closest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    names::similar(name, known).into_iter().next()
}

/// Says that there is no `noun` of this name, and which there are.
pub(crate) fn unknown_name<'k>(
    noun: &str,
    name: &str,
    known: impl IntoIterator<Item = &'k str>,
) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let mut text = format!("there is no {noun} {:?}", cut(name, MAX_NAME));
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
