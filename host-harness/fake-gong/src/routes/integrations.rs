//! `POST /v2/integration-settings`: from where a partner's pages may be shown inside Gong.

use http::{Method, Uri};
use serde_json::json;

use crate::fields::Fields;
use crate::gong::Gong;
use crate::operation::{Operation, Takes};
use crate::request::ApiRequest;
use crate::response::{ApiError, ApiResult};

pub(super) const OPERATIONS: &[Operation] = &[Operation::write(
    Method::POST,
    "/v2/integration-settings",
    "api:integration-settings:write",
    Takes::Json,
    set,
)];

/// What of Gong can show a partner's pages.
const TYPES: [&str; 3] = ["EMAIL_COMPOSER", "ACCOUNT_PAGES", "DIALER"];

/// The answer has nothing but its id, whatever Gong's document says. Nothing can be read back
/// by a documented operation, so the settings are checked and not kept.
fn set(_: &Gong, request: &ApiRequest) -> ApiResult {
    let body = Fields::of(&request.body)?;
    for setting in body.some_objects("integrationTypeSettings", usize::MAX)? {
        let kind = setting.required("integrationType")?;
        if !TYPES.contains(&kind) {
            return Err(setting.refuse(
                "integrationType",
                format!("\"{kind}\" is not one of {}", TYPES.join(", ")),
            ));
        }
        let origin = setting.required("allowedOrigin")?;
        if !is_origin(origin) {
            return Err(not_an_origin(&setting, origin));
        }
    }
    Ok(json!({}).into())
}

fn not_an_origin(setting: &Fields<'_>, origin: &str) -> ApiError {
    setting.refuse(
        "allowedOrigin",
        format!("\"{origin}\" is not an origin such as https://acme.partner.example"),
    )
}

/// A scheme and a host, perhaps a port, and nothing after them.
fn is_origin(text: &str) -> bool {
    let uri: Option<Uri> = text.parse().ok();
    uri.is_some_and(|uri| {
        uri.scheme_str() == Some("https")
            && uri.host().is_some_and(|host| host.contains('.'))
            && uri.path() == "/"
            && uri.query().is_none()
            && !text.ends_with('/')
    })
}
