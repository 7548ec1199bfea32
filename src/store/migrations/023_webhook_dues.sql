-- The number of the newest event, beside the one that the webhook was told: who has something to be told is found by an index, and
-- nobody is looked at who has not.
ALTER TABLE webhooks ADD COLUMN newest BIGINT NOT NULL DEFAULT 0;
UPDATE webhooks SET newest = COALESCE((SELECT h.number FROM event_heads h WHERE h.organization = webhooks.organization), 0);

DROP INDEX webhooks_due;
CREATE INDEX webhooks_waiting ON webhooks (due_at) WHERE active = 1 AND newest > told;
