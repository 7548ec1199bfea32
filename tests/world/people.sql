INSERT INTO users (organization, id, connection, user_name, user_name_folded, external_id, display_name, email, email_folded,
    directory_active, suspended_by_person, document, session_epoch, access_epoch, version, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT CAST(?3 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < ?4)
SELECT ?1, 'usr_06h0000000000000' || CAST(100000000 + i AS TEXT) || '0', ?2, 'p' || CAST(i AS TEXT), 'p' || CAST(i AS TEXT),
    'x' || CAST(i AS TEXT), 'Person Number ' || CAST(i AS TEXT), 'p' || CAST(i AS TEXT) || '@acme.test',
    'p' || CAST(i AS TEXT) || '@acme.test', 1, 0,
    '{"displayName":"Person Number ' || CAST(i AS TEXT)
        || '","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Department ' || CAST(i % 1000 AS TEXT) || '"}}',
    0, 0, 1, 0, 0
FROM n
-- For tests and benches with many: people straight into the directory of organization ?1 at connection ?2, numbers ?3 to ?4.
