//! Finds the calls of an account: by its CRM object, else by e-mail domain.

use alloc::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    client::Gong,
    domain::{
        call_filter::Domains,
        call_history::{
            UserNames,
            lookup::{Candidate, SearchTerm},
        },
        scan::{Report, resume::Start},
    },
    error::Error,
    gong::calls::{Call, Party},
    index::{Find, Index, ObjectText},
    prelude::*,
    text::{fold_case, website_domain},
    tools::get_deal,
    wit::calls::Affiliation,
};

mod pick;

/// Collects accounts and calls during a scan.
pub(super) struct AccountFinder {
    query: SearchTerm,
    /// The argument as an e-mail domain or a part of one.
    domains: Domains,
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
        Self {
            query,
            domains: Domains::new(lower.rsplit('@').next().unwrap_or_default()),
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
            let of_accounts = accounts.filter_map(|account| website_domain(account.website));
            sites.extend(of_accounts.map(Cow::into_owned));
        });
        loop {
            let (query, domains) = (&self.query, &self.domains);
            let of_sites: Vec<Domains> = sites.iter().map(|site| Domains::new(site)).collect();
            let is_it = |object: &ObjectText<'_>| is_account(query, domains, object);
            let is_domain_of_it = |domain: &str| {
                domains.contain(domain) || of_sites.iter().any(|site| site.contain(domain))
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
        is_account(&self.query, &self.domains, object)
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
            if let Some(site) = website_domain(&website)
                && !self.websites.contains_key(account.id())
            {
                let site = site.into_owned();
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
        self.domains.contain(domain)
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

    fn has_matching_address(&self, call: &Call) -> bool {
        domains(call).any(|domain| self.matches_domain(&domain))
    }
}

/// Whether an object may be the account that is sought.
fn is_account(query: &SearchTerm, domains: &Domains, object: &ObjectText<'_>) -> bool {
    object.is_account
        && (query.matches(object.id, Some(object.name))
            || website_domain(object.website).is_some_and(|site| domains.contain(&site)))
}

/// E-mail domains of people who are not from the company.
fn domains(call: &Call) -> impl Iterator<Item = String> {
    let outsiders = call
        .parties()
        .filter(|party| party.affiliation() != Affiliation::Internal);
    outsiders.filter_map(Party::domain)
}

#[cfg(test)]
mod tests;
