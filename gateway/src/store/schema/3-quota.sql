-- Requests that may have been sent on a day: leased before they are used.
CREATE TABLE quota (
    tenant TEXT NOT NULL,
    day TEXT NOT NULL, -- 2026-11-24
    leased INTEGER NOT NULL CHECK (leased >= 0),
    PRIMARY KEY (tenant, day)
) STRICT, WITHOUT ROWID;

-- Gong said Retry-After.
CREATE TABLE blocks (
    tenant TEXT PRIMARY KEY,
    until INTEGER NOT NULL
) STRICT;

-- Administrators who are signed in at the page.
CREATE TABLE sessions (
    hash TEXT PRIMARY KEY,
    admin TEXT NOT NULL,
    admin_token TEXT NOT NULL, -- the hash of the token signed in with: another one ends the session
    expires_at INTEGER NOT NULL
) STRICT;
