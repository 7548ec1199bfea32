-- People whose data was erased on request, and events that go on verifying without what they said of them.
ALTER TABLE users ADD COLUMN erased_at BIGINT;

-- The detail goes into the chain as a commitment: its hash with this salt. Without the salt nobody can try out what it was. NULL:
-- an event from before; its detail was hashed alone.
ALTER TABLE events ADD COLUMN salt BLOB;
-- What is left of a detail that was erased: the commitment, and the event that tells of the erasure.
ALTER TABLE events ADD COLUMN detail_hash BLOB;
ALTER TABLE events ADD COLUMN erased_by TEXT;
CREATE INDEX events_erased ON events (organization, erased_by, id) WHERE erased_by IS NOT NULL;

-- A letter that comes back is known by its id.
CREATE INDEX invitations_letter ON invitations (organization, letter);
