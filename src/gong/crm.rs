//! The generic CRM integration, by name or id. GET /v2/crm/integrations;
//! api:crm:integrations:read. Gong does not list native integrations (Salesforce, HubSpot, Dynamics)
//! there.

use serde::Serialize;
use serde_json::json;

use crate::{
    client::{Gong, json::ApiResponse},
    error::{Error, bad_argument},
    gong::id::is_id,
    json_ext::JsonExt,
    names::{Fit, choose, handle, near_first, several, unknown},
    prelude::*,
    text::{fingerprint, shortened},
    wit::crm::CrmIntegration,
};

pub(crate) mod schema;

/// Most characters of a client request id; Gong documents no limit.
const REQUEST_ID: usize = 100;

/// All generic integrations: Gong lets a company have one.
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

/// The id of the integration that the argument `integration` names, or of the only one without the
/// argument. An id is returned without a look-up.
///
/// # Errors
/// As [`find`].
pub(crate) fn id(gong: &Gong<'_>, text: Option<&str>) -> Result<String, Error> {
    match text.map(handle).filter(|text| is_id(text)) {
        Some(id) => Ok(id.to_owned()),
        None => find(gong, text).map(|integration| integration.id),
    }
}

/// The integration that the argument `integration` names, or the only one without the argument.
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
    let index = match text.map(handle) {
        None if found.len() == 1 => 0,
        None => return Err(several("integration", found.iter().map(label))),
        Some(text) => match found.iter().position(|one| one.id == text) {
            Some(index) => index,
            None => index_by_name(gong.name_fit(), &found, text)?,
        },
    };
    Ok(found.swap_remove(index))
}

/// The index of the integration with this name.
fn index_by_name(fit: Fit, found: &[CrmIntegration], text: &str) -> Result<usize, Error> {
    let named = choose(fit, found, |one| name(one).to_owned(), text).map_err(|near| {
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
    let index = found.iter().position(|one| core::ptr::eq(one, named));
    Ok(index.unwrap_or_default())
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

/// Checks the argument `client_request_id`: letters, digits, dashes and underscores.
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

/// A client request id computed from the content of an upload: the same content has the same id.
pub(crate) fn request_id_of(parts: &[&str]) -> String {
    format!("gong-tools-{:016x}", fingerprint(parts))
}

/// Adds advice to the error for Gong's 409, which conflicts with what exists already.
pub(crate) fn explain_conflict(error: Error, advice: &str) -> Error {
    if error.status() != Some(409) {
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
