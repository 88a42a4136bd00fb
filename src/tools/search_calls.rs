//! `gong_search_calls`. GET /v2/calls (api:calls:read:basic) where metadata is
//! enough, else POST /v2/calls/extensive (api:calls:read:extensive). Gong has no
//! search: what its filter lacks is matched here.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::ops::ControlFlow;
use serde_json::json;

use super::{Answer, limit};
use crate::{
    error::{Error, bad_argument},
    gong::{
        Gong,
        calls::{Call, ContentSelector, Party, link_pattern, one_line},
        id::is_id,
        instant,
        people::{self, People, has_words},
        scan::{self, Endpoint, Plan, Start},
        workspaces,
    },
    render::{self, Table},
    wit::{
        calls::{AccountMatch, CallDirection, CallPage, CallRow, CallScope, SearchCalls},
        types::AccountSeen,
    },
};

/// Days back without `from`.
const DEFAULT_DAYS: i64 = 30;

/// Plans the scan, keeps what matches, and names hosts that the cheap endpoint gives as ids.
pub(crate) fn run(gong: &Gong<'_>, args: SearchCalls) -> Result<CallPage, Error> {
    let limit = limit(args.limit, 50, 200)?;
    let resume = args.resume.as_deref();
    let start = Start::from_arguments(args.from.as_deref(), args.to.as_deref(), resume, DEFAULT_DAYS, gong.now)?;
    let filter = Filter::new(&args)?;
    let workspace = workspaces::id(gong, args.workspace.as_deref())?;
    let hosts: Vec<String> =
        args.host.iter().map(|host| People::default().id(gong, "host", host)).collect::<Result<_, _>>()?;
    let people = args.people == Some(true) || filter.account.is_some() || filter.participant.is_some();
    let accounts = args.people == Some(true) || filter.account.is_some();
    let selector = ContentSelector {
        context: accounts.then_some("Extended"),
        context_timing: &[],
        exposed_fields: people.then(|| json!({ "parties": true })),
    };
    let endpoint = if people || !hosts.is_empty() {
        Endpoint::Extensive { selector: &selector, hosts: &hosts }
    } else {
        Endpoint::Basic
    };
    let plan = Plan { endpoint, workspace: workspace.as_deref(), picky: filter.is_picky(), start };
    let mut kept: Vec<(Call, Option<AccountMatch>)> = Vec::new();
    let report = scan::newest_first(gong, plan, |call| {
        if let Some(matched) = filter.matches(&call) {
            kept.push((call, matched));
            if kept.len() == limit {
                return ControlFlow::Break("the limit is reached");
            }
        }
        ControlFlow::Continue(())
    })?;
    let unnamed: BTreeSet<String> = kept
        .iter()
        .filter(|(call, _)| call.parties.is_none())
        .filter_map(|(call, _)| Some(call.meta_data.primary_user_id.as_ref()?.0.clone()))
        .collect();
    let names = people::names(gong, &unnamed);
    let (calls, accounts, call_url) = rows(&kept, &names);
    Ok(CallPage {
        calls,
        accounts,
        call_url,
        scan: report.shown(),
        resume: report.resume,
        requests: gong.requests(),
    })
}

/// The filters that Gong does not have, in lower case.
struct Filter {
    account: Option<String>,
    participant: Option<String>,
    title: Option<String>,
    scope: Option<&'static str>,
    direction: Option<&'static str>,
    language: Option<String>,
    minutes: (u32, u32),
}

impl Filter {
    fn new(args: &SearchCalls) -> Result<Self, Error> {
        let text = |argument: &str, value: &Option<String>| match value.as_deref().map(str::trim) {
            Some("") => Err(bad_argument(argument, "it is empty; leave it out for no filter.", "\"Acme\".")),
            value => Ok(value.map(str::to_lowercase)),
        };
        let minutes = (args.min_minutes.unwrap_or(0), args.max_minutes.unwrap_or(u32::MAX));
        if minutes.0 > minutes.1 {
            return Err(bad_argument("min_minutes", "it is more than max_minutes.", "{\"min_minutes\": 10, \"max_minutes\": 60}."));
        }
        Ok(Self {
            account: text("account", &args.account)?,
            participant: text("participant", &args.participant)?,
            title: text("title", &args.title)?,
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
            language: text("language", &args.language)?,
            minutes,
        })
    }

    /// Whether it keeps few of the calls, so that most of the range will be read.
    fn is_picky(&self) -> bool {
        self.account.is_some() || self.participant.is_some() || self.title.is_some()
    }

    /// Whether the call matches; with an account asked, also how.
    fn matches(&self, call: &Call) -> Option<Option<AccountMatch>> {
        let meta = &call.meta_data;
        let is = |value: &Option<String>, wanted: Option<&str>| {
            wanted.is_none_or(|wanted| value.as_deref().is_some_and(|value| value.eq_ignore_ascii_case(wanted)))
        };
        let title = meta.title.as_deref().unwrap_or_default();
        let fits = is(&meta.scope, self.scope)
            && is(&meta.direction, self.direction)
            && is(&meta.language, self.language.as_deref())
            && (self.minutes.0..=self.minutes.1).contains(&meta.minutes())
            && self.title.as_deref().is_none_or(|wanted| has_words(title, wanted))
            && self.participant.as_deref().is_none_or(|wanted| call.parties().any(|party| is_person(party, wanted)));
        if !fits {
            return None;
        }
        match &self.account {
            None => Some(None),
            Some(wanted) => account_match(call, wanted).map(Some),
        }
    }
}

