-- What gateway.toml said last, to see what has changed. Tokens are there as their hashes.
CREATE TABLE declared_settings (
    tenant TEXT NOT NULL, -- empty for what concerns all
    key TEXT NOT NULL, -- within the tenant's table
    value TEXT NOT NULL, -- JSON, or the salted hash of a secret
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
-- So that hashes of secrets are of no use elsewhere.
ALTER TABLE meta ADD COLUMN salt BLOB;
UPDATE meta SET salt = randomblob(32);
-- The operating system's user who did an act on the machine.
ALTER TABLE audit ADD COLUMN os_user TEXT;
