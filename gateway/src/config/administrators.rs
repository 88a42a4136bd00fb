//! How administrators are known, beside those of `[admins]`.

use std::time::Duration;

use super::sign_in::{PeopleRules, ProviderClient};
use super::{Config, TenantConfig};

/// How administrators are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administrators {
    /// Whether tokens of `[admins]`, and on the command line names that nothing proves, make an
    /// administrator. Default: yes.
    pub local: bool,
    /// After which time the provider is asked anew who somebody at the page is. Default: 15
    /// minutes.
    pub recheck: Duration,
    /// The provider of administrators of the whole gateway, if they sign in.
    pub sign_in: Option<AdministratorSignIn>,
}

/// The provider of administrators of the whole gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdministratorSignIn {
    /// Who somebody is, and the groups that make an administrator.
    pub people: PeopleRules,
    /// The gateway at the provider.
    pub client: ProviderClient,
}

impl Default for Administrators {
    fn default() -> Self {
        Self {
            local: true,
            recheck: Duration::from_secs(15 * 60),
            sign_in: None,
        }
    }
}

impl TenantConfig {
    /// Whether somebody can sign in as an administrator of this tenant.
    #[must_use]
    pub fn has_administrators(&self) -> bool {
        self.sign_in.as_ref().is_some_and(|sign_in| {
            let mut groups = sign_in.people.groups.values();
            groups.any(|group| group.administrator)
        })
    }
}

impl Config {
    /// The rules for administrators of a tenant, or of the gateway as a whole for an empty name, if
    /// they can sign in.
    #[must_use]
    pub fn administrators_of(&self, tenant: &str) -> Option<&PeopleRules> {
        if tenant.is_empty() {
            let of_gateway = self.administrators.sign_in.as_ref();
            return of_gateway.map(|sign_in| &sign_in.people);
        }
        let tenant = self.tenants.get(tenant)?;
        tenant.people().filter(|_| tenant.has_administrators())
    }

    /// The names for which [`administrators_of`](Self::administrators_of) has rules.
    pub fn administrated(&self) -> impl Iterator<Item = &str> {
        let tenants = self.tenants.iter();
        let tenants = tenants.filter(|(_, tenant)| tenant.has_administrators());
        let of_gateway = self.administrators.sign_in.as_ref().map(|_| "");
        of_gateway
            .into_iter()
            .chain(tenants.map(|(name, _)| name.as_str()))
    }
}
