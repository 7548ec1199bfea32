-- One row for every table that this migration makes: what the migrations after it have to carry along.
INSERT INTO idempotency VALUES ('org_06h00000000000000000000000', 'key key_06h00000000000000000000000 of usr_06h00000000000000000000000', 'hash of a text', 'hash of a request', 'req_06h00000000000000000000000', 1000000, 1, 'sealed');
