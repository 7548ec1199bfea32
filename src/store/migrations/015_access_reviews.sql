-- What people use of what they hold, reviews of that, and what else is remembered of people and keys for them.

-- Since when it is recorded who uses which capability: of what was before, nothing is known.
CREATE TABLE use_records (
  organization TEXT NOT NULL PRIMARY KEY,
  since BIGINT NOT NULL
);

-- Each capability that somebody used, at one scope.
CREATE TABLE capability_uses (
  organization TEXT NOT NULL,
  -- A user's or a service account's id.
  holder TEXT NOT NULL,
  capability TEXT NOT NULL,
  -- '' is the whole organization.
  cluster TEXT NOT NULL,
  uses BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  PRIMARY KEY (organization, holder, capability, cluster)
);

-- When people were here last: sessions are forgotten, this is not.
CREATE TABLE people_seen (
  organization TEXT NOT NULL,
  user_id TEXT NOT NULL,
  in_person_at BIGINT,
  by_key_at BIGINT,
  PRIMARY KEY (organization, user_id)
);
INSERT INTO people_seen (organization, user_id, in_person_at, by_key_at)
  SELECT organization, user_id, MAX(last_seen_at), NULL FROM sessions GROUP BY organization, user_id;
INSERT INTO people_seen (organization, user_id, in_person_at, by_key_at)
  SELECT organization, owner, NULL, MAX(last_used_at) FROM api_keys
  WHERE owner >= 'usr_' AND owner < 'usr`' AND last_used_at IS NOT NULL GROUP BY organization, owner
  ON CONFLICT (organization, user_id) DO UPDATE SET by_key_at = excluded.by_key_at;

CREATE TABLE access_reviews (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  -- After how many days something counts as unused, as JSON.
  limits TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  -- Since when uses were recorded when it was made.
  recorded_since BIGINT NOT NULL,
  -- What could not be looked at, and why, as a JSON list.
  gaps TEXT NOT NULL,
  closed_at BIGINT,
  closed_by TEXT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (organization, id)
);

CREATE TABLE review_proposals (
  organization TEXT NOT NULL,
  review TEXT NOT NULL,
  id TEXT NOT NULL,
  -- What was found, as JSON: ids and moments, nothing personal.
  finding TEXT NOT NULL,
  -- '' as long as nobody decided.
  verdict TEXT NOT NULL,
  decided_by TEXT NOT NULL,
  decided_at BIGINT,
  note TEXT NOT NULL,
  applied_by TEXT NOT NULL,
  applied_at BIGINT,
  PRIMARY KEY (organization, review, id)
);

-- How often an invitation was sent again, and what the mail server said when it took the letter.
ALTER TABLE invitations ADD COLUMN resends BIGINT NOT NULL DEFAULT 0;
ALTER TABLE invitations ADD COLUMN delivery_answer TEXT;

-- When the owners were last told that a key's rotation is overdue.
ALTER TABLE api_keys ADD COLUMN rotation_told_at BIGINT;
CREATE INDEX api_keys_rotate_by ON api_keys (rotate_by) WHERE revoked_at IS NULL AND rotate_by IS NOT NULL;

-- Keys of Cast AI, as they were read there: they are shown and never changed here.
CREATE TABLE mirrored_keys (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  -- Cast AI's own id of it.
  external_id TEXT NOT NULL,
  owner TEXT NOT NULL,
  name TEXT NOT NULL,
  hint TEXT NOT NULL,
  -- Whether it is switched on there.
  active BIGINT NOT NULL,
  created_at BIGINT,
  last_used_at BIGINT,
  read_at BIGINT NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX mirrored_keys_external_id ON mirrored_keys (organization, external_id);
CREATE INDEX mirrored_keys_owner ON mirrored_keys (organization, owner);
