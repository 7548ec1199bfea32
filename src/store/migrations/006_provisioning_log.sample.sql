-- One row for every table that this migration made.
INSERT INTO provisioning_log VALUES ('org_06h00000000000000000000000', 'psh_06h00000000000000000000000', 'con_06h00000000000000000000000', 1000000, '{"request":"req_06h00000000000000000000000","method":"PATCH","path":"/Users/usr_06h00000000000000000000000","status":200,"tolerances":[{"name":"string_boolean","example":"\"active\": \"False\""}],"ms":1.5}');
INSERT INTO tolerance_counts VALUES ('org_06h00000000000000000000000', 'con_06h00000000000000000000000', 'string_boolean', 211, 1000000, 2000000, '"active": "False"');
INSERT INTO tolerance_heads VALUES ('org_06h00000000000000000000000', 'psh_06gvvvvvvvvvvvvvvvvvvvvvvg');
INSERT INTO adoptions VALUES ('org_06h00000000000000000000000', 'con_06h00000000000000000000000', 'usr_06h00000000000000000000000', 1000000, 'operator');
