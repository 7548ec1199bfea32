-- Offers to people who are not here yet, the letters that carry them, and custom roles that change.
CREATE TABLE invitations (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  email TEXT NOT NULL,
  email_folded TEXT NOT NULL,
  role TEXT NOT NULL,
  -- Ids, as JSON lists. No cluster: the whole organization.
  clusters TEXT NOT NULL,
  local_groups TEXT NOT NULL,
  -- Who answers for it; '' for the operator.
  invited_by TEXT NOT NULL,
  -- The SHA-256 of the link's token, and the letter that carries it.
  link BLOB NOT NULL,
  letter TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT,
  ended_as TEXT,
  accepted_by TEXT,
  delivery TEXT NOT NULL,
  delivery_at BIGINT NOT NULL,
  delivery_attempts BIGINT NOT NULL,
  delivery_reason TEXT,
  version BIGINT NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX invitations_link ON invitations (link);
-- One at a time for each address: also one whose time is over, until another takes its place.
CREATE UNIQUE INDEX invitations_open ON invitations (organization, email_folded) WHERE ended_at IS NULL;

CREATE TABLE invitation_settings (
  organization TEXT NOT NULL PRIMARY KEY,
  -- Whose addresses may be invited, as a JSON list; empty: any.
  domains TEXT NOT NULL,
  version BIGINT NOT NULL
);

CREATE TABLE letters (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  -- The id of what it is about.
  about TEXT NOT NULL,
  -- The whole letter, its address and its link: gone when it is sent.
  sealed BLOB NOT NULL,
  created_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE INDEX letters_due ON letters (due_at);
CREATE INDEX letters_about ON letters (organization, about);

ALTER TABLE roles ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE roles ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE roles ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
