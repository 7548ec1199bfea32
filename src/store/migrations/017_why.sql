-- What was, for whoever asks of a moment in the past or takes a span of changes back.
CREATE INDEX bindings_past ON bindings (organization, subject_id, since) WHERE ended IS NOT NULL;
CREATE INDEX memberships_ended ON memberships (organization, ended) WHERE ended IS NOT NULL;
CREATE INDEX groups_removed ON groups (organization, removed_at) WHERE removed_at IS NOT NULL;
CREATE INDEX users_removed ON users (organization, removed_at) WHERE removed_at IS NOT NULL;

-- Spans in which one source took away an unusual share of what it had given.
CREATE TABLE accidents (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  connection TEXT NOT NULL,
  began_at BIGINT NOT NULL,
  noticed_at BIGINT NOT NULL,
  -- The last look at it, with what was counted then as JSON.
  looked_at BIGINT NOT NULL,
  counts TEXT NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE INDEX accidents_connection ON accidents (organization, connection, noticed_at);

-- What each end of somebody's access left behind: the statement as it was signed, and the signature.
CREATE TABLE receipts (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  at BIGINT NOT NULL,
  statement TEXT NOT NULL,
  signer TEXT NOT NULL,
  signature BLOB NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE INDEX receipts_user ON receipts (organization, user_id, id);
