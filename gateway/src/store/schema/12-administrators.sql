-- Administrators who sign in with the company's account. Who they are is in sign_in_users; its tenant
-- is empty for those of the whole gateway. Of secrets and codes only the SHA-256 is here.

CREATE TABLE administrator_sessions (
    hash TEXT PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES sign_in_users (id) ON DELETE CASCADE,
    via TEXT NOT NULL CHECK (via IN ('page', 'command-line')),
    confirmed_at INTEGER NOT NULL, -- when the provider last said who this is
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX administrator_sessions_user ON administrator_sessions (user);

-- By these the command line gets a session, once and within a minute.
CREATE TABLE administrator_codes (
    hash TEXT PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES sign_in_users (id) ON DELETE CASCADE,
    challenge TEXT NOT NULL,
    confirmed_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX administrator_codes_user ON administrator_codes (user);

-- Whether tokens of gateway.toml and names that nothing proves make an administrator.
ALTER TABLE meta ADD COLUMN local_administrators INTEGER NOT NULL DEFAULT 1;
