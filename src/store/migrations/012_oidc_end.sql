-- The keys with which connections show that they are clients, what providers told of signing out, and how people signed in.
CREATE TABLE client_keys (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  -- The thumbprint of the public half.
  id TEXT NOT NULL,
  -- The private half, sealed.
  secret BLOB NOT NULL,
  created_at BIGINT NOT NULL,
  signs_from BIGINT NOT NULL,
  retired_at BIGINT,
  PRIMARY KEY (organization, id)
);
CREATE INDEX client_keys_connection ON client_keys (organization, connection);

-- A logout token that was used ('token'), a provider's session that is over ('session'), a person who signed out everywhere
-- ('person'): the SHA-256 of the provider's name for it.
CREATE TABLE provider_logouts (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  kind TEXT NOT NULL,
  name BLOB NOT NULL,
  at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (organization, connection, kind, name)
);
CREATE INDEX provider_logouts_expiry ON provider_logouts (expires_at);

-- When and how the person signed in at the provider, if it said so.
ALTER TABLE sessions ADD COLUMN authenticated_at BIGINT;
ALTER TABLE sessions ADD COLUMN acr TEXT;
CREATE INDEX sessions_provider ON sessions (organization, connection, provider_session) WHERE ended_at IS NULL;
