//! When clients were used and which were refused, collected in memory and written every few seconds.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use rmcp::model::Implementation;

use crate::caller::Caller;
use crate::store::sign_in::{ClientRefusal, ClientUses};
use crate::store::{Store, StoreError};

/// Clients, and refusals, that are collected at a time. More are not noted until these are written.
const MOST: usize = 20_000;
const MOST_REFUSALS: usize = 1_000;

/// What has happened since the last write.
#[derive(Debug, Default)]
pub(crate) struct ClientActivity(Mutex<ClientUses>);

impl ClientActivity {
    /// Notes that a client is in use.
    pub(crate) fn used(&self, caller: &Caller, program: Option<&Implementation>, now: Timestamp) {
        let Some(used) = caller.used(program) else {
            return;
        };
        let key = (caller.identity.tenant.to_string(), used);
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if uses.used.len() < MOST || uses.used.contains_key(&key) {
            uses.used.insert(key, now);
        }
    }

    /// Notes that a client was not admitted.
    pub(crate) fn refused(&self, tenant: &str, refusal: ClientRefusal, now: Timestamp) {
        let key = (tenant.to_owned(), refusal);
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if uses.refused.len() < MOST_REFUSALS || uses.refused.contains_key(&key) {
            let (count, last) = uses.refused.entry(key).or_insert((0, now));
            *count = count.saturating_add(1);
            *last = now;
        }
    }

    /// Writes what was noted. Blocks.
    ///
    /// # Errors
    ///
    /// The state file can not be written. The next call writes it then.
    pub(crate) fn write(&self, store: &Store) -> Result<(), StoreError> {
        let taken = {
            let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *uses)
        };
        let Err(error) = store.store_client_uses(&taken) else {
            return Ok(());
        };
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, at) in taken.used {
            uses.used.entry(key).or_insert(at);
        }
        for (key, (count, at)) in taken.refused {
            let (known, _) = uses.refused.entry(key).or_insert((0, at));
            *known = known.saturating_add(count);
        }
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::caller::Through;
    use crate::config::{Config, test_hash};
    use crate::store::sign_in::{ClientKind, Registration};
    use crate::tenants::Identity;

    fn store(folder: &Path) -> Store {
        let store = Store::open(&folder.join("gateway.db")).unwrap();
        let text = format!(
            "[tenants.acme]\ngong = \"https://acme.api.gong.io\"\n\
             credentials = {{ access_key = \"env:A\", access_key_secret = \"env:B\" }}\n\
             users.mia.token = \"{}\"",
            test_hash("mia")
        );
        let config = Config::parse("gateway.toml", &text, Path::new("")).unwrap();
        store.declare(&config).unwrap();
        store
    }

    fn caller(user: &str) -> Caller {
        Caller {
            identity: Identity {
                tenant: "acme".into(),
                user: user.into(),
            },
            through: Through::Token(ClientKind::Personal),
        }
    }

    #[test]
    fn a_thousand_calls_are_one_write_and_names_are_bounded() {
        let folder = std::env::temp_dir().join(format!("activity-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        let store = store(&folder);
        let activity = ClientActivity::default();
        let now = Timestamp::from_second(1_000_000).unwrap();
        let program = Implementation::new("claude", "1");
        for n in 0..1000 {
            let at = now + Duration::from_secs(n);
            activity.used(&caller("mia"), Some(&program), at);
        }
        assert_eq!(store.registry("acme").unwrap().len(), 0, "not written yet");
        activity.write(&store).unwrap();
        let known = &store.registry("acme").unwrap()[0].client;
        assert_eq!(known.id, "token:mia:claude");
        assert_eq!(known.last_used_at, Some(now + Duration::from_secs(999)));
        assert!(activity.0.lock().unwrap().used.is_empty());
        // A program may call itself anything, and a user who is gone has none.
        for n in 0..100 {
            let other = Implementation::new(format!("program {n}"), "1");
            activity.used(&caller("mia"), Some(&other), now);
            activity.used(&caller("gone"), Some(&other), now);
        }
        activity.write(&store).unwrap();
        assert_eq!(store.registry("acme").unwrap().len(), 20);
        for n in 0..2000 {
            let refusal = ClientRefusal {
                registration: Registration::Dynamic,
                name: format!("client {n}"),
                reason: "not admitted".to_owned(),
            };
            activity.refused("acme", refusal.clone(), now);
            activity.refused("acme", refusal, now + Duration::from_secs(n));
        }
        activity.write(&store).unwrap();
        let refused = store.refused_clients("acme").unwrap();
        assert_eq!(refused.len(), 200);
        assert_eq!(refused[0].count, 2);
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_could_not_be_written_is_written_later() {
        let folder = std::env::temp_dir().join(format!("activity-{}", uuid::Uuid::now_v7()));
        std::fs::create_dir(&folder).unwrap();
        let store = store(&folder);
        let file = rusqlite::Connection::open(folder.join("gateway.db")).unwrap();
        file.execute_batch("ALTER TABLE sign_in_clients RENAME TO away")
            .unwrap();
        let activity = ClientActivity::default();
        let now = Timestamp::from_second(1_000_000).unwrap();
        activity.used(
            &caller("mia"),
            Some(&Implementation::new("claude", "1")),
            now,
        );
        activity.write(&store).unwrap_err();
        file.execute_batch("ALTER TABLE away RENAME TO sign_in_clients")
            .unwrap();
        activity.write(&store).unwrap();
        assert_eq!(store.registry("acme").unwrap().len(), 1);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
