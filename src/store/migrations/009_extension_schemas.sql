-- Schemas that an organization declares for all its connections.
CREATE TABLE extension_schemas (
  organization TEXT NOT NULL PRIMARY KEY,
  -- All of them with their versions, as a JSON list: every push reads them with its connection.
  schemas TEXT NOT NULL
);
