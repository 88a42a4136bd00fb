-- SQLite can not change a CHECK: the table is made anew with the result 'unknown'.
CREATE TABLE audit_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL, -- when the call began, or the act was done
    kind TEXT NOT NULL CHECK (kind IN ('call', 'act')),
    tenant TEXT, -- none for acts that concern all
    actor TEXT NOT NULL, -- the user, or who did the act
    via TEXT, -- the client program, or the way the act came
    via_version TEXT,
    what TEXT NOT NULL, -- the tool, or the act
    subject TEXT, -- what the act was done to
    result TEXT NOT NULL CHECK (
        result IN ('started', 'success', 'denied', 'error', 'interrupted', 'unknown')
    ),
    code TEXT,
    reason TEXT, -- why not; the detail of an act
    latency_ms INTEGER,
    gong_requests INTEGER,
    bytes INTEGER,
    request_id TEXT,
    gong_request_ids TEXT
) STRICT;
INSERT INTO audit_new SELECT * FROM audit;
-- Ids of rows that are gone are not given again.
DELETE FROM sqlite_sequence WHERE name = 'audit_new';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'audit_new', seq FROM sqlite_sequence WHERE name = 'audit';
DROP TABLE audit;
ALTER TABLE audit_new RENAME TO audit;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_tenant ON audit (tenant, at);
CREATE INDEX audit_tool ON audit (tenant, what, at, result) WHERE kind = 'call';
CREATE INDEX audit_started ON audit (id) WHERE result = 'started';
