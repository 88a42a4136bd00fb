//! The filters of `gong_search_calls` and every other tool that reads many calls. Gong filters by
//! workspace and host itself; everything else is matched here.

use crate::{
    client::Gong,
    error::{Error, bad_argument},
    gong::{
        calls::{Call, Party},
        crm_object::CrmObject,
        id::is_id,
        users::People,
        workspaces,
    },
    index::Find,
    names::has_words,
    prelude::*,
    text::fold_case,
    wit::calls::{AccountMatch, Affiliation, CallDirection, CallScope},
};

/// The arguments, which have the same names in every record of the WIT; see [`filter_arguments!`].
pub(crate) struct FilterArguments<'a> {
    pub(crate) account: Option<&'a str>,
    pub(crate) participant: Option<&'a str>,
    pub(crate) title: Option<&'a str>,
    pub(crate) host: Option<&'a str>,
    pub(crate) workspace: Option<&'a str>,
    pub(crate) scope: Option<CallScope>,
    pub(crate) direction: Option<CallDirection>,
    pub(crate) language: Option<&'a str>,
    pub(crate) min_minutes: Option<u32>,
    pub(crate) max_minutes: Option<u32>,
}

/// The [`FilterArguments`] in a record that has all these members.
macro_rules! filter_arguments {
    ($arguments:expr) => {
        $crate::domain::call_filter::FilterArguments {
            account: $arguments.account.as_deref(),
            participant: $arguments.participant.as_deref(),
            title: $arguments.title.as_deref(),
            host: $arguments.host.as_deref(),
            workspace: $arguments.workspace.as_deref(),
            scope: $arguments.scope,
            direction: $arguments.direction,
            language: $arguments.language.as_deref(),
            min_minutes: $arguments.min_minutes,
            max_minutes: $arguments.max_minutes,
        }
    };
}
pub(crate) use filter_arguments;

/// The part of the filter that Gong applies, as ids.
pub(crate) struct ServerFilter {
    /// Only this workspace.
    pub(crate) workspace: Option<String>,
    /// Hosts; empty for all.
    pub(crate) hosts: Vec<String>,
}

impl ServerFilter {
    /// Looks up the ids of names.
    ///
    /// # Errors
    /// `bad-argument` for unknown names; whatever a request fails with.
    pub(crate) fn new(gong: &Gong<'_>, arguments: &FilterArguments<'_>) -> Result<Self, Error> {
        let host = |host| People::default().id(gong, "host", host);
        Ok(Self {
            workspace: workspaces::id(gong, arguments.workspace)?,
            hosts: arguments
                .host
                .into_iter()
                .map(host)
                .collect::<Result<_, _>>()?,
        })
    }
}

/// The part of the filter that Gong does not have; its texts are in lower case.
pub(crate) struct CallFilter {
    pub(crate) account: Option<String>,
    pub(crate) participant: Option<String>,
    title: Option<String>,
    scope: Option<&'static str>,
    direction: Option<&'static str>,
    language: Option<String>,
    minutes: (u32, u32),
}

impl CallFilter {
    /// Checks the arguments, without a request.
    ///
    /// # Errors
    /// `bad-argument`.
    pub(crate) fn new(args: &FilterArguments<'_>) -> Result<Self, Error> {
        let text = |argument: &str, value: Option<&str>| match value.map(str::trim) {
            Some("") => Err(bad_argument(
                argument,
                "it is empty; leave it out for no filter.",
                "\"Acme\".",
            )),
            value => Ok(value.map(fold_case)),
        };
        let minutes = (
            args.min_minutes.unwrap_or(0),
            args.max_minutes.unwrap_or(u32::MAX),
        );
        if minutes.0 > minutes.1 {
            return Err(bad_argument(
                "min_minutes",
                "it is more than max_minutes.",
                "{\"min_minutes\": 10, \"max_minutes\": 60}.",
            ));
        }
        Ok(Self {
            account: text("account", args.account)?,
            participant: text("participant", args.participant)?,
            title: text("title", args.title)?,
            scope: args.scope.map(|scope| match scope {
                CallScope::Internal => "internal",
                CallScope::External => "external",
                CallScope::Unknown => "unknown",
            }),
            direction: args.direction.map(|direction| match direction {
                CallDirection::Inbound => "inbound",
                CallDirection::Outbound => "outbound",
                CallDirection::Conference => "conference",
                CallDirection::Unknown => "unknown",
            }),
            language: text("language", args.language)?,
            minutes,
        })
    }

    /// Whether calls have to be read with their people to match this filter.
    pub(crate) fn needs_people(&self) -> bool {
        self.account.is_some() || self.participant.is_some()
    }

    /// Whether few calls will match, so that most of the range will be read.
    pub(crate) fn is_selective(&self) -> bool {
        self.account.is_some() || self.participant.is_some() || self.title.is_some()
    }

