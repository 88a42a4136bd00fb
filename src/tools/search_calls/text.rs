//! The calls of a search as text.

use crate::{
    prelude::*,
    render::{self, Answer, Table},
    text::one_line,
    time,
    wit::calls::{AccountMatch, CallPage, CallRow},
};

impl Answer for CallPage {
    fn text(&self) -> String {
        let mut text = String::new();
        render::filling(&mut text, &self.scan);
        text.push_str(&format!(
            "{}, newest first. ",
            render::count(self.calls.len() as u32, "call")
        ));
        render::scan(&mut text, &self.scan);
        for (matched, how) in [
            (AccountMatch::Domain, "e-mail domain"),
            (AccountMatch::Title, "title"),
        ] {
            let calls = self
                .calls
                .iter()
                .filter(|call| call.matched == Some(matched))
                .count();
            if calls > 0 {
                text.push_str(&format!(
                    "Matched by {how}, not CRM account: {}.\n",
                    render::count(calls as u32, "call")
                ));
            }
        }
        let accounts: Vec<String> = self
            .accounts
            .iter()
            .map(|account| match &account.name {
                Some(name) => format!("{} ({}) ×{}", one_line(name), account.id, account.calls),
                None => format!("{} ×{}", account.id, account.calls),
            })
            .collect();
        render::list(&mut text, "CRM accounts", &accounts, "; ");
        render::line(&mut text, "Link", self.call_url.as_deref());
        let hosts = self.calls.iter().filter_map(|call| call.host.as_deref());
        let hosts = render::initials(hosts).unwrap_or_default();
        render::list(&mut text, "Hosts", &hosts.1, "; ");
        let host = |call: &CallRow| {
            let name = call.host.as_deref().unwrap_or_default();
            hosts.0.get(name).map_or(name, String::as_str).to_owned()
        };
        let started = time::in_rows(self.calls.iter().map(|call| call.started.as_str()));
        let mut table = Table::new([
            "id",
            "started UTC",
            "min",
            "title",
            "host",
            "account",
            "external",
            "matched",
            "private",
            "link",
        ]);
        for (call, started) in self.calls.iter().zip(started) {
            let matched = match call.matched {
                Some(AccountMatch::Domain) => "domain",
                Some(AccountMatch::Title) => "title",
                Some(AccountMatch::Crm) | None => "",
            };
            table.row([
                call.id.clone(),
                started,
                call.minutes.to_string(),
                call.title.clone().unwrap_or_default(),
                host(call),
                call.account.clone().unwrap_or_default(),
                call.external.join(", "),
                matched.into(),
                if call.private == Some(true) {
                    "private".into()
                } else {
                    String::new()
                },
                call.url.clone().unwrap_or_default(),
            ]);
        }
        table.write(&mut text);
        render::line(&mut text, "Older calls: resume", self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
