//! Whose deals are listed.

use crate::{
    client::Gong, error::Error, gong::users::People, index::Index, prelude::*,
    tools::list_deals::seen_deals::SeenDeal,
};

/// The owner whose deals to list. The CRM has an id of its own or a name for an owner.
pub(super) struct Owner {
    id: String,
    name: String,
    email: Option<String>,
}

impl Owner {
    /// The user that the argument `owner` names, among those of the index first.
    ///
    /// # Errors
    /// As [`People::find`].
    pub(super) fn find(
        gong: &Gong<'_>,
        text: &str,
        index: Option<&Index<'_, '_>>,
    ) -> Result<Self, Error> {
        let mut people = People::known(index.map_or_else(Vec::new, Index::directory));
        let user = people.find(gong, "owner", text)?;
        Ok(Self {
            id: user.id().to_owned(),
            name: user.name(),
            email: user.email_address.clone(),
        })
    }

    /// Whether the deal is this owner's in the CRM, or this is the host of one of its calls.
    pub(super) fn owns(&self, deal: &SeenDeal) -> bool {
        let owns_in_crm = deal.crm_owner.as_deref().is_some_and(|owner| {
            owner.eq_ignore_ascii_case(&self.name)
                || self
                    .email
                    .as_deref()
                    .is_some_and(|email| owner.eq_ignore_ascii_case(email))
        });
        owns_in_crm || deal.hosts.contains_key(&self.id)
    }
}
