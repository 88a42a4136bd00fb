//! `gong_list_permission_profiles`. GET /v2/all-permission-profiles, one request per workspace;
//! api:permission-profile:read.

use alloc::collections::BTreeMap;

use crate::{
    client::Gong,
    domain::list_part::ListPart,
    error::Error,
    gong::permission_profiles::{self, Profile},
    prelude::*,
    render::{self, Answer, Table},
    text::one_line,
    wit::permission_profiles::{ListPermissionProfiles, ProfileList, ProfileRow},
};

/// Gong requires a workspace; without one in the arguments all are read.
pub(crate) fn run(gong: &Gong<'_>, args: ListPermissionProfiles) -> Result<ProfileList, Error> {
    let (profiles, failed) = permission_profiles::all(gong, args.workspace.as_deref())?;
    let rows = profiles
        .iter()
        .map(|(workspace, profile)| row(profile, workspace));
    let part = ListPart::of(gong, rows, args.resume.as_deref())?;
    Ok(ProfileList {
        profiles: part.items,
        matched: part.matched,
        stopped: failed.map(Error::into_text),
        resume: part.resume,
        requests: gong.requests(),
    })
}

fn row(profile: &Profile, workspace: &str) -> ProfileRow {
    let allowed = profile.flags(true).len();
    ProfileRow {
        id: profile.id().into(),
        name: profile.name(),
        workspace: Some(workspace.into()),
        description: profile
            .description
            .as_deref()
            .map(one_line)
            .filter(|text| !text.is_empty()),
        access: access(profile),
        permissions: format!("{allowed} of {}", allowed + profile.flags(false).len()),
    }
}

/// Areas grouped by level, as most profiles have only one or two levels: `all: calls, deals`.
fn access(profile: &Profile) -> Vec<String> {
    let mut areas: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in profile.levels() {
        areas.entry(one.level).or_default().push(one.area);
    }
    let level = |(level, areas): (String, Vec<String>)| format!("{level}: {}", areas.join(", "));
    areas.into_iter().map(level).collect()
}

impl Answer for ProfileList {
    fn text(&self) -> String {
        let mut text = render::part(self.profiles.len(), self.matched, "permission profile");
        text.push('\n');
        render::line(&mut text, "Not all read", self.stopped.as_deref());
        let mut table = Table::new([
            "id",
            "name",
            "workspace",
            "access",
            "permissions",
            "description",
        ]);
        for profile in &self.profiles {
            table.row([
                profile.id.clone(),
                profile.name.clone(),
                profile.workspace.clone().unwrap_or_default(),
                profile.access.join("; "),
                profile.permissions.clone(),
                profile.description.clone().unwrap_or_default(),
            ]);
        }
        table.write(&mut text);
        render::more(&mut text, self.resume.as_deref());
        render::requests(&mut text, self.requests);
        text
    }
}
