-- What publishing a mapping was seen to do, and why versions came.
ALTER TABLE mapping_versions ADD COLUMN reason TEXT NOT NULL DEFAULT '';

CREATE TABLE mapping_plans (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  author TEXT NOT NULL,
  made_at BIGINT NOT NULL,
  -- SHA-256 of the text.
  text BLOB NOT NULL,
  -- Eight bytes for each thing that it takes from somebody, in order.
  takes BLOB NOT NULL,
  -- Who is left as an owner, as a JSON list.
  owners TEXT NOT NULL,
  -- The version that it became.
  version BIGINT,
  PRIMARY KEY (organization, id)
);
CREATE INDEX mapping_plans_made ON mapping_plans (organization, made_at);
