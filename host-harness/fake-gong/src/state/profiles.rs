//! Permission profiles that were made or changed.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::company::Company;
use crate::company::profiles::Profile;
use crate::company::random::Random;

/// The profiles that were made or changed, by id, as they stand now.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    changed: BTreeMap<String, Profile>,
    made: usize,
}

impl Profiles {
    /// Every profile as it stands now.
    pub(crate) fn all(&self, company: &Company) -> Vec<Profile> {
        let founded = &company.profiles;
        let is_new = |profile: &&Profile| !founded.iter().any(|known| known.id == profile.id);
        founded
            .iter()
            .map(|profile| self.changed.get(&profile.id).unwrap_or(profile))
            .chain(self.changed.values().filter(is_new))
            .cloned()
            .collect()
    }

    /// Makes a profile that nobody has yet.
    pub(crate) fn make(
        &mut self,
        company: &Company,
        workspace: usize,
        fields: Map<String, Value>,
    ) -> Profile {
        let name = format!("profile made {}", self.made);
        self.made += 1;
        let profile = Profile {
            id: Random::new(company.seed, &name).signed_id().to_string(),
            workspace,
            users: Vec::new(),
            fields,
        };
        self.put(profile.clone());
        profile
    }

    /// Adds or replaces a profile.
    pub(crate) fn put(&mut self, profile: Profile) {
        self.changed.insert(profile.id.clone(), profile);
    }
}
