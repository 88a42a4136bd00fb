//! The MCP endpoints: which tokens are taken at which path.

use std::sync::Arc;

use super::urls::resource_path;
use crate::config::Config;

/// An MCP endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// Static tokens of all tenants.
    AnyTenant,
    /// Static tokens of one tenant, whose people sign in otherwise.
    StaticTokens(Arc<str>),
    /// Tokens of sign-ins to one tenant.
    SignIn(Arc<str>),
}

impl Endpoint {
    /// The endpoint at a path, if there is one.
    pub(crate) fn at(path: &str, config: &Config) -> Option<Self> {
        if path == "/mcp" {
            return Some(Self::AnyTenant);
        }
        let tenant = path.strip_prefix("/t/")?.split('/').next()?;
        let sign_in = config.tenants.get(tenant)?.sign_in.as_ref()?;
        if path == resource_path(tenant) {
            return Some(Self::SignIn(tenant.into()));
        }
        (path == sign_in.static_tokens_path).then(|| Self::StaticTokens(tenant.into()))
    }
}
