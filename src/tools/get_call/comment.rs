//! Comments on a call.

use crate::{
    prelude::*, text::one_line, time, tools::get_call::api::PublicComment, wit::calls::Comment,
};

/// A comment. Gong writes mentions as `@[name](user id)`, which become `@name`.
pub(super) fn comment(
    comment: PublicComment,
    user_name: &impl Fn(&str) -> Option<String>,
) -> Comment {
    let text = one_line(comment.comment.as_deref().unwrap_or_default());
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some((before, mention)) = rest.split_once("@[") {
        plain.push_str(before);
        match mention
            .split_once("](")
            .and_then(|(name, after)| Some((name, after.split_once(')')?.1)))
        {
            Some((name, after)) => {
                plain.push('@');
                plain.push_str(name);
                rest = after;
            }
            None => {
                plain.push_str("@[");
                rest = mention;
            }
        }
    }
    plain.push_str(rest);
    Comment {
        by: comment
            .commenter_user_id
            .as_ref()
            .map(|id| user_name(&id.0).unwrap_or_else(|| format!("user {}", id.0))),
        posted: comment.posted.as_deref().map(time::display_or_same),
        at: comment.audio_start_time.map(time::into_call_seconds),
        text: plain,
    }
}

#[cfg(test)]
mod tests {
    use super::{PublicComment, comment};

    #[test]
    fn mentions_become_names() {
        let text = |written: &str| {
            comment(
                PublicComment {
                    comment: Some(written.into()),
                    ..PublicComment::default()
                },
                &|_| None,
            )
            .text
        };
        assert_eq!(
            text("@[Ann Li](123) and @[Bo](4): look"),
            "@Ann Li and @Bo: look"
        );
        assert_eq!(text("mail me @[ or not"), "mail me @[ or not");
    }
}
