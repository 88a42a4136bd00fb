//! A line diff of two texts.

/// A line of a diff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// In both.
    Same(String),
    /// Only in the old one.
    Gone(String),
    /// Only in the new one.
    New(String),
}

/// Lines shown before and after a change.
const CONTEXT: usize = 2;

/// Longer texts are shown as replaced as a whole, because the comparison takes the product of
/// their lengths in time and memory.
const MAX_LINES: usize = 2_000;

/// The changes with some lines around them. Empty when the texts are equal.
pub(super) fn diff(old: &str, new: &str) -> Vec<Line> {
    if old == new {
        return Vec::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let start = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let rest = |lines: &[&str]| lines.len() - start;
    let end = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(rest(&old).min(rest(&new)))
        .take_while(|(a, b)| a == b)
        .count();
    let (old_middle, new_middle) = (&old[start..old.len() - end], &new[start..new.len() - end]);
    let same = |line: &&str| Line::Same((*line).to_owned());
    let mut lines: Vec<Line> = old[..start].iter().map(same).collect();
    lines.extend(compare(old_middle, new_middle));
    lines.extend(old[old.len() - end..].iter().map(same));
    shortened(lines)
}

/// Compares by the longest common subsequence.
fn compare(old: &[&str], new: &[&str]) -> Vec<Line> {
    let gone = |line: &str| Line::Gone(line.to_owned());
    let added = |line: &str| Line::New(line.to_owned());
    if old.len() > MAX_LINES || new.len() > MAX_LINES {
        let gone = old.iter().map(|line| gone(line));
        return gone.chain(new.iter().map(|line| added(line))).collect();
    }
    let wide = new.len() + 1;
    // The length of the longest common subsequence from line i of `old` and j of `new` on.
    let mut common = vec![0_u16; (old.len() + 1) * wide];
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            common[i * wide + j] = if a == b {
                common[(i + 1) * wide + j + 1] + 1
            } else {
                common[(i + 1) * wide + j].max(common[i * wide + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() || j < new.len() {
        let both = i < old.len() && j < new.len();
        if both && old[i] == new[j] {
            lines.push(Line::Same(old[i].to_owned()));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || both && common[(i + 1) * wide + j] >= common[i * wide + j + 1] {
            lines.push(gone(old[i]));
            i += 1;
        } else {
            lines.push(added(new[j]));
            j += 1;
        }
    }
    lines
}

/// Leaves out lines that are far from every change.
fn shortened(lines: Vec<Line>) -> Vec<Line> {
    let changed: Vec<usize> = (0..lines.len())
        .filter(|place| !matches!(lines[*place], Line::Same(_)))
        .collect();
    let near = |place: usize| {
        let next = changed.partition_point(|change| *change < place);
        let after = changed
            .get(next)
            .is_some_and(|change| change - place <= CONTEXT);
        let before = next.checked_sub(1).map(|before| changed[before]);
        after || before.is_some_and(|change| place - change <= CONTEXT)
    };
    let mut kept = Vec::new();
    let mut gap = false;
    for (place, line) in lines.into_iter().enumerate() {
        if near(place) {
            if gap {
                kept.push(Line::Same("…".to_owned()));
            }
            gap = false;
            kept.push(line);
        } else {
            gap = true;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(old: &str, new: &str) -> String {
        let lines = diff(old, new).into_iter().map(|line| match line {
            Line::Same(text) => format!(" {text}"),
            Line::Gone(text) => format!("-{text}"),
            Line::New(text) => format!("+{text}"),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn changes_are_shown_with_what_is_around() {
        assert_eq!(shown("a\nb", "a\nb"), "");
        assert_eq!(shown("", "a"), "+a");
        assert_eq!(shown("a", ""), "-a");
        assert_eq!(shown("a\nb\nc", "a\nx\nc"), " a\n-b\n+x\n c");
        assert_eq!(shown("a\na", "a\na\na"), " a\n a\n+a");
        assert_eq!(
            shown(
                "1\n2\n3\n4\nold\n6\n7\n8\n9\n0",
                "1\n2\n3\n4\nnew\n6\n7\n8\n9\n0\n!"
            ),
            " …\n 3\n 4\n-old\n+new\n 6\n 7\n …\n 9\n 0\n+!"
        );
    }

    #[test]
    fn very_long_texts_are_replaced_as_a_whole() {
        let long = |prefix: &str| {
            (0..3_000)
                .map(|n| format!("{prefix}{n}\n"))
                .collect::<String>()
        };
        assert_eq!(diff(&long("a"), &long("b")).len(), 6_000);
    }
}
