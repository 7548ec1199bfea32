-- A key is published before it signs: when it begins. NULL: it signed from the moment it was made.
ALTER TABLE signing_keys ADD COLUMN signs_from BIGINT;
-- Counted up from key to key: of two nodes that make the next one at the same moment, one is too late.
ALTER TABLE signing_keys ADD COLUMN number BIGINT;
CREATE UNIQUE INDEX signing_keys_number ON signing_keys (number);
