-- What providers asked for over SCIM and what came of it, for as long as the settings say. Ids sort by the time of the
-- requests; the row of a change is written with the change.
CREATE TABLE provisioning_log (
  organization TEXT NOT NULL,
  id TEXT NOT NULL,
  connection TEXT NOT NULL,
  at BIGINT NOT NULL,
  -- Verdict, change, tolerances: JSON without secrets or personal values.
  entry TEXT NOT NULL,
  PRIMARY KEY (organization, id)
);

-- How often each connection got away with what, counted up to a row of the log; what came behind it is counted when asked for.
CREATE TABLE tolerance_counts (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  tolerance TEXT NOT NULL,
  times BIGINT NOT NULL,
  first_at BIGINT NOT NULL,
  last_at BIGINT NOT NULL,
  example TEXT,
  PRIMARY KEY (organization, connection, tolerance)
);

-- That row: the last one that is in the counts. It moves on in the transaction that counts.
CREATE TABLE tolerance_heads (
  organization TEXT NOT NULL PRIMARY KEY,
  counted TEXT NOT NULL
);

-- People who are here by another way and whom an admin lets a connection take over, by name. Gone when it has.
CREATE TABLE adoptions (
  organization TEXT NOT NULL,
  connection TEXT NOT NULL,
  user_id TEXT NOT NULL,
  approved_at BIGINT NOT NULL,
  approved_by TEXT NOT NULL,
  PRIMARY KEY (organization, connection, user_id)
);
