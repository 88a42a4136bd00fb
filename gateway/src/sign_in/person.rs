//! Who somebody is, from the claims of the company's provider.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::config::PeopleRules;
use crate::store::sign_in::Person;

/// Where Entra ID issues tokens. There the object id says who somebody is for all of a company's
/// programs, and the subject only for one.
const ENTRA: &str = "https://login.microsoftonline.com/";

/// Why claims make no person who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoPerson {
    /// The account may not sign in here.
    NotAllowed(String),
    /// The claims do not say what must be known.
    Unknown(String),
}

impl NoPerson {
    /// The sentence for people.
    pub(crate) fn text(&self) -> &str {
        let (Self::NotAllowed(text) | Self::Unknown(text)) = self;
        text
    }
}

/// The person that verified claims describe.
///
/// # Errors
///
/// The account may not sign in, or its groups can not be known.
pub(crate) fn person(rules: &PeopleRules, claims: &Map<String, Value>) -> Result<Person, NoPerson> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let subject = match (text("tid"), text("oid")) {
        (Some(tid), Some(oid)) if rules.issuer.starts_with(ENTRA) => format!("{tid}/{oid}"),
        _ => text("sub").unwrap_or_default().to_owned(),
    };
    if subject.is_empty() {
        return Err(NoPerson::Unknown(
            "the provider does not say who it is".to_owned(),
        ));
    }
    let email = text(&rules.email_claim).filter(|email| email.contains('@'));
    check_domain(rules, claims, email)?;
    Ok(Person {
        issuer: rules.issuer.clone(),
        subject,
        // What the provider says to be unproven could be anybody's address.
        email: email
            .filter(|_| proof(claims) != Some(false))
            .map(str::to_owned),
        groups: groups(rules, claims)?,
    })
}

/// Whether the provider says that the address is proven to be this person's.
fn proof(claims: &Map<String, Value>) -> Option<bool> {
    ["email_verified", "xms_edov"]
        .into_iter()
        .find_map(|name| match claims.get(name)? {
            Value::Bool(proven) => Some(*proven),
            Value::String(text) => Some(text == "true" || text == "1"),
            Value::Number(number) => Some(number.as_u64() == Some(1)),
            _ => None,
        })
}

fn check_domain(
    rules: &PeopleRules,
    claims: &Map<String, Value>,
    email: Option<&str>,
) -> Result<(), NoPerson> {
    if rules.allowed_domains.is_empty() {
        return Ok(());
    }
    let allows = |domain: &str| rules.allowed_domains.contains(&domain.to_ascii_lowercase());
    // Google says by this whose account it is; an address alone may be a private account's.
    if let Some(hosted) = claims.get("hd").and_then(Value::as_str) {
        return match allows(hosted) {
            true => Ok(()),
            false => Err(NoPerson::NotAllowed(format!(
                "accounts of {hosted} may not sign in here"
            ))),
        };
    }
    if rules.issuer == "https://accounts.google.com" {
        return Err(NoPerson::NotAllowed(
            "private accounts may not sign in here".to_owned(),
        ));
    }
    let Some((_, domain)) = email.and_then(|email| email.rsplit_once('@')) else {
        return Err(NoPerson::NotAllowed(format!(
            "only addresses of some domains may sign in here, and the provider sends none as {}",
            rules.email_claim
        )));
    };
    if !allows(domain) {
        return Err(NoPerson::NotAllowed(format!(
            "addresses of {domain} may not sign in here"
        )));
    }
    if proof(claims) != Some(true) {
        return Err(NoPerson::NotAllowed(
            "only addresses of some domains may sign in here, and the provider does not say that this \
             address is proven (email_verified or xms_edov)"
                .to_owned(),
        ));
    }
    Ok(())
}

/// The groups that the configuration names, of those in the claim.
fn groups(rules: &PeopleRules, claims: &Map<String, Value>) -> Result<BTreeSet<String>, NoPerson> {
    if rules.groups.is_empty() {
        return Ok(BTreeSet::new());
    }
    // Where an address takes the place of a group, it has to be this person's.
    if rules.groups_claim == rules.email_claim && proof(claims) != Some(true) {
        return Ok(BTreeSet::new());
    }
    let names: Vec<&str> = match claims.get(&rules.groups_claim) {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(name)) => vec![name],
        // Entra ID sends a link in place of more than 200 groups.
        _ if is_overage(rules, claims) => {
            return Err(NoPerson::Unknown(
                "the account has more groups than the provider sends; there, assign groups to the \
                 application and send only those, or send roles of the application"
                    .to_owned(),
            ));
        }
        _ => Vec::new(),
    };
    let named = names
        .into_iter()
        .filter(|name| rules.groups.contains_key(*name));
    Ok(named.map(str::to_owned).collect())
}

