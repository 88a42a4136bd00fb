//! Finding a deal or an account by id or name among those on calls.

use alloc::collections::BTreeMap;

use crate::{
    domain::scan::Report,
    error::{Error, bad_argument},
    gong::calls::Call,
    gong::crm_id,
    index::Index,
    names::{Fit, account_handle, choose, has_words, unknown, words},
    prelude::*,
    render,
    text::fold_case,
    time,
};

/// A deal or an account that was on a call.
pub(crate) struct Candidate {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    /// What distinguishes it from others with a similar name.
    pub(crate) detail: Option<String>,
}

impl Candidate {
    fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.id.clone())
    }

    /// The candidate with this id, which is added if it is new. Calls come newest first, and so the
    /// candidates are in the order of their last calls.
    pub(crate) fn entry<'s>(all: &'s mut Vec<Self>, id: &str, call: &Call) -> &'s mut Self {
        let index = all.iter().position(|one| crm_id::is_same(&one.id, id));
        let index = index.unwrap_or_else(|| {
            all.push(Self::new(id, call.meta_data.began()));
            all.len() - 1
        });
        &mut all[index]
    }

    fn new(id: &str, last_call: Option<i64>) -> Self {
        Self {
            id: id.to_owned(),
            name: None,
            detail: last_call.map(|at| format!("last call {}", time::to_date(at))),
        }
    }

    /// All accounts, or all deals, that the index has on calls from `from` on.
    pub(crate) fn all(index: &Index<'_, '_>, accounts: bool, from: i64) -> Vec<Self> {
        let mut places = BTreeMap::new();
        let mut all: Vec<Self> = Vec::new();
        index.objects(from, |object, at| {
            if object.is_account != accounts {
                return;
            }
            let key = crm_id::key(object.id).to_owned();
            let place = *places.entry(key).or_insert_with(|| {
                all.push(Self::new(object.id, Some(at)));
                all.len() - 1
            });
            if all[place].name.is_none() && !object.name.is_empty() {
                all[place].name = Some(object.name.to_owned());
            }
        });
        all
    }

    /// How errors list it, and the argument that selects it.
    fn choice(&self) -> (String, String) {
        let details = [Some(&self.id), self.detail.as_ref()];
        let details: Vec<&str> = details.into_iter().flatten().map(String::as_str).collect();
        let label = format!("{} ({})", self.name(), details.join(", "));
        (label, self.id.clone())
    }
}

/// An argument that is an id or a name, ready for comparing.
pub(crate) struct SearchTerm {
    pub(crate) text: String,
    /// Its words in lower case, without signs between them.
    pub(crate) words: String,
}

impl SearchTerm {
    /// Checks the argument.
    ///
    /// # Errors
    /// `bad-argument` for one without a letter or digit.
    pub(crate) fn new(argument: &str, text: &str, example: &str) -> Result<Self, Error> {
        let text = account_handle(text);
        let lower = fold_case(&text);
        let words: Vec<&str> = words(&lower).collect();
        match words.is_empty() {
            true => Err(bad_argument(argument, "it is empty.", example)),
            false => Ok(Self {
                words: words.join(" "),
                text: text.into_owned(),
            }),
        }
    }

    /// Whether it is this id, or all its words are in this name.
    pub(crate) fn matches(&self, id: &str, name: Option<&str>) -> bool {
        crm_id::is_in(id, &self.text) || name.is_some_and(|name| has_words(name, &self.words))
    }
}

/// The candidates that a term fits.
pub(crate) enum Lookup<'c> {
    /// One, by id, by exact name, or as the only one by words.
    One(&'c Candidate),
    /// Several by name or words, and none by id.
    Several(Vec<&'c Candidate>),
    /// None; these have similar names.
    None(Vec<&'c Candidate>),
}

/// Looks by id, then by exact name, then by words.
pub(crate) fn look_up<'c>(candidates: &'c [Candidate], term: &SearchTerm) -> Lookup<'c> {
    if let Some(one) = candidates
        .iter()
        .find(|one| crm_id::is_in(&one.id, &term.text))
    {
        return Lookup::One(one);
    }
    let exactly = choose(Fit::Words, candidates, Candidate::name, &term.text);
    match exactly.or_else(|_| choose(Fit::Words, candidates, Candidate::name, &term.words)) {
        Ok(one) => Lookup::One(one),
        Err(near) => {
            let fits = |one: &&Candidate| {
                let name = one.name();
                name.eq_ignore_ascii_case(&term.text) || has_words(&name, &term.words)
            };
            match near.iter().any(fits) {
                true => Lookup::Several(near),
                false => Lookup::None(near),
            }
        }
    }
}

/// The error for several candidates.
pub(crate) fn ambiguous(what: &str, term: &SearchTerm, choices: &[&Candidate]) -> Error {
    let choices = choices.iter().map(|one| one.choice());
    unknown(what, what, &term.text, choices, 0, "these")
}

/// The error for no candidate: what was read, and how to read more.
pub(crate) fn not_found(
    what: &str,
    term: &SearchTerm,
    report: &Report,
    near: &[&Candidate],
) -> Error {
    let mut text = format!(
        "No {what} “{}” is on the calls read. ",
        crate::text::shortened(&term.text)
    );
    render::scan(&mut text, &report.summary(1));
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
            let keys = match report.read {
                0 => {
                    " Gong shows no call of this range at all: the access key may lack a scope or a workspace, or \
                     calls are still processed."
                }
                _ => "",
            };
            format!(
                " Gong has each {what} only on its calls: widen the range, such as {{\"from\": \"{wider}d\"}}.{keys}"
            )
        }
    });
    Error::not_found(text)
}

#[cfg(test)]
mod tests {
    use super::{Candidate, Lookup, SearchTerm, ambiguous, look_up};

    fn candidate(id: &str, name: &str) -> Candidate {
        Candidate {
            id: id.into(),
            name: Some(name.into()),
            detail: Some("Discovery".into()),
        }
    }

    #[test]
    fn ids_and_exact_names_win_over_words() {
        let all = [
            candidate("0061", "Acme"),
            candidate("0062", "Acme - Pilot"),
            candidate("0063", "Beta - Renewal"),
            candidate("0064", "Beta - Renewal"),
        ];
        let found = |text: &str| {
            let term = SearchTerm::new("deal", text, "x").expect("words");
            match look_up(&all, &term) {
                Lookup::One(one) => one.id.clone(),
                Lookup::Several(several) => format!("{} of", several.len()),
                Lookup::None(near) => format!("none, {} near", near.len()),
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
        assert!(SearchTerm::new("deal", " - ", "x").is_err());
        let term = SearchTerm::new("deal", "ac", "x").expect("words");
        let Lookup::Several(several) = look_up(&all, &term) else {
            panic!("two");
        };
        assert_eq!(
            ambiguous("deal", &term, &several).text(),
            "Argument `deal`: “ac” is not exactly one deal. Choices: Acme (0061, Discovery); Acme - Pilot (0062, Discovery). \
             Example: \"0061\", or another from these."
        );
    }
}
