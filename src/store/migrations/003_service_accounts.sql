-- Service accounts; API keys that are theirs or a person's, and that may carry less than their owner holds.
-- A key's owner is the id of a user or of a service account: its prefix says which.

CREATE TABLE service_accounts (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  description TEXT NOT NULL,
  -- Whose acceptance of the terms covers it; '' when the operator made it.
  created_by TEXT NOT NULL,
  suspended BIGINT NOT NULL,
  removed_at BIGINT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX service_accounts_name ON service_accounts (organization, name_folded) WHERE removed_at IS NULL;

ALTER TABLE api_keys RENAME COLUMN user_id TO owner;
-- What it was narrowed to, as a JSON list; NULL: it carries whatever its owner holds.
ALTER TABLE api_keys ADD COLUMN rights TEXT;
ALTER TABLE api_keys ADD COLUMN created_by TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX api_keys_id ON api_keys (organization, id);