    /// What the index has to look for. Calls that have it may match, all others do not.
    pub(crate) fn find<R>(&self, ask: impl FnOnce(Find<'_>) -> R) -> R {
        let (title, participant) = (self.title.as_deref(), self.participant.as_deref());
        let account = self.account.as_deref();
        let has =
            |text: &str, query: Option<&str>| query.is_none_or(|query| has_words(text, query));
        let is_account = |object: &CrmObject| {
            object.object_type.as_deref() == Some("Account")
                && account.is_none_or(|query| is_named_account(object, query))
        };
        let is_outsider = |party: &Party| {
            party.affiliation() != Affiliation::Internal
                && party
                    .domain()
                    .is_some_and(|domain| account.is_none_or(|query| is_domain(&domain, query)))
        };
        let is_titled = |text: &str| has(text, title);
        let is_titled_so = |text: &str| has(text, account);
        let is_on_it = |party: &Party| participant.is_none_or(|query| is_person(party, query));
        ask(Find {
            title: title.map(|_| &is_titled as _),
            person: participant.map(|_| &is_on_it as _),
            object: account.map(|_| &is_account as _),
            instead_person: account.map(|_| &is_outsider as _),
            instead_title: account.map(|_| &is_titled_so as _),
            ..Find::default()
        })
    }

    /// None if the call does not match. With a filter by account, also how it matches.
    pub(crate) fn matches(&self, call: &Call) -> Option<Option<AccountMatch>> {
        let meta = &call.meta_data;
        let is = |value: &Option<String>, query: Option<&str>| {
            query.is_none_or(|query| {
                value
                    .as_deref()
                    .is_some_and(|value| value.eq_ignore_ascii_case(query))
            })
        };
        let title = meta.title.as_deref().unwrap_or_default();
        let fits = is(&meta.scope, self.scope)
            && is(&meta.direction, self.direction)
            && is(&meta.language, self.language.as_deref())
            && (self.minutes.0..=self.minutes.1).contains(&meta.minutes())
            && self
                .title
                .as_deref()
                .is_none_or(|query| has_words(title, query))
            && self
                .participant
                .as_deref()
                .is_none_or(|query| call.parties().any(|party| is_person(party, query)));
        if !fits {
            return None;
        }
        match &self.account {
            None => Some(None),
            Some(query) => account_match(call, query).map(Some),
        }
    }
}

fn is_person(party: &Party, query: &str) -> bool {
    if query.contains('@') {
        return party
            .email_address
            .as_deref()
            .is_some_and(|email| email.eq_ignore_ascii_case(query));
    }
    if is_id(query) {
        return party.user_id.as_ref().is_some_and(|id| id.0 == query);
    }
    party
        .name
        .as_deref()
        .is_some_and(|name| has_words(name, query))
}

/// How a call belongs to an account: by the CRM's account first, then by the e-mail domain of
/// somebody from outside, then by its title if it has no account in the CRM.
fn account_match(call: &Call, query: &str) -> Option<AccountMatch> {
    let mut accounts = call.objects("Account").peekable();
    let in_crm = accounts.peek().is_some();
    let is_account = accounts.any(|account| is_named_account(account, query));
    if is_account {
        return Some(AccountMatch::Crm);
    }
    let outsiders = || {
        call.parties()
            .filter(|party| party.affiliation() != Affiliation::Internal)
    };
    if outsiders()
        .filter_map(Party::domain)
        .any(|domain| is_domain(&domain, query))
    {
        return Some(AccountMatch::Domain);
    }
    let title = call.meta_data.title.as_deref().unwrap_or_default();
    (!in_crm && has_words(title, query)).then_some(AccountMatch::Title)
}

fn is_named_account(account: &CrmObject, query: &str) -> bool {
    account.id().eq_ignore_ascii_case(query)
        || account.name().is_some_and(|name| has_words(&name, query))
}

/// Whether an e-mail domain is that of a domain or a name in lower case: `mail.acme.com` is that of
/// `acme.com` and of `acme`; `acmelabs.io` and `acme-labs.io` are that of `acme labs`.
pub(crate) fn is_domain(domain: &str, query: &str) -> bool {
    let query = query.trim_start_matches('@');
    if query.contains('.') && !query.contains(' ') {
        return domain == query
            || domain
                .strip_suffix(query)
                .is_some_and(|rest| rest.ends_with('.'));
    }
    let name: String = query.chars().filter(|c| c.is_alphanumeric()).collect();
    let dashed = query.replace(' ', "-");
    domain
        .rsplit('.')
        .skip(1)
        .any(|label| label == name || label == dashed)
}

#[cfg(test)]
mod tests {
    use super::{account_match, is_domain};
    use crate::{gong::calls::Call, wit::calls::AccountMatch};

    #[test]
    fn a_domain_matches_a_name_or_a_domain() {
        assert!(is_domain("acme.com", "acme"));
        assert!(is_domain("acme.co.uk", "acme"));
        assert!(is_domain("mail.acme.com", "@acme.com"));
        assert!(is_domain("acmelabs.io", "acme labs"));
        assert!(is_domain("acme-labs.io", "acme labs"));
        assert!(!is_domain("notacme.com", "acme.com"));
        assert!(!is_domain("acmelabs.io", "acme"));
    }

    #[test]
    fn the_crm_decides_before_domain_and_title() {
        let call = |json: &str| serde_json::from_str::<Call>(json).expect("call");
        let matched = |json: &str| account_match(&call(json), "acme");
        let crm = r#"{"metaData":{"title":"x"},"context":[{"objects":[{"objectType":"Account","objectId":"001","fields":[{"name":"Name","value":"Acme Corp"}]}]}]}"#;
        assert_eq!(matched(crm), Some(AccountMatch::Crm));
        let other = r#"{"metaData":{"title":"Beta v Acme"},"context":[{"objects":[{"objectType":"Account","objectId":"002","fields":[{"name":"Name","value":"Beta"}]}]}]}"#;
        assert_eq!(matched(other), None);
        let domain = r#"{"metaData":{"title":"x"},"parties":[{"emailAddress":"jo@acme.com","affiliation":"External"}]}"#;
        assert_eq!(matched(domain), Some(AccountMatch::Domain));
        assert_eq!(
            matched(r#"{"metaData":{"title":"Acme: kick-off"}}"#),
            Some(AccountMatch::Title)
        );
        assert_eq!(matched(r#"{"metaData":{"title":"Kick-off"}}"#), None);
    }
}
