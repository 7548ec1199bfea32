-- Events are numbered and chained after their commit: what waits is found by itself, and no number is given twice.
CREATE INDEX events_unsealed ON events (organization, id) WHERE number IS NULL;
CREATE UNIQUE INDEX events_number ON events (organization, number) WHERE number IS NOT NULL;

-- How far each organization's events are sealed: signed, so that a cut tail is noticed. It moves on with every batch.
CREATE TABLE event_heads (
  organization TEXT NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  chain BLOB NOT NULL,
  at BIGINT NOT NULL,
  -- The number of the newest checkpoint.
  previous BIGINT NOT NULL,
  signer TEXT NOT NULL,
  signature BLOB NOT NULL
);

-- What the head was now and then: signed, kept, and each names the one before it.
CREATE TABLE event_checkpoints (
  organization TEXT NOT NULL,
  number BIGINT NOT NULL,
  chain BLOB NOT NULL,
  at BIGINT NOT NULL,
  previous BIGINT NOT NULL,
  signer TEXT NOT NULL,
  signature BLOB NOT NULL,
  PRIMARY KEY (organization, number)
);

-- The deployment's keys for signing them; the secret half is sealed under the master key.
CREATE TABLE audit_keys (
  id TEXT NOT NULL PRIMARY KEY,
  secret BLOB NOT NULL,
  created_at BIGINT NOT NULL
);
