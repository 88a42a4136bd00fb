-- The registry of AI clients: also those with tokens of gateway.toml and service accounts, which sign
-- nobody in. The tables below it are made anew, because they refer to it.
ALTER TABLE sign_in_tokens RENAME TO old_tokens;
ALTER TABLE sign_in_codes RENAME TO old_codes;
ALTER TABLE sign_in_grants RENAME TO old_grants;
ALTER TABLE sign_in_clients RENAME TO old_clients;

-- The id is the address of a metadata document, what registration returned, `token:USER:PROGRAM`, or
-- `service:ACCOUNT`.
CREATE TABLE sign_in_clients (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    registration TEXT NOT NULL CHECK (registration IN ('document', 'dynamic', 'token', 'account')),
    kind TEXT NOT NULL CHECK (kind IN ('personal', 'shared', 'service')),
    kind_set INTEGER NOT NULL DEFAULT 0, -- whether an administrator has set the kind
    name TEXT NOT NULL,
    publisher TEXT, -- the host of the document
    redirect_uris TEXT NOT NULL,
    owner TEXT, -- the name of a user
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'hidden', 'closed')),
    registered_at INTEGER NOT NULL,
    first_used_at INTEGER,
    last_used_at INTEGER,
    -- Milliseconds, where they are others than the tenant's.
    hidden_after INTEGER,
    closed_after INTEGER,
    deleted_after INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

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

CREATE TABLE sign_in_codes (
    hash TEXT PRIMARY KEY,
    sign_in TEXT NOT NULL REFERENCES sign_in_grants (id) ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    challenge TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_in_tokens (
    hash TEXT PRIMARY KEY,
    sign_in TEXT NOT NULL REFERENCES sign_in_grants (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('access', 'refresh')),
    scopes TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    replaced_at INTEGER -- of a refresh token that was used
) STRICT, WITHOUT ROWID;

INSERT INTO sign_in_clients (tenant, id, registration, kind, name, publisher, redirect_uris, owner,
    state, registered_at, first_used_at, last_used_at)
SELECT c.tenant, c.id, c.registration, c.kind, c.name, c.publisher, c.redirect_uris, u.name,
    'active', c.registered_at, c.first_used_at, c.last_used_at
FROM old_clients c LEFT JOIN sign_in_users u ON u.id = c.owner;
INSERT INTO sign_in_grants SELECT * FROM old_grants;
INSERT INTO sign_in_codes SELECT * FROM old_codes;
INSERT INTO sign_in_tokens SELECT * FROM old_tokens;

DROP TABLE old_tokens;
DROP TABLE old_codes;
DROP TABLE old_grants;
DROP TABLE old_clients;

CREATE INDEX sign_in_grants_client ON sign_in_grants (tenant, client);
CREATE INDEX sign_in_grants_user ON sign_in_grants (user);
CREATE INDEX sign_in_codes_grant ON sign_in_codes (sign_in);
CREATE INDEX sign_in_tokens_grant ON sign_in_tokens (sign_in);

-- Clients that were not admitted, and why. Everybody may try, so equal ones are counted in one row.
CREATE TABLE refused_clients (
    tenant TEXT NOT NULL,
    registration TEXT NOT NULL CHECK (registration IN ('document', 'dynamic')),
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, registration, name, reason)
) STRICT, WITHOUT ROWID;

-- A row is a switch that is off: of a tool, of a client or of a user. For tools, an empty tenant is every
-- tenant, and an empty name every tool.
ALTER TABLE switches RENAME TO old_switches;
CREATE TABLE switches (
    tenant TEXT NOT NULL,
    subject TEXT NOT NULL CHECK (subject IN ('tool', 'client', 'user')),
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    off_by TEXT NOT NULL,
    off_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, subject, name)
) STRICT, WITHOUT ROWID;
INSERT INTO switches SELECT tenant, 'tool', tool, reason, off_by, off_at FROM old_switches;
DROP TABLE old_switches;
ALTER TABLE sign_in_users DROP COLUMN state;

-- Kinds of clients that may call: of a tenant, where the tool is empty, and of a tool. Without a row all may.
CREATE TABLE allowed_kinds (
    tenant TEXT NOT NULL,
    tool TEXT NOT NULL,
    kinds TEXT NOT NULL,
    PRIMARY KEY (tenant, tool)
) STRICT, WITHOUT ROWID;

-- Service accounts. Each is a client of kind service too, `service:NAME`, which has its owner and its use.
CREATE TABLE service_accounts (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    profiles TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

-- Their tokens, of which only the SHA-256 is here.
CREATE TABLE service_tokens (
    hash TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    account TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    FOREIGN KEY (tenant, account) REFERENCES service_accounts (tenant, name) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX service_tokens_account ON service_tokens (tenant, account);

-- Who answers for the service account of a call.
ALTER TABLE audit ADD COLUMN owner TEXT;
