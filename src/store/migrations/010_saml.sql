-- Sign-in over SAML: our own keys, assertions that were used, and what is read of providers again and again.

-- Our keys at a connection. A key is published from its beginning, signs from `signs_from` on until a younger one does, and opens what
-- was encrypted for it until `retires_at`.
CREATE TABLE saml_keys (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  connection TEXT NOT NULL,
  secret BLOB NOT NULL,
  certificate BLOB NOT NULL,
  fingerprint TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  signs_from BIGINT NOT NULL,
  retires_at BIGINT,
  PRIMARY KEY (organization, id)
);
CREATE INDEX saml_keys_connection ON saml_keys (organization, connection);
CREATE INDEX saml_keys_retired ON saml_keys (retires_at) WHERE retires_at IS NOT NULL;

-- Messages that were used, until they are over by themselves: the SHA-256 of each one's id.
CREATE TABLE saml_messages (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  id BLOB NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (organization, connection, id)
);
CREATE INDEX saml_messages_expiry ON saml_messages (expires_at);

-- Connections whose provider publishes its metadata: when it was read, why it could not be, and when it is read next.
CREATE TABLE saml_metadata (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  due_at BIGINT NOT NULL,
  tried_at BIGINT,
  fetched_at BIGINT,
  problem TEXT,
  PRIMARY KEY (organization, connection)
);
CREATE INDEX saml_metadata_due ON saml_metadata (due_at);

-- The certificates of the connections' settings, and how many days before its end each was told of last: 60, 30, 7 or 1.
CREATE TABLE saml_certificates (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  not_after BIGINT NOT NULL,
  warned BIGINT,
  PRIMARY KEY (organization, connection, fingerprint)
);
CREATE INDEX saml_certificates_end ON saml_certificates (not_after);
