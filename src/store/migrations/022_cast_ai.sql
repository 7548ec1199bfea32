-- How an organization reads its clusters at Cast AI: the key, sealed, and how the reading stands.
CREATE TABLE cast_ai_links (
  organization TEXT NOT NULL PRIMARY KEY,
  api_key BLOB NOT NULL,
  hint TEXT NOT NULL,
  given_by TEXT NOT NULL,
  given_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  tried_at BIGINT,
  succeeded_at BIGINT,
  failures BIGINT NOT NULL,
  problem TEXT,
  clusters BIGINT NOT NULL,
  undecided TEXT NOT NULL
);
CREATE INDEX cast_ai_links_due ON cast_ai_links (due_at);

-- Since when Cast AI lists a cluster no longer, and what it was called there last.
ALTER TABLE clusters ADD COLUMN gone_since BIGINT;
ALTER TABLE clusters ADD COLUMN name_there TEXT;
