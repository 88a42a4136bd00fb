//! Whether new calls are accepted, and if not, why.

use std::time::Duration;

use crate::gateway::Gateway;
use crate::store::heartbeat::{HEARTBEAT_INTERVAL, LastWrite};

/// The last successful write may be this old. A heartbeat waits 10 s for another process.
const FRESH: Duration = Duration::from_secs(6 * HEARTBEAT_INTERVAL.as_secs());

/// Why no calls are accepted, a sentence for each reason. Empty when they are. Touches no file.
#[must_use]
pub fn reasons(gateway: &Gateway) -> Vec<String> {
    let mut reasons = Vec::new();
    if gateway.draining() {
        reasons.push("the gateway is being shut down".to_owned());
    }
    reasons.extend(unwritable(&gateway.store.last_write()));
    if gateway.catalog.component_tools.is_empty() {
        reasons.push("the component has no tools".to_owned());
    }
    reasons
}

/// Anybody may read this, so the error itself, which names files, is in the log only.
fn unwritable(last: &LastWrite) -> Option<String> {
    let age = last.at.elapsed().as_secs();
    if last.failed.is_some() {
        let text = format!("the state file can not be written; the last write was {age} s ago");
        return Some(text);
    }
    (age > FRESH.as_secs()).then(|| format!("nothing was written to the state file for {age} s"))
}
