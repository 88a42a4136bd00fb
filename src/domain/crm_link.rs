//! Links to objects of the CRM: arguments such as `Salesforce Account 0015e00000AbCdE`, and Gong's
//! `context` of calls, people and events.

use serde_json::{Value, json};

use crate::{
    error::{Error, bad_argument},
    gong::crm_id,
    prelude::*,
    text::shortened,
};

/// A link to an object of the CRM.
pub(crate) struct CrmLink {
    /// Gong's name of the CRM.
    pub(crate) system: &'static str,
    /// Account, Opportunity, Lead, Contact or User.
    pub(crate) kind: &'static str,
    /// The object's id in the CRM.
    pub(crate) id: String,
}

/// The CRMs that Gong has names for.
const SYSTEMS: [&str; 4] = ["Salesforce", "HubSpot", "MicrosoftDynamic", "Generic"];
/// The object types that Gong links.
const KINDS: [&str; 5] = ["Account", "Opportunity", "Lead", "Contact", "User"];

/// Reads arguments that each hold a CRM, an object type and an id, separated by spaces.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn parse_all(argument: &str, texts: &[String]) -> Result<Vec<CrmLink>, Error> {
    texts.iter().map(|text| parse(argument, text)).collect()
}

/// Reads one such argument; `deal` stands for Gong's `Opportunity`.
///
/// # Errors
/// `bad-argument`.
pub(super) fn parse(argument: &str, text: &str) -> Result<CrmLink, Error> {
    let known = |names: &[&'static str], text: &str| {
        names
            .iter()
            .copied()
            .find(|name| name.eq_ignore_ascii_case(text))
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let link = match words[..] {
        [system, kind, id] => {
            let kind = match kind.eq_ignore_ascii_case("deal") {
                true => "Opportunity",
                false => kind,
            };
            known(&SYSTEMS, system)
                .zip(known(&KINDS, kind))
                .map(|(system, kind)| CrmLink {
                    system,
                    kind,
                    id: crm_id::in_argument(id).to_owned(),
                })
        }
        _ => None,
    };
    link.ok_or_else(|| {
        bad_argument(
            argument,
            &format!(
                "“{}” is not system ({}), type ({}) and id.",
                shortened(text),
                SYSTEMS.join(", "),
                KINDS.join(", ")
            ),
            "\"Salesforce Account 0015e00000AbCdE\".",
        )
    })
}

/// Whether a word is a CRM's name.
pub(super) fn is_system(word: &str) -> bool {
    SYSTEMS
        .iter()
        .any(|system| system.eq_ignore_ascii_case(word))
}

/// Gong's `context` of these links, grouped by CRM.
pub(crate) fn context(links: &[CrmLink]) -> Value {
    let of = |system: &&str| {
        let objects: Vec<Value> = links
            .iter()
            .filter(|link| link.system == *system)
            .map(|link| json!({ "objectType": link.kind, "objectId": link.id }))
            .collect();
        (!objects.is_empty()).then(|| json!({ "system": system, "objects": objects }))
    };
    SYSTEMS.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::{context, parse_all};
    use serde_json::json;

    #[test]
    fn crm_links_are_gathered_by_system() {
        let texts = [
            "salesforce account 001A",
            "HubSpot deal 9",
            "Salesforce Contact 003B",
        ];
        let links = parse_all("crm", &texts.map(str::to_owned)).expect("links");
        assert_eq!(
            context(&links),
            json!([
                {"system": "Salesforce", "objects": [
                    {"objectType": "Account", "objectId": "001A"},
                    {"objectType": "Contact", "objectId": "003B"},
                ]},
                {"system": "HubSpot", "objects": [{"objectType": "Opportunity", "objectId": "9"}]},
            ])
        );
        for wrong in ["Account 001", "Salesforce Case 500", "Zoho Account 1", ""] {
            assert!(parse_all("crm", &[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
