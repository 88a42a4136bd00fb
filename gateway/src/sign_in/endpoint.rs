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
    /// Access tokens of the provider of one tenant.
    AccessTokens(Arc<str>),
}

impl Endpoint {
    /// The endpoint at a path, if there is one.
    pub(crate) fn at(path: &str, config: &Config) -> Option<Self> {
        if path == "/mcp" {
            return Some(Self::AnyTenant);
        }
        let tenant = path.strip_prefix("/t/")?.split('/').next()?;
        let of = config.tenants.get(tenant)?;
        let static_tokens = of.static_tokens_path()?;
        if path == resource_path(tenant) {
            return Some(match &of.sign_in {
                Some(_) => Self::SignIn(tenant.into()),
                None => Self::AccessTokens(tenant.into()),
            });
        }
        (path == static_tokens).then(|| Self::StaticTokens(tenant.into()))
    }
}
