//! Names that clients send: how long they may be, and which known ones they resemble.

use lenient_messages::is_same_by_words;
use rmcp::ErrorData;

/// Bytes that a name may have: of a tool, a prompt or an argument, or the URI of a resource. No
/// component has longer ones, so nothing else needs to look at those that are.
pub const MAX_NAME: usize = 128;

/// How similar two names must be for one to be proposed instead of the other.
const SIMILAR: f64 = 0.75;

/// More similar than any other names.
const SAME: f64 = 2.0;

/// Names that are proposed at most.
const PROPOSED: usize = 3;

/// Refuses a name that is too long, before anything looks it up, logs it or repeats it. `noun`
/// says what it names, such as `tool`.
///
/// # Errors
///
/// It has more than [`MAX_NAME`] bytes. The error has the length and not the name.
pub fn check(noun: &str, name: &str) -> Result<(), ErrorData> {
    if name.len() <= MAX_NAME {
        return Ok(());
    }
    let text = format!(
        "The name of a {noun} has {} bytes, and none has more than {MAX_NAME}. {noun}s/list names all.",
        name.len()
    );
    Err(ErrorData::invalid_params(text, None))
}

/// The known names that are most similar, the best first, and before these the ones with the same words
/// at their end, such as `gong_get_call` for `mcp__gong__gong_get_call`. None for a name over [`MAX_NAME`], as
/// comparing takes the square of the length.
#[must_use]
pub fn similar<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Vec<&'k str> {
    if name.len() > MAX_NAME {
        return Vec::new();
    }
    let normalized = |name: &str| name.to_lowercase().replace('-', "_");
    let sent = normalized(name);
    let mut similar: Vec<(f64, &str)> = known
        .into_iter()
        .filter(|known| known.len() <= MAX_NAME)
        .map(|known| match is_same_by_words(name, known) {
            true => (SAME, known),
            false => (strsim::jaro_winkler(&sent, &normalized(known)), known),
        })
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .collect();
    similar.sort_by(|one, other| other.0.total_cmp(&one.0));
    let best = similar.into_iter().take(PROPOSED);
    best.map(|(_, known)| known).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_comes_first() {
        let known = ["gong_get_call", "gong_get_calls_of", "list_users"];
        assert_eq!(similar("Gong-get-cal", known)[0], "gong_get_call");
        assert!(similar("zzz", known).is_empty());
    }

    #[test]
    fn a_name_with_words_around_it_is_found() {
        let known = [
            "gong_list_workspace_members",
            "gong_list_workspaces",
            "gong_get_call",
        ];
        for sent in [
            "functions.gong_list_workspaces",
            "mcp__gong__gong_list_workspaces",
            "gong-list-workspaces",
            "list_workspaces",
            "workspaces",
        ] {
            assert_eq!(similar(sent, known)[0], "gong_list_workspaces", "{sent}");
        }
    }

    #[test]
    fn a_name_beyond_the_bound_is_compared_with_nothing_and_not_repeated() {
        let long = "gong_get_call".repeat(1_000_000);
        let looked_at = std::cell::Cell::new(0);
        let known = ["gong_get_call"]
            .into_iter()
            .inspect(|_| looked_at.set(looked_at.get() + 1));
        assert!(similar(&long, known).is_empty());
        assert_eq!(looked_at.get(), 0);
        let error = check("tool", &long).unwrap_err();
        assert!(error.message.len() < 200, "{}", error.message);
        assert!(check("tool", &"x".repeat(MAX_NAME)).is_ok());
        assert!(check("tool", &"x".repeat(MAX_NAME + 1)).is_err());
    }
}
