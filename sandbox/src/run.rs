//! What the host gives to a call.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use crate::gate::Gate;
use crate::outbound::Outbound;

/// The surroundings of a call: settings, network and time.
#[derive(Clone, Debug)]
pub struct Run {
    /// The component's whole environment.
    pub env: Env,
    /// Where it may send requests to.
    pub outbound: Outbound,
    /// A fixed time for its wall clock, for tests; without one it shows the real time.
    pub now: Option<SystemTime>,
    /// Decides when its requests may leave; without one they leave at once. A gate that counts
    /// a call's requests is made for each call.
    pub gate: Option<Arc<dyn Gate>>,
}

impl Run {
    /// No settings, no network.
    pub(crate) fn empty() -> Self {
        Self {
            env: Env::default(),
            outbound: Outbound::nowhere(),
            now: None,
            gate: None,
        }
    }
}

/// Names and values of environment variables; `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Env(pub(crate) Vec<(String, String)>);

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl Env {
    /// Sets one variable, replacing an earlier value.
    pub fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.0.push((name.into(), value.into()));
    }

    /// Takes one variable away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(other, _)| other != name);
    }

    /// The value of one variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Whether a value is between quotation marks, which files of variables and settings of containers
/// make part of it.
#[must_use]
pub fn is_quoted(value: &str) -> bool {
    let marks = [('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”')];
    let inner = |(open, close)| value.trim().strip_prefix(open)?.strip_suffix(close);
    marks.into_iter().any(|marks| inner(marks).is_some())
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_set().entries(names).finish()
    }
}
