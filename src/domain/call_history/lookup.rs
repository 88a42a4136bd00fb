//! Which deal or account of those seen on calls is meant by an id or a name.

use crate::{
    domain::{call_history::colleagues::is_crm_id, scan::Report},
    error::{Error, bad_argument},
    gong::calls::Call,
    names::{choose, has_words, unknown},
    prelude::*,
    render,
    text::fold_case,
    time,
};

/// A deal or an account as it was last seen on a call.
pub(crate) struct Seen {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    /// What tells it from others of a like name.
    pub(crate) detail: Option<String>,
}

impl Seen {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.id.clone())
    }

    /// The one with this id, added if it is new: calls come newest first, and so do these.
    pub(crate) fn entry<'s>(all: &'s mut Vec<Self>, id: &str, call: &Call) -> &'s mut Self {
        let index = all.iter().position(|one| one.id == id);
        let index = index.unwrap_or_else(|| {
            all.push(Self {
                id: id.to_owned(),
                name: None,
                detail: call
                    .meta_data
                    .began()
                    .map(|at| format!("last call {}", time::to_date(at))),
            });
            all.len() - 1
        });
        &mut all[index]
    }

    /// As errors list it, and what to write to mean it.
    fn choice(&self) -> (String, String) {
        let details = [Some(&self.id), self.detail.as_ref()];
        let details: Vec<&str> = details.into_iter().flatten().map(String::as_str).collect();
        let label = format!("{} ({})", self.name(), details.join(", "));
        (label, self.id.clone())
    }
}

/// What an argument says, ready to be compared.
pub(crate) struct Wanted {
    pub(crate) text: String,
    /// Its words in lower case; a dash between words is none.
    words: String,
}

impl Wanted {
    /// Checks the argument.
    ///
    /// # Errors
    /// `bad-argument` for one without a letter or digit.
    pub(crate) fn new(argument: &str, text: &str, example: &str) -> Result<Self, Error> {
        let lower = fold_case(text.trim());
        let words: Vec<&str> = lower
            .split(|c: char| !c.is_alphanumeric() && c != '@' && c != '.')
            .filter(|word| word.contains(char::is_alphanumeric))
            .collect();
        match words.is_empty() {
            true => Err(bad_argument(argument, "it is empty.", example)),
            false => Ok(Self {
                words: words.join(" "),
                text: text.trim().to_owned(),
            }),
        }
    }

    /// Whether it is the id, or its words are in the name.
    pub(crate) fn may_mean(&self, id: &str, name: Option<&str>) -> bool {
        is_crm_id(id, &self.text) || name.is_some_and(|name| has_words(name, &self.words))
    }
}

/// What an argument means.
pub(crate) enum Meant<'c> {
    One(&'c Seen),
    /// Several, and none by id or exact name.
    Several(Vec<&'c Seen>),
    /// None; these come near.
    None(Vec<&'c Seen>),
}

/// By id, else by exact name, else by words.
pub(crate) fn meant<'c>(seen: &'c [Seen], wanted: &Wanted) -> Meant<'c> {
    if let Some(one) = seen.iter().find(|one| is_crm_id(&one.id, &wanted.text)) {
        return Meant::One(one);
    }
    let exactly = choose(seen, Seen::name, &wanted.text);
    match exactly.or_else(|_| choose(seen, Seen::name, &wanted.words)) {
        Ok(one) => Meant::One(one),
        Err(near) => {
            let is_meant = |one: &&Seen| {
                let name = one.name();
                name.eq_ignore_ascii_case(&wanted.text) || has_words(&name, &wanted.words)
            };
            match near.iter().any(is_meant) {
                true => Meant::Several(near),
                false => Meant::None(near),
            }
        }
    }
}

/// The error for several.
pub(crate) fn ambiguous(what: &str, wanted: &Wanted, choices: &[&Seen]) -> Error {
    let choices = choices.iter().map(|one| one.choice());
    let lister = "these";
    unknown(what, what, &wanted.text, choices, 0, lister)
}

/// The error for none: what was read, and how to read more.
pub(crate) fn not_found(what: &str, wanted: &Wanted, report: &Report, near: &[&Seen]) -> Error {
    let mut text = format!(
        "No {what} “{}” is on the calls read. ",
        crate::text::shortened(&wanted.text)
    );
    render::scan(&mut text, &report.shown());
    let mut text = text.trim_end().to_owned();
    if !near.is_empty() {
        let near: Vec<String> = near.iter().take(5).map(|one| one.choice().0).collect();
        text.push_str(&format!(" Like it: {}.", near.join("; ")));
    }
    text.push_str(&match &report.resume {
        Some(token) => {
            format!(" Older calls were not read: go on with {{\"resume\": \"{token}\"}}.")
        }
        None => {
            let days = (report.range.to - report.range.from) / time::DAY;
            let wider = (2 * days).max(365);
            format!(
                " Gong shows a {what} only on its calls: widen the range, such as {{\"from\": \"{wider}d\"}}."
            )
        }
    });
    Error::not_found(text)
}

#[cfg(test)]
mod tests {
    use super::{Meant, Seen, Wanted, ambiguous, meant};

    fn seen(id: &str, name: &str) -> Seen {
        Seen {
            id: id.into(),
            name: Some(name.into()),
            detail: Some("Discovery".into()),
        }
    }

    #[test]
    fn ids_and_exact_names_win_over_words() {
        let all = [
            seen("0061", "Acme"),
            seen("0062", "Acme - Pilot"),
            seen("0063", "Beta - Renewal"),
            seen("0064", "Beta - Renewal"),
        ];
        let found = |wanted: &str| {
            let wanted = Wanted::new("deal", wanted, "x").expect("words");
            match meant(&all, &wanted) {
                Meant::One(one) => one.id.clone(),
                Meant::Several(several) => format!("{} of", several.len()),
                Meant::None(near) => format!("none, {} near", near.len()),
            }
        };
        assert_eq!(found("acme"), "0061");
        assert_eq!(found("ACME - pilot"), "0062");
        assert_eq!(found("Acme – Pil"), "0062");
        assert_eq!(found("0064"), "0064");
        assert_eq!(found("Beta - Renewal"), "2 of");
        assert_eq!(found("Ac"), "2 of");
        assert_eq!(found("Acorn"), "none, 0 near");
        assert_eq!(found("Pilots"), "none, 1 near");
        assert!(Wanted::new("deal", " - ", "x").is_err());
        let wanted = Wanted::new("deal", "ac", "x").expect("words");
        let Meant::Several(several) = meant(&all, &wanted) else {
            panic!("two");
        };
        assert_eq!(
            ambiguous("deal", &wanted, &several).text(),
            "Argument `deal`: “ac” is not exactly one deal. Choices: Acme (0061, Discovery); Acme - Pilot (0062, Discovery). \
             Example: \"0061\", or another from these."
        );
    }
}
