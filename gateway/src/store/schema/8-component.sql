-- The SHA-256 of the component that discovery found, and of the one whose tools were reviewed:
-- the same definitions may come from other code.
ALTER TABLE tenants ADD COLUMN component TEXT;
ALTER TABLE tenants ADD COLUMN review_component INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tools ADD COLUMN reviewed_component TEXT;
