-- What a caller asked for with an Idempotency-Key: done once, and answered alike for a day.
CREATE TABLE idempotency (
  organization TEXT NOT NULL,
  -- Whose key: an actor's text. Two callers may use the same words.
  actor TEXT NOT NULL,
  -- The SHA-256 of the caller's text.
  caller_key BLOB NOT NULL,
  -- The SHA-256 of the request that came with it.
  fingerprint BLOB NOT NULL,
  -- The request that does it, or did it.
  request TEXT NOT NULL,
  begun_at BIGINT NOT NULL,
  -- 1 from the moment at which the change is durable: written in the change's own transaction.
  done BIGINT NOT NULL,
  -- The answer, sealed: it may hold a secret that is shown once.
  answer BLOB,
  PRIMARY KEY (organization, actor, caller_key)
);
CREATE INDEX idempotency_begun_at ON idempotency (begun_at);
