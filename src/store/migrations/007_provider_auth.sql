-- How providers show who they are: tokens that are rotated, OAuth clients, and JWTs that a provider signs itself.

-- From where a token was used last. Who came with it after its end, or at another connection's address, and why that was refused.
ALTER TABLE scim_tokens ADD COLUMN last_used_from TEXT;
ALTER TABLE scim_tokens ADD COLUMN refused_at BIGINT;
ALTER TABLE scim_tokens ADD COLUMN refused_from TEXT;
ALTER TABLE scim_tokens ADD COLUMN refused_why TEXT;
-- How many days before its end somebody was told last: 30, 7 or 1.
ALTER TABLE scim_tokens ADD COLUMN warned BIGINT;
-- The token that took its place.
ALTER TABLE scim_tokens ADD COLUMN replaced_by TEXT;
-- In slot 0: the OAuth client whose access token it is.
ALTER TABLE scim_tokens ADD COLUMN client TEXT;
CREATE INDEX scim_tokens_expiry ON scim_tokens (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX scim_tokens_client ON scim_tokens (organization, client) WHERE client IS NOT NULL;

-- The address of a connection's own SCIM door names it by its id alone.
CREATE UNIQUE INDEX connections_id ON connections (id);

CREATE TABLE scim_clients (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  connection TEXT NOT NULL,
  connection_epoch BIGINT NOT NULL,
  name TEXT NOT NULL,
  -- By a secret, whose hash it is, or by signed assertions and a JWK set: here, or at an address.
  secret_hash BLOB,
  hint TEXT,
  jwks TEXT,
  jwks_url TEXT,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT,
  last_used_at BIGINT,
  last_used_from TEXT,
  refused_at BIGINT,
  refused_from TEXT,
  refused_why TEXT,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX scim_clients_id ON scim_clients (id);
CREATE INDEX scim_clients_connection ON scim_clients (organization, connection);

-- Assertions that were used, until they are over by themselves: the SHA-256 of each one's jti.
CREATE TABLE client_assertions (
  organization TEXT NOT NULL,
  client TEXT NOT NULL,
  jti BLOB NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (organization, client, jti)
);
CREATE INDEX client_assertions_expiry ON client_assertions (expires_at);

-- The last use and the last refusal of JWTs that a connection's provider signs itself.
CREATE TABLE provider_jwts (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  last_used_at BIGINT,
  last_used_from TEXT,
  refused_at BIGINT,
  refused_from TEXT,
  refused_why TEXT,
  PRIMARY KEY (organization, connection)
);
