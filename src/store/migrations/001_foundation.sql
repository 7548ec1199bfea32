-- Written once for SQLite and PostgreSQL: BIGINT for numbers, instants (microseconds) and truth (0 or 1), TEXT, BLOB.
-- The organization is in every key. Only four things are global: an organization's slug, the hash of a credential,
-- the hash of a session, a verified domain; and what belongs to the deployment: its terms and its signing keys.
-- Bindings, memberships and facts are closed (`ended`), never deleted. A local user's or group's connection is ''.

CREATE TABLE organizations (
  id TEXT NOT NULL PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  mapping_version BIGINT,
  ownerless_since BIGINT,
  access_epoch BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);

CREATE TABLE clusters (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  slug TEXT NOT NULL,
  slug_folded TEXT NOT NULL,
  name TEXT NOT NULL,
  external_id TEXT,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX clusters_slug ON clusters (organization, slug_folded);

CREATE TABLE roles (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  capabilities TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX roles_name ON roles (organization, name_folded);

CREATE TABLE connections (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  name_folded TEXT NOT NULL,
  enabled BIGINT NOT NULL,
  signs_in BIGINT NOT NULL,
  settings TEXT NOT NULL,
  client_secret BLOB,
  epoch BIGINT NOT NULL,
  pushes_groups BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX connections_name ON connections (organization, name_folded);

CREATE TABLE domains (
  domain TEXT NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  verified_at BIGINT NOT NULL
);
CREATE INDEX domains_connection ON domains (organization, connection);

CREATE TABLE scim_tokens (
  hash BLOB NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  connection TEXT NOT NULL,
  connection_epoch BIGINT NOT NULL,
  slot BIGINT NOT NULL,
  hint TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT,
  last_used_at BIGINT
);
CREATE INDEX scim_tokens_connection ON scim_tokens (organization, connection);

CREATE TABLE users (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  connection TEXT NOT NULL,
  user_name TEXT NOT NULL,
  user_name_folded TEXT NOT NULL,
  external_id TEXT,
  display_name TEXT NOT NULL,
  email TEXT,
  email_folded TEXT,
  directory_active BIGINT NOT NULL,
  suspended_by_person BIGINT NOT NULL,
  removed_at BIGINT,
  document TEXT NOT NULL,
  session_epoch BIGINT NOT NULL,
  access_epoch BIGINT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX users_user_name ON users (organization, connection, user_name_folded) WHERE removed_at IS NULL;
CREATE UNIQUE INDEX users_external_id ON users (organization, connection, external_id)
  WHERE removed_at IS NULL AND external_id IS NOT NULL;
CREATE INDEX users_listing ON users (organization, connection, id) WHERE removed_at IS NULL;
CREATE INDEX users_email ON users (organization, email_folded, id) WHERE removed_at IS NULL;
CREATE INDEX users_tombstones ON users (organization, connection, external_id) WHERE removed_at IS NOT NULL;

CREATE TABLE identities (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  user_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (organization, connection, kind, value)
);
CREATE INDEX identities_user ON identities (organization, user_id);

CREATE TABLE facts (
  organization TEXT NOT NULL,
  user_id TEXT NOT NULL,
  source TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  document TEXT NOT NULL,
  since BIGINT NOT NULL,
  ended BIGINT,
  PRIMARY KEY (organization, user_id, source, sequence)
);
CREATE UNIQUE INDEX facts_current ON facts (organization, user_id, source) WHERE ended IS NULL;

CREATE TABLE groups (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  connection TEXT NOT NULL,
  origin TEXT NOT NULL,
  display_name TEXT NOT NULL,
  display_name_folded TEXT NOT NULL,
  external_id TEXT,
  removed_at BIGINT,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX groups_display_name ON groups (organization, connection, origin, display_name_folded)
  WHERE removed_at IS NULL;
CREATE INDEX groups_external_id ON groups (organization, connection, external_id, origin);
CREATE INDEX groups_listing ON groups (organization, connection, origin, id) WHERE removed_at IS NULL;

CREATE TABLE memberships (
  organization TEXT NOT NULL,
  group_id TEXT NOT NULL,
  member_kind TEXT NOT NULL,
  member_id TEXT NOT NULL,
  since BIGINT NOT NULL,
  ended BIGINT
);
CREATE UNIQUE INDEX memberships_open ON memberships (organization, group_id, member_kind, member_id) WHERE ended IS NULL;
CREATE INDEX memberships_of ON memberships (organization, member_id, group_id) WHERE ended IS NULL;
CREATE INDEX memberships_past ON memberships (organization, member_id, since) WHERE ended IS NOT NULL;

CREATE TABLE pending_members (
  organization TEXT NOT NULL,
  group_id TEXT NOT NULL,
  value TEXT NOT NULL,
  connection TEXT NOT NULL,
  display TEXT,
  since BIGINT NOT NULL,
  PRIMARY KEY (organization, group_id, value)
);
CREATE INDEX pending_members_value ON pending_members (organization, connection, value);

CREATE TABLE bindings (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  subject_kind TEXT NOT NULL,
  subject_id TEXT NOT NULL,
  role TEXT NOT NULL,
  scope_kind TEXT NOT NULL,
  scope_id TEXT NOT NULL,
  source_kind TEXT NOT NULL,
  source_detail TEXT NOT NULL,
  mapping_version BIGINT,
  author TEXT NOT NULL,
  since BIGINT NOT NULL,
  until BIGINT,
  ended BIGINT,
  ended_by TEXT,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX bindings_terms ON bindings
  (organization, subject_kind, subject_id, role, scope_kind, scope_id, source_kind, source_detail) WHERE ended IS NULL;
CREATE INDEX bindings_role ON bindings (organization, role, scope_kind, subject_kind) WHERE ended IS NULL;
CREATE INDEX bindings_source ON bindings (organization, source_kind, source_detail) WHERE ended IS NULL;
CREATE INDEX bindings_until ON bindings (until) WHERE ended IS NULL AND until IS NOT NULL;

CREATE TABLE mapping_drafts (
  organization TEXT NOT NULL PRIMARY KEY,
  text TEXT NOT NULL,
  author TEXT NOT NULL,
  updated_at BIGINT NOT NULL
);

CREATE TABLE mapping_versions (
  organization TEXT NOT NULL,
  version BIGINT NOT NULL,
  text TEXT NOT NULL,
  -- The names of the connections there were, as a JSON list: an unqualified group name goes on meaning the one there was.
  connections TEXT NOT NULL,
  author TEXT NOT NULL,
  published_at BIGINT NOT NULL,
  PRIMARY KEY (organization, version)
);

CREATE TABLE sessions (
  hash BLOB NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  connection TEXT NOT NULL,
  user_epoch BIGINT NOT NULL,
  connection_epoch BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  last_seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at BIGINT,
  provider_session TEXT,
  id_token BLOB
);
CREATE INDEX sessions_user ON sessions (organization, user_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE api_keys (
  hash BLOB NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  hint TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT,
  last_used_at BIGINT
);
CREATE INDEX api_keys_user ON api_keys (organization, user_id) WHERE revoked_at IS NULL;

CREATE TABLE sign_in_links (
  hash BLOB NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  user_id TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at BIGINT
);

CREATE TABLE terms (
  kind TEXT NOT NULL,
  version BIGINT NOT NULL,
  text TEXT NOT NULL,
  published_at BIGINT NOT NULL,
  binding_from BIGINT NOT NULL,
  PRIMARY KEY (kind, version)
);

CREATE TABLE terms_acceptances (
  organization TEXT NOT NULL,
  user_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  version BIGINT NOT NULL,
  accepted_at BIGINT NOT NULL,
  PRIMARY KEY (organization, user_id, kind, version)
);

-- Numbers and the hash chain come from the sealer, which is not written yet; until then both are NULL.
CREATE TABLE events (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  actor TEXT NOT NULL,
  request TEXT NOT NULL,
  detail TEXT NOT NULL,
  number BIGINT,
  chain BLOB,
  PRIMARY KEY (organization, id)
);
CREATE TABLE event_subjects (
  organization TEXT NOT NULL,
  subject TEXT NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (organization, subject, event)
);
CREATE INDEX event_subjects_event ON event_subjects (organization, event, subject);

CREATE TABLE outbox (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  topic TEXT NOT NULL,
  payload TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  done_at BIGINT,
  attempts BIGINT NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE INDEX outbox_waiting ON outbox (organization, id) WHERE done_at IS NULL;

CREATE TABLE signing_keys (
  id TEXT NOT NULL PRIMARY KEY,
  secret BLOB NOT NULL,
  created_at BIGINT NOT NULL,
  retired_at BIGINT
);
