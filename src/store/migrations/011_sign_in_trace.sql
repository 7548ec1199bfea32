-- What became of each sign-in, tests of connections, who owns which e-mail domain, and links by which a connection is set up.
CREATE TABLE sign_ins (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  -- What a person reads to an admin.
  code TEXT NOT NULL,
  -- '' for a one-time link.
  connection TEXT NOT NULL,
  -- '' where nobody is known.
  person TEXT NOT NULL,
  email_folded TEXT NOT NULL,
  -- '' where nothing failed.
  failure TEXT NOT NULL,
  at BIGINT NOT NULL,
  -- The rest, as JSON. It opens nothing.
  entry TEXT NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX sign_ins_code ON sign_ins (organization, code);
CREATE INDEX sign_ins_at ON sign_ins (at);

CREATE TABLE connection_tests (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  connection TEXT NOT NULL,
  -- The SHA-256 of the token in the address that is opened.
  link BLOB NOT NULL,
  started_by TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  finished_at BIGINT,
  -- What was found, as JSON.
  result TEXT,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX connection_tests_link ON connection_tests (link);
CREATE INDEX connection_tests_started ON connection_tests (started_at);

-- The last test by an owner that succeeded, and the SHA-256 of the sign-in settings that it was made with.
ALTER TABLE connections ADD COLUMN tested_at BIGINT;
ALTER TABLE connections ADD COLUMN tested_by TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN tested_settings BLOB;

-- What connections say that they own. `domains` has those of which it is shown.
CREATE TABLE domain_claims (
  organization TEXT NOT NULL,
  domain TEXT NOT NULL,
  connection TEXT NOT NULL,
  claimed_at BIGINT NOT NULL,
  -- '' (not shown yet), 'dns', 'operator', 'settings'.
  proof TEXT NOT NULL,
  checked_at BIGINT,
  verified_at BIGINT,
  -- Since when the record is no longer there.
  missing_since BIGINT,
  -- What the last question to DNS came to, in words.
  answer TEXT NOT NULL,
  enforced_at BIGINT,
  enforced_by TEXT NOT NULL,
  PRIMARY KEY (organization, domain)
);
CREATE INDEX domain_claims_connection ON domain_claims (organization, connection);
CREATE INDEX domain_claims_checked ON domain_claims (checked_at);
INSERT INTO domain_claims (organization, domain, connection, claimed_at, proof, checked_at, verified_at, missing_since,
                           answer, enforced_at, enforced_by)
  SELECT organization, domain, connection, verified_at, 'settings', NULL, verified_at, NULL, '', NULL, '' FROM domains;

CREATE TABLE setup_links (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  connection TEXT NOT NULL,
  -- The SHA-256 of the link's token.
  link BLOB NOT NULL,
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  revoked_at BIGINT,
  last_used_at BIGINT,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX setup_links_link ON setup_links (link);