fn is_person(party: &Party, wanted: &str) -> bool {
    if wanted.contains('@') {
        return party.email_address.as_deref().is_some_and(|email| email.eq_ignore_ascii_case(wanted));
    }
    if is_id(wanted) {
        return party.user_id.as_ref().is_some_and(|id| id.0 == wanted);
    }
    party.name.as_deref().is_some_and(|name| has_words(name, wanted))
}

/// The CRM's word first; a domain says much; a title only where the CRM says nothing.
fn account_match(call: &Call, wanted: &str) -> Option<AccountMatch> {
    let mut accounts = call.objects("Account").peekable();
    let in_crm = accounts.peek().is_some();
    let is_account = accounts.any(|account| {
        account.id().eq_ignore_ascii_case(wanted) || account.name().is_some_and(|name| has_words(&name, wanted))
    });
    if is_account {
        return Some(AccountMatch::Crm);
    }
    let outsiders = || call.parties().filter(|party| party.side() != crate::wit::calls::Side::Company);
    if outsiders().filter_map(Party::domain).any(|domain| is_domain(&domain, wanted)) {
        return Some(AccountMatch::Domain);
    }
    let title = call.meta_data.title.as_deref().unwrap_or_default();
    (!in_crm && has_words(title, wanted)).then_some(AccountMatch::Title)
}

/// `acme.com` and `mail.acme.com` are acme.com's; the name `Acme` or `Acme Labs` has `acme` or `acmelabs` as its label.
fn is_domain(domain: &str, wanted: &str) -> bool {
    let wanted = wanted.trim_start_matches('@');
    if wanted.contains('.') && !wanted.contains(' ') {
        return domain == wanted || domain.strip_suffix(wanted).is_some_and(|rest| rest.ends_with('.'));
    }
    let name: String = wanted.chars().filter(|c| c.is_alphanumeric()).collect();
    let dashed = wanted.replace(' ', "-");
    domain.rsplit('.').skip(1).any(|label| label == name || label == dashed)
}

/// Rows of the answer; the account of all of them once, where they share one.
fn rows(
    kept: &[(Call, Option<AccountMatch>)],
    names: &BTreeMap<String, String>,
) -> (Vec<CallRow>, Vec<AccountSeen>, Option<String>) {
    let mut accounts: BTreeMap<String, AccountSeen> = BTreeMap::new();
    for account in kept.iter().filter_map(|(call, _)| call.account()) {
        let name = account.name();
        accounts
            .entry(account.id().to_string())
            .or_insert_with(|| AccountSeen { name, id: account.id().to_string(), calls: 0 })
            .calls += 1;
    }
    let shared = accounts.len() == 1 && accounts.values().all(|account| account.calls as usize == kept.len());
    let pattern = link_pattern(kept.iter().map(|(call, _)| (call.meta_data.id(), call.meta_data.url.as_deref())));
    let rows = kept
        .iter()
        .map(|(call, matched)| {
            let meta = &call.meta_data;
            let host_id = meta.primary_user_id.as_ref().map_or("", |id| id.0.as_str());
            CallRow {
                id: meta.id().to_string(),
                started: meta.started_shown(),
                minutes: meta.minutes(),
                title: meta.title(),
                host: call.host().or_else(|| names.get(host_id).map(|name| one_line(name))),
                account: call
                    .account()
                    .filter(|_| !shared)
                    .map(|account| account.name().unwrap_or_else(|| account.id().to_string())),
                external: call.external(),
                matched: matched.filter(|matched| *matched != AccountMatch::Crm),
                url: if pattern.is_none() { meta.url.clone() } else { None },
            }
        })
        .collect();
    let mut accounts: Vec<AccountSeen> = accounts.into_values().collect();
    accounts.sort_by(|one, other| other.calls.cmp(&one.calls).then_with(|| one.name.cmp(&other.name)));
    (rows, accounts, pattern)
}

impl Answer for CallPage {
    fn text(&self) -> String {
        let mut text = format!("{}, newest first. ", render::count(self.calls.len() as u32, "call"));
        render::scan(&mut text, &self.scan);
        for (matched, how) in [(AccountMatch::Domain, "e-mail domain"), (AccountMatch::Title, "title")] {
            let calls = self.calls.iter().filter(|call| call.matched == Some(matched)).count();
            if calls > 0 {
                text.push_str(&format!("Matched by {how}, not CRM account: {}.\n", render::count(calls as u32, "call")));
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
        let mut table = Table::new(["id", "started UTC", "min", "title", "host", "account", "external", "matched", "link"]);
        for call in &self.calls {
            let matched = match call.matched {
                Some(AccountMatch::Domain) => "domain",
                Some(AccountMatch::Title) => "title",
                Some(AccountMatch::Crm) | None => "",
            };
            table.row([
                call.id.clone(),
                instant::in_table(&call.started),
                call.minutes.to_string(),
                call.title.clone().unwrap_or_default(),
                call.host.clone().unwrap_or_default(),
                call.account.clone().unwrap_or_default(),
                call.external.join(", "),
                matched.into(),
                call.url.clone().unwrap_or_default(),
            ]);
        }
        table.write(&mut text);
        render::line(&mut text, "Older calls: resume", self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{account_match, is_domain};
    use crate::{gong::calls::Call, wit::calls::AccountMatch};

    #[test]
    fn a_domain_is_asked_by_name_or_in_full() {
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
        assert_eq!(matched(r#"{"metaData":{"title":"Acme: kick-off"}}"#), Some(AccountMatch::Title));
        assert_eq!(matched(r#"{"metaData":{"title":"Kick-off"}}"#), None);
    }
}
