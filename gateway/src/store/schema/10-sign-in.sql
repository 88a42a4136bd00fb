-- Signing in with the company's account. Of tokens and codes only the SHA-256 is here.

-- What the groups of a tenant's provider give, as gateway.toml declares it. The empty name is
-- everybody who signs in.
CREATE TABLE sign_in_groups (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    profiles TEXT NOT NULL,
    administrator INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

-- People, who appear by signing in. Issuer and subject say who somebody is; an e-mail address may
-- become another person's.
CREATE TABLE sign_in_users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant TEXT NOT NULL,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    name TEXT NOT NULL, -- what the audit says and profiles name: it stays this person's
    email TEXT,
    groups TEXT NOT NULL, -- at the last confirmation, of those that gateway.toml names
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'off')),
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    UNIQUE (tenant, issuer, subject),
    UNIQUE (tenant, name)
) STRICT;

-- AI clients. The id is the address of their metadata document, or what registration returned.
CREATE TABLE sign_in_clients (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    registration TEXT NOT NULL CHECK (registration IN ('document', 'dynamic')),
    kind TEXT NOT NULL CHECK (kind IN ('personal', 'shared', 'service')),
    name TEXT NOT NULL,
    publisher TEXT, -- the host of the document
    redirect_uris TEXT NOT NULL,
    owner INTEGER REFERENCES sign_in_users (id) ON DELETE SET NULL,
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'hidden', 'closed', 'off')),
    registered_at INTEGER NOT NULL,
    first_used_at INTEGER,
    last_used_at INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

-- Sign-ins: what a person has allowed a client. The id is in the audit.
CREATE TABLE sign_in_grants (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    client TEXT NOT NULL,
    user INTEGER NOT NULL REFERENCES sign_in_users (id) ON DELETE CASCADE,
    resource TEXT NOT NULL,
    scopes TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    confirmed_at INTEGER NOT NULL, -- when the provider last said who this is
    ends_at INTEGER NOT NULL,
    provider_token BLOB, -- the provider's refresh token, encrypted
    ended_at INTEGER,
    ended_because TEXT,
    FOREIGN KEY (tenant, client) REFERENCES sign_in_clients (tenant, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_grants_client ON sign_in_grants (tenant, client);
CREATE INDEX sign_in_grants_user ON sign_in_grants (user);

CREATE TABLE sign_in_codes (
    hash TEXT PRIMARY KEY,
    sign_in TEXT NOT NULL REFERENCES sign_in_grants (id) ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_codes_grant ON sign_in_codes (sign_in);

CREATE TABLE sign_in_tokens (
    hash TEXT PRIMARY KEY,
    sign_in TEXT NOT NULL REFERENCES sign_in_grants (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
    scopes TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    replaced_at INTEGER -- of a refresh token that was used
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_tokens_grant ON sign_in_tokens (sign_in);

-- The sign-in of a call and the id of its client.
ALTER TABLE audit ADD COLUMN sign_in TEXT;
ALTER TABLE audit ADD COLUMN client_id TEXT;
