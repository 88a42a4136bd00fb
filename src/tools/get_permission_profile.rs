//! `gong_get_permission_profile`. GET /v2/permission-profile?profileId=…;
//! api:permission-profile:read.

use alloc::collections::BTreeSet;

use crate::{
    client::{Gong, json::ApiResponse},
    error::Error,
    gong::{
        permission_profiles::{self, Profile},
        users,
    },
    prelude::*,
    render::{self, Answer},
    text::one_line,
    wit::permission_profiles::{self as wit, Access, GetPermissionProfile},
};

/// Looks up the id, reads the profile, then the names of team leads.
pub(crate) fn run(gong: &Gong<'_>, args: GetPermissionProfile) -> Result<wit::Profile, Error> {
    let (id, _) = permission_profiles::id(gong, &args.profile, args.workspace.as_deref())?;
    let answer: ApiResponse = gong.get("/v2/permission-profile", &[("profileId", Some(&id))])?;
    let profile = Profile::of(answer.within("profile", "GET /v2/permission-profile")?);
    let levels = profile.levels();
    let leads: BTreeSet<String> = levels
        .iter()
        .flat_map(|level| level.team_leads.iter().cloned())
        .collect();
    let names = users::names(gong, &leads);
    let name = |id: String| {
        names
            .get(&id)
            .map_or_else(|| format!("user {id}"), |name| one_line(name))
    };
    Ok(wit::Profile {
        name: profile.name(),
        description: profile
            .description
            .as_deref()
            .map(one_line)
            .filter(|text| !text.is_empty()),
        access: levels
            .into_iter()
            .map(|one| Access {
                area: one.area,
                level: one.level,
                team_leads: one.team_leads.into_iter().map(name).collect(),
            })
            .collect(),
        library_folders: profile.library_folders(),
        allowed: profile.flags(true),
        denied: profile.flags(false),
        id,
        requests: gong.requests(),
    })
}

impl Answer for wit::Profile {
    fn text(&self) -> String {
        let mut text = format!("{} ({})\n", self.name, self.id);
        render::line(&mut text, "About", self.description.as_deref());
        let access: Vec<String> = self
            .access
            .iter()
            .map(|one| match one.team_leads.is_empty() {
                true => format!("{} {}", one.area, one.level),
                false => format!(
                    "{} {} of {}",
                    one.area,
                    one.level,
                    one.team_leads.join(" and ")
                ),
            })
            .collect();
        render::list(&mut text, "Access", &access, ", ");
        render::list(&mut text, "Library folders", &self.library_folders, ", ");
        render::list(&mut text, "Allowed", &self.allowed, ", ");
        render::list(&mut text, "Denied", &self.denied, ", ");
        render::requests(&mut text, self.requests);
        text
    }
}
