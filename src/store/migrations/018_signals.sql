-- What castgate tells others by webhooks, what providers tell it of security events, and providers that have gone silent.
CREATE TABLE webhooks (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  -- The kinds of events that it is told, as a JSON list; an empty one: all.
  kinds TEXT NOT NULL,
  active BIGINT NOT NULL,
  -- What signs, sealed; and until when the one before signs as well.
  secret BLOB NOT NULL,
  old_secret BLOB,
  old_until BIGINT,
  created_at BIGINT NOT NULL,
  version BIGINT NOT NULL,
  -- The number of the last event that it was told, or that it does not want.
  told BIGINT NOT NULL,
  -- When the next one is tried; nobody else tries before.
  due_at BIGINT NOT NULL,
  -- Failures in a row, and when the first of them was.
  failures BIGINT NOT NULL,
  failing_since BIGINT,
  disabled_why TEXT,
  -- When somebody last had something sent.
  tried_at BIGINT,
  PRIMARY KEY (organization, id)
);
CREATE INDEX webhooks_due ON webhooks (due_at) WHERE active = 1;

CREATE TABLE webhook_deliveries (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  webhook TEXT NOT NULL,
  event TEXT NOT NULL,
  number BIGINT NOT NULL,
  kind TEXT NOT NULL,
  attempts BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  delivered_at BIGINT,
  -- The answer's status, if there was one, and what was wrong the last time.
  status BIGINT,
  error TEXT,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX webhook_deliveries_event ON webhook_deliveries (organization, webhook, event);
CREATE INDEX webhook_deliveries_of_event ON webhook_deliveries (organization, event);
CREATE INDEX webhook_deliveries_past ON webhook_deliveries (last_at);

-- What a provider shows when it tells of security events, and how its stream stands.
CREATE TABLE signal_streams (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  -- The SHA-256 of the bearer token.
  token BLOB NOT NULL,
  hint TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  last_at BIGINT,
  verified_at BIGINT,
  -- What the provider last said of its stream: enabled, paused or disabled.
  state TEXT,
  refused_at BIGINT,
  refused_why TEXT,
  PRIMARY KEY (organization, connection)
);

-- Each security event that was accepted, and what came of it. The hash of its id keeps it from counting twice.
CREATE TABLE signals (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  id TEXT NOT NULL,
  jti BLOB NOT NULL,
  at BIGINT NOT NULL,
  entry TEXT NOT NULL,
  PRIMARY KEY (organization, id)
);
CREATE UNIQUE INDEX signals_once ON signals (organization, connection, jti);
CREATE INDEX signals_past ON signals (at);

-- Whom a signal suspended: the same provider's signal lets them in again, as long as nothing else happened to them since.
CREATE TABLE signal_suspensions (
  organization TEXT NOT NULL,
  user_id TEXT NOT NULL,
  connection TEXT NOT NULL,
  session_epoch BIGINT NOT NULL,
  PRIMARY KEY (organization, user_id)
);

-- Connections whose provider has pushed nothing for much longer than is its habit.
CREATE TABLE silences (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  last_push_at BIGINT NOT NULL,
  -- What 95 of 100 of its pauses are shorter than, in microseconds.
  usual BIGINT NOT NULL,
  noticed_at BIGINT NOT NULL,
  PRIMARY KEY (organization, connection)
);
