//! `gong_list_crm_integrations`. GET /v2/crm/integrations; api:crm:integrations:read. Not
//! paged: a company can have one. `integrationId` is a JSON number above 2^53.

use crate::{
    client::Gong,
    error::Error,
    gong::crm,
    names::is_meant,
    prelude::*,
    render::{self, Answer, Table},
    text::fold_case,
    wit::crm::{CrmIntegrationList, ListCrmIntegrations},
};

/// One request; names are matched here.
pub(crate) fn run(gong: &Gong<'_>, args: ListCrmIntegrations) -> Result<CrmIntegrationList, Error> {
    let mut integrations = crm::all(gong)?;
    let all = integrations.len();
    if let Some(query) = args.query.map(|query| fold_case(&query)) {
        integrations.retain(|one| is_meant(query.trim(), &one.id, crm::name(one)));
    }
    let left_out = (all - integrations.len()) as u32;
    Ok(CrmIntegrationList {
        integrations,
        left_out: (left_out > 0).then_some(left_out),
        requests: gong.requests(),
    })
}

impl Answer for CrmIntegrationList {
    fn text(&self) -> String {
        let mut text = render::count(self.integrations.len() as u32, "generic CRM integration");
        text.push('\n');
        let mut table = Table::new(["id", "name", "owner"]);
        for integration in &self.integrations {
            table.row([
                integration.id.clone(),
                integration.name.clone().unwrap_or_default(),
                integration.owner_email.clone().unwrap_or_default(),
            ]);
        }
        table.write(&mut text);
        render::left_out(&mut text, self.left_out, "other names");
        if self.integrations.is_empty() && self.left_out.is_none() {
            text.push_str(
                "A native CRM (Salesforce, HubSpot, Dynamics) is not listed and has no integration id: the other gong_…_crm_… \
                 tools do not work with it. Its deals are in gong_list_deals.\n",
            );
        }
        render::requests(&mut text, self.requests);
        text
    }
}
