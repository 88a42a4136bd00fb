//! Which of the accounts it is, and which of the calls are its own.

use alloc::collections::BTreeSet;

use crate::{
    domain::{
        call_filter::Domains,
        call_history::lookup::{Candidate, Lookup, ambiguous, look_up, not_found},
        scan::Report,
    },
    error::Error,
    prelude::*,
    tools::get_account::account_calls::{AccountCalls, AccountFinder, domains},
};

impl AccountFinder {
    /// Picks the account by id, exact name or words of the name; else by website; else by e-mail
    /// addresses of people on its calls.
    ///
    /// # Errors
    /// `bad-argument` with the choices if several match; `not-found`.
    pub(in crate::tools::get_account) fn pick(
        mut self,
        report: &Report,
    ) -> Result<AccountCalls, Error> {
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

    fn accounts_by_website(&self) -> BTreeSet<String> {
        self.websites
            .iter()
            .filter(|(_, site)| self.matches_domain(site))
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// The account's calls, and calls without any account on which somebody has its domain.
    fn of_account(self, id: &str) -> AccountCalls {
        let site = self.websites.get(id).map(|site| Domains::new(site));
        let queried = Some(self.domains).filter(|domains| matches!(domains, Domains::Of(_)));
        let of_account = [site, queried];
        let is_of_account = |domain: &str| {
            let mut known = of_account.iter().flatten();
            known.any(|known| known.contain(domain))
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
                .filter(|domain| self.domains.contain(domain))
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
