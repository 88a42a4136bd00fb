//! Scopes: one for each effect that a component's tools may state, such as `tools:write`.
//!
//! A client begins with [`Scopes::first`]. When it calls a tool of another effect, it learns which
//! scope it lacks, and the user consents anew. Which of these tools a user has at all is a matter
//! of profiles.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::store::Effect;

/// What every scope begins with.
const PREFIX: &str = "tools:";

/// The scope by which clients ask for refresh tokens. It is accepted and means nothing more.
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// The effects of the tools that a client may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Effect>);

/// All effects, from harmless to grave.
pub(crate) const EFFECTS: [Effect; 5] = [
    Effect::Read,
    Effect::MeteredRead,
    Effect::Write,
    Effect::Outreach,
    Effect::Destructive,
];

/// What scopes with these names allow.
pub(crate) fn scope_names() -> BTreeMap<String, BTreeSet<Effect>> {
    EFFECTS
        .map(|effect| (scope_of(effect), [effect].into()))
        .into()
}

/// The name of an effect's scope.
pub(crate) fn scope_of(effect: Effect) -> String {
    format!("{PREFIX}{effect}")
}

impl Scopes {
    /// What a client is challenged to ask for at first: reading, free of charge.
    #[must_use]
    pub fn first() -> Self {
        Self([Effect::Read].into())
    }

    /// All scopes.
    #[must_use]
    pub fn all() -> Self {
        Self(EFFECTS.into())
    }

    /// The known ones of a list that is separated by spaces. Others are left out, as OAuth allows.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let names = text.split_ascii_whitespace();
        let effects = names.filter_map(|name| name.strip_prefix(PREFIX)?.parse().ok());
        Self(effects.collect())
    }

    /// Whether tools of this effect may be called.
    #[must_use]
    pub fn allow(&self, effect: Effect) -> bool {
        self.0.contains(&effect)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same and one more.
    #[must_use]
    pub fn with(&self, effect: Effect) -> Self {
        let mut all = self.0.clone();
        all.insert(effect);
        Self(all)
    }

    /// The effects.
    pub(crate) fn effects(&self) -> impl Iterator<Item = Effect> {
        self.0.iter().copied()
    }

    /// Those that both have.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).copied().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, effect) in self.0.iter().enumerate() {
            let space = if n == 0 { "" } else { " " };
            write!(f, "{space}{PREFIX}{effect}")?;
        }
        Ok(())
    }
}

impl FromIterator<Effect> for Scopes {
    fn from_iter<T: IntoIterator<Item = Effect>>(effects: T) -> Self {
        Self(effects.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_read_and_written_and_unknown_ones_left_out() {
        let scopes = Scopes::parse("openid tools:write  offline_access tools:read tools:all mcp");
        assert_eq!(scopes.to_string(), "tools:read tools:write");
        assert!(scopes.allow(Effect::Write) && !scopes.allow(Effect::Outreach));
        assert!(Scopes::parse("mcp").is_empty());
        let more = scopes.with(Effect::Destructive);
        assert_eq!(more.to_string(), "tools:read tools:write tools:destructive");
        assert_eq!(more.within(&scopes), scopes);
        assert_eq!(Scopes::parse(&Scopes::all().to_string()), Scopes::all());
    }
}
