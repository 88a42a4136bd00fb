//! The filters of `gong_search_calls` and every other tool that reads many calls. Gong filters by
//! workspace and host itself; everything else is matched here.

mod language;

use core::cell::RefCell;

use crate::{
    client::Gong,
    domain::{
        near_names::{self, Nearest},
        scan::Extent,
    },
    error::{Error, bad_argument},
    gong::{
        calls::{Call, Meta, Party},
        crm_id,
        crm_object::CrmObject,
        id::is_id,
        users::People,
        workspaces,
    },
    index::{Find, Index, ObjectText, PersonText},
    names::{account_handle, handle, has_words},
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
    /// Looks up the ids of names, of hosts in the index first.
    ///
    /// # Errors
    /// `bad-argument` for unknown names; whatever a request fails with.
    pub(crate) fn new(
        gong: &Gong<'_>,
        arguments: &FilterArguments<'_>,
        index: Option<&Index<'_, '_>>,
    ) -> Result<Self, Error> {
        let host = |host: &str| {
            // An id needs no look-up.
            let index = index.filter(|_| !is_id(host.trim()));
            People::known(index.map_or_else(Vec::new, Index::directory)).id(gong, "host", host)
        };
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

/// The minutes of a filter that takes any.
const ANY_MINUTES: (u32, u32) = (0, u32::MAX);

/// The part of the filter that Gong does not have; its texts are in lower case.
pub(crate) struct CallFilter {
    pub(crate) account: Option<String>,
    /// The same as an id of the CRM, of which the case counts.
    account_id: String,
    pub(crate) participant: Option<String>,
    title: Option<String>,
    scope: Option<&'static str>,
    direction: Option<&'static str>,
    /// Codes of one language; empty for any.
    languages: Vec<String>,
    minutes: (u32, u32),
    /// Names like the account and the participant, on calls of others.
    near: RefCell<[Nearest; 2]>,
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
            args.min_minutes.unwrap_or(ANY_MINUTES.0),
            args.max_minutes.unwrap_or(ANY_MINUTES.1),
        );
        if minutes.0 > minutes.1 {
            return Err(bad_argument(
                "min_minutes",
                "it is more than max_minutes.",
                "{\"min_minutes\": 10, \"max_minutes\": 60}.",
            ));
        }
        let account = args.account.map(account_handle);
        Ok(Self {
            account: text("account", account.as_deref())?,
            account_id: account.unwrap_or_default().into_owned(),
            participant: text("participant", args.participant.map(handle))?,
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
            languages: args.language.map_or(Ok(Vec::new()), language::codes)?,
            minutes,
            near: RefCell::default(),
        })
    }

    /// Whether calls have to be read with their people to match this filter.
    pub(crate) fn needs_people(&self) -> bool {
        self.account.is_some() || self.participant.is_some()
    }

    /// How much of a range will be read: most of it where few calls match.
    pub(crate) fn extent(&self) -> Extent {
        match [&self.account, &self.participant, &self.title] {
            [None, None, None] => Extent::Newest,
            _ => Extent::Most,
        }
    }

    /// What the index has to look for: calls that do not have it do not match, and without a filter by
    /// account all that have it do.
    pub(crate) fn find<R>(&self, ask: impl FnOnce(Find<'_>) -> R) -> R {
        let (title, participant) = (self.title.as_deref(), self.participant.as_deref());
        let account = self.account.as_deref();
        let has =
            |text: &str, query: Option<&str>| query.is_none_or(|query| has_words(text, query));
        let is_account = |object: &ObjectText<'_>| {
            object.is_account
                && account.is_none_or(|query| self.is_account(object.id, object.name, query))
        };
        let domains = account.map(Domains::new);
        let is_domain_of_it = |domain: &str| {
            domains
                .as_ref()
                .is_none_or(|domains| domains.contain(domain))
        };
        let is_titled = |text: &str| has(text, title);
        let is_titled_so = |text: &str| has(text, account);
        let is_on_it = |person: &PersonText<'_>| {
            participant.is_none_or(|query| {
                is_person(query, person.user, person.name, |email| {
                    person.has_email(email)
                })
            })
        };
        let is_kind = |meta: &Meta| self.is_kind(meta);
        let any_kind =
            self.scope.is_none() && self.direction.is_none() && self.languages.is_empty();
        ask(Find {
            minutes: (self.minutes != ANY_MINUTES).then_some(self.minutes),
            kind: (!any_kind).then_some(&is_kind as _),
            title: title.map(|_| &is_titled as _),
            person: participant.map(|_| &is_on_it as _),
            object: account.map(|_| &is_account as _),
            instead_domain: account.map(|_| &is_domain_of_it as _),
            instead_title: account.map(|_| &is_titled_so as _),
            ..Find::default()
        })
    }

    /// Whether scope, direction and language are those of the filter.
    fn is_kind(&self, meta: &Meta) -> bool {
        let is = |value: &Option<String>, query: &str| {
            let value = value.as_deref();
            value.is_some_and(|value| value.eq_ignore_ascii_case(query))
        };
        let mut languages = self.languages.iter();
        self.scope.is_none_or(|scope| is(&meta.scope, scope))
            && self
                .direction
                .is_none_or(|direction| is(&meta.direction, direction))
            && (self.languages.is_empty() || languages.any(|code| is(&meta.language, code)))
    }

    fn is_account(&self, id: &str, name: &str, query: &str) -> bool {
        crm_id::is_in(id, &self.account_id) || has_words(name, query)
    }

    /// The account and the participant, as far as they are names, in lower case.
    fn names(&self) -> [Option<&str>; 2] {
        let is_name = |query: &&str| !query.contains(['@', '.']) && !is_id(query);
        [&self.account, &self.participant].map(|name| name.as_deref().filter(is_name))
    }

    /// Names like those of the filter, where no call read and none in the index has these.
    pub(crate) fn near_names(&self, index: Option<&Index<'_, '_>>) -> Vec<String> {
        let [account, participant] = self.names();
        let [accounts, people] = self.near.take();
        let accounts = account.map(|query| match index {
            Some(index) => near_names::accounts(index, query),
            None => accounts.names(),
        });
        let people = participant.map(|query| match index {
            Some(index) => near_names::people(index, query),
            None => people.names(),
        });
        accounts.into_iter().chain(people).flatten().collect()
    }

    /// Remembers names on a call that does not match.
    fn learn(&self, call: &Call) {
        let [accounts, people] = &mut *self.near.borrow_mut();
        let [account, participant] = self.names();
        if let Some(query) = account {
            let names = call.objects("Account").filter_map(CrmObject::name);
            names.for_each(|name| accounts.add(&name, query));
        }
        if let Some(query) = participant {
            let names = call.parties().filter_map(Party::name);
            names.for_each(|name| people.add(&name, query));
        }
    }

    /// None if the call does not match. With a filter by account, also how it matches.
    pub(crate) fn matches(&self, call: &Call) -> Option<Option<AccountMatch>> {
        let matched = self.how(call);
        if matched.is_none() {
            self.learn(call);
        }
        matched
    }

    fn how(&self, call: &Call) -> Option<Option<AccountMatch>> {
        let meta = &call.meta_data;
        let title = meta.title.as_deref().unwrap_or_default();
        let fits = self.is_kind(meta)
            && (self.minutes.0..=self.minutes.1).contains(&meta.minutes())
            && self
                .title
                .as_deref()
                .is_none_or(|query| has_words(title, query))
            && self
                .participant
                .as_deref()
                .is_none_or(|query| call.parties().any(|party| is_party(party, query)));
        if !fits {
            return None;
        }
        match &self.account {
            None => Some(None),
            Some(query) => self.account_match(call, query).map(Some),
        }
    }

    /// How a call belongs to an account: by the CRM's account first, then by the e-mail domain of
    /// somebody from outside, then by its title if it has no account in the CRM.
    fn account_match(&self, call: &Call, query: &str) -> Option<AccountMatch> {
        let mut accounts = call.objects("Account").peekable();
        let in_crm = accounts.peek().is_some();
        let is_account = accounts.any(|account| {
            self.is_account(account.id(), &account.name().unwrap_or_default(), query)
        });
        if is_account {
            return Some(AccountMatch::Crm);
        }
        let domains = Domains::new(query);
        let outsiders = call
            .parties()
            .filter(|party| party.affiliation() != Affiliation::Internal);
        if outsiders
            .filter_map(Party::domain)
            .any(|domain| domains.contain(&domain))
        {
            return Some(AccountMatch::Domain);
        }
        let title = call.meta_data.title.as_deref().unwrap_or_default();
        (!in_crm && has_words(title, query)).then_some(AccountMatch::Title)
    }
}

