//! What a client is answered that has to sign in, or has to sign in for more.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::urls::Urls;

/// 401: the client has no token that is valid here. `presented` means that it has sent one, and
/// `scope` is what to begin with.
pub(crate) fn unauthorized(urls: &Urls, tenant: &str, scope: &str, presented: bool) -> Response {
    let error = match presented {
        true => "error=\"invalid_token\", ",
        false => "",
    };
    let metadata = urls.resource_metadata(tenant);
    let challenge = format!("Bearer {error}resource_metadata=\"{metadata}\", scope=\"{scope}\"");
    let text = "Sign in with the company's account: the client does so by the metadata that \
                WWW-Authenticate names.\n";
    with_challenge((StatusCode::UNAUTHORIZED, text).into_response(), challenge)
}

/// 403: whoever has the token may do nothing here.
pub(crate) fn no_access(why: &str) -> Response {
    (StatusCode::FORBIDDEN, format!("{why}\n")).into_response()
}

/// 403: the token does not allow what the client wants. `scopes` would, together.
pub(crate) fn insufficient_scope(urls: &Urls, tenant: &str, scopes: &str, why: &str) -> Response {
    let metadata = urls.resource_metadata(tenant);
    let challenge = format!(
        "Bearer error=\"insufficient_scope\", scope=\"{scopes}\", \
         resource_metadata=\"{metadata}\", error_description=\"{why}\""
    );
    let body = json!({
        "error": "insufficient_scope",
        "error_description": why,
        "scope": scopes,
    });
    let response = (StatusCode::FORBIDDEN, axum::Json(body)).into_response();
    with_challenge(response, challenge)
}

/// The names of tenants and scopes, and our own sentences, are all plain ASCII.
fn with_challenge(mut response: Response, challenge: String) -> Response {
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge_of(response: &Response) -> &str {
        response.headers()[header::WWW_AUTHENTICATE]
            .to_str()
            .unwrap()
    }

    #[test]
    fn a_client_learns_where_to_sign_in_and_for_what() {
        let urls = Urls::new("https://gw.example");
        let first = unauthorized(&urls, "acme", "tools:read", false);
        assert_eq!(first.status(), 401);
        assert_eq!(
            challenge_of(&first),
            "Bearer resource_metadata=\"https://gw.example/.well-known/oauth-protected-resource/t/acme/mcp\", scope=\"tools:read\""
        );
        let ended = unauthorized(&urls, "acme", "tools:read", true);
        assert!(challenge_of(&ended).starts_with("Bearer error=\"invalid_token\", resource"));
        let scopes = "tools:read tools:outreach";
        let more = insufficient_scope(&urls, "acme", scopes, "A tool contacts people.");
        assert_eq!(more.status(), 403);
        assert_eq!(
            challenge_of(&more),
            "Bearer error=\"insufficient_scope\", scope=\"tools:read tools:outreach\", resource_metadata=\"https://gw.example/.well-known/oauth-protected-resource/t/acme/mcp\", error_description=\"A tool contacts people.\""
        );
    }
}
