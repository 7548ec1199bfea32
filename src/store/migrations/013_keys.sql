-- Keys that outlive role changes: a switch, who else knows a secret, what a key carried, and when it goes.
ALTER TABLE api_keys ADD COLUMN active BIGINT NOT NULL DEFAULT 1;
-- Where the last use came from.
ALTER TABLE api_keys ADD COLUMN last_used_from TEXT;
-- The person who had it before it was moved to a service account, and knows its secret still.
ALTER TABLE api_keys ADD COLUMN known_by TEXT;
-- When its secret is to be another one.
ALTER TABLE api_keys ADD COLUMN rotate_by BIGINT;
-- The key that takes its place.
ALTER TABLE api_keys ADD COLUMN replaced_by TEXT;
-- What it carried when that was last looked at, as a JSON list; of one that lost rights, what it carried before.
ALTER TABLE api_keys ADD COLUMN carried TEXT;
-- Since when it carries less by a machine's change, and when it is deleted for it.
ALTER TABLE api_keys ADD COLUMN attenuated_at BIGINT;
ALTER TABLE api_keys ADD COLUMN delete_at BIGINT;

DROP INDEX api_keys_user;
CREATE INDEX api_keys_owner ON api_keys (organization, owner, id) WHERE revoked_at IS NULL;
CREATE INDEX api_keys_delete_at ON api_keys (delete_at) WHERE revoked_at IS NULL AND delete_at IS NOT NULL;
CREATE INDEX api_keys_known_by ON api_keys (organization, known_by) WHERE revoked_at IS NULL AND known_by IS NOT NULL;
CREATE INDEX api_keys_unseen ON api_keys (owner, id) WHERE revoked_at IS NULL AND carried IS NULL;

-- How often a key was used in each hour, counted from the epoch.
CREATE TABLE key_uses (
  organization TEXT NOT NULL,
  key_id TEXT NOT NULL,
  hour BIGINT NOT NULL,
  uses BIGINT NOT NULL,
  PRIMARY KEY (organization, key_id, hour)
);
CREATE INDEX key_uses_hour ON key_uses (hour);

-- Whose keys are to be looked at after a change of rights: a user's, a group's members' or, with '', everybody's.
CREATE TABLE key_reviews (
  organization TEXT NOT NULL,
  subject TEXT NOT NULL,
  asked_at BIGINT NOT NULL,
  -- Asked again while it is done: then it begins again.
  asked BIGINT NOT NULL,
  -- How far it is: the owner and id of the last key that was looked at.
  after_owner TEXT NOT NULL,
  after_id TEXT NOT NULL,
  PRIMARY KEY (organization, subject)
);
CREATE INDEX key_reviews_asked ON key_reviews (asked_at);
