-- One row for every table that this migration made, and one with each column that it added.
INSERT INTO client_keys VALUES ('org_06h00000000000000000000000', 'con_06h00000000000000000000000', 'thumbprint', 'sealed', 1000000, 1000000, 2000000);
INSERT INTO provider_logouts VALUES ('org_06h00000000000000000000000', 'con_06h00000000000000000000000', 'session', 'hash of a sid', 1000000, 2000000);
INSERT INTO sessions VALUES ('hash of a stepped-up session', 'org_06h00000000000000000000000', 'ses_06h00000000000000000000009', 'usr_06h00000000000000000000000', 'con_06h00000000000000000000000', 0, 0, 1000000, 1000000, 9000000, NULL, 'sid', NULL, 900000, 'urn:mfa');