fn is_overage(rules: &PeopleRules, claims: &Map<String, Value>) -> bool {
    let linked = claims.get("_claim_names").and_then(Value::as_object);
    linked.is_some_and(|names| names.contains_key(&rules.groups_claim))
        || claims.get("hasgroups").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::GroupAccess;

    fn config(issuer: &str) -> PeopleRules {
        let access = GroupAccess {
            administrator: true,
            ..GroupAccess::default()
        };
        PeopleRules {
            issuer: issuer.to_owned(),
            email_claim: "email".to_owned(),
            groups_claim: "groups".to_owned(),
            allowed_domains: BTreeSet::new(),
            profiles: BTreeSet::new(),
            groups: [
                ("sales".to_owned(), access.clone()),
                ("ops".to_owned(), access),
            ]
            .into(),
        }
    }

    fn of(rules: &PeopleRules, claims: Value) -> Result<Person, NoPerson> {
        person(rules, claims.as_object().unwrap())
    }

    #[test]
    fn a_person_is_who_the_provider_says() {
        let config = config("https://login.acme.example");
        let claims = json!({"sub": "1", "oid": "o", "tid": "t", "email": "Mia@acme.example", "groups": ["sales", "other", 7]});
        let mia = of(&config, claims).unwrap();
        assert_eq!(mia.subject, "1");
        assert_eq!(mia.email.as_deref(), Some("Mia@acme.example"));
        assert_eq!(mia.groups, ["sales".to_owned()].into());
        let entra = self::config("https://login.microsoftonline.com/t/v2.0");
        let mia = of(&entra, json!({"sub": "1", "oid": "o", "tid": "t"})).unwrap();
        assert_eq!((&*mia.subject, mia.email), ("t/o", None));
        assert!(matches!(of(&config, json!({})), Err(NoPerson::Unknown(_))));
        let one = of(&config, json!({"sub": "1", "groups": "ops", "email": "x"})).unwrap();
        assert_eq!((one.email, one.groups.len()), (None, 1));
        let unproven = json!({"sub": "1", "email": "boss@acme.example", "email_verified": false});
        assert_eq!(of(&config, unproven).unwrap().email, None);
    }

    #[test]
    fn groups_that_are_not_sent_are_not_known() {
        let config = config("https://login.microsoftonline.com/t/v2.0");
        for claims in [
            json!({"sub": "1", "_claim_names": {"groups": "src1"}}),
            json!({"sub": "1", "hasgroups": true}),
        ] {
            assert!(matches!(of(&config, claims), Err(NoPerson::Unknown(_))));
        }
        assert_eq!(of(&config, json!({"sub": "1"})).unwrap().groups.len(), 0);
    }

    #[test]
    fn an_address_takes_the_place_of_a_group_only_if_it_is_proven() {
        let mut config = config("https://login.acme.example");
        config.groups_claim = "email".to_owned();
        let access = config.groups["ops"].clone();
        config.groups.insert("ada@acme.example".to_owned(), access);
        let groups = |proven: Value| {
            let claims = json!({"sub": "1", "email": "ada@acme.example", "email_verified": proven});
            of(&config, claims).unwrap().groups
        };
        assert_eq!(groups(json!(true)), ["ada@acme.example".to_owned()].into());
        for unproven in [json!(false), json!(null), json!("no")] {
            assert_eq!(groups(unproven), BTreeSet::new());
        }
    }

    #[test]
    fn domains_need_proof() {
        let mut config = config("https://login.acme.example");
        config.allowed_domains = ["acme.example".to_owned()].into();
        let may = |claims| of(&config, claims).is_ok();
        assert!(may(
            json!({"sub": "1", "email": "mia@ACME.example", "email_verified": true})
        ));
        assert!(may(
            json!({"sub": "1", "email": "mia@acme.example", "xms_edov": "1"})
        ));
        assert!(!may(json!({"sub": "1", "email": "mia@acme.example"})));
        assert!(!may(
            json!({"sub": "1", "email": "mia@acme.example", "email_verified": false})
        ));
        assert!(!may(
            json!({"sub": "1", "email": "mia@evil.example", "email_verified": true})
        ));
        assert!(!may(
            json!({"sub": "1", "email": "acme.example@evil.example", "email_verified": true})
        ));
        assert!(!may(json!({"sub": "1"})));
        assert!(!may(
            json!({"sub": "1", "hd": "evil.example", "email": "a@acme.example", "email_verified": true})
        ));
        config.issuer = "https://accounts.google.com".to_owned();
        let may = |claims| of(&config, claims).is_ok();
        assert!(may(json!({"sub": "1", "hd": "acme.example"})));
        assert!(!may(
            json!({"sub": "1", "email": "mia@acme.example", "email_verified": true})
        ));
    }
}
