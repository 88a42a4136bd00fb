//! Ids of a CRM's objects, compared as the CRM compares them. Salesforce has two forms of each: 15
//! characters, of which the case counts, and 18, whose last three hold the case.

use crate::{gong::id::is_id, prelude::*};

/// The part of an id that both its forms have.
pub(crate) fn key(id: &str) -> &str {
    match id.len() {
        // Of HubSpot's digits all count.
        18 if id.is_ascii() && !is_id(id) => &id[..15],
        _ => id,
    }
}

/// Whether two ids are of the same object.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    match (one.len(), other.len()) {
        _ if one.is_empty() => false,
        (15, 15 | 18) | (18, 15) => key(one) == key(other),
        _ => one.eq_ignore_ascii_case(other),
    }
}

/// The id in an argument, which is an id or a link of Salesforce's to the object.
pub(crate) fn in_argument(text: &str) -> &str {
    let text = text.trim();
    match text.contains("://") {
        true => parts(text).find(|part| is_salesforce(part)).unwrap_or(text),
        false => text,
    }
}

/// Whether an argument is this id, its other form, or a link that contains it.
pub(crate) fn is_in(id: &str, argument: &str) -> bool {
    let argument = argument.trim();
    is_same(id, argument)
        || (argument.contains("://") && parts(argument).any(|part| is_same(id, part)))
}

/// The parts of a link, also of one that is in a parameter of another, where `/` is `%2F`.
fn parts(link: &str) -> impl Iterator<Item = &str> {
    let parts = link.split(['/', '?', '&', '=', '#', '%']);
    parts.map(|part| part.trim_start_matches("25").trim_start_matches("2F"))
}

/// Whether a text is an id and not a name: of Salesforce, digits in HubSpot, a GUID in Dynamics.
pub(crate) fn is_crm_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let guid = parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.concat().bytes().all(|byte| byte.is_ascii_hexdigit());
    // Fewer digits are a company's name, such as 1010.
    is_salesforce(text) || guid || (is_id(text) && text.len() >= 5)
}

/// Ids of standard objects begin with 00.
fn is_salesforce(text: &str) -> bool {
    matches!(text.len(), 15 | 18)
        && text.starts_with("00")
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::{in_argument, is_crm_id, is_in, is_same};

    const ID: &str = "0063601230sV7grAAC";
    const LINK: &str = "https://acme.example/lightning/r/Opportunity/0063601230sV7grAAC/view";

    #[test]
    fn an_id_has_two_lengths_and_is_in_links() {
        assert!(is_same(ID, "0063601230sV7gr") && is_same("0063601230sV7gr", ID));
        assert!(
            is_same(ID, "0063601230SV7grAAC"),
            "of 18 the last three hold the case"
        );
        for other in [
            "0063601230SV7gr",
            "0063601230sV7grAAD",
            "0063601230sV7g",
            "",
        ] {
            assert!(!is_same(ID, other), "{other}");
        }
        assert!(
            !is_same("0063601230sV7gr", "0063601230SV7gr"),
            "of 15 the case counts"
        );
        assert!(is_same(
            "4F7C2A10-1B2C-4D5E-8F90-A1B2C3D4E5F6",
            "4f7c2a10-1b2c-4d5e-8f90-a1b2c3d4e5f6"
        ));
        assert!(is_same("17", "17") && !is_same("17", "1") && !is_same("", ""));
        assert!(
            is_in(ID, LINK) && is_in("0063601230sV7gr", LINK) && is_in(ID, " 0063601230sV7gr ")
        );
        assert!(!is_in("0063601230SV7gr", LINK));
        assert!(is_in(
            "17",
            "https://app.hubspot.example/contacts/5/record/0-3/17"
        ));
    }

    #[test]
    fn a_link_of_salesforce_is_its_id() {
        assert_eq!(in_argument(LINK), ID);
        assert_eq!(
            in_argument("https://acme.example/0063601230sV7gr?nooverride=1"),
            "0063601230sV7gr"
        );
        assert_eq!(in_argument(" 17 "), "17");
        assert_eq!(
            in_argument("https://acme.example/x"),
            "https://acme.example/x"
        );
    }

    #[test]
    fn ids_of_three_crms_are_no_names() {
        for id in [
            ID,
            "0063601230sV7gr",
            "12345678",
            "4f7c2a10-1b2c-4d5e-8f90-a1b2c3d4e5f6",
        ] {
            assert!(is_crm_id(id), "{id}");
        }
        for name in ["Acme", "Brightwater Corp", "0061", "00 Schneider GmbH"] {
            assert!(!is_crm_id(name), "{name}");
        }
    }
}
