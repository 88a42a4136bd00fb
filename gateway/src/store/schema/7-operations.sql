-- A write every few seconds. One row stays; `at` is the trusted time, which outlives restarts.
CREATE TABLE heartbeats (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    room BLOB NOT NULL
) STRICT;

-- Requests that each user has sent on a day, some seconds late.
CREATE TABLE user_quota (
    tenant TEXT NOT NULL,
    day TEXT NOT NULL, -- 2026-11-24
    user TEXT NOT NULL,
    sent INTEGER NOT NULL,
    PRIMARY KEY (tenant, day, user)
) STRICT, WITHOUT ROWID;

-- Requests that one user may send in a day. The next declaration sets it.
ALTER TABLE tenants ADD COLUMN user_requests_per_day INTEGER NOT NULL DEFAULT 0;

-- The trace that the client's `traceparent` names.
ALTER TABLE audit ADD COLUMN trace_id TEXT;
