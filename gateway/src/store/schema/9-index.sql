-- What administrators have ordered for a tenant's index, counted: the gateway that serves carries
-- out what it has not done yet.
CREATE TABLE index_orders (
    tenant TEXT PRIMARY KEY,
    clears INTEGER NOT NULL,
    refills INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How much a tenant's index keeps, as the gateway that serves last saw it: numbers and times, and
-- nothing of what is kept. `cleared` and `refilled` are the orders that are done.
CREATE TABLE index_status (
    tenant TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    place TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    objects INTEGER NOT NULL,
    max_bytes INTEGER NOT NULL,
    max_age INTEGER NOT NULL, -- seconds
    oldest INTEGER,
    youngest INTEGER,
    day TEXT NOT NULL, -- of `filling`: 2026-11-24
    filling INTEGER NOT NULL,
    coverage TEXT NOT NULL, -- [["2026-11", 100]]
    cleared INTEGER NOT NULL,
    refilled INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
