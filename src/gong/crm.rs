//! The generic CRM integration, by name or id. GET /v2/crm/integrations;
//! api:crm:integrations:read. Native CRMs (Salesforce, HubSpot, Dynamics) are not in it.

use serde::Serialize;
use serde_json::json;

use crate::{
    client::{Gong, json::ApiResponse, refusal::THERE_ALREADY},
    error::{Case, Error, bad_argument},
    gong::id::is_id,
    json_ext::JsonExt,
    names::{choose, near_first, several, unknown},
    prelude::*,
    text::shortened,
    wit::crm::CrmIntegration,
};

pub(crate) mod schema;

/// Characters that a client request id has at most; Gong declares no limit.
const REQUEST_ID: usize = 100;

/// All generic integrations: none or one, says Gong.
///
/// # Errors
/// Whatever the request fails with.
pub(crate) fn all(gong: &Gong<'_>) -> Result<Vec<CrmIntegration>, Error> {
    const PATH: &str = "/v2/crm/integrations";
    let answer: ApiResponse = gong.get_list(PATH, &[])?;
    let found = answer.listed("integrations", "GET /v2/crm/integrations")?;
    Ok(found
        .iter()
        .filter_map(|one| {
            Some(CrmIntegration {
                id: one.id("integrationId")?,
                name: one.text("name"),
                owner_email: one.text("ownerEmail"),
            })
        })
        .collect())
}

/// The id that the argument `integration` means; an id is taken as it is, without a request,
/// and without the argument the only integration is meant.
///
/// # Errors
/// As [`find`].
pub(crate) fn id(gong: &Gong<'_>, text: Option<&str>) -> Result<String, Error> {
    match text.map(str::trim).filter(|text| is_id(text)) {
        Some(id) => Ok(id.to_owned()),
        None => find(gong, text).map(|integration| integration.id),
    }
}

/// The integration that the argument `integration` means.
///
/// # Errors
/// `not-found` where there is none; `bad-argument` with the choices; whatever the request
/// fails with.
pub(crate) fn find(gong: &Gong<'_>, text: Option<&str>) -> Result<CrmIntegration, Error> {
    let mut found = all(gong)?;
    if found.is_empty() {
        return Err(Error::not_found(
            "The company has no generic CRM integration. A native one (Salesforce, HubSpot, Dynamics) is not listed and has no \
             integration id: Gong's CRM operations do not work with it. gong_register_crm_integration makes a generic one where \
             there is no native one."
                .into(),
        ));
    }
    let place = match text.map(str::trim) {
        None if found.len() == 1 => 0,
        None => return Err(several("integration", found.iter().map(label))),
        Some(text) => match found.iter().position(|one| one.id == text) {
            Some(place) => place,
            None => named(&found, text)?,
        },
    };
    Ok(found.swap_remove(place))
}

/// The place of the one with this name.
fn named(found: &[CrmIntegration], text: &str) -> Result<usize, Error> {
    let named = choose(found, |one| name(one).to_owned(), text).map_err(|near| {
        let choices = near_first(found, near)
            .into_iter()
            .map(|one| (label(one), one.id.clone()));
        unknown(
            "integration",
            "generic CRM integration",
            text,
            choices,
            found.len(),
            "gong_list_crm_integrations",
        )
    })?;
    let place = found.iter().position(|one| core::ptr::eq(one, named));
    Ok(place.unwrap_or_default())
}

fn label(integration: &CrmIntegration) -> String {
    format!("{} ({})", name(integration), integration.id)
}

/// The name; else the id.
pub(crate) fn name(integration: &CrmIntegration) -> &str {
    integration.name.as_deref().unwrap_or(&integration.id)
}

/// An enum's case as Gong writes it: `business-user` is `BUSINESS_USER`.
pub(crate) fn enum_name(case: impl Serialize) -> String {
    let name = json!(case);
    name.as_str().unwrap_or_default().to_ascii_uppercase()
}

/// A client request id that an argument gives: letters, digits, dashes and underscores.
///
/// # Errors
/// `bad-argument`.
pub(crate) fn request_id(text: &str) -> Result<String, Error> {
    let text = text.trim();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=REQUEST_ID).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(text.to_owned());
    }
    Err(bad_argument(
        "client_request_id",
        &format!(
            "“{}” is not 1 to {REQUEST_ID} letters, digits, dashes and underscores.",
            shortened(text)
        ),
        "\"deals-2026-11-23\".",
    ))
}

/// A client request id made of what is sent: of the same, the same (FNV-1a, 64 bits).
pub(crate) fn request_id_of(parts: &[&str]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in parts {
        // A byte that is in no text keeps parts apart.
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
    format!("gong-tools-{hash:016x}")
}

/// Adds advice to a refusal because of what is there already (Gong's 409).
pub(crate) fn where_there_already(error: Error, advice: &str) -> Error {
    if error.case() != Case::BadArgument || !error.text().contains(THERE_ALREADY) {
        return error;
    }
    error.adding(advice)
}

#[cfg(test)]
mod tests {
    use super::{enum_name, request_id, request_id_of};
    use crate::wit::crm::{CrmObjectType, CrmUploadType};

    #[test]
    fn cases_are_gongs_words_in_lower_case() {
        assert_eq!(enum_name(CrmUploadType::BusinessUser), "BUSINESS_USER");
        assert_eq!(enum_name(CrmObjectType::Deal), "DEAL");
    }

    #[test]
    fn the_same_content_has_the_same_id() {
        let id = request_id_of(&["1", "DEAL", "{}"]);
        assert_eq!(id, request_id_of(&["1", "DEAL", "{}"]));
        assert_ne!(id, request_id_of(&["1", "DEA", "L{}"]));
        assert_eq!(request_id(&id).ok(), Some(id));
        for wrong in ["", "a b", "ü", &"x".repeat(101)] {
            assert!(request_id(wrong).is_err(), "{wrong}");
        }
    }
}
