-- When the provider said that somebody is disabled: what it said before that lets nobody in again.
ALTER TABLE signal_suspensions ADD COLUMN said_at BIGINT NOT NULL DEFAULT 0;

-- What housekeeping may forget, and not what is kept for good: that is the oldest, and would be read each time.
DROP INDEX webhook_deliveries_past;
CREATE INDEX webhook_deliveries_passing ON webhook_deliveries (last_at) WHERE kind NOT IN ('user.suspended', 'user.removed');
