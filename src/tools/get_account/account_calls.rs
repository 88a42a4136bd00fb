//! Finds the calls of an account: by its CRM object, else by e-mail domain.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::{
    client::Gong,
    domain::{
        call_filter::is_domain,
        call_history::{
            UserNames,
            lookup::{Candidate, Lookup, SearchTerm, ambiguous, look_up, not_found},
        },
        scan::{Report, resume::Start},
    },
    error::Error,
    gong::calls::{Call, Party},
    index::{Find, Index, ObjectText},
    prelude::*,
    text::fold_case,
    tools::get_deal,
    wit::calls::Affiliation,
};

/// Collects accounts and calls during a scan.
pub(super) struct AccountFinder {
    query: SearchTerm,
    /// The argument as an e-mail domain or a part of one, in lower case.
    domain: String,
    /// Every account of the range, the one with the newest call first.
    seen: Vec<Candidate>,
    /// Domains of their websites, by account id.
    websites: BTreeMap<String, String>,
    /// Calls of accounts that may match, and calls without an account but with outsiders; newest
    /// first.
    kept: Vec<Call>,
    user_names: UserNames,
}

/// An account and its calls.
pub(super) struct AccountCalls {
    /// The CRM's id of it.
    pub(super) id: Option<String>,
    /// The e-mail domains, if the calls were found by these and have no account.
    pub(super) domain: Option<String>,
    pub(super) calls: Vec<Call>,
    /// How many of the calls were found by e-mail domain.
    pub(super) by_domain: u32,
    pub(super) user_names: UserNames,
}

impl AccountFinder {
    pub(super) fn new(query: SearchTerm) -> Self {
        let lower = fold_case(&query.text);
        let domain = lower.rsplit('@').next().unwrap_or_default().to_owned();
        Self {
            query,
            domain,
            seen: Vec::new(),
            websites: BTreeMap::new(),
            kept: Vec::new(),
            user_names: UserNames::default(),
        }
    }

    /// Collects the calls of the index that may be the account's, and those that it does not have.
    ///
    /// # Errors
    /// Whatever a request fails with.
    pub(super) fn search(
        &mut self,
        gong: &Gong<'_>,
        start: &Start,
        workspace: Option<&str>,
        index: &mut Index<'_, '_>,
    ) -> Result<Report, Error> {
        let from = start.range.from;
        index.reach(true)?;
        // Calls without an account are found by the domain of the account's website.
        let mut sites: BTreeSet<String> = BTreeSet::new();
        index.tables(|tables| {
            self.user_names.learn_users(tables);
            let accounts = tables.objects().filter(|object| self.is_account(object));
            sites.extend(accounts.filter_map(|account| site(account.website)));
        });
        loop {
            let (query, domain) = (&self.query, self.domain.as_str());
            let is_it = |object: &ObjectText<'_>| is_account(query, domain, object);
            let is_domain_of_it = |of_party: &str| {
                is_domain(of_party, domain) || sites.iter().any(|site| is_domain(of_party, site))
            };
            let find = Find {
                object: Some(&is_it),
                instead_domain: Some(&is_domain_of_it),
                ..Find::default()
            };
            let mut visited = Vec::new();
            let report =
                get_deal::scan(gong, start.clone(), workspace, Some(index), find, |call| {
                    visited.push(core::mem::take(call));
                })?;
            for call in &mut visited {
                self.add(call);
            }
            let by_address: Vec<String> = self
                .accounts_by_address()
                .iter()
                .filter_map(|id| self.websites.get(id))
                .filter(|site| !sites.contains(*site))
                .cloned()
                .collect();
            // An account that only people's addresses name has calls by its website too.
            if by_address.is_empty() || report.stopped.is_some() {
                if self.kept.is_empty() {
                    self.seen = Candidate::all(index, true, from);
                }
                return Ok(report);
            }
            sites.extend(by_address);
            self.seen.clear();
            self.kept.clear();
        }
    }

    fn is_account(&self, object: &ObjectText<'_>) -> bool {
        is_account(&self.query, &self.domain, object)
    }

    pub(super) fn add(&mut self, call: &mut Call) {
        self.user_names.learn(call);
        let (mut may_match, mut in_crm) = (false, false);
        for account in call.objects("Account").filter(|one| !one.id().is_empty()) {
            in_crm = true;
            let (name, website) = (account.name(), account.website().unwrap_or_default());
            may_match |= self.is_account(&ObjectText {
                is_account: true,
                id: account.id(),
                name: name.as_deref().unwrap_or_default(),
                website: &website,
                ..ObjectText::default()
            });
            let seen = Candidate::entry(&mut self.seen, account.id(), call);
            seen.name = seen.name.take().or(name);
            if let Some(site) = site(&website)
                && !self.websites.contains_key(account.id())
            {
                let details = [Some(site.clone()), seen.detail.take()];
                let details: Vec<String> = details.into_iter().flatten().collect();
                seen.detail = Some(details.join(", "));
                self.websites.insert(account.id().to_owned(), site);
            }
        }
        let keep = may_match
            || (!in_crm && domains(call).next().is_some())
            || self.has_matching_address(call);
        if keep {
            call.slim();
            self.kept.push(core::mem::take(call));
        }
    }

