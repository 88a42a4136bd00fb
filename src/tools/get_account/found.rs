//! Which calls are an account's: by the CRM, else by e-mail domain.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        call_filter::is_domain,
        call_history::{
            UserNames,
            lookup::{Candidate, Lookup, SearchTerm, ambiguous, look_up, not_found},
        },
        scan::Report,
    },
    error::Error,
    gong::calls::{Call, Party},
    prelude::*,
    text::fold_case,
    wit::calls::Affiliation,
};

/// What a scan for an account finds.
pub(super) struct Found {
    wanted: SearchTerm,
    /// The argument as a name or domain of e-mail addresses, in lower case.
    address: String,
    /// Every account of the range, the one of the newest call first.
    seen: Vec<Candidate>,
    /// Their websites.
    websites: BTreeMap<String, String>,
    /// Calls of accounts that may be meant, and those without account but with outsiders; newest first.
    kept: Vec<Call>,
    user_names: UserNames,
}

/// The account that is meant, and its calls.
pub(super) struct Whose {
    pub(super) id: Option<String>,
    /// The domain, where it was one that found the calls.
    pub(super) domain: Option<String>,
    pub(super) calls: Vec<Call>,
    pub(super) by_domain: u32,
    pub(super) user_names: UserNames,
}

impl Found {
    pub(super) fn new(wanted: SearchTerm) -> Self {
        let lower = fold_case(&wanted.text);
        let address = lower.rsplit('@').next().unwrap_or_default().to_owned();
        Self {
            wanted,
            address,
            seen: Vec::new(),
            websites: BTreeMap::new(),
            kept: Vec::new(),
            user_names: UserNames::default(),
        }
    }

    pub(super) fn add(&mut self, call: &mut Call) {
        self.user_names.learn(call);
        let (mut may_be_meant, mut in_crm) = (false, false);
        for account in call.objects("Account").filter(|one| !one.id().is_empty()) {
            in_crm = true;
            let site = account.website().map(|website| host(&website));
            may_be_meant |= self.wanted.matches(account.id(), account.name().as_deref())
                || site.as_deref().is_some_and(|site| self.is_asked(site));
            let seen = Candidate::entry(&mut self.seen, account.id(), call);
            seen.name = seen.name.take().or_else(|| account.name());
            if let Some(site) = site.filter(|site| !site.is_empty())
                && !self.websites.contains_key(account.id())
            {
                let details = [Some(site.clone()), seen.detail.take()];
                let details: Vec<String> = details.into_iter().flatten().collect();
                seen.detail = Some(details.join(", "));
                self.websites.insert(account.id().to_owned(), site);
            }
        }
        let keep = may_be_meant
            || (!in_crm && domains(call).next().is_some())
            || self.is_asked_by_address(call);
        if keep {
            call.slim();
            self.kept.push(core::mem::take(call));
        }
    }

    fn is_asked(&self, domain: &str) -> bool {
        is_domain(domain, &self.address)
    }

    /// By id, exact name or words of the name; else by website; else by people's addresses.
    ///
    /// # Errors
    /// `bad-argument` with the choices; `not-found`.
    pub(super) fn whose(mut self, report: &Report) -> Result<Whose, Error> {
        let all = core::mem::take(&mut self.seen);
        let near = match look_up(&all, &self.wanted) {
            Lookup::One(account) => return Ok(self.of_account(&account.id)),
            Lookup::Several(accounts) => {
                return Err(ambiguous("account", &self.wanted, &accounts));
            }
            Lookup::None(near) => near,
        };
        let mut ids = self.accounts_by_website();
        if ids.is_empty() {
            ids = self.accounts_by_address();
        }
        let choices: Vec<&Candidate> = all.iter().filter(|one| ids.contains(&one.id)).collect();
        match choices[..] {
            [account] => Ok(self.of_account(&account.id)),
            [] if self.kept.iter().any(|call| self.is_asked_by_address(call)) => {
                Ok(self.of_domain())
            }
            [] => Err(not_found("account", &self.wanted, report, &near)),
            _ => Err(ambiguous("account", &self.wanted, &choices)),
        }
    }

    fn is_asked_by_address(&self, call: &Call) -> bool {
        domains(call).any(|domain| self.is_asked(&domain))
    }

    fn accounts_by_website(&self) -> BTreeSet<String> {
        let sites = self.websites.iter();
        let asked = sites.filter(|(_, site)| self.is_asked(site));
        asked.map(|(id, _)| id.clone()).collect()
    }

    /// Accounts of the calls that people with such an address are on.
    fn accounts_by_address(&self) -> BTreeSet<String> {
        let calls = self.kept.iter();
        let asked = calls.filter(|call| self.is_asked_by_address(call));
        asked
            .flat_map(|call| call.objects("Account"))
            .map(|account| account.id().to_owned())
            .filter(|id| !id.is_empty())
            .collect()
    }

    /// The account's calls, and those without any account that people of its domain are on.
    fn of_account(self, id: &str) -> Whose {
        let site = self.websites.get(id).cloned();
        let asked = self.address.contains('.').then(|| self.address.clone());
        let is_theirs = |domain: &str| {
            let sites = [&site, &asked];
            sites
                .into_iter()
                .flatten()
                .any(|site| is_domain(domain, site))
        };
        let mut by_domain = 0;
        let mut calls = self.kept;
        calls.retain(|call| {
            let mut accounts = call.objects("Account").peekable();
            if accounts.peek().is_some() {
                return accounts.any(|account| account.id() == id);
            }
            let theirs = domains(call).any(|domain| is_theirs(&domain));
            by_domain += u32::from(theirs);
            theirs
        });
        Whose {
            id: Some(id.to_owned()),
            domain: None,
            calls,
            by_domain,
            user_names: self.user_names,
        }
    }

    /// The calls of a domain, or of domains with that name, that no CRM account is on.
    fn of_domain(self) -> Whose {
        let mut names = BTreeSet::new();
        let mut calls = self.kept;
        calls.retain(|call| {
            let asked: Vec<String> = domains(call)
                .filter(|domain| is_domain(domain, &self.address))
                .collect();
            let theirs = !asked.is_empty();
            names.extend(asked);
            theirs
        });
        let names: Vec<String> = names.into_iter().collect();
        Whose {
            id: None,
            domain: Some(names.join(", ")),
            by_domain: calls.len() as u32,
            calls,
            user_names: self.user_names,
        }
    }
}

/// Domains of those who are not from the company.
fn domains(call: &Call) -> impl Iterator<Item = String> {
    let outsiders = call
        .parties()
        .filter(|party| party.affiliation() != Affiliation::Internal);
    outsiders.filter_map(Party::domain)
}

/// The domain of a website as CRMs have it: `https://www.acme.com/de` is `acme.com`.
fn host(website: &str) -> String {
    let lower = fold_case(website.trim());
    let rest = lower
        .split_once("://")
        .map_or(lower.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

#[cfg(test)]
mod tests;
