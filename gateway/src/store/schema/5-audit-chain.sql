-- A link for each thing that became certain about a row of the audit: that a change began, that
-- a call ended, that an act was done. Links are never changed.
CREATE TABLE audit_chain (
    seq INTEGER PRIMARY KEY, -- without gaps
    row INTEGER NOT NULL, -- the audit's id
    event TEXT NOT NULL CHECK (event IN ('begun', 'final')),
    hash BLOB NOT NULL, -- SHA-256 of the hash before, the event and the row
    UNIQUE (row, event)
) STRICT;

-- One row. The anchor is the last link that retention deleted: the chain is checked from there.
CREATE TABLE audit_ends (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    anchor_seq INTEGER NOT NULL,
    anchor_hash BLOB NOT NULL,
    head_seq INTEGER NOT NULL,
    head_hash BLOB NOT NULL,
    unchained INTEGER NOT NULL -- rows up to this id may be from before there was a chain
) STRICT;
INSERT INTO audit_ends SELECT 1, 0, zeroblob(32), 0, zeroblob(32), coalesce(max(id), 0) FROM audit;

-- Rows whose link comes after `seq`, up to the next one here, are kept for so many seconds.
CREATE TABLE audit_keep (
    seq INTEGER PRIMARY KEY,
    keep INTEGER NOT NULL
) STRICT;

-- One row while the audit is pushed: up to which link the destination has it.
CREATE TABLE audit_push (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    destination TEXT NOT NULL,
    seq INTEGER NOT NULL
) STRICT;