    fn matches_domain(&self, domain: &str) -> bool {
        is_domain(domain, &self.domain)
    }

    /// Picks the account by id, exact name or words of the name; else by website; else by e-mail
    /// addresses of people on its calls.
    ///
    /// # Errors
    /// `bad-argument` with the choices if several match; `not-found`.
    pub(super) fn pick(mut self, report: &Report) -> Result<AccountCalls, Error> {
        let all = core::mem::take(&mut self.seen);
        let near = match look_up(&all, &self.query) {
            Lookup::One(account) => return Ok(self.of_account(&account.id)),
            Lookup::Several(accounts) => {
                return Err(ambiguous("account", &self.query, &accounts));
            }
            Lookup::None(near) => near,
        };
        let mut ids = self.accounts_by_website();
        if ids.is_empty() {
            ids = self.accounts_by_address();
        }
        let choices: Vec<&Candidate> = all
            .iter()
            .filter(|account| ids.contains(&account.id))
            .collect();
        match choices[..] {
            [account] => Ok(self.of_account(&account.id)),
            [] if self.kept.iter().any(|call| self.has_matching_address(call)) => {
                Ok(self.of_domain())
            }
            [] => Err(not_found("account", &self.query, report, &near)),
            _ => Err(ambiguous("account", &self.query, &choices)),
        }
    }

    fn has_matching_address(&self, call: &Call) -> bool {
        domains(call).any(|domain| self.matches_domain(&domain))
    }

    fn accounts_by_website(&self) -> BTreeSet<String> {
        self.websites
            .iter()
            .filter(|(_, site)| self.matches_domain(site))
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Accounts of calls on which somebody has a matching address.
    fn accounts_by_address(&self) -> BTreeSet<String> {
        self.kept
            .iter()
            .filter(|call| self.has_matching_address(call))
            .flat_map(|call| call.objects("Account"))
            .map(|account| account.id().to_owned())
            .filter(|id| !id.is_empty())
            .collect()
    }

    /// The account's calls, and calls without any account on which somebody has its domain.
    fn of_account(self, id: &str) -> AccountCalls {
        let queried = Some(&self.domain).filter(|domain| domain.contains('.'));
        let domains_of_account = [self.websites.get(id), queried];
        let is_of_account = |domain: &str| {
            domains_of_account
                .into_iter()
                .flatten()
                .any(|known| is_domain(domain, known))
        };
        let mut by_domain = 0;
        let mut calls = self.kept;
        calls.retain(|call| {
            let mut accounts = call.objects("Account").peekable();
            if accounts.peek().is_some() {
                return accounts.any(|account| account.id() == id);
            }
            let matches = domains(call).any(|domain| is_of_account(&domain));
            by_domain += u32::from(matches);
            matches
        });
        AccountCalls {
            id: Some(id.to_owned()),
            domain: None,
            calls,
            by_domain,
            user_names: self.user_names,
        }
    }

    /// The calls without an account on which somebody has a matching domain.
    fn of_domain(self) -> AccountCalls {
        let mut names = BTreeSet::new();
        let mut calls = self.kept;
        calls.retain(|call| {
            let matching: Vec<String> = domains(call)
                .filter(|domain| is_domain(domain, &self.domain))
                .collect();
            let matches = !matching.is_empty();
            names.extend(matching);
            matches
        });
        let names: Vec<String> = names.into_iter().collect();
        AccountCalls {
            id: None,
            domain: Some(names.join(", ")),
            by_domain: calls.len() as u32,
            calls,
            user_names: self.user_names,
        }
    }
}

/// Whether an object may be the account that is sought.
fn is_account(query: &SearchTerm, domain: &str, object: &ObjectText<'_>) -> bool {
    object.is_account
        && (query.matches(object.id, Some(object.name))
            || site(object.website).is_some_and(|site| is_domain(&site, domain)))
}

/// E-mail domains of people who are not from the company.
fn domains(call: &Call) -> impl Iterator<Item = String> {
    let outsiders = call
        .parties()
        .filter(|party| party.affiliation() != Affiliation::Internal);
    outsiders.filter_map(Party::domain)
}

/// The domain of a website in the forms that CRMs have: `https://www.acme.com/de` is `acme.com`.
fn site(website: &str) -> Option<String> {
    let lower = fold_case(website.trim());
    let rest = lower
        .split_once("://")
        .map_or(lower.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests;
