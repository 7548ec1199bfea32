-- One row for every table that this migration made.
INSERT INTO event_heads VALUES ('org_06h00000000000000000000000', 1, 'chain', 2000000, 1, 'key', 'signature');
INSERT INTO event_checkpoints VALUES ('org_06h00000000000000000000000', 1, 'chain', 2000000, 0, 'key', 'signature');
INSERT INTO audit_keys VALUES ('key', 'secret', 1000000);
