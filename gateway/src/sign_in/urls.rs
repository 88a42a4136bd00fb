//! The addresses of a tenant's sign-in, as clients and browsers see them.

use std::sync::Arc;

/// Addresses below the gateway's public origin.
#[derive(Clone, Debug)]
pub(crate) struct Urls(Arc<str>);

/// The path of a tenant's MCP endpoint.
pub(crate) fn resource_path(tenant: &str) -> String {
    format!("/t/{tenant}/mcp")
}

impl Urls {
    /// Below this origin, such as `https://gong.acme.example`.
    pub(crate) fn new(public_url: &str) -> Self {
        Self(public_url.into())
    }

    /// Whether browsers reach the gateway by HTTPS, and so keep cookies that demand it.
    pub(crate) fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The authorization server.
    pub(crate) fn issuer(&self, tenant: &str) -> String {
        format!("{}/t/{tenant}", self.0)
    }

    /// The MCP endpoint, for which tokens are.
    pub(crate) fn resource(&self, tenant: &str) -> String {
        format!("{}{}", self.0, resource_path(tenant))
    }

    /// The metadata of the MCP endpoint (RFC 9728).
    pub(crate) fn resource_metadata(&self, tenant: &str) -> String {
        format!(
            "{}/.well-known/oauth-protected-resource{}",
            self.0,
            resource_path(tenant)
        )
    }

    /// An endpoint of the authorization server.
    pub(crate) fn endpoint(&self, tenant: &str, name: &str) -> String {
        format!("{}/t/{tenant}/oauth/{name}", self.0)
    }

    /// Where the company's provider sends people back, to be registered there.
    pub(crate) fn callback(&self, tenant: &str) -> String {
        self.endpoint(tenant, "callback")
    }

    /// Where the provider sends back the administrators of a tenant, or for an empty name those of the
    /// whole gateway. To be registered there too.
    pub(crate) fn administrators_callback(&self, tenant: &str) -> String {
        match tenant.is_empty() {
            true => format!("{}/admin/oauth/callback", self.0),
            false => format!("{}/admin/oauth/callback/{tenant}", self.0),
        }
    }
}
