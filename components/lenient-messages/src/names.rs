//! Names of tools as clients write them.

use alloc::string::String;

/// Whether `sent` is `known` with words before it, such as `functions.gong_get_call` or
/// `mcp__gong__gong_get_call`, or without its first ones, such as `get-call`. Words end where no letter
/// and no digit is.
#[must_use]
pub fn is_same_by_words(sent: &str, known: &str) -> bool {
    let (sent, known) = (words(sent), words(known));
    let ends_with = |whole: &str, end: &str| {
        let start = whole.strip_suffix(end);
        !end.is_empty() && start.is_some_and(|start| start.is_empty() || start.ends_with('_'))
    };
    ends_with(&sent, &known) || ends_with(&known, &sent)
}

fn words(name: &str) -> String {
    let letters = name.trim().chars();
    let letters = letters.map(|letter| {
        if letter.is_alphanumeric() {
            letter
        } else {
            '_'
        }
    });
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::is_same_by_words;

    #[test]
    fn words_before_a_name_do_not_count() {
        let known = "gong_list_workspaces";
        for sent in [
            "functions.gong_list_workspaces",
            "mcp__gong__gong_list_workspaces",
            "gong-list-workspaces",
            "Gong:List Workspaces ",
            "list_workspaces",
            "workspaces",
        ] {
            assert!(is_same_by_words(sent, known), "{sent}");
        }
        for sent in ["", " ", "spaces", "gong_list", "xgong_list_workspaces", "_"] {
            assert!(!is_same_by_words(sent, known), "{sent}");
        }
    }
}
