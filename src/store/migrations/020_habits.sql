-- When a connection pushed last, and how it did before: the look-out for silence asks it of every connection, and must not read
-- the whole log for it.
CREATE INDEX provisioning_log_habit ON provisioning_log (organization, connection, at);
