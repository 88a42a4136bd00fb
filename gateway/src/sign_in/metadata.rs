//! What clients learn of the MCP endpoint (RFC 9728) and of its authorization server (RFC 8414).

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::scope::{EFFECTS, OFFLINE_ACCESS, Scopes, scope_of};
use super::state::SignInState;
use super::urls::Urls;

/// Metadata of the MCP endpoint. It names only what a client needs to begin with.
pub(super) async fn resource(
    State(state): State<SignInState>,
    Path(tenant): Path<String>,
) -> Response {
    let first = Scopes::first();
    if let Some(live) = state.tenant(&tenant) {
        let (server, scopes) = (state.urls.issuer(&live.name), first.to_string());
        return Json(of_resource(&state.urls, &live.name, &server, &scopes)).into_response();
    }
    match state.resource_server(&tenant) {
        Some(server) => {
            let scopes = server.scope_names(&first);
            Json(of_resource(&state.urls, &tenant, server.issuer(), &scopes)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Metadata of the authorization server.
pub(super) async fn server(
    State(state): State<SignInState>,
    Path(tenant): Path<String>,
) -> Response {
    match state.tenant(&tenant) {
        Some(live) => {
            let dcr = live.sign_in.config.clients.dcr;
            Json(of_server(&state.urls, &live.name, dcr)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn of_resource(urls: &Urls, tenant: &str, server: &str, scopes: &str) -> Value {
    let scopes: Vec<&str> = scopes.split_ascii_whitespace().collect();
    json!({
        "resource": urls.resource(tenant),
        "authorization_servers": [server],
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
        "resource_name": format!("Gong gateway, {tenant}"),
    })
}

fn of_server(urls: &Urls, tenant: &str, dcr: bool) -> Value {
    let mut scopes: Vec<String> = EFFECTS.map(scope_of).into();
    scopes.push(OFFLINE_ACCESS.to_owned());
    let mut metadata = json!({
        "issuer": urls.issuer(tenant),
        "authorization_endpoint": urls.endpoint(tenant, "authorize"),
        "token_endpoint": urls.endpoint(tenant, "token"),
        "revocation_endpoint": urls.endpoint(tenant, "revoke"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "scopes_supported": scopes,
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "client_id_metadata_document_supported": true,
        "authorization_response_iss_parameter_supported": true,
        "protected_resources": [urls.resource(tenant)],
    });
    if dcr {
        metadata["registration_endpoint"] = urls.endpoint(tenant, "register").into();
    }
    metadata
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_name_exactly_what_is_served() {
        let urls = Urls::new("https://gw.example");
        let resource = of_resource(&urls, "acme", &urls.issuer("acme"), "tools:read");
        assert_eq!(resource["resource"], "https://gw.example/t/acme/mcp");
        assert_eq!(
            resource["authorization_servers"],
            json!(["https://gw.example/t/acme"])
        );
        assert_eq!(resource["scopes_supported"], json!(["tools:read"]));
        let server = of_server(&urls, "acme", true);
        assert_eq!(server["issuer"], "https://gw.example/t/acme");
        assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(server["scopes_supported"].as_array().unwrap().len(), 6);
        assert!(server["registration_endpoint"].is_string());
        assert!(
            of_server(&urls, "acme", false)
                .get("registration_endpoint")
                .is_none()
        );
    }
}
