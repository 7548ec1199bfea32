-- People who sign in by e-mail address and password: what they know, what they have, and how often somebody guessed.
CREATE TABLE passwords (
  organization TEXT NOT NULL,
  user_id TEXT NOT NULL,
  -- argon2id, as a PHC string.
  hash TEXT NOT NULL,
  -- The address, folded, that the link went to by which it was first chosen.
  verified_email TEXT NOT NULL,
  -- Moves with every password.
  version BIGINT NOT NULL,
  changed_at BIGINT NOT NULL,
  PRIMARY KEY (organization, user_id)
);

-- Links by which a password is chosen. Only their hashes are here.
CREATE TABLE password_links (
  hash BLOB NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  user_id TEXT NOT NULL,
  -- Where it went, folded: of another address it proves nothing.
  email TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX password_links_user ON password_links (organization, user_id);
CREATE INDEX password_links_expiry ON password_links (expires_at);

-- What an authenticator app shares with us.
CREATE TABLE second_factors (
  organization TEXT NOT NULL,
  user_id TEXT NOT NULL,
  -- Sealed.
  secret BLOB NOT NULL,
  -- The last step whose code was used: none is used again.
  last_step BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  -- When the person showed that the app has it; until then it is asked for nowhere.
  confirmed_at BIGINT,
  PRIMARY KEY (organization, user_id)
);

-- For whom has lost the app: each works once. Only their hashes are here.
CREATE TABLE recovery_codes (
  organization TEXT NOT NULL,
  user_id TEXT NOT NULL,
  hash BLOB NOT NULL,
  used_at BIGINT,
  PRIMARY KEY (organization, user_id, hash)
);

-- Wrong attempts at something whose SHA-256 is the name: of a person, a browser, a network address; known here or not.
CREATE TABLE throttles (
  name BLOB NOT NULL PRIMARY KEY,
  failures BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  -- Before this nothing more is tried.
  next_at BIGINT NOT NULL
);
CREATE INDEX throttles_last ON throttles (last_at);
