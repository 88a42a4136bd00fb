//! 50 tenants, whose 10,000 people have signed in.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gateway::config::FreshToken;
use rusqlite::{Connection, params};

use crate::fresh;

pub(crate) const TENANTS: usize = 50;
pub(crate) const PEOPLE: usize = 10_000;

/// The configuration, and who has which token.
pub(crate) struct Company {
    pub(crate) config: PathBuf,
    state: PathBuf,
    pub(crate) base: String,
    /// The access token of each person.
    pub(crate) people: Vec<FreshToken>,
    /// The static token of a user of each tenant.
    pub(crate) declared: Vec<FreshToken>,
    /// The token of a service account of the first tenant.
    pub(crate) account: FreshToken,
}

/// The name of a tenant.
pub(crate) fn tenant(n: usize) -> String {
    format!("tenant-{n}")
}

/// The name of a person.
pub(crate) fn person(n: usize) -> String {
    format!("person-{n}@acme.example")
}

impl Company {
    /// Writes the configuration, and makes the tokens.
    pub(crate) fn write(component: &Path, folder: &Path, gong: &str) -> anyhow::Result<Self> {
        let free = std::net::TcpListener::bind("127.0.0.1:0")?;
        let address = free.local_addr()?;
        drop(free);
        let base = format!("http://{address}");
        let options = fake_gong::Options::default();
        for (file, text) in [
            ("access-key", &*options.access_key),
            ("access-key-secret", &*options.access_key_secret),
            ("key", &"42".repeat(32)),
        ] {
            std::fs::write(folder.join(file), text)?;
        }
        let mut text = format!(
            "state = \"gateway.db\"\ncomponent = {component:?}\nstand_in = true\n\
             [limits.user]\nrequests_per_second = 100_000\n\
             [listen]\naddress = \"{address}\"\npublic_url = \"{base}\"\n"
        );
        let declared: Vec<FreshToken> = (0..TENANTS).map(|_| fresh()).collect();
        for (n, token) in declared.iter().enumerate() {
            write!(
                text,
                "[tenants.{tenant}]\ngong = \"{gong}\"\nreview = \"approved\"\n\
                 requests_per_second = 1000\nrequests_per_day = 100_000_000\n\
                 credentials = {{ access_key = \"file:access-key\", access_key_secret = \"file:access-key-secret\" }}\n\
                 [tenants.{tenant}.users.mia]\ntoken = \"{hash}\"\n\
                 [tenants.{tenant}.profiles.readers]\ntoolsets = [\"read-only\"]\nusers = [\"mia\"]\n\
                 [tenants.{tenant}.sign_in]\nissuer = \"http://127.0.0.1:1\"\nclient_id = \"c\"\n\
                 client_secret = \"file:access-key-secret\"\nkey = \"file:key\"\nprofiles = [\"readers\"]\n",
                tenant = tenant(n),
                hash = token.hash
            )?;
        }
        let config = folder.join("gateway.toml");
        std::fs::write(&config, text)?;
        Ok(Self {
            config,
            state: folder.join("gateway.db"),
            base,
            people: (0..PEOPLE).map(|_| fresh()).collect(),
            declared,
            account: fresh(),
        })
    }

    /// Writes the sign-ins of all people and the service account into the state file of the gateway that
    /// serves.
    pub(crate) fn sign_everybody_in(&self) -> anyhow::Result<()> {
        let mut file = Connection::open(&self.state)?;
        file.busy_timeout(Duration::from_secs(10))?;
        let transaction = file.transaction()?;
        let later = jiff::Timestamp::now().as_millisecond() + 24 * 60 * 60 * 1000;
        for n in 0..TENANTS {
            transaction.execute(
                "INSERT INTO sign_in_clients (tenant, id, registration, kind, name, redirect_uris,
                 registered_at, first_used_at, last_used_at)
                 VALUES (?1, 'client', 'document', 'shared', 'A client', '[]', ?2, ?2, ?2)",
                params![tenant(n), later],
            )?;
        }
        for (n, token) in self.people.iter().enumerate() {
            let (tenant, id) = (tenant(n % TENANTS), format!("sign-in-{n}"));
            transaction.execute(
                "INSERT INTO sign_in_users (id, tenant, issuer, subject, name, groups, first_at, last_at)
                 VALUES (?1, ?2, 'http://127.0.0.1:1', ?3, ?3, '[]', ?4, ?4)",
                params![i64::try_from(n)?, tenant, person(n), later],
            )?;
            transaction.execute(
                "INSERT INTO sign_in_grants (id, tenant, client, user, resource, scopes, begun_at, used_at,
                 confirmed_at, ends_at) VALUES (?1, ?2, 'client', ?3, ?4, 'tools:read', 0, 0, 0, ?5)",
                params![id, tenant, i64::try_from(n)?, format!("{}/t/{tenant}/mcp", self.base), later],
            )?;
            transaction.execute(
                "INSERT INTO sign_in_tokens (hash, sign_in, kind, scopes, expires_at)
                 VALUES (?, ?, 'access', 'tools:read', ?)",
                params![token.hash.to_string(), id, later],
            )?;
        }
        let first = tenant(0);
        transaction.execute(
            "INSERT INTO sign_in_clients (tenant, id, registration, kind, name, redirect_uris, owner,
             registered_at) VALUES (?, 'service:reports', 'account', 'service', 'reports', '[]', 'mia', 0)",
            [&first],
        )?;
        transaction.execute(
            "INSERT INTO service_accounts (tenant, name, profiles, created_by, created_at)
             VALUES (?, 'reports', '[\"readers\"]', 'bench', 0)",
            [&first],
        )?;
        transaction.execute(
            "INSERT INTO service_tokens (hash, tenant, account, created_by, created_at, ends_at)
             VALUES (?, ?, 'reports', 'bench', 0, ?)",
            params![self.account.hash.to_string(), first, later],
        )?;
        transaction.execute("UPDATE meta SET governance = governance + 1", [])?;
        transaction.commit()?;
        Ok(())
    }
}
