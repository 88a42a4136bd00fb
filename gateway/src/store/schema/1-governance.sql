-- Times are milliseconds since 1970 (UTC). Lists are JSON arrays of texts.

-- One row. `governance` counts changes to what decides who may call what; `declared` is the
-- hash of what gateway.toml declared last.
CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    governance INTEGER NOT NULL,
    declared TEXT
) STRICT;
INSERT INTO meta (one, governance) VALUES (1, 0);

-- What gateway.toml declares now, and what the last discovery found.
CREATE TABLE tenants (
    name TEXT PRIMARY KEY,
    gong TEXT NOT NULL,
    review TEXT NOT NULL,
    metered INTEGER NOT NULL,
    requests_per_second INTEGER NOT NULL,
    requests_per_day INTEGER NOT NULL,
    synced_at INTEGER,
    found TEXT
) STRICT;

CREATE TABLE users (
    tenant TEXT NOT NULL REFERENCES tenants (name) ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

-- Each version of each tool that was ever found, shared by all tenants.
CREATE TABLE definitions (
    id TEXT PRIMARY KEY, -- SHA-256 of all the rest
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    input_schema TEXT NOT NULL,
    output_schema TEXT NOT NULL,
    annotations TEXT NOT NULL,
    toolset TEXT NOT NULL,
    effect TEXT NOT NULL,
    classification TEXT NOT NULL,
    scopes TEXT NOT NULL,
    operations TEXT NOT NULL
) STRICT;

-- A tenant's decision on a tool is for the version that was reviewed. A tool's state follows:
-- removed when not present; disabled; approved when `reviewed` is `definition`; else pending.
-- Rows outlive their tenant and their tool, so that a return does not undo a decision.
CREATE TABLE tools (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL REFERENCES definitions (id),
    present INTEGER NOT NULL,
    found_at INTEGER NOT NULL,
    decision TEXT CHECK (decision IN ('approved', 'disabled')),
    reviewed TEXT REFERENCES definitions (id),
    reviewed_by TEXT,
    reviewed_at INTEGER,
    classes TEXT, -- in place of the definition's
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE toolsets (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('file', 'admin')),
    tools TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE profiles (
    tenant TEXT NOT NULL,
    name TEXT NOT NULL,
    origin TEXT NOT NULL CHECK (origin IN ('file', 'admin')),
    toolsets TEXT NOT NULL,
    users TEXT NOT NULL,
    PRIMARY KEY (tenant, name)
) STRICT, WITHOUT ROWID;

-- A row is a switch that is off. An empty tenant is every tenant, an empty tool every tool.
CREATE TABLE switches (
    tenant TEXT NOT NULL,
    tool TEXT NOT NULL,
    reason TEXT NOT NULL,
    off_by TEXT NOT NULL,
    off_at INTEGER NOT NULL,
    PRIMARY KEY (tenant, tool)
) STRICT, WITHOUT ROWID;