fn is_party(party: &Party, query: &str) -> bool {
    let user = party.user_id.as_ref().map_or("", |id| &id.0);
    let name = party.name.as_deref().unwrap_or_default();
    is_person(query, user, name, |email| {
        let known = party.email_address.as_deref();
        known.is_some_and(|known| known.eq_ignore_ascii_case(email))
    })
}

/// Whether somebody with this user id and name is who a query names: by address, id or name.
fn is_person(query: &str, user: &str, name: &str, has_email: impl Fn(&str) -> bool) -> bool {
    if query.contains('@') {
        has_email(query)
    } else if is_id(query) {
        user == query
    } else {
        has_words(name, query)
    }
}

/// Domains in lower case that a domain or a name in lower case means: `mail.acme.com` is one of
/// `acme.com` and of `acme`; `acmelabs.io` and `acme-labs.io` are some of `acme labs`.
pub(crate) enum Domains {
    /// This one and those below it.
    Of(String),
    /// Those with such a label before their last.
    Named { joined: String, dashed: String },
}

impl Domains {
    pub(crate) fn new(query: &str) -> Self {
        let query = query.trim_start_matches('@');
        if query.contains('.') && !query.contains(' ') {
            return Self::Of(query.to_owned());
        }
        Self::Named {
            joined: query.chars().filter(|c| c.is_alphanumeric()).collect(),
            dashed: query.replace(' ', "-"),
        }
    }

    pub(crate) fn contain(&self, domain: &str) -> bool {
        match self {
            Self::Of(known) => domain
                .strip_suffix(known.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            Self::Named { joined, dashed } => domain
                .rsplit('.')
                .skip(1)
                .any(|label| label == joined || label == dashed),
        }
    }
}

#[cfg(test)]
mod tests;
